public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// One person's randomised answer to a ``LocalHashing`` question: a public hash function and a bucket of it.
public struct LocalHashingReport: Sendable, Hashable, Codable {
  /// The hash function: bit i of a value's bucket is the parity of the value and mask i.
  public let masks: [UInt64]
  /// The randomised bucket.
  public let bucket: Int

  /// A report as it was received; it is checked when it is counted.
  public init(masks: [UInt64], bucket: Int) {
    self.masks = masks
    self.bucket = bucket
  }
}

/// Frequencies of values that nobody reveals: each person hashes the value with a function of their own and gives a
/// randomised response over the few buckets.
///
/// Local hashing (Wang, Blocki, Li and Jha 2017) with the linear hash family over bits, in which two different values
/// meet with probability exactly one over the number of buckets, so the estimates are unbiased exactly. With two buckets
/// it is Hadamard response. About e^ε + 1 buckets are best. The hash function does not depend on the value, so the cost
/// is that of randomised response over the buckets, whatever the number of values.
///
/// Cost: one word a bucket bit, one exact coin and one uniform number; decoding looks at every report for every value.
///
/// **Edge cases**: an answer outside the values is clamped into them, so that no data makes a trap.
public struct LocalHashing: FrequencyOracle {
  /// A hash function and a bucket.
  public typealias Report = LocalHashingReport

  /// The number of values that can be asked about.
  public let categories: CategoryCount
  /// log₂ of the number of buckets.
  public let bucketBits: Int
  private let response: RandomizedResponse

  /// - Parameters:
  ///   - replacement: the probability that a bucket is replaced by a uniform one.
  ///   - bucketBits: log₂ of the number of buckets, 1 … 16.
  ///   - categories: the number of values.
  /// - Throws: `ParameterError` for a parameter out of range; a replacement of 1 is refused, since it says nothing.
  public init(replacement: Rational, bucketBits: Int, categories: Int) throws(ParameterError) {
    guard (1...16).contains(bucketBits) else {
      throw ParameterError(.outOfRange, "buckets", "must be from 2^1 to 2^16")
    }
    guard replacement < 1 else {
      throw ParameterError(.outOfRange, "p", "must be below 1")
    }
    response = try RandomizedResponse(replacement: replacement, categories: 1 << bucketBits)
    self.categories = try CategoryCount(categories)
    self.bucketBits = bucketBits
  }

  /// The randomiser of a given cost, with the number of buckets of smallest variance, e^ε + 1 to the nearest power of two.
  ///
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(ratio: LikelihoodRatio, categories: Int) throws(ParameterError) {
    let buckets = (ratio.value + 1).floor ?? .max
    let floor = Int.bitWidth - 1 - buckets.leadingZeroBitCount
    let bits = min(max(buckets >= (3 << floor) / 2 ? floor + 1 : floor, 1), 16)
    try self.init(
      replacement: RandomizedResponse.replacement(ratio: ratio, categories: 1 << bits), bucketBits: bits,
      categories: categories)
  }

  /// One person's report.
  public var event: PrivacyEvent { response.event }

  /// That of randomised response over the buckets.
  public var pureLoss: Epsilon { response.pureLoss }

  /// The report of a person whose value is `value`.
  public func respond(_ value: Int, using generator: inout SecureGenerator) -> LocalHashingReport {
    draw(value, using: &generator)
  }

  /// The report with a simulation's stream.
  package func simulate(_ value: Int, using generator: inout SimulationGenerator) -> Simulated<LocalHashingReport> {
    Simulated(draw(value, using: &generator))
  }

  package func draw<Source: UniformSource & ~Copyable>(
    _ value: Int, using source: inout Source
  ) -> LocalHashingReport {
    let masks = (0..<bucketBits).map { _ in source.next() }
    let bucket = LocalHashing.bucket(of: min(max(value, 0), categories.value - 1), masks)
    return LocalHashingReport(masks: masks, bucket: response.draw(bucket, using: &source))
  }

  /// 1 − p + p/g for a report's own value and 1/g for any other, with g buckets.
  public var support: SupportProbabilities {
    let other = Rational(1, 1 << bucketBits)
    return SupportProbabilities(own: other + (1 - response.replacement.value) * (1 - other), other: other)
  }

  /// Whether the report has as many masks as this question and one of its buckets.
  public func admits(_ report: LocalHashingReport) -> Bool {
    report.masks.count == bucketBits && (0..<(1 << bucketBits)).contains(report.bucket)
  }

  /// Whether the value falls into the report's bucket.
  public func supports(_ report: LocalHashingReport, _ value: Int) -> Bool {
    LocalHashing.bucket(of: value, report.masks) == report.bucket
  }

  private static func bucket(of value: Int, _ masks: [UInt64]) -> Int {
    let word = UInt64(value)
    return masks.enumerated().reduce(0) { $0 | ((word & $1.element).nonzeroBitCount & 1) << $1.offset }
  }
}
