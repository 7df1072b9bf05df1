import ExactMath
import Foundation
import PrivacyAccounting
import Testing

/// Optimal and advanced composition against published values and against sums over all subsets.
@Suite struct OptimalCompositionTests {
  let optimal = OptimalAccountant()

  // Thirty (1, 0.001) mechanisms are (22, 0.06) and (20, 0.1) on the grid of the homogeneous theorem (dp_accounting's
  // tests); between grid points the exact answer is lower.
  @Test(arguments: [("0.06", 20.0, 22.0), ("0.1", 18, 20)])
  func `thirty equal mechanisms meet the published composition`(delta: String, above: Double, most: Double) throws {
    let event = try PrivacyEvent(parsing: "epsilon-delta(epsilon=1, delta=0.001) * 30")
    let bounds = try optimal.epsilon(of: event, delta: Delta(delta), adjacency: .addOrRemove)
    let lower = try #require(bounds.lower)
    #expect(lower > above && bounds.upper <= most && bounds.upper - lower < 1e-9)
  }

  @Test func `without a delta the sum is exact`() throws {
    let event = try PrivacyEvent(parsing: "epsilon-delta(epsilon=1/3, delta=0) * 30")
    let bounds = try optimal.epsilon(of: event, delta: Delta(0), adjacency: .addOrRemove)
    #expect(bounds.lower == 10 && bounds.upper == 10)
    #expect(throws: AccountingError.self) {
      try optimal.epsilon(of: .gaussian(noiseMultiplier: 1), delta: Delta("0.1"), adjacency: .addOrRemove)
    }
  }

  /// Murtagh and Vadhan 2016, theorem 1.5, summed over all subsets.
  private func subsets(_ parts: [(Double, Double)], epsilon: Double) -> Double {
    var sum = 0.0
    for mask in 0..<(1 << parts.count) {
      var (inside, outside) = (0.0, 0.0)
      for (index, part) in parts.enumerated() {
        if mask >> index & 1 == 1 { inside += part.0 } else { outside += part.0 }
      }
      sum += max(0, exp(inside) - exp(epsilon + outside))
    }
    let scale = parts.reduce(1.0) { $0 * (1 + exp($1.0)) }
    return 1 - (1 - sum / scale) * parts.reduce(1.0) { $0 * (1 - $1.1) }
  }

  @Test func `different mechanisms compose as the sum over subsets says`() throws {
    for _ in 0..<40 {
      let parts = (0..<Int.random(in: 1...7)).map { _ in
        (Rational(.random(in: 1...40), 16), Rational(.random(in: 0...20), 1_000))
      }
      let event = PrivacyEvent.composed(try parts.map { try .epsilonDelta(epsilon: $0.0, delta: $0.1) })
      let epsilon = Rational(.random(in: 0...64), 16)
      let bounds = try optimal.delta(of: event, epsilon: Epsilon(epsilon), adjacency: .addOrRemove)
      let exact = subsets(parts.map { ($0.0.doubleValue, $0.1.doubleValue) }, epsilon: epsilon.doubleValue)
      let lower = try #require(bounds.lower)
      #expect(lower <= exact + 1e-13 && exact - 1e-13 <= bounds.upper && bounds.upper - lower <= 1e-12)
    }
  }

  @Test func `many different mechanisms are still bounded on both sides`() throws {
    let parts = (0..<18).map { "epsilon-delta(epsilon=\(20 + $0)/150, delta=0)" }
    let event = try PrivacyEvent(parsing: parts.joined(separator: " + "))
    let bounds = try optimal.epsilon(of: event, delta: Delta("1e-6"), adjacency: .addOrRemove)
    let lower = try #require(bounds.lower)
    #expect(lower > 1.5 && bounds.upper < 3.48 && bounds.upper - lower < 1e-3)
  }

  @Test func `plain sums, the closed form and the optimum keep their order`() throws {
    for text in [
      "epsilon-delta(epsilon=0.1, delta=1e-9) * 200",
      "laplace(scale=10) * 60 + epsilon-delta(epsilon=0.2, delta=0) * 9",
      "epsilon-delta(epsilon=2, delta=1e-7)", "exponential(epsilon=1/50) * 1000 + sparse-vector(epsilon=1/2)",
    ] {
      let event = try PrivacyEvent(parsing: text)
      for delta in ["1e-3", "1e-9"] {
        func upper(_ accountant: any Accountant) throws -> Double {
          try accountant.epsilon(of: event, delta: Delta(delta), adjacency: .addOrRemove).upper
        }
        let (basic, advanced, best) = try (upper(PureAccountant()), upper(AdvancedAccountant()), upper(optimal))
        #expect(best <= advanced && advanced <= basic, "\(text) at \(delta)")
        let loss = try LossDistributionAccountant().epsilon(of: event, delta: Delta(delta), adjacency: .addOrRemove)
        #expect(
          (loss.lower ?? 0) <= best && (loss.upper <= best + 2e-3 || loss.upper == .infinity),
          "\(text) at \(delta): \(loss) \(best)")
      }
    }
  }

  @Test func `the closed form has its textbook value`() throws {
    let event = try PrivacyEvent(parsing: "epsilon-delta(epsilon=0.1, delta=0) * 100")
    let upper = try AdvancedAccountant().epsilon(of: event, delta: Delta("1e-5"), adjacency: .addOrRemove).upper
    // 100·0.1·tanh(0.05) + √(2·ln(1e5)·100·0.01), by 30-digit arithmetic.
    #expect(abs(upper - 5.29810966176689) < 1e-11)
    let back = try AdvancedAccountant().delta(of: event, epsilon: Epsilon(exactly: upper), adjacency: .addOrRemove)
      .upper
    #expect(back <= 1e-5 * (1 + 1e-9) && back >= 1e-5 * (1 - 1e-9))
  }
}
