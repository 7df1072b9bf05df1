public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// A local randomiser whose reports, taken together, tell how many people have each value.
///
/// Every report supports some of the values: the one it came from with a known probability, any other with a smaller
/// one. Counting support and solving for the number of people is unbiased, and its variance is exact (Wang, Blocki, Li
/// and Jha 2017).
public protocol FrequencyOracle: PureDP {
  /// What one person sends.
  associatedtype Report: Sendable, Hashable

  /// The number of values that can be asked about.
  var categories: CategoryCount { get }

  /// The probabilities of support.
  var support: SupportProbabilities { get }

  /// The report of a person whose value is `value`.
  ///
  /// **Edge cases**: a value outside 0 ..< categories is clamped into it, so that no data makes a trap.
  func respond(_ value: Int, using generator: inout SecureGenerator) -> Report

  /// Whether the report could have been made by this oracle.
  func admits(_ report: Report) -> Bool

  /// Whether the report speaks for the value.
  ///
  /// - Precondition: the oracle admits the report and the value is one of its categories.
  func supports(_ report: Report, _ value: Int) -> Bool
}

/// How likely a report supports the value it came from, and any other.
public struct SupportProbabilities: Sendable, Hashable {
  /// For the value the report came from.
  public let own: Rational
  /// For every other value; below ``own``.
  public let other: Rational

  init(own: Rational, other: Rational) {
    self.own = own
    self.other = other
  }

  func estimate(support: Int, of reports: Int) -> Rational {
    (Rational(support) - Rational(reports) * other) / (own - other)
  }

  func variance(count: Int, population: Int) -> Rational {
    let spread = Rational(count) * own * (1 - own) + Rational(population - count) * other * (1 - other)
    return spread / ((own - other) * (own - other))
  }
}

extension FrequencyOracle {
  /// Unbiased estimates of how many people have each of `values`; exact, and possibly negative.
  ///
  /// The cost is one look at every report for every value.
  ///
  /// - Throws: `ParameterError` for a report of another question and a value out of range.
  public func estimates(of values: [Int], from reports: [Report]) throws(ParameterError) -> [Rational] {
    for report in reports where !admits(report) {
      throw ParameterError(.outOfRange, "report", "does not belong to this question")
    }
    for value in values where !(0..<categories.value).contains(value) {
      throw ParameterError(.outOfRange, "value", "must be one of the categories")
    }
    return values.map { value in
      support.estimate(support: reports.count { supports($0, value) }, of: reports.count)
    }
  }

  /// The exact variance of an estimate when `count` of `population` people have the value.
  public func variance(count: Int, population: Int) -> Rational {
    support.variance(count: count, population: population)
  }

  /// A width that the error of an estimate exceeds with probability at most 1 − `confidence`, by Chebyshev's inequality
  /// from the exact variance.
  public func errorBound(confidence: Double, count: Int, population: Int) -> Double {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    return (variance(count: count, population: population).doubleRoundedUp / (1 - confidence)).squareRoot()
  }
}

/// A coin of an exact rational probability.
struct RationalCoin: Sendable {
  private let numerator: BigWhole
  private let denominator: BigWhole
  private let words: (UInt64, UInt64)?

  /// - Precondition: the probability lies in [0, 1].
  init(_ probability: Rational) {
    precondition(probability.signum >= 0 && probability <= 1, "a probability lies in [0, 1]")
    numerator = BigWhole(numeratorOf: probability)
    denominator = BigWhole(denominatorOf: probability)
    words = if let a = numerator.word, let b = denominator.word { (a, b) } else { nil }
  }

  func flip<Source: UniformSource & ~Copyable>(using source: inout Source) -> Bool {
    if let words { return source.bernoulli(words.0, outOf: words.1) }
    return source.bernoulli(numerator, outOf: denominator)
  }
}
