import ExactMath
import Foundation
import PrivacyAccounting
import Testing

@Suite struct ShuffleTests {
  let accountant = ShuffleAccountant()

  // The mixture of Feldman, McMillan and Talwar (2021, theorem 3.1) summed term by term in 40 digits.
  @Test(arguments: [
    (2, 1, "0.25", 0.3147797133567125), (50, 1, "0.25", 0.01516451712514932), (50, 2, "0.5", 0.08666544114091353),
    (50, 4, "1", 0.5962265004102716), (400, 1, "0.125", 0.00172333413108328), (400, 3, "0.5", 0.02977294899821131),
  ])
  func `the bound is the published mixture, from above`(n: Int, local: Int, epsilon: String, exact: Double) throws {
    let event = try PrivacyEvent(parsing: "shuffle(n=\(n), epsilon-delta(epsilon=\(local), delta=0))")
    let upper = try accountant.delta(of: event, epsilon: Epsilon(epsilon), adjacency: .replaceOne).upper
    #expect(upper >= exact * (1 - 1e-13) && upper <= exact * 1.01)
  }

  /// δ of n answers of binary randomised response of flip probability f, the others holding `ones` ones, by convolution.
  private func exact(_ n: Int, _ flip: Double, ones: Int, epsilon: Double) -> Double {
    var law = [1.0]
    func add(_ probability: Double) {
      var next = [Double](repeating: 0, count: law.count + 1)
      for (count, mass) in law.enumerated() {
        next[count] += mass * (1 - probability)
        next[count + 1] += mass * probability
      }
      law = next
    }
    for user in 0..<(n - 1) { add(user < ones ? 1 - flip : flip) }
    let others = law
    add(flip)
    let zero = law
    law = others
    add(1 - flip)
    let one = law
    func divergence(_ p: [Double], _ q: [Double]) -> Double {
      zip(p, q).reduce(0) { $0 + max(0, $1.0 - exp(epsilon) * $1.1) }
    }
    return max(divergence(zero, one), divergence(one, zero))
  }

  @Test(arguments: ["1/2", "1/5", "9/10"])
  func `shuffled binary answers never exceed the bound, whatever the others hold`(replacement: String) throws {
    let p = try #require(Rational(replacement))
    for n in [3, 12, 60] {
      let event = try PrivacyEvent(parsing: "shuffle(n=\(n), randomized-response(p=\(replacement), k=2))")
      for epsilon in [Rational(1, 20), Rational(1, 4), 1] {
        let upper = try accountant.delta(of: event, epsilon: Epsilon(epsilon), adjacency: .replaceOne).upper
        for ones in [0, n / 2, n - 1] {
          let truth = exact(n, p.doubleValue / 2, ones: ones, epsilon: epsilon.doubleValue)
          #expect(truth <= upper * (1 + 1e-12) + 1e-15)
        }
      }
    }
  }

  @Test func `amplification helps, more with more users, and never costs`() throws {
    var last = Double.infinity
    for n in [1, 10, 1_000, 10_000_000] {
      let event = try PrivacyEvent(parsing: "shuffle(n=\(n), randomized-response(p=0.5, k=4))")
      let upper = try accountant.epsilon(of: event, delta: Delta("1e-6"), adjacency: .replaceOne).upper
      let local = try PureAccountant().epsilon(of: event, delta: Delta("1e-6"), adjacency: .replaceOne).upper
      #expect(upper <= last && upper <= local)
      last = upper
    }
    #expect(last < 0.005)
  }

  @Test func `epsilon and delta of a shuffle invert each other`() throws {
    for n in [100, 2_000] {
      let event = try PrivacyEvent(parsing: "shuffle(n=\(n), laplace(scale=1/2))")
      let upper = try accountant.epsilon(of: event, delta: Delta("1e-5"), adjacency: .replaceOne).upper
      let back = try accountant.delta(of: event, epsilon: Epsilon(exactly: upper), adjacency: .replaceOne).upper
      #expect(back <= 1e-5)
    }
  }

  @Test func `shuffled rounds compose below their sum and above one round`() throws {
    let one = try PrivacyEvent(parsing: "shuffle(n=2000, randomized-response(p=0.5, k=2))")
    let many = try PrivacyEvent.repeated(one, count: 50)
    let delta = try Delta("1e-6")
    let single = try accountant.epsilon(of: one, delta: delta, adjacency: .replaceOne).upper
    let fifty = try accountant.epsilon(of: many, delta: delta, adjacency: .replaceOne).upper
    #expect(fifty > single && fifty < 50 * single)
  }

  @Test func `a shuffle is refused where it has no theorem`() throws {
    let event = try PrivacyEvent(parsing: "shuffle(n=100, laplace(scale=1))")
    #expect(throws: AccountingError.self) {
      try accountant.epsilon(of: event, delta: Delta("1e-6"), adjacency: .addOrRemove)
    }
    let plain = try PrivacyEvent(parsing: "laplace(scale=1)")
    #expect(throws: AccountingError.self) {
      try accountant.epsilon(of: plain, delta: Delta("1e-6"), adjacency: .replaceOne)
    }
    // A randomiser with a delta of its own is not amplified.
    let approximate = try PrivacyEvent(
      parsing: "shuffle(n=100, epsilon-delta(epsilon=1, delta=1e-9)) + shuffle(n=100, laplace(scale=1))")
    let upper = try accountant.epsilon(of: approximate, delta: Delta("1e-6"), adjacency: .replaceOne).upper
    #expect(upper > 1 && upper <= 2)
  }
}
