public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Frequencies from one bit a value: each person writes a one at their own value and flips every bit.
///
/// A one stays with probability p and a zero becomes a one with probability q < p. Two people's bits differ in two
/// places, so the exact loss is e^ε = p(1 − q) / ((1 − p)q).
///
/// - ``symmetric(bitRatio:categories:)``: q = 1 − p (Erlingsson, Pihur and Korolova 2014, one-time RAPPOR).
/// - ``optimized(ratio:categories:)``: p = ½ and q = 1/(e^ε + 1), which has the smallest variance for rare values
///   (Wang, Blocki, Li and Jha 2017).
///
/// Cost: one exact coin for every value.
public struct UnaryEncoding: FrequencyOracle {
  /// One bit for every value.
  public typealias Report = [Bool]

  /// The number of values that can be asked about.
  public let categories: CategoryCount
  /// The probability that a one stays (`own`) and that a zero becomes a one (`other`).
  public let support: SupportProbabilities
  /// e^ε.
  public let ratio: LikelihoodRatio
  private let keep: RationalCoin
  private let flip: RationalCoin

  /// The most values, since a report has a bit for each.
  public static let mostCategories = 1 << 20

  /// An encoding with any two probabilities.
  ///
  /// - Parameters:
  ///   - keep: p, the probability that a one stays.
  ///   - flip: q, the probability that a zero becomes a one.
  /// - Throws: `ParameterError` unless 0 < q < p < 1 and there are from 2 to 2²⁰ values.
  public init(keep: Rational, flip: Rational, categories: Int) throws(ParameterError) {
    guard flip.signum > 0, keep < 1, flip < keep else {
      throw ParameterError(.outOfRange, "p", "must satisfy 0 < q < p < 1")
    }
    guard categories <= UnaryEncoding.mostCategories else {
      throw ParameterError(.outOfRange, "k", "must be at most 2^20 for a bit each")
    }
    self.categories = try CategoryCount(categories)
    ratio = try LikelihoodRatio(keep * (1 - flip) / ((1 - keep) * flip))
    support = SupportProbabilities(own: keep, other: flip)
    self.keep = RationalCoin(keep)
    self.flip = RationalCoin(flip)
  }

  /// Each bit flips with the same probability; `bitRatio` is that of one bit, √(e^ε), and the report costs its square.
  ///
  /// - Throws: `ParameterError` for a parameter out of range.
  public static func symmetric(bitRatio: LikelihoodRatio, categories: Int) throws(ParameterError) -> UnaryEncoding {
    let keep = bitRatio.value / (bitRatio.value + 1)
    return try UnaryEncoding(keep: keep, flip: 1 - keep, categories: categories)
  }

  /// A one stays with probability ½, a zero becomes a one with probability 1/(e^ε + 1).
  ///
  /// - Throws: `ParameterError` for a parameter out of range.
  public static func optimized(ratio: LikelihoodRatio, categories: Int) throws(ParameterError) -> UnaryEncoding {
    try UnaryEncoding(keep: Rational(1, 2), flip: 1 / (ratio.value + 1), categories: categories)
  }

  /// One person's report.
  public var event: PrivacyEvent { ratio.event }

  /// ln of the ratio, rounded up.
  public var pureLoss: Epsilon { ratio.epsilon }

  /// The report of a person whose value is `value`.
  public func respond(_ value: Int, using generator: inout SecureGenerator) -> [Bool] {
    draw(value, using: &generator)
  }

  /// The report with a simulation's stream.
  package func simulate(_ value: Int, using generator: inout SimulationGenerator) -> Simulated<[Bool]> {
    Simulated(draw(value, using: &generator))
  }

  package func draw<Source: UniformSource & ~Copyable>(_ value: Int, using source: inout Source) -> [Bool] {
    let own = min(max(value, 0), categories.value - 1)
    return (0..<categories.value).map { index in
      // Both coins fall at every place, so that their number does not tell which place is the person's.
      let one = keep.flip(using: &source)
      let zero = flip.flip(using: &source)
      return index == own ? one : zero
    }
  }

  /// Whether the report has a bit for every value.
  public func admits(_ report: [Bool]) -> Bool { report.count == categories.value }

  /// Whether the value's bit is set.
  public func supports(_ report: [Bool], _ value: Int) -> Bool { report[value] }
}
