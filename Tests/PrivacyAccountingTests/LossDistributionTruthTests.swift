import ExactMath
import PrivacyAccounting
import Testing

/// Random exactly solvable compositions: lower ≤ truth ≤ upper, without exception, for δ from 1e-2 to 1e-100.
@Suite struct LossDistributionTruthTests {
  let accountant = LossDistributionAccountant()

  /// 10 to a random power from −100 to −2.
  func randomDelta() throws -> Delta {
    try Delta("1e-\(Int.random(in: 2...100))")
  }

  // Truth: the exact profile of one Gaussian. A second Gaussian at rate 1 − 1e-15 hides it from the closed form and
  // changes δ by less than 1e-14 relative in either direction at these sizes.
  @Test func `composed gaussians are enclosed at 600 random points`() throws {
    for _ in 0..<600 {
      let count = Int.random(in: 1...2_000)
      let multiplier = Rational(.random(in: 10...400), 20)
      let hidden = try PrivacyEvent(
        parsing: "poisson(rate=0.999999999999999, gaussian(sigma=\(multiplier))) * \(count)")
      let open = try PrivacyEvent.repeated(.gaussian(noiseMultiplier: multiplier), count: count)
      let delta = try randomDelta()
      let truth = try GaussianAccountant().epsilon(of: open, delta: delta, adjacency: .addOrRemove)
      let bounds = try accountant.epsilon(of: hidden, delta: delta, adjacency: .addOrRemove)
      let margin = 1e-9 * (1 + truth.upper)
      #expect((bounds.lower ?? 0) <= truth.upper + margin, "\(hidden) \(delta): \(bounds) \(truth)")
      #expect(truth.lower ?? 0 <= bounds.upper + margin, "\(hidden) \(delta): \(bounds) \(truth)")
      // Of a few steps so close to rate 1 neither route may know much; it must not be wrong.
      guard count >= 8 else { continue }
      #expect(bounds.upper - (bounds.lower ?? 0) <= 1e-3 * (1 + truth.upper), "\(hidden) \(delta): \(bounds)")
    }
  }

  // At this rate the likelihood ratio loses its digits near its least value and the grid knows nothing of the lower law;
  // a division of zero by zero there once hid all mass from the upper bound, which became 7.13.
  @Test(arguments: ["0.999999999999999", "0.99999999999999999999", "0.9999999999"], ["1e-48", "1e-12", "1e-100"])
  func `one gaussian sampled almost surely is enclosed`(rate: String, delta: String) throws {
    let event = try PrivacyEvent(parsing: "poisson(rate=\(rate), gaussian(sigma=0.95))")
    let truth = try GaussianAccountant().epsilon(
      of: .gaussian(noiseMultiplier: Rational(19, 20)), delta: Delta(delta), adjacency: .addOrRemove)
    let bounds = try accountant.epsilon(of: event, delta: Delta(delta), adjacency: .addOrRemove)
    #expect((bounds.lower ?? 0) <= truth.upper)
    #expect(bounds.upper >= (truth.lower ?? 0) - 1e-6)
  }

  // Truth: δ(ε) = 1 − e^((ε − 1/b)/2), so ε = 1/b + 2·ln(1 − δ), for δ up to the probability ½ of the largest loss and
  // above alike.
  @Test func `one laplace is enclosed at 1200 random points`() throws {
    for _ in 0..<1_200 {
      let scale = Rational(.random(in: 4...400), 16)
      let delta = try randomDelta()
      let event = try PrivacyEvent.laplace(scale: scale)
      let loss = Interval(1 / scale)
      let truth = loss + (-Interval(delta.value)).logarithmOfOnePlus * 2
      let bounds = try accountant.epsilon(of: event, delta: delta, adjacency: .addOrRemove)
      #expect((bounds.lower ?? 0) <= max(0, truth.high), "\(event) \(delta): \(bounds) \(truth)")
      #expect(truth.low <= bounds.upper, "\(event) \(delta): \(bounds) \(truth)")
      #expect(bounds.upper - (bounds.lower ?? 0) <= 5e-3, "\(event) \(delta): \(bounds)")
    }
  }

