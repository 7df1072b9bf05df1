public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Keeps an answer out of k with probability 1 − p and replaces it by a uniform one of the k otherwise.
///
/// Warner (1965), with k answers: pure local privacy of ε = ln(1 + k(1 − p)/p) under replace-one. Exact: one rational
/// coin and one uniform integer, which is also the cost of an answer.
public struct RandomizedResponse: PureDP {
  /// The probability of replacement.
  public let replacement: ReplacementProbability
  /// The number of answers.
  public let categories: CategoryCount
  private let replace: RationalCoin

  /// A randomiser from checked parameters.
  ///
  /// - Throws: `ParameterError` for a probability with too many digits.
  public init(replacement: ReplacementProbability, categories: CategoryCount) throws(ParameterError) {
    let value = replacement.value
    try ScaleLimits.checkDigits(value, "p")
    self.replacement = replacement
    self.categories = categories
    replace = RationalCoin(value)
  }

  /// A randomiser that replaces with probability `replacement` by one of `categories` answers.
  ///
  /// - Throws: `ParameterError` for a probability outside (0, 1] or fewer than two answers.
  public init(replacement: Rational, categories: Int = 2) throws(ParameterError) {
    try self.init(replacement: ReplacementProbability(replacement), categories: CategoryCount(categories))
  }

  /// A randomiser of a given e^ε: the replacement is k/(e^ε − 1 + k).
  ///
  /// - Throws: `ParameterError` for fewer than two answers.
  public init(ratio: LikelihoodRatio, categories: Int = 2) throws(ParameterError) {
    let categories = try CategoryCount(categories)
    try self.init(
      replacement: ReplacementProbability(
        RandomizedResponse.replacement(ratio: ratio, categories: categories.value)), categories: categories)
  }

  static func replacement(ratio: LikelihoodRatio, categories: Int) -> Rational {
    Rational(categories) / (ratio.value - 1 + Rational(categories))
  }

  /// ln(1 + k(1 − p)/p), rounded up; 0 when every answer is replaced.
  public var pureLoss: Epsilon {
    let p = replacement.value
    guard p < 1 else { return Epsilon(unchecked: 0) }
    let bound = Interval(Rational(categories.value) * (1 - p) / p).logarithmOfOnePlus.high
    return Epsilon(unchecked: Rational(exactly: bound) ?? Rational(categories.value) * (1 - p) / p)
  }

  /// One answer.
  public var event: PrivacyEvent { .randomizedResponse(replacement: replacement, categories: categories) }

  /// The answer to give instead of `answer`.
  ///
  /// **Edge cases**: an answer outside 0 ..< k is clamped into it, so that no data makes a trap.
  public func respond(_ answer: Int, using generator: inout SecureGenerator) -> Int {
    draw(answer, using: &generator)
  }

  /// The answer with a simulation's stream.
  package func simulate(_ answer: Int, using generator: inout SimulationGenerator) -> Simulated<Int> {
    Simulated(draw(answer, using: &generator))
  }

  /// Unbiased estimates of how many gave each answer, from the counts of the randomised ones.
  ///
  /// The estimate of a count n_i is (c_i − N·p/k)/(1 − p); the values are exact, may be negative, and sum to N.
  ///
  /// **Edge cases**: `nil` when p = 1, where the answers say nothing.
  /// - Precondition: there is one count for each answer.
  public func estimates(fromCounts counts: [Int]) -> [Rational]? {
    precondition(counts.count == categories.value, "one count for each answer")
    let kept = 1 - replacement.value
    guard kept.signum > 0 else { return nil }
    let background = Rational(counts.reduce(0, +)) * replacement.value / Rational(categories.value)
    return counts.map { (Rational($0) - background) / kept }
  }

  /// The exact variance of the estimate of a count of `count` among `population` answers.
  ///
  /// **Edge cases**: `nil` when p = 1.
  public func variance(count: Int, population: Int) -> Rational? {
    let kept = 1 - replacement.value
    guard kept.signum > 0 else { return nil }
    let other = replacement.value / Rational(categories.value)
    return SupportProbabilities(own: kept + other, other: other).variance(count: count, population: population)
  }

  package func draw<Source: UniformSource & ~Copyable>(_ answer: Int, using source: inout Source) -> Int {
    // Both are always drawn, so that time does not tell which was used.
    let replaced = replace.flip(using: &source)
    let other = Int(source.uniform(under: UInt64(categories.value)))
    return replaced ? other : min(max(answer, 0), categories.value - 1)
  }
}
