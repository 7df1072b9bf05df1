import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Frequencies from subsets: each person reports w of the k values, a set with their own being R times as likely.
///
/// Ye and Barg (2018); Wang et al. (2016). The probability of a set is R/Z or 1/Z, so the loss is exactly ln R. With
/// w near k/(R + 1), the default, the scheme is asymptotically optimal among all of the same ε (Ye and Barg 2018).
///
/// Cost: one exact coin and w uniform numbers; a report holds w numbers.
public struct SubsetSelection: FrequencyOracle {
  /// The chosen values, in increasing order.
  public typealias Report = [Int]

  /// The number of values that can be asked about.
  public let categories: CategoryCount
  /// The number of values in a report.
  public let size: Int
  /// e^ε.
  public let ratio: LikelihoodRatio
  /// How likely a report holds its own value, and another.
  public let support: SupportProbabilities
  private let include: RationalCoin

  /// The most values.
  public static let mostCategories = 1 << 20

  /// - Parameters:
  ///   - ratio: e^ε.
  ///   - categories: the number k of values, up to 2²⁰.
  ///   - size: the number w of values in a report, 1 … k − 1; by default k/(e^ε + 1) to the nearest.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(ratio: LikelihoodRatio, categories: Int, size: Int? = nil) throws(ParameterError) {
    guard categories <= SubsetSelection.mostCategories else {
      throw ParameterError(.outOfRange, "k", "must be at most 2^20")
    }
    self.categories = try CategoryCount(categories)
    let best = (Rational(categories) / (ratio.value + 1) + Rational(1, 2)).floor ?? 1
    let size = size ?? min(max(best, 1), categories - 1)
    guard (1..<categories).contains(size) else {
      throw ParameterError(.outOfRange, "size", "must be from 1 to one less than the number of values")
    }
    self.size = size
    self.ratio = ratio
    // R·C(k−1, w−1) sets hold the value and C(k−1, w) do not: their ratio is R·w to k − w.
    let weight = ratio.value * Rational(size)
    let own = weight / (weight + Rational(categories - size))
    let others = Rational(categories - 1)
    let other = (own * Rational(size - 1) + (1 - own) * Rational(size)) / others
    support = SupportProbabilities(own: own, other: other)
    include = RationalCoin(own)
  }

  /// One person's report.
  public var event: PrivacyEvent { ratio.event }

  /// ln of the ratio, rounded up.
  public var pureLoss: Epsilon { ratio.epsilon }

  /// The report of a person whose value is `value`.
  public func respond(_ value: Int, using generator: inout SecureGenerator) -> [Int] {
    draw(value, using: &generator)
  }

  /// The report with a simulation's stream.
  package func simulate(_ value: Int, using generator: inout SimulationGenerator) -> Simulated<[Int]> {
    Simulated(draw(value, using: &generator))
  }

  package func draw<Source: UniformSource & ~Copyable>(_ value: Int, using source: inout Source) -> [Int] {
    let own = min(max(value, 0), categories.value - 1)
    let included = include.flip(using: &source)
    // A uniform set of `count` of the other k − 1 values (Floyd's algorithm: Bentley and Floyd 1987).
    let count = included ? size - 1 : size
    var chosen = Set<Int>()
    for last in (categories.value - 1 - count)..<(categories.value - 1) {
      let candidate = Int(source.uniform(under: UInt64(last + 1)))
      if !chosen.insert(candidate).inserted { chosen.insert(last) }
    }
    var report = chosen.map { $0 < own ? $0 : $0 + 1 }
    if included { report.append(own) }
    return report.sorted()
  }

  /// Whether the report is a set of the right size.
  public func admits(_ report: [Int]) -> Bool {
    report.count == size && report.allSatisfy { (0..<categories.value).contains($0) }
      && zip(report, report.dropFirst()).allSatisfy { $0 < $1 }
  }

  /// Whether the value is in the set.
  public func supports(_ report: [Int], _ value: Int) -> Bool {
    var low = 0
    var high = report.count
    while low < high {
      let middle = (low + high) / 2
      if report[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low < report.count && report[low] == value
  }
}
