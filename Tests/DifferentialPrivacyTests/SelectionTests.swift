import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom
import Testing

@Suite struct SelectionTests {
  private let scores: [Int64] = [3, 0, 5, 4, 5]

  private func counts(_ total: Int, _ choose: (inout SecureGenerator) -> Int) -> [Int: Int] {
    var generator = SecureGenerator()
    return (0..<total).reduce(into: [:]) { counts, _ in counts[choose(&generator), default: 0] += 1 }
  }

  @Test(arguments: [(Rational(1), 1, false), (Rational(3, 2), 2, true)])
  func `the exponential mechanism follows its law by chi-square`(
    epsilon: Rational, sensitivity: Int, monotone: Bool
  ) throws {
    let mechanism = try ExponentialMechanism(
      epsilon: Epsilon(epsilon), sensitivity: sensitivity, monotone: monotone)
    let rate = epsilon.doubleValue / Double(sensitivity) / (monotone ? 1 : 2)
    let weights = scores.map { exp(rate * Double($0)) }
    let law = Dictionary(uniqueKeysWithValues: weights.enumerated().map { ($0, $1 / weights.reduce(0, +)) })
    // False-alarm rate 1e-9.
    #expect(ChiSquare.fits(counts(20_000) { mechanism.choose(scores, using: &$0) }, law, total: 20_000))
    #expect(mechanism.event == (try PrivacyEvent.exponential(epsilon: epsilon)))
  }

  /// The law of permute-and-flip, summed over all orders of the candidates.
  private func permuteAndFlipLaw(_ scores: [Int64], _ rate: Double) -> [Double] {
    let best = scores.max() ?? 0
    let keep = scores.map { exp(rate * Double($0 - best)) }
    var law = [Double](repeating: 0, count: scores.count)
    func visit(_ left: [Int], _ mass: Double) {
      for index in left {
        let share = mass / Double(left.count)
        law[index] += share * keep[index]
        visit(left.filter { $0 != index }, share * (1 - keep[index]))
      }
    }
    visit(Array(scores.indices), 1)
    return law
  }

  @Test func `permute-and-flip follows its law by chi-square`() throws {
    let mechanism = try PermuteAndFlipMechanism(epsilon: Epsilon(Rational(1)))
    let law = Dictionary(uniqueKeysWithValues: permuteAndFlipLaw(scores, 0.5).enumerated().map { ($0, $1) })
    // False-alarm rate 1e-9.
    #expect(ChiSquare.fits(counts(20_000) { mechanism.choose(scores, using: &$0) }, law, total: 20_000))
  }

  @Test func `scores at the ends of the range neither trap nor win by mistake`() throws {
    var generator = SecureGenerator()
    let mechanism = try PermuteAndFlipMechanism(epsilon: Epsilon(Rational(1)))
    let exponential = try ExponentialMechanism(epsilon: Epsilon(Rational(1)))
    for _ in 0..<50 {
      #expect(mechanism.choose([.min, .max, 0], using: &generator) == 1)
      #expect(exponential.choose([.min, .max, 0], using: &generator) == 1)
    }
    #expect(throws: ParameterError.self) { try ExponentialMechanism(epsilon: Epsilon(Rational.zero)) }
    #expect(throws: ParameterError.self) { try PermuteAndFlipMechanism(epsilon: Epsilon(Rational(1)), sensitivity: 0) }
  }

  @Test(arguments: [(Rational(1, 3), 2), (Rational(3, 4), 5), (Rational(1), 3)])
  func `randomised response follows its law by chi-square`(replacement: Rational, categories: Int) throws {
    let mechanism = try RandomizedResponse(replacement: replacement, categories: categories)
    let p = replacement.doubleValue
    var law = Dictionary(uniqueKeysWithValues: (0..<categories).map { ($0, p / Double(categories)) })
    law[1, default: 0] += 1 - p
    // False-alarm rate 1e-9.
    #expect(ChiSquare.fits(counts(20_000) { mechanism.respond(1, using: &$0) }, law, total: 20_000))
    var generator = SecureGenerator()
    for answer in [Int.min, -1, categories, .max] {
      #expect((0..<categories).contains(mechanism.respond(answer, using: &generator)))
    }
  }

  @Test func `decoding undoes the expected counts exactly`() throws {
    let mechanism = try RandomizedResponse(replacement: Rational(1, 2), categories: 4)
    // True counts 400, 200, 100, 100: the expectation of each is n/2 + 800/8.
    #expect(mechanism.estimates(fromCounts: [300, 200, 150, 150]) == [400, 200, 100, 100])
    #expect(try RandomizedResponse(replacement: 1, categories: 2).estimates(fromCounts: [1, 2]) == nil)
    #expect(throws: ParameterError.self) { try RandomizedResponse(replacement: 0, categories: 2) }
    #expect(throws: ParameterError.self) { try RandomizedResponse(replacement: Rational(1, 2), categories: 1) }
  }

  @Test(arguments: [(1, false), (3, false), (3, true)])
  func `the sparse vector answers by its law and stops at its cutoff`(cutoff: Int, monotone: Bool) throws {
    let mechanism = try SparseVectorMechanism(
      epsilon: Epsilon(Rational(2)), cutoff: Cutoff(cutoff), monotone: monotone)
    #expect(mechanism.event == (try PrivacyEvent.sparseVector(epsilon: 2, cutoff: cutoff)))
    var generator = SecureGenerator()
    let total = 20_000
    var above = 0
    for _ in 0..<total {
      var stream = mechanism.start(threshold: 3, using: &generator)
      if stream.isAbove(1, using: &generator) == true { above += 1 }
    }
    // P[1 + ν ≥ 3 + ρ] for independent discrete Laplace ρ of scale 1 and ν of scale 2c, or c.
    let rho = ChiSquare.law(-200...200) { abs($0) }
    let nu = ChiSquare.law(-400...400) { abs($0) / Double(monotone ? cutoff : 2 * cutoff) }
    var expected = 0.0
    for (r, p) in rho { for (v, q) in nu where 1 + v >= 3 + r { expected += p * q } }
    // A binomial share of 20,000 is 6.5 deviations off with probability below 1e-10.
    #expect(abs(Double(above) / Double(total) - expected) < 6.5 * (0.25 / Double(total)).squareRoot())

    var stream = mechanism.start(threshold: 0, using: &generator)
    for _ in 0..<cutoff {
      let answer = stream.isAbove(1 << 40, using: &generator)
      #expect(answer == true)
    }
    let ended = stream.hasEnded
    let after = stream.isAbove(1 << 40, using: &generator)
    #expect(ended)
    #expect(after == nil)
  }
}
