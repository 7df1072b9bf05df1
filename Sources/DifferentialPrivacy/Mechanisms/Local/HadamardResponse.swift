public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Frequencies from one number: each person reports a column of a Hadamard matrix whose entry in their own row is +1
/// with probability R/(R + 1).
///
/// Acharya, Sun and Zhang (2019), the scheme for high privacy (one block). Row v + 1 of the Sylvester matrix of size K,
/// the smallest power of two above k, belongs to value v; a column is R times as likely where the row has +1, so the loss
/// is exactly ln R. Rows agree in half of the columns, so another value is supported with probability ½ exactly.
/// For ε above about 2 ``SubsetSelection`` and ``LocalHashing`` have smaller variance.
///
/// Cost: one exact coin and one uniform number; a report is one number; all k frequencies are decoded together in
/// K·log₂K additions.
public struct HadamardResponse: FrequencyOracle {
  /// A column of the matrix.
  public typealias Report = Int

  /// The number of values that can be asked about.
  public let categories: CategoryCount
  /// e^ε.
  public let ratio: LikelihoodRatio
  /// The size K of the matrix: the number of possible reports.
  public let size: Int
  /// R/(R + 1) for a report's own value, ½ for any other.
  public let support: SupportProbabilities
  private let positive: RationalCoin

  /// The most values.
  public static let mostCategories = 1 << 24

  /// - Parameters:
  ///   - ratio: e^ε.
  ///   - categories: the number k of values, up to 2²⁴.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(ratio: LikelihoodRatio, categories: Int) throws(ParameterError) {
    guard categories <= HadamardResponse.mostCategories else {
      throw ParameterError(.outOfRange, "k", "must be at most 2^24")
    }
    self.categories = try CategoryCount(categories)
    self.ratio = ratio
    size = 1 << (Int.bitWidth - categories.leadingZeroBitCount)
    let own = ratio.value / (ratio.value + 1)
    support = SupportProbabilities(own: own, other: Rational(1, 2))
    positive = RationalCoin(own)
  }

  /// One person's report.
  public var event: PrivacyEvent { ratio.event }

  /// ln of the ratio, rounded up.
  public var pureLoss: Epsilon { ratio.epsilon }

  /// The report of a person whose value is `value`.
  public func respond(_ value: Int, using generator: inout SecureGenerator) -> Int {
    draw(value, using: &generator)
  }

  /// The report with a simulation's stream.
  package func simulate(_ value: Int, using generator: inout SimulationGenerator) -> Simulated<Int> {
    Simulated(draw(value, using: &generator))
  }

  package func draw<Source: UniformSource & ~Copyable>(_ value: Int, using source: inout Source) -> Int {
    let row = min(max(value, 0), categories.value - 1) + 1
    let wanted = positive.flip(using: &source)
    let column = Int(source.uniform(under: UInt64(size)))
    // Flipping a bit that the row has changes the entry's sign and is one to one, so the column stays uniform.
    let isPositive = (column & row).nonzeroBitCount & 1 == 0
    return isPositive == wanted ? column : column ^ (row & -row)
  }

  /// Whether the report is a column of the matrix.
  public func admits(_ report: Int) -> Bool { (0..<size).contains(report) }

  /// Whether the value's row has +1 in the column.
  public func supports(_ report: Int, _ value: Int) -> Bool { (report & (value + 1)).nonzeroBitCount & 1 == 0 }

  /// Unbiased estimates of how many people have each of all the values, by one fast Walsh–Hadamard transform.
  ///
  /// - Throws: `ParameterError` for a report of another question.
  public func allEstimates(from reports: [Int]) throws(ParameterError) -> [Rational] {
    var sums = [Int](repeating: 0, count: size)
    for report in reports {
      guard admits(report) else {
        throw ParameterError(.outOfRange, "report", "does not belong to this question")
      }
      sums[report] += 1
    }
    var half = 1
    while half < size {
      for start in stride(from: 0, to: size, by: 2 * half) {
        for index in start..<(start + half) {
          (sums[index], sums[index + half]) = (sums[index] + sums[index + half], sums[index] - sums[index + half])
        }
      }
      half *= 2
    }
    // Row sums are reports with +1 less reports with −1.
    return (0..<categories.value).map { value in
      support.estimate(support: (reports.count + sums[value + 1]) / 2, of: reports.count)
    }
  }
}
