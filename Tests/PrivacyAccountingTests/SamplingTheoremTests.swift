import ExactMath
import PrivacyAccounting
import Testing

/// Bounds for sampled and lattice events against the divergence itself, computed from small laws.
@Suite struct SamplingTheoremTests {
  /// A random law on three points, bounded away from zero.
  private func law() -> [Double] {
    let weights = (0..<3).map { _ in Double.random(in: 0.05...1) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  private func divergence(_ order: Int, _ p: [Double], _ q: [Double]) -> Double {
    Interval(zip(p, q).reduce(0) { $0 + power($1.0 / $1.1, order - 1) * $1.0 }).logarithm.middle / Double(order - 1)
  }

  private func power(_ x: Double, _ n: Int) -> Double { (0..<n).reduce(1) { p, _ in p * x } }
  private func mixed(_ share: Double, _ p: [Double], _ q: [Double]) -> [Double] {
    zip(p, q).map { share * $0 + (1 - share) * $1 }
  }

  // The mechanism is only known by its pure ε, so the bound must hold for every pair of laws of that ε.
  @Test func `a Poisson sample of random laws stays below the general bound, in both directions`() throws {
    for _ in 0..<300 {
      let (a, b) = (law(), law())
      let ratio = zip(a, b).map { max($0 / $1, $1 / $0) }.max() ?? 1
      let epsilon = try #require(Rational(exactly: Interval(ratio).logarithm.high))
      let rate = Rational(.random(in: 1...19), 20)
      let event = try PrivacyEvent.poissonSampled(rate: rate, .composed([.epsilonDelta(epsilon: epsilon)]))
      let mixture = mixed(rate.doubleValue, a, b)
      for order in [2, 3, 5] {
        let bound = try RenyiAccountant(orders: [Double(order)]).divergences(of: event, adjacency: .addOrRemove)[0]
        #expect(divergence(order, mixture, b) <= bound * (1 + 1e-9) + 1e-12)
        #expect(divergence(order, b, mixture) <= bound * (1 + 1e-9) + 1e-12)
      }
    }
  }

  @Test func `a sample without replacement of random laws stays below its bound`() throws {
    for _ in 0..<300 {
      let (a, b, rest) = (law(), law(), law())
      var ratio = 1.0
      for (one, other) in [(a, b), (a, rest), (b, rest)] {
        for (x, y) in zip(one, other) { ratio = max(ratio, x / y, y / x) }
      }
      let epsilon = try #require(Rational(exactly: Interval(ratio).logarithm.high))
      let sample = Int.random(in: 1...19)
      let event = try PrivacyEvent.sampledWithoutReplacement(
        sample: sample, population: 20, .epsilonDelta(epsilon: epsilon))
      let share = Double(sample) / 20
      let (first, second) = (mixed(share, a, rest), mixed(share, b, rest))
      for order in [2, 3, 5] {
        let bound = try RenyiAccountant(orders: [Double(order)]).divergences(of: event, adjacency: .replaceOne)[0]
        #expect(divergence(order, first, second) <= bound * (1 + 1e-9) + 1e-12)
      }
    }
  }

  /// e^(−V)·I_k(V) by its power series.
  private func skellam(_ k: Int, _ variance: Double) -> Double {
    let half = variance / 2
    var term = Interval(-variance).exponential.middle
    for i in stride(from: 1, through: abs(k), by: 1) { term *= half / Double(i) }
    var sum = 0.0
    for m in 1...200 {
      sum += term
      term *= half * half / (Double(m) * Double(m + abs(k)))
    }
    return sum
  }

  @Test(arguments: [0.25, 1, 4, 16])
  func `Skellam noise stays below its bound at integer orders`(variance: Double) throws {
    let reach = 60
    let law = (-reach - 4...reach + 4).map { skellam($0, variance) }
    for shift in 1...3 {
      let event = PrivacyEvent.skellam(
        sigma: try NoiseScale(variance: #require(Rational(exactly: variance))),
        sensitivity: try L2Sensitivity(Rational(shift)),
        dimension: try Dimension(1))
      for order in [2, 3, 6] {
        var sum = 0.0
        for x in -reach...reach {
          let (q, p) = (law[x + reach + 4], law[x - shift + reach + 4])
          if q > 1e-200, p > 1e-200 { sum += power(p / q, order - 1) * p }
        }
        let exact = Interval(sum).logarithm.middle / Double(order - 1)
        let bound = try RenyiAccountant(orders: [Double(order)]).divergences(of: event, adjacency: .addOrRemove)[0]
        #expect(exact <= bound * (1 + 1e-9), "variance \(variance), shift \(shift), order \(order)")
      }
    }
  }

  @Test func `a sample without replacement of an event with a delta is amplified by (ε, δ) alone`() throws {
    let event = try PrivacyEvent(
      parsing:
        "without-replacement(sample=10, population=1000, epsilon-delta(epsilon=1, delta=1e-8) + gaussian(sigma=2))")
    let inner = try PrivacyEvent(parsing: "epsilon-delta(epsilon=1, delta=1e-8) + gaussian(sigma=2)")
    let delta = try Delta("1e-6")
    let sampled = try RenyiAccountant().epsilon(of: event, delta: delta, adjacency: .replaceOne).upper
    let unsampled = try RenyiAccountant().epsilon(of: inner, delta: delta, adjacency: .replaceOne).upper
    #expect(sampled == unsampled)
  }
}
