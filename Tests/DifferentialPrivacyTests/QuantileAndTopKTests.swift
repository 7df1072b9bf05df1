import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom
import Testing

@Suite struct QuantileAndTopKTests {
  /// The law of a quantile a/b on 0 … top from its definition, one candidate at a time.
  private func law(_ values: [Int64], _ a: Int, _ b: Int, change: Int, epsilon: Double, top: Int) -> [Double] {
    let weights = (0...top).map { x in
      let less = values.filter { $0 < x }.count
      let greater = values.filter { $0 > x }.count
      return exp(-epsilon * Double(abs((b - a) * less - a * greater)) / Double(2 * change))
    }
    return weights.map { $0 / weights.reduce(0, +) }
  }

  @Test(arguments: [(1, 2, 1), (9, 10, 9), (0, 1, 1), (1, 1, 1), (1, 3, 2)])
  func `a quantile follows its law by chi-square`(a: Int, b: Int, change: Int) throws {
    let values: [Int64] = [2, 2, 2, 5, 7, 7, 9, -40, 4_000]
    let mechanism = try QuantileMechanism(
      quantile: Rational(a, b), range: 0...12, epsilon: Epsilon(Rational(2)), adjacency: .addOrRemove)
    let law = law(values.map { min(max($0, 0), 12) }, a, b, change: change, epsilon: 2, top: 12)
    var generator = SecureGenerator()
    let counts = (0..<800).reduce(into: [Int: Int]()) { counts, _ in
      counts[Int(mechanism.release(values, using: &generator)), default: 0] += 1
    }
    // False-alarm rate 1e-9.
    #expect(ChiSquare.fits(counts, Dictionary(uniqueKeysWithValues: law.enumerated().map { ($0, $1) }), total: 800))
    #expect(mechanism.event == (try PrivacyEvent.exponential(epsilon: 2)))
  }

  @Test(arguments: [(1, 2), (1, 3), (3, 4), (0, 1)])
  func `no neighbour moves the law of a quantile by more than a range of epsilon`(a: Int, b: Int) {
    func check(_ data: [Int64], _ neighbour: [Int64], _ change: Int) {
      let p = law(data, a, b, change: change, epsilon: 1, top: 4)
      let logs = zip(p, law(neighbour, a, b, change: change, epsilon: 1, top: 4)).map { log($0 / $1) }
      #expect((logs.max() ?? 0) - (logs.min() ?? 0) <= 1 + 1e-12)
    }
    for code in 0..<125 {
      let data = [Int64(code % 5), Int64(code / 5 % 5), Int64(code / 25)]
      for value in Int64(0)..<5 {
        check(data, data + [value], max(a, b - a))
        check(data, [value, data[1], data[2]], b)
      }
    }
  }

  @Test func `a quantile of nothing is uniform and extremes do not trap`() throws {
    let mechanism = try QuantileMechanism(
      quantile: Rational(1, 2), range: 0...3, epsilon: Epsilon(Rational(1)), adjacency: .replaceOne)
    var generator = SecureGenerator()
    let counts = (0..<1_500).reduce(into: [Int: Int]()) { counts, _ in
      counts[Int(mechanism.release([], using: &generator)), default: 0] += 1
    }
    // False-alarm rate 1e-9.
    #expect(ChiSquare.fits(counts, [0: 0.25, 1: 0.25, 2: 0.25, 3: 0.25], total: 1_500))
    let wide = try QuantileMechanism(
      quantile: Rational(1, 2), range: -(1 << 61)...(1 << 61), epsilon: Epsilon(Rational(1)), adjacency: .addOrRemove)
    for _ in 0..<20 {
      let answer = wide.release([.min, .max, 0, .min, .max], using: &generator)
      #expect(abs(answer) <= 1 << 61)
    }
    // 1,000 values in 0 … 999 of a range of 2^62: an answer outside 0 … 999 has probability below 2^62 · e^(−250).
    let sharp = try QuantileMechanism(
      quantile: Rational(1, 2), range: -(1 << 61)...(1 << 61), epsilon: Epsilon(Rational(1)), adjacency: .addOrRemove)
    let answer = sharp.release(Array(0..<1_000), using: &generator)
    #expect((0..<1_000).contains(answer))
  }

  @Test func `quantiles refuse what is no quantile`() throws {
    let epsilon = try Epsilon("1")
    for quantile in [Rational(-1, 2), Rational(3, 2), Rational(1, 1 << 17)] {
      #expect(throws: ParameterError.self) {
        try QuantileMechanism(quantile: quantile, range: 0...1, epsilon: epsilon, adjacency: .replaceOne)
      }
    }
    #expect(throws: ParameterError.self) {
      try QuantileMechanism(quantile: 1, range: .min ... .max, epsilon: epsilon, adjacency: .replaceOne)
    }
    #expect(throws: ParameterError.self) {
      try QuantileMechanism(quantile: 1, range: 0...1, epsilon: Epsilon(Rational.zero), adjacency: .replaceOne)
    }
  }

  @Test func `choosing several follows the law of choosing one after the other`() throws {
    let scores: [Int64] = [1, 0, 3, 2]
    let mechanism = try TopKMechanism(choices: 2, epsilonPerChoice: Epsilon(Rational(2)))
    #expect(mechanism.event == (try PrivacyEvent.repeated(.exponential(epsilon: 2), count: 2)))
    let weights = scores.map { exp(Double($0)) }
    let total = weights.reduce(0, +)
    var law: [Int: Double] = [:]
    for first in 0..<4 {
      for second in 0..<4 where second != first {
        law[4 * first + second] = weights[first] / total * weights[second] / (total - weights[first])
      }
    }
    var generator = SecureGenerator()
    let counts = (0..<8_000).reduce(into: [Int: Int]()) { counts, _ in
      let chosen = mechanism.choose(scores, using: &generator)
      counts[4 * chosen[0] + chosen[1], default: 0] += 1
    }
    // False-alarm rate 1e-9.
    #expect(ChiSquare.fits(counts, law, total: 8_000))
  }

  @Test func `choosing more than there are gives all of them once`() throws {
    let mechanism = try TopKMechanism(choices: 5, epsilonPerChoice: Epsilon(Rational(1)), monotone: true)
    var generator = SecureGenerator()
    #expect(mechanism.choose([.min, 0, .max], using: &generator).sorted() == [0, 1, 2])
    #expect(mechanism.choose([], using: &generator).isEmpty)
    #expect(throws: ParameterError.self) { try TopKMechanism(choices: 0, epsilonPerChoice: Epsilon(Rational(1))) }
  }
}
