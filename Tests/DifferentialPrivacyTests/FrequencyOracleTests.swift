import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom
import Testing

@Suite struct FrequencyOracleTests {
  /// Checks, on the exact law of every report, the loss, the bias and the variance an oracle states.
  private func check<Oracle: FrequencyOracle>(
    _ oracle: Oracle, _ ratio: LikelihoodRatio, _ draw: (Int, inout ExactTree) -> Oracle.Report
  ) throws {
    let values = Array(0..<oracle.categories.value)
    let laws = values.map { value in ExactTree.law { draw(value, &$0) }.law }
    var worst = Rational.zero
    for law in laws {
      #expect(law.values.reduce(Rational.zero) { $0 + $1 } == 1)
      #expect(law.keys.allSatisfy { oracle.admits($0) })
      for other in laws {
        for (report, mass) in law {
          let ratio = mass / (try #require(other[report]))
          if ratio > worst { worst = ratio }
        }
      }
    }
    // The privacy loss of enumerated outputs is the event's claim, no more and no less.
    #expect(worst == ratio.value)
    #expect(oracle.event == ratio.event)
    let bounds = try PureAccountant().epsilon(of: oracle.event, delta: Delta(0), adjacency: .replaceOne)
    #expect(bounds.upper >= ratio.epsilon.value.doubleRoundedDown * (1 - 1e-12))
    #expect(oracle.pureLoss == ratio.epsilon)

    for (value, law) in laws.enumerated() {
      for asked in values {
        var mean = Rational.zero
        var square = Rational.zero
        for (report, mass) in law {
          let estimate = try oracle.estimates(of: [asked], from: [report])[0]
          mean += mass * estimate
          square += mass * estimate * estimate
        }
        #expect(mean == (asked == value ? 1 : 0))
        #expect(square - mean * mean == oracle.variance(count: asked == value ? 1 : 0, population: 1))
      }
    }
  }

  @Test(arguments: [(2, Rational(3)), (3, Rational(20))])
  func `unary encodings cost, decode and vary exactly as stated`(categories: Int, value: Rational) throws {
    let ratio = try LikelihoodRatio(value)
    let symmetric = try UnaryEncoding.symmetric(bitRatio: ratio, categories: categories)
    try check(symmetric, LikelihoodRatio(value * value)) { symmetric.draw($0, using: &$1) }
    let optimized = try UnaryEncoding.optimized(ratio: ratio, categories: categories)
    try check(optimized, ratio) { optimized.draw($0, using: &$1) }
    // 4e^ε/(e^ε − 1)² for a value nobody has (Wang, Blocki, Li and Jha 2017).
    #expect(optimized.variance(count: 0, population: 7) == 28 * value / ((value - 1) * (value - 1)))
  }

  @Test(arguments: [(2, 1), (5, 1), (5, 2), (5, 4), (6, 3)])
  func `subset selection costs, decodes and varies exactly as stated`(categories: Int, size: Int) throws {
    let ratio = try LikelihoodRatio(Rational(5, 2))
    let oracle = try SubsetSelection(ratio: ratio, categories: categories, size: size)
    try check(oracle, ratio) { oracle.draw($0, using: &$1) }
  }

  @Test(arguments: [2, 3, 4, 7, 9])
  func `Hadamard response costs, decodes and varies exactly as stated`(categories: Int) throws {
    let ratio = try LikelihoodRatio(Rational(7, 3))
    let oracle = try HadamardResponse(ratio: ratio, categories: categories)
    try check(oracle, ratio) { oracle.draw($0, using: &$1) }
  }

  @Test(arguments: [2, 3])
  func `randomised response costs, decodes and varies exactly as stated`(categories: Int) throws {
    let ratio = try LikelihoodRatio(Rational(5))
    let mechanism = try RandomizedResponse(ratio: ratio, categories: categories)
    let laws = (0..<categories).map { value in ExactTree.law { mechanism.draw(value, using: &$0) }.law }
    #expect(laws[0][0].map { $0 / (laws[1][0] ?? 1) } == 5)
    let bounds = try PureAccountant().epsilon(of: mechanism.event, delta: Delta(0), adjacency: .replaceOne)
    #expect(abs(mechanism.pureLoss.value.doubleValue - bounds.upper) < 1e-14)
    var square = Rational.zero
    for (answer, mass) in laws[1] {
      var counts = [Int](repeating: 0, count: categories)
      counts[answer] = 1
      let estimate = try #require(mechanism.estimates(fromCounts: counts))[1]
      square += mass * estimate * estimate
    }
    #expect(mechanism.variance(count: 1, population: 1) == square - 1)
    #expect(try RandomizedResponse(replacement: 1).pureLoss.value == 0)
  }

  @Test func `one fast transform decodes what counting support decodes`() throws {
    let oracle = try HadamardResponse(ratio: LikelihoodRatio(3), categories: 21)
    var generator = SecureGenerator()
    let reports = (0..<500).map { oracle.respond($0 % 21, using: &generator) }
    #expect(try oracle.allEstimates(from: reports) == oracle.estimates(of: Array(0..<21), from: reports))
  }

  @Test(arguments: ["0.00001", "0.1", "1", "2", "20", "42"])
  func `a ratio chosen for an epsilon never costs more`(text: String) throws {
    let epsilon = try Epsilon(text)
    let ratio = try LikelihoodRatio(epsilon: epsilon)
    let bounds = try PureAccountant().epsilon(of: ratio.event, delta: Delta(0), adjacency: .replaceOne)
    // The accountant's own bound is rounded up in its last places.
    #expect(bounds.upper <= epsilon.value.doubleValue * (1 + 1e-13) + 1e-15)
    #expect(bounds.upper >= epsilon.value.doubleValue * (1 - 1e-6))
    #expect(ratio.epsilon.value.doubleValue >= epsilon.value.doubleValue * (1 - 1e-6))
  }

  @Test func `the default sizes are those of smallest variance`() throws {
    let ratio = try LikelihoodRatio(epsilon: Epsilon("1.5"))
    let chosen = try SubsetSelection(ratio: ratio, categories: 40)
    for size in 1..<40 {
      let other = try SubsetSelection(ratio: ratio, categories: 40, size: size)
      #expect(
        chosen.variance(count: 1, population: 1_000) <= other.variance(count: 1, population: 1_000) * Rational(101, 100)
      )
    }
    let hashing = try LocalHashing(ratio: ratio, categories: 1_000)
    #expect(hashing.bucketBits == 2)
    #expect(hashing.pureLoss.value.doubleValue <= 1.5 + 1e-9)
  }

