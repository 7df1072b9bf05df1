import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom
import Testing

@Suite struct LocalHashingTests {
  /// Every report a person with `value` can give about four values, with its exact probability.
  private func reports(_ value: Int, bits: Int, replacement: Rational) -> [(LocalHashingReport, Rational)] {
    let buckets = 1 << bits
    let functions = 1 << (2 * bits)
    return (0..<functions).flatMap { function in
      let masks = (0..<bits).map { UInt64(function >> (2 * $0) & 3) }
      let own = masks.enumerated().reduce(0) { $0 | ((UInt64(value) & $1.element).nonzeroBitCount & 1) << $1.offset }
      return (0..<buckets).map { bucket in
        let kept = bucket == own ? 1 - replacement : 0
        return (
          LocalHashingReport(masks: masks, bucket: bucket),
          (kept + replacement / Rational(buckets)) / Rational(functions)
        )
      }
    }
  }

  @Test(arguments: [1, 2, 3])
  func `estimates are unbiased and vary as stated, exactly`(bits: Int) throws {
    let replacement = Rational(2, 5)
    let oracle = try LocalHashing(replacement: replacement, bucketBits: bits, categories: 4)
    for value in 0..<4 {
      let all = reports(value, bits: bits, replacement: replacement)
      #expect(all.reduce(Rational.zero) { $0 + $1.1 } == 1)
      for asked in 0..<4 {
        var mean = Rational.zero
        var square = Rational.zero
        for (report, probability) in all {
          let estimate = try oracle.estimates(of: [asked], from: [report])[0]
          mean += probability * estimate
          square += probability * estimate * estimate
        }
        #expect(mean == (asked == value ? 1 : 0))
        #expect(square - mean * mean == oracle.variance(count: asked == value ? 1 : 0, population: 1))
      }
    }
  }

  @Test func `reports follow the law of their event by their support`() throws {
    let oracle = try LocalHashing(replacement: Rational(1, 2), bucketBits: 2, categories: 1_000)
    #expect(oracle.event == (try PrivacyEvent.randomizedResponse(replacement: Rational(1, 2), categories: 4)))
    var generator = SecureGenerator()
    let people = 8_000
    let reports = (0..<people).map { person in
      oracle.respond(person % 4 == 0 ? 717 : person % 1_000, using: &generator)
    }
    let truth = (0..<people).filter { $0 % 4 == 0 || $0 % 1_000 == 717 }.count
    let estimate = try oracle.estimates(of: [717], from: reports)[0].doubleValue
    let deviation = oracle.variance(count: truth, population: people).doubleValue.squareRoot()
    // A sum of 8,000 bounded terms is 7 deviations off with probability below 1e-10.
    #expect(abs(estimate - Double(truth)) < 7 * deviation)
  }

  @Test func `reports of another question and impossible parameters are refused`() throws {
    let oracle = try LocalHashing(replacement: Rational(1, 2), bucketBits: 1, categories: 10)
    for report in [
      LocalHashingReport(masks: [], bucket: 0), LocalHashingReport(masks: [1], bucket: 2),
      LocalHashingReport(masks: [1], bucket: -1), LocalHashingReport(masks: [1, 2], bucket: 0),
    ] {
      #expect(throws: ParameterError.self) { try oracle.estimates(of: [1], from: [report]) }
    }
    #expect(throws: ParameterError.self) { try oracle.estimates(of: [10], from: []) }
    #expect(throws: ParameterError.self) { try LocalHashing(replacement: 1, bucketBits: 1, categories: 10) }
    #expect(throws: ParameterError.self) {
      try LocalHashing(replacement: Rational(1, 2), bucketBits: 0, categories: 10)
    }
    var generator = SecureGenerator()
    for value in [Int.min, .max] {
      #expect(oracle.respond(value, using: &generator).masks.count == 1)
    }
  }
}
