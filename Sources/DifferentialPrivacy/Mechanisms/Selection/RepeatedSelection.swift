public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Runs a private mechanism a random number of times and releases the best answer only: tuning with a constant price.
///
/// Liu and Talwar (2019); Papernot and Steinke (2022). Each run must give an answer together with its quality, and the
/// two together must satisfy the pure ε of the base mechanism: a quality computed from the data needs noise of its own
/// inside that ε. See ``RepetitionLaw`` for the price and its proof.
///
/// Cost: the runs, and about 2/γ coins (2μ for Poisson numbers) to draw how many.
public struct RepeatedSelection: PureDP {
  /// How often to run.
  public let repetitions: RepetitionLaw
  /// The loss of one run, its quality included.
  public let baseLoss: Epsilon
  /// The loss of the choice.
  public let pureLoss: Epsilon

  /// - Parameters:
  ///   - base: the mechanism that is run, quality included.
  ///   - repetitions: how often.
  /// - Throws: `ParameterError` when the loss is out of range.
  public init(base: some PureDP, repetitions: RepetitionLaw) throws(ParameterError) {
    try self.init(baseLoss: base.pureLoss, repetitions: repetitions)
  }

  /// - Parameters:
  ///   - baseLoss: a pure ε that answer and quality of one run satisfy together.
  ///   - repetitions: how often to run.
  /// - Throws: `ParameterError` when the loss is out of range.
  public init(baseLoss: Epsilon, repetitions: RepetitionLaw) throws(ParameterError) {
    self.baseLoss = baseLoss
    self.repetitions = repetitions
    pureLoss = try Epsilon(repetitions.loss(ofRuns: baseLoss))
  }

  /// The choice and everything it looked at.
  public var event: PrivacyEvent { .epsilonDelta(epsilon: pureLoss, delta: Delta(unchecked: 0)) }

  /// The best answer of a random number of runs, the first of equally good ones; `nil` when that number is zero, which
  /// only ``RepetitionLaw/poisson(mean:)`` allows.
  ///
  /// - Parameter run: one run of the base mechanism, on fresh randomness.
  public func choose<Answer>(
    using generator: inout SecureGenerator, _ run: (inout SecureGenerator) -> (quality: Int64, answer: Answer)
  ) -> Answer? {
    draw(using: &generator, run)
  }

  package func draw<Answer, Source: UniformSource & ~Copyable>(
    using source: inout Source, _ run: (inout Source) -> (quality: Int64, answer: Answer)
  ) -> Answer? {
    var best: (quality: Int64, answer: Answer)?
    for _ in 0..<repetitions.draw(using: &source) {
      let next = run(&source)
      if best.map({ next.quality > $0.quality }) ?? true { best = next }
    }
    return best?.answer
  }
}

/// Runs a private mechanism until an answer is good enough, giving up after every run with a public probability.
///
/// Liu and Talwar (2019). With p the probability that a run is good enough, an answer y of that kind is
/// released with probability Q(y)/(γ + (1 − γ)p) and none with (1 − p)γ/(γ + (1 − γ)p): numerator and denominator each
/// change by at most e^ε between neighbours, so the loss is 2ε, for any γ and however many runs there are.
///
/// Cost: the runs, at most 1/γ of them on average.
public struct ThresholdSelection: PureDP {
  /// The loss of one run, its quality included.
  public let baseLoss: Epsilon
  /// 2ε.
  public let pureLoss: Epsilon
  /// The quality that is good enough.
  public let threshold: Int64
  private let stop: RationalCoin

  /// - Parameters:
  ///   - baseLoss: a pure ε that answer and quality of one run satisfy together.
  ///   - threshold: the public quality from which on an answer is good enough.
  ///   - giveUp: γ, the probability of giving up after a run that was not.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(baseLoss: Epsilon, threshold: Int64, giveUp: Rational) throws(ParameterError) {
    guard giveUp >= Rational(1, RepetitionLaw.mostRuns), giveUp <= 1,
      giveUp.denominatorWords.count <= ScaleLimits.words
    else {
      throw ParameterError(.outOfRange, "gamma", "must lie in [2^-20, 1]")
    }
    self.baseLoss = baseLoss
    pureLoss = try Epsilon(2 * baseLoss.value)
    self.threshold = threshold
    stop = RationalCoin(giveUp)
  }

  /// The choice and everything it looked at.
  public var event: PrivacyEvent { .epsilonDelta(epsilon: pureLoss, delta: Delta(unchecked: 0)) }

  /// The first answer that is good enough, or `nil` when the runs were given up.
  ///
  /// - Parameter run: one run of the base mechanism, on fresh randomness.
  public func choose<Answer>(
    using generator: inout SecureGenerator, _ run: (inout SecureGenerator) -> (quality: Int64, answer: Answer)
  ) -> Answer? {
    draw(using: &generator, run)
  }

  package func draw<Answer, Source: UniformSource & ~Copyable>(
    using source: inout Source, _ run: (inout Source) -> (quality: Int64, answer: Answer)
  ) -> Answer? {
    while true {
      let next = run(&source)
      if next.quality >= threshold { return next.answer }
      if stop.flip(using: &source) { return nil }
    }
  }
}