  // Truth: the sum of Kairouz, Oh and Viswanath (2015, theorem 3.3) as an interval, at every ε of the lattice.
  @Test func `pure composition is enclosed at 1600 random points`() throws {
    for _ in 0..<80 {
      let count = Int.random(in: 2...40)
      let epsilon = Rational(.random(in: 1...60), 20)
      let event = try PrivacyEvent.repeated(.epsilonDelta(epsilon: epsilon, delta: 0), count: count)
      for _ in 0..<20 {
        let i = Int.random(in: 0...count / 2)
        let at = Rational(count - 2 * i) * epsilon
        var sum = Interval.zero
        for l in 0..<i {
          let first = Interval(Rational(count - l) * epsilon).exponential
          let second = Interval(Rational(count - 2 * i + l) * epsilon).exponential
          sum += binomial(count, l) * (first - second).atLeast(0)
        }
        let truth = sum / power(Interval(epsilon).exponential + 1, count)
        let bounds = try accountant.delta(of: event, epsilon: Epsilon(at), adjacency: .addOrRemove)
        #expect((bounds.lower ?? 0) <= truth.high, "\(event) \(at): \(bounds) \(truth)")
        #expect(truth.low <= bounds.upper, "\(event) \(at): \(bounds) \(truth)")
        #expect(bounds.upper - (bounds.lower ?? 0) <= 1e-8 * bounds.upper + 1e-11, "\(event) \(at): \(bounds)")
      }
    }
  }

  // Truth: the loss of binary randomised response is ±ε₀ with ε₀ = ln((2 − p)/p), so its composition is the pure one.
  @Test func `randomised response is enclosed at 1600 random points`() throws {
    for _ in 0..<80 {
      let count = Int.random(in: 1...30)
      let p = Rational(.random(in: 1...19), 20)
      let event = try PrivacyEvent.repeated(.randomizedResponse(replacement: p, categories: 2), count: count)
      let ratio = Interval((2 - p) / p)
      for _ in 0..<20 {
        // Between two lattice losses, where δ is Σ C(T, k)·(p₁^(T−k)p₀^k − e^ε·p₀^(T−k)p₁^k) over the larger ones.
        let epsilon = Rational(.random(in: 0...400), 200) * Rational(count)
        let weight = Interval(epsilon).exponential
        var truth = Interval.zero
        let (likely, unlikely) = (Interval(1 - p / 2), Interval(p / 2))
        for k in 0...count {
          let loss = ratio.logarithm * Interval(Double(count - 2 * k))
          guard loss.high > Interval(epsilon).low else { break }
          let forward = power(likely, count - k) * power(unlikely, k)
          let backward = power(unlikely, count - k) * power(likely, k)
          truth += binomial(count, k) * (forward - weight * backward).atLeast(0)
        }
        let bounds = try accountant.delta(of: event, epsilon: Epsilon(epsilon), adjacency: .replaceOne)
        #expect((bounds.lower ?? 0) <= truth.high, "\(event) \(epsilon): \(bounds) \(truth)")
        #expect(truth.low <= bounds.upper, "\(event) \(epsilon): \(bounds) \(truth)")
        #expect(bounds.upper - (bounds.lower ?? 0) <= 1e-8 * bounds.upper + 1e-11, "\(event) \(epsilon): \(bounds)")
      }
    }
  }

  @Test func `a loss distribution reads back as itself and composes`() throws {
    let event = try PrivacyEvent(parsing: "poisson(rate=0.01, gaussian(sigma=1)) * 100 + laplace(scale=10)")
    let loss = try PrivacyLossDistribution(event, adjacency: .addOrRemove)
    let twice = try loss.composed(with: loss)
    let once = try PrivacyLossDistribution(.repeated(event, count: 2), adjacency: .addOrRemove)
    #expect(try twice.epsilon(delta: Delta("1e-6")) == once.epsilon(delta: Delta("1e-6")))
  }

  // G_μ(α) = Φ(Φ⁻¹(1 − α) − μ): for μ = 1, a false positive rate of 0.1 has a false negative rate of 0.61085631.
  @Test func `the trade-off of a gaussian is the textbook curve`() throws {
    let loss = try PrivacyLossDistribution(PrivacyEvent(parsing: "gaussian(sigma=1)"), adjacency: .addOrRemove)
    let rate = try loss.falseNegativeRate(falsePositiveRate: 0.1)
    let lower = try #require(rate.lower)
    #expect(lower <= 0.61085631 && 0.61085630 <= rate.upper && rate.upper - lower < 0.01, "\(rate)")
    // Φ(½) − Φ(−½).
    let advantage = try loss.advantage()
    #expect(advantage.upper >= 0.38292492 && (advantage.lower ?? 0) <= 0.38292493)
  }

  private func power(_ x: Interval, _ n: Int) -> Interval { (0..<n).reduce(Interval.one) { p, _ in p * x } }
  private func binomial(_ n: Int, _ k: Int) -> Interval {
    (0..<k).reduce(Interval.one) { $0 * Interval(Double(n - $1)) / Interval(Double($1 + 1)) }
  }
}
