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
/// **Edge cases**: an answer outside the values is clamped into them, so that no data makes a trap.
public struct LocalHashing: Sendable {
  /// The number of values that can be asked about.
  public let categories: CategoryCount
  /// log₂ of the number of buckets.
  public let bucketBits: Int
  private let response: RandomizedResponse

  /// - Parameters:
  ///   - replacement: the probability that a bucket is replaced by a uniform one.
  ///   - bucketBits: log₂ of the number of buckets, 1 … 16.
  ///   - categories: the number of values.
  /// - Throws: ``ParameterError`` for a parameter out of range; a replacement of 1 is refused, since it says nothing.
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

  /// One person's report.
  public var event: PrivacyEvent { response.event }

  /// The report of a person whose value is `value`.
  public func respond(_ value: Int, using generator: inout SecureGenerator) -> LocalHashingReport {
    let masks = (0..<bucketBits).map { _ in generator.next() }
    let bucket = LocalHashing.bucket(of: min(max(value, 0), categories.value - 1), masks)
    return LocalHashingReport(masks: masks, bucket: response.respond(bucket, using: &generator))
  }

  /// The report with a simulation's stream.
  package func simulate(_ value: Int, using generator: inout SimulationGenerator) -> Simulated<LocalHashingReport> {
    let masks = (0..<bucketBits).map { _ in generator.next() }
    let bucket = LocalHashing.bucket(of: min(max(value, 0), categories.value - 1), masks)
    return Simulated(
      LocalHashingReport(masks: masks, bucket: response.simulate(bucket, using: &generator).value))
  }

  /// Unbiased estimates of how many people have each of `values`; exact, and possibly negative.
  ///
  /// A report supports the values that hash to its bucket: its own with probability 1 − p + p/g, any other with 1/g.
  ///
  /// - Throws: ``ParameterError`` for a report of another question and a value out of range.
  public func estimates(of values: [Int], from reports: [LocalHashingReport]) throws(ParameterError) -> [Rational] {
    let buckets = 1 << bucketBits
    for report in reports where report.masks.count != bucketBits || !(0..<buckets).contains(report.bucket) {
      throw ParameterError(.outOfRange, "report", "does not belong to this question")
    }
    for value in values where !(0..<categories.value).contains(value) {
      throw ParameterError(.outOfRange, "value", "must be one of the categories")
    }
    let background = Rational(reports.count, buckets)
    return values.map { value in
      let support = reports.reduce(0) { $0 + (LocalHashing.bucket(of: value, $1.masks) == $1.bucket ? 1 : 0) }
      return (Rational(support) - background) / advantage
    }
  }

  /// The exact variance of an estimate when `count` of `population` people have the value.
  public func variance(count: Int, population: Int) -> Rational {
    let other = Rational(1, 1 << bucketBits)
    let own = other + advantage
    let spread = Rational(count) * own * (1 - own) + Rational(population - count) * other * (1 - other)
    return spread / (advantage * advantage)
  }

  /// How much likelier a report supports its own value than another.
  private var advantage: Rational {
    (1 - response.replacement.value) * (1 - Rational(1, 1 << bucketBits))
  }

  private static func bucket(of value: Int, _ masks: [UInt64]) -> Int {
    let word = UInt64(value)
    return masks.enumerated().reduce(0) { $0 | ((word & $1.element).nonzeroBitCount & 1) << $1.offset }
  }
}
