import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom
import Testing

/// Broken mechanisms and sums, each a small twin of a recorded bug, and the law that catches it.
@Suite struct MechanismExhibits {
  /// The largest log-ratio of two laws on the same outcomes.
  private func loss(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).map { abs(log($0 / $1)) }.max() ?? 0
  }

  /// The law of randomised response with `replaced` uniform over `width` answers.
  private func response(_ answer: Int, _ p: Double, width: Int, of k: Int) -> [Double] {
    (0..<k).map { (1 - p) * ($0 == answer ? 1 : 0) + ($0 < width ? p / Double(width) : 0) }
  }

  @Test func `randomised response that is off by one loses an answer's protection`() throws {
    // The class of opendp #2708: the replacement never gives the last answer.
    let claimed = log(1 + 4 * 0.5 / 0.5)
    #expect(loss(response(3, 0.5, width: 3, of: 4), response(0, 0.5, width: 3, of: 4)) > claimed)
    #expect(loss(response(3, 0.5, width: 4, of: 4), response(0, 0.5, width: 4, of: 4)) <= claimed + 1e-12)
    // What our mechanism draws includes the last answer.
    let mechanism = try RandomizedResponse(replacement: Rational(1, 2), categories: 4)
    var generator = SecureGenerator()
    // Absent from 2,000 answers with probability (7/8)^2000.
    #expect((0..<2_000).contains { _ in mechanism.respond(0, using: &generator) == 3 })
  }

  @Test func `permute-and-flip does not get the conversion of the exponential mechanism`() throws {
    // opendp #2911: ε²/8-zCDP was claimed for permute-and-flip, which only has pure ε.
    let epsilon = 1.0
    func law(_ gaps: [Double]) -> [Double] {
      let keep = gaps.map { exp(-epsilon / 2 * $0) }
      var result = [0.0, 0.0]
      for (first, second) in [(0, 1), (1, 0)] {
        result[first] += 0.5 * keep[first]
        result[second] += 0.5 * (1 - keep[first]) * keep[second]
      }
      return result
    }
    // Scores (0, 0) against the neighbouring (1, −1): the divergence at order 1 is 0.255, and ε²/8-zCDP allows 0.125.
    let p = law([0, 0])
    let q = law([0, 2])
    let divergence = zip(p, q).map { $0 * log($0 / $1) }.reduce(0, +)
    #expect(divergence > epsilon * epsilon / 8)
    // Pure ε is what it has.
    #expect(loss(p, q) <= epsilon + 1e-12)
    // The event is pure ε, and the bounded-range case is not available to it.
    let event = try PermuteAndFlipMechanism(epsilon: Epsilon(Rational(1))).event
    #expect(event == (try PrivacyEvent.epsilonDelta(epsilon: 1)))
    #expect(event != (try PrivacyEvent.exponential(epsilon: 1)))
  }

  @Test func `a sparse vector whose values carry no noise gives the data away`() throws {
    // NVFlare #343 and the broken variants of Lyu, Su and Li (2017): only the threshold is noisy.
    // Two streams of values 0, 0, 0, … and 0, 1, 1, … are neighbours of sensitivity 1.
    func broken(_ first: Int64, _ rest: Int64, _ generator: inout SecureGenerator) -> Bool {
      let threshold = Int64(DiscreteLaplaceReference(scale: 2).sample(using: &generator).clamped)
      return first < threshold && rest >= threshold
    }
    var generator = SecureGenerator()
    // "Below, then above" cannot happen when both values are equal, and happens in a share of about 0.12 otherwise.
    #expect(!(0..<2_000).contains { _ in broken(0, 0, &generator) })
    #expect((0..<2_000).contains { _ in broken(0, 1, &generator) })
    // With noise on the values both streams can give either answer.
    let mechanism = try SparseVectorMechanism(epsilon: Epsilon(Rational(1)), cutoff: Cutoff(1))
    let seen = (0..<2_000).contains { _ in
      var stream = mechanism.start(threshold: 0, using: &generator)
      let first = stream.isAbove(0, using: &generator)
      return first == false && stream.isAbove(0, using: &generator) == true
    }
    #expect(seen)
  }

  @Test func `a floating-point sum depends on the order of its rows by more than a row`() throws {
    // google/differential-privacy #126, #127; Casacuberta et al. (2022): repeated rounding.
    let rows = [1.0] + [Double](repeating: 0x1p-53, count: 1 << 14)
    let forward = rows.reduce(0, +)
    let backward = rows.reversed().reduce(0, +)
    // Neighbouring data sets (another order of the same rows) differ by 2^14 times the smallest row.
    #expect(abs(forward - backward) > 0x1p-53 * 1_000)
    let grid = try Grid(exponent: -53)
    let steps = rows.map { grid.steps(toward: $0) ?? 0 }
    #expect(steps.reduce(0, +) == steps.reversed().reduce(0, +))
  }

  @Test func `rounding to nearest stretches a clipped value past its bound`() throws {
    // Rounding after clipping must not raise the norm the sensitivity was stated for.
    let grid = try Grid(exponent: -2)
    let bound = 0.9
    #expect((bound / 0.25).rounded() * 0.25 > bound)
    #expect(Double(try #require(grid.steps(toward: bound))) * 0.25 <= bound)
    #expect(Double(try #require(grid.steps(toward: -bound))) * 0.25 >= -bound)
  }

  @Test func `a lower bound used twice is no sensitivity at all`() {
    // diffprivlib PR #110: bounds (0, 100) gave lower − lower = 0. A zero sensitivity cannot be made here.
    #expect(throws: ParameterError.self) { try GridSensitivity(Rational(0)) }
    #expect(throws: ParameterError.self) { try Sensitivity(Rational(0)) }
    #expect(throws: ParameterError.self) { try DiscreteLaplaceMechanism(scale: 1, sensitivity: 0) }
    #expect(throws: ParameterError.self) { try DiscreteLaplaceMechanism(scale: 1, sensitivity: -3) }
  }

  @Test func `not-a-number in the data is no answer and no crash`() throws {
    // diffprivlib #107: a quantile that crashes on NaN is an unpaid release.
    // The broken clamp lets it through, and the sum is no number for everybody to see.
    func broken(_ value: Double) -> Double { value < 0 ? 0 : value > 1 ? 1 : value }
    #expect([0.5, Double.nan].reduce(0) { $0 + broken($1) }.isNaN)
    let grid = try Grid(exponent: -10)
    #expect(grid.steps(toward: .nan) == nil)
    var generator = SecureGenerator()
    let mechanism = try GaussianMechanism(sigma: 1)
    let answer = mechanism.release(steps: grid.steps(toward: .nan) ?? 0, using: &generator)
    #expect(answer.value.isFinite)
  }

  @Test func `overflow of a sum with its noise does not depend on the data in a way anyone sees`() throws {
    // tumult-core 0.18.0: Int64 overflow in prefix sums. Clamping is the same function for every value.
    var generator = SecureGenerator()
    let mechanism = try DiscreteLaplaceMechanism(scale: 1)
    // The broken sum wraps: the neighbour of the largest value is answered with the smallest.
    func broken(_ value: Int64, _ noise: Int64) -> Int64 { value &+ noise }
    #expect(broken(.max, 1) < 0 && broken(.max - 1, 1) > 0)
    for value in [Int64.max, .max - 1, .min, .min + 1] {
      let answer = mechanism.release(value, using: &generator)
      // A noise of 2^61 has probability e^(−2^61).
      #expect(abs(answer) < 1 << 62)
    }
  }

  @Test func `an event names the noise that is drawn, so less noise cannot cost less`() throws {
    // PySyft #6914 and a research knob of the same kind: noise scaled without the account.
    // The broken mechanism draws at half its scale and states the event of the whole: its neighbours' laws differ by e^(2/b).
    let declared = 1.0 / 2
    let law = { (x: Int) in exp(-Double(abs(x)) / 1) }
    let shifted = { (x: Int) in exp(-Double(abs(x - 1)) / 1) }
    #expect(loss((-5...5).map(law), (-5...5).map(shifted)) > declared)
    for scale in [1, 2, 40] {
      let mechanism = try DiscreteLaplaceMechanism(scale: Rational(scale), sensitivity: 1, dimension: 1)
      #expect(mechanism.event == (try PrivacyEvent.discreteLaplace(scale: Rational(scale))))
      // A discrete Laplace law of scale b has a deviation between b and 1.5·b for b ≥ 1: it is what the event says.
      #expect(mechanism.standardDeviation > Double(scale) * 1.3)
      #expect(mechanism.standardDeviation < Double(scale) * 1.5)
    }
  }

  @Test func `a discrete Gaussian is not accounted as the continuous one`() throws {
    // At σ = 1 the discrete law's δ(1) is 0.14135, the continuous one's 0.12694: a continuous event under-reports.
    let event = try DiscreteGaussianMechanism(sigma: 1).event
    #expect(event != (try PrivacyEvent.gaussian(noiseMultiplier: 1)))
    #expect(event == (try PrivacyEvent.discreteGaussian(sigma: 1)))
    let weights = (-40...40).map { exp(-Double($0 * $0) / 2) }
    let total = weights.reduce(0, +)
    let delta = (1..<weights.count).reduce(0.0) { sum, index in
      sum + max(0, weights[index] / total - exp(1) * weights[index - 1] / total)
    }
    #expect(abs(delta - 0.141351339405621908) < 1e-9)
    #expect(delta > 0.1269367375)
  }
}
