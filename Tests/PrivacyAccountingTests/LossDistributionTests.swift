import ExactMath
import PrivacyAccounting
import Testing

/// Exactly solvable compositions: the certified bounds must hold the truth between them, however small δ is.
@Suite struct LossDistributionTests {
  let accountant = LossDistributionAccountant()

  // Converged contour integrals, stable to 2e-9 under refinement; also within the prv_accountant brackets.
  @Test(arguments: [
    ("0.8", "0.005", 1000, "1e-6", 2.0041062932), ("1.0", "0.01", 1000, "1e-5", 1.8282366665),
    ("1.1", "256/60000", 14062, "1e-5", 2.381596921), ("1.5", "0.04", 2250, "1e-5", 6.768780393),
  ])
  func `training runs are bracketed closely`(
    sigma: String, rate: String, steps: Int, delta: String, exact: Double
  ) throws {
    let event = try PrivacyEvent(parsing: "poisson(rate=\(rate), gaussian(sigma=\(sigma))) * \(steps)")
    let bounds = try accountant.epsilon(of: event, delta: Delta(delta), adjacency: .addOrRemove)
    let lower = try #require(bounds.lower)
    #expect(lower <= exact + 4e-9 && exact - 4e-9 <= bounds.upper, "\(bounds)")
    #expect(bounds.upper - lower <= 1e-3, "\(bounds)")
  }

  @Test(arguments: ["1e-2", "1e-5", "1e-12", "1e-30", "1e-100"])
  func `repeated gaussians are bracketed by the grid, without using that they are gaussian`(delta: String) throws {
    // A rate of almost one keeps the exact shortcut for Gaussians away; the difference is far below the width.
    let near = try PrivacyEvent(parsing: "poisson(rate=0.9999999999, gaussian(sigma=20)) * 400")
    let bounds = try accountant.epsilon(of: near, delta: Delta(delta), adjacency: .addOrRemove)
    let one = try PrivacyEvent(parsing: "gaussian(sigma=1)")
    let exact = try GaussianAccountant().epsilon(of: one, delta: Delta(delta), adjacency: .addOrRemove)
    let lower = try #require(bounds.lower)
    #expect(lower <= exact.upper && exact.upper <= bounds.upper + 1e-6, "\(bounds) against \(exact)")
    #expect(bounds.upper - lower <= 2e-3, "\(bounds)")
  }

  @Test(arguments: [(1, 2), (5, 10), (30, 3)])
  func `pure events compose as the optimal theorem says`(count: Int, tenths: Int) throws {
    let event = try PrivacyEvent(parsing: "epsilon-delta(epsilon=\(tenths)/10, delta=0) * \(count)")
    let epsilon = Double(tenths) / 10
    // Kairouz, Oh and Viswanath 2015, theorem 3.3, summed directly.
    for i in 0...count / 2 {
      let target = Double(count - 2 * i) * epsilon
      var sum = 0.0
      var binomial = 1.0
      for l in 0..<max(i, 1) where i > 0 {
        sum += binomial * (exp(Double(count - l) * epsilon) - exp(Double(count - 2 * i + l) * epsilon))
        binomial *= Double(count - l) / Double(l + 1)
      }
      let exact = sum / power(1 + exp(epsilon), count)
      let bounds = try accountant.delta(
        of: event, epsilon: Epsilon(Rational(tenths * (count - 2 * i), 10)), adjacency: .addOrRemove)
      let lower = try #require(bounds.lower)
      #expect(
        lower <= exact * (1 + 1e-9) + 1e-300 && exact * (1 - 1e-9) <= bounds.upper, "\(target): \(bounds) \(exact)")
      if exact > 1e-12 { #expect(bounds.upper - lower <= 1e-5 * exact, "\(target): \(bounds) \(exact)") }
    }
  }