  @Test func `impossible parameters and reports of another question are refused`() throws {
    let ratio = try LikelihoodRatio(3)
    for value in [Rational(1), 0, -2, Rational(1, 2)] {
      #expect(throws: ParameterError.self) { try LikelihoodRatio(value) }
    }
    for text in ["0", "43", "1e-7"] {
      #expect(throws: ParameterError.self) { try LikelihoodRatio(epsilon: Epsilon(text)) }
    }
    for (keep, flip) in [(Rational(1), Rational(1, 2)), (Rational(1, 2), 0), (Rational(1, 3), Rational(1, 2))] {
      #expect(throws: ParameterError.self) { try UnaryEncoding(keep: keep, flip: flip, categories: 3) }
    }
    for size in [0, 5, -1] {
      #expect(throws: ParameterError.self) { try SubsetSelection(ratio: ratio, categories: 5, size: size) }
    }
    for categories in [0, 1, -4, 1 << 40] {
      #expect(throws: ParameterError.self) { try SubsetSelection(ratio: ratio, categories: categories) }
      #expect(throws: ParameterError.self) { try HadamardResponse(ratio: ratio, categories: categories) }
      #expect(throws: ParameterError.self) { try UnaryEncoding.optimized(ratio: ratio, categories: categories) }
    }
    let subset = try SubsetSelection(ratio: ratio, categories: 5, size: 2)
    for report in [[], [1], [2, 1], [1, 1], [0, 5], [-1, 2], [0, 1, 2]] {
      #expect(throws: ParameterError.self) { try subset.estimates(of: [0], from: [report]) }
    }
    let hadamard = try HadamardResponse(ratio: ratio, categories: 5)
    for report in [-1, 8] { #expect(throws: ParameterError.self) { try hadamard.allEstimates(from: [report]) } }
    let unary = try UnaryEncoding.optimized(ratio: ratio, categories: 5)
    #expect(throws: ParameterError.self) { try unary.estimates(of: [0], from: [[true]]) }
    #expect(throws: ParameterError.self) { try unary.estimates(of: [5], from: []) }
    var generator = SecureGenerator()
    for value in [Int.min, -1, 5, .max] {
      #expect(subset.admits(subset.respond(value, using: &generator)))
      #expect(hadamard.admits(hadamard.respond(value, using: &generator)))
      #expect(unary.admits(unary.respond(value, using: &generator)))
    }
  }
}
