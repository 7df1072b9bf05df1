import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Chooses the index whose score is largest after noise, and says nothing else.
///
/// - ``Noise/laplace``: exact discrete Laplace noise of scale 2Δ/ε (Dwork and Roth 2014, claim 3.9): given the other
///   noisy scores an index wins from some whole-number threshold on, and moving the noise by 2Δ whole steps changes that
///   probability by at most e^ε. Equal noisy scores go to the smaller index, which the argument allows.
/// - ``Noise/exponential``: exponential noise of mean 2Δ/ε, whose winner has the law of ``PermuteAndFlipMechanism``
///   (Ding et al. 2021) and is never worse than the Laplace one. The real variates are drawn bit by bit, the bits of an
///   exponential variate being independent (Marsaglia 1971), and only until the winner is certain: the argmax is that of
///   infinitely many bits.
///
/// With Gumbel noise the winner has the law of ``ExponentialMechanism``, which draws it directly.
///
/// For monotone scores the scale is Δ/ε. The event is pure ε: neither noise has bounded range ε.
///
/// Cost: one draw a score; for exponential noise a few coins a score, and more for close winners.
///
/// **Edge cases**: one score gives index 0; scores are clamped to ±2⁶¹. The time depends on the scores.
public struct ReportNoisyMaxMechanism: PureDP {
  /// What is added to the scores.
  public enum Noise: String, Sendable, Hashable, CaseIterable {
    /// Discrete Laplace noise.
    case laplace
    /// Exponential noise of infinitely many bits.
    case exponential
  }

  /// The total pure loss.
  public let epsilon: Epsilon
  /// The largest change of any score.
  public let sensitivity: Int
  /// What is added to the scores.
  public let noise: Noise
  private let source: NoiseSource
  private let numerator: BigWhole
  private let denominator: BigWhole

  /// - Parameters:
  ///   - sensitivity: the largest change of any one score, in whole numbers.
  ///   - monotone: whether adding a record moves no two scores in opposite directions, which halves the cost.
  /// - Throws: `ParameterError` for a parameter out of range, and unless the noise's scale lies in 2⁻¹⁰ … 2⁵⁰.
  public init(
    epsilon: Epsilon, noise: Noise, sensitivity: Int = 1, monotone: Bool = false
  ) throws(ParameterError) {
    try ScaleLimits.checkPositive(epsilon.value, "epsilon")
    try ScaleLimits.checkSensitivity(sensitivity)
    let scale = Rational(sensitivity) * (monotone ? 1 : 2) / epsilon.value
    try ScaleLimits.checkScale(scale, "epsilon")
    self.epsilon = epsilon
    self.sensitivity = sensitivity
    self.noise = noise
    source = NoiseSource(.discreteLaplace(scale: scale))
    numerator = BigWhole(numeratorOf: scale)
    denominator = BigWhole(denominatorOf: scale)
  }

  /// One choice.
  public var event: PrivacyEvent { .epsilonDelta(epsilon: epsilon, delta: Delta(unchecked: 0)) }

  /// ε.
  public var pureLoss: Epsilon { epsilon }

  /// The index of the chosen score.
  ///
  /// - Precondition: there is at least one score.
  public func choose(_ scores: [Int64], using generator: inout SecureGenerator) -> Int {
    draw(scores, using: &generator)
  }

  /// The choice with a simulation's stream.
  package func simulate(_ scores: [Int64], using generator: inout SimulationGenerator) -> Simulated<Int> {
    Simulated(draw(scores, using: &generator))
  }

  package func draw<Source: UniformSource & ~Copyable>(_ scores: [Int64], using source: inout Source) -> Int {
    precondition(!scores.isEmpty, "a choice needs at least one score")
    let limit = SignedSample.limit / 2
    let clamped = scores.map { min(max($0, -limit), limit) }
    switch noise {
    case .laplace:
      // Sums are not clamped: clamped ones could tie where the exact ones do not.
      var noisy = [Int64](repeating: 0, count: clamped.count)
      unsafe noisy.withUnsafeMutableBufferPointer { unsafe self.source.draw($0, using: &source) }
      for index in noisy.indices { noisy[index] += clamped[index] }
      var best = 0
      for index in noisy.indices where noisy[index] > noisy[best] { best = index }
      return best
    case .exponential:
      return lazyArgmax(clamped, using: &source)
    }
  }

  /// The index of the largest score + scale · E for independent exponential variates E of mean 1.
  private func lazyArgmax<Source: UniformSource & ~Copyable>(_ scores: [Int64], using source: inout Source) -> Int {
    let least = scores.min() ?? 0
    // Score · denominator + numerator · E lies in [low, low + numerator] · 2^−bits.
    var bits = 0
    var racers = scores.indices.map { index in
      let whole = BigWhole(source.exponentialWhole())
      let gap = BigWhole(UInt64(bitPattern: scores[index] &- least))
      return (index: index, low: gap * denominator + whole * numerator)
    }
    while true {
      let lead = racers.reduce(BigWhole.zero) { max($0, $1.low) }
      racers.removeAll { $0.low + numerator <= lead }
      if racers.count == 1 { return racers[0].index }
      bits += 1
      for place in racers.indices {
        let digit = source.exponentialBit(bits)
        racers[place].low = (racers[place].low << 1) + (digit ? numerator : .zero)
      }
    }
  }
}

extension UniformSource where Self: ~Copyable {
  /// The whole part of an exponential variate of mean 1.
  mutating func exponentialWhole() -> UInt64 {
    var whole: UInt64 = 0
    while bernoulliExp(unit: UInt64(1), over: UInt64(1)) { whole += 1 }
    return whole
  }

  /// Bit `place` after the point of an exponential variate of mean 1: a one with probability 1/(1 + e^(2^−place)).
  ///
  /// The bits are independent of each other and of the whole part (Marsaglia 1971): x ↦ e^(−x) is a product over bits.
  mutating func exponentialBit(_ place: Int) -> Bool {
    while true {
      if !bernoulli(UInt64(1), outOf: UInt64(2)) { return false }
      let kept =
        place < 63
        ? bernoulliExp(unit: UInt64(1), over: UInt64(1) << UInt64(place))
        : bernoulliExp(unit: BigWhole.one, over: .one << place)
      if kept { return true }
    }
  }
}