  // Exact values from 40-digit sums of the discrete law.
  @Test(arguments: [
    ("discrete-gaussian(variance=1)", "1", 0.141351339405621908),
    ("discrete-gaussian(variance=10)", "1", 1.15132525363861976e-4),
    ("discrete-gaussian(variance=1)", "5", 5.8970710343370291e-7),
    ("discrete-gaussian(variance=100)", "1", 1.279240856716094e-25),
  ])
  func `a discrete gaussian is bracketed by its own law`(text: String, epsilon: String, exact: Double) throws {
    let event = try PrivacyEvent(parsing: text)
    let bounds = try accountant.delta(of: event, epsilon: Epsilon(epsilon), adjacency: .addOrRemove)
    let lower = try #require(bounds.lower)
    #expect(lower <= exact && exact <= bounds.upper, "\(bounds) \(exact)")
    #expect(bounds.upper - lower <= 0.1 * exact, "\(bounds) \(exact)")
  }

  @Test func `one laplace release has the textbook profile`() throws {
    let event = try PrivacyEvent(parsing: "laplace(scale=1)")
    for tenths in [1, 5, 9] {
      let epsilon = Rational(tenths, 10)
      let exact = 1 - exp((epsilon.doubleValue - 1) / 2)
      let bounds = try accountant.delta(of: event, epsilon: Epsilon(epsilon), adjacency: .addOrRemove)
      let lower = try #require(bounds.lower)
      #expect(lower <= exact && exact <= bounds.upper && bounds.upper - lower <= 1e-3, "\(bounds) \(exact)")
    }
  }

  @Test func `bounds keep their order against every other accountant`() throws {
    for text in [
      "laplace(scale=10) * 30", "discrete-laplace(scale=8, sensitivity=3) * 20",
      "poisson(rate=0.05, gaussian(sigma=1.5)) * 200 + laplace(scale=5) * 3",
      "poisson(rate=0.1, epsilon-delta(epsilon=0.5, delta=1e-9)) * 50", "epsilon-delta(epsilon=0.1, delta=1e-8) * 60",
      "poisson(rate=0.2, discrete-gaussian(sigma=4)) * 30",
    ] {
      let event = try PrivacyEvent(parsing: text)
      let bounds = try accountant.epsilon(of: event, delta: Delta("1e-6"), adjacency: .addOrRemove)
      for other: any Accountant in [PureAccountant(), ZCDPAccountant(), RenyiAccountant()] {
        guard let upper = try? other.epsilon(of: event, delta: Delta("1e-6"), adjacency: .addOrRemove).upper else {
          continue
        }
        #expect((bounds.lower ?? 0) <= upper, "\(text) \(other.name)")
        #expect(bounds.upper <= upper + 2e-3, "\(text) \(other.name): \(bounds) \(upper)")
      }
    }
  }

  private func exp(_ x: Double) -> Double { Interval(x).exponential.middle }
  private func power(_ x: Double, _ n: Int) -> Double { (0..<n).reduce(1.0) { p, _ in p * x } }
}

/// Losses so wide for their tilt that weights leave the range of doubles.
@Suite struct UnderflowTests {
  /// The largest loss 5/b has probability above ½, so ε at δ = 1e-5 lies within 1e-4 of it.
  @Test(arguments: ["1.1875", "0.5", "1.8125", "3"])
  func `an atom at the largest loss is never lost from the upper bound`(scale: String) throws {
    let b = try #require(Rational(scale))
    let event = try PrivacyEvent.discreteLaplace(scale: b, sensitivity: 5)
    let delta = try Delta(Rational(1, 100_000))
    let bounds = try AutomaticAccountant().epsilon(of: event, delta: delta, adjacency: .addOrRemove)
    let truth = (5 / b).doubleValue
    #expect(bounds.upper > truth - 1e-4)
    #expect(bounds.upper <= truth.nextUp)
    let pld = try LossDistributionAccountant().epsilon(of: event, delta: delta, adjacency: .addOrRemove)
    #expect(pld.upper > truth - 1e-4)
    #expect(pld.lower ?? 0 <= truth)
  }
}
