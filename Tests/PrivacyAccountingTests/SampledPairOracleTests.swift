import ExactMath
import PrivacyAccounting
import Testing

/// Samples under replace-one and sampled Laplace noise against plain quadrature in 30 digits
/// (`scripts/accounting-oracle`).
@Suite struct SampledPairOracleTests {
  /// δ(ε) of one and of two steps of the mirrored pair: what a sample under replace-one may cost.
  static let mirrored = [
    ("0.1", "1", "0.5", 0.0020325369203403577, 0.0048136772596955691),
    ("0.1", "1", "3", 1.6110484362664169e-8, 6.9828056974906119e-8),
    ("0.5", "2", "0.25", 0.030863483434481496, 0.065803284842318655),
    ("0.01", "0.7", "1", 5.6916510652133665e-6, 1.1501328548963913e-5),
    ("0.9", "3", "1", 9.238681630991974e-5, 0.0025279341065468649),
  ]

  @Test(arguments: mirrored)
  func `a sample under replace-one costs what its mirrored pair does`(
    rate: String, sigma: String, epsilon: String, once: Double, twice: Double
  ) throws {
    let size = try #require((Rational(rate)! * 1_000).integer)
    for text in [
      "poisson(rate=\(rate), gaussian(sigma=\(sigma)))",
      "without-replacement(sample=\(size), population=1000, gaussian(sigma=\(sigma)))",
    ] {
      for (count, exact) in [(1, once), (2, twice)] {
        let event = try PrivacyEvent(parsing: "\(text) * \(count)")
        let bounds = try LossDistributionAccountant().delta(
          of: event, epsilon: Epsilon(epsilon), adjacency: .replaceOne)
        #expect(exact * (1 - 1e-14) <= bounds.upper && bounds.upper <= exact * 1.01, "\(event): \(bounds) \(exact)")
        // The lower bound is that of the attained directions, of which removal is the mirrored pair for one step.
        let lower = try #require(bounds.lower)
        #expect(lower <= exact * (1 + 1e-14), "\(event): \(bounds) \(exact)")
        #expect(lower >= exact * 0.7, "\(event): \(bounds) \(exact)")
        let removal = try LossDistributionAccountant().delta(
          of: PrivacyEvent(parsing: "poisson(rate=\(rate), gaussian(sigma=\(sigma))) * \(count)"),
          epsilon: Epsilon(epsilon), adjacency: .addOrRemove)
        #expect(bounds.upper >= (removal.lower ?? 1))
      }
    }
  }

  @Test(arguments: [
    ("0.1", "1", "0.1", 0.013121830885831265, 0.017579134824885666),
    ("0.5", "0.5", "1", 0.11256497347739971, 0.17528958609376092),
    ("0.01", "0.25", "0.2", 0.0034897854441510476, 0.0068043858566610322),
    ("0.9", "2", "0.3", 0.074003681366528932, 0.1464234815406543),
    ("0.25", "4", "0.05", 0.0078068096671439198, 0.017635933050051153),
  ])
  func `one and two sampled laplace releases are enclosed`(
    rate: String, scale: String, epsilon: String, once: Double, twice: Double
  ) throws {
    for (count, exact) in [(1, once), (2, twice)] {
      let event = try PrivacyEvent(parsing: "poisson(rate=\(rate), laplace(scale=\(scale))) * \(count)")
      let bounds = try LossDistributionAccountant().delta(of: event, epsilon: Epsilon(epsilon), adjacency: .addOrRemove)
      #expect((bounds.lower ?? 0) <= exact * (1 + 1e-14), "\(event): \(bounds) \(exact)")
      #expect(exact * (1 - 1e-14) <= bounds.upper, "\(event): \(bounds) \(exact)")
      #expect(bounds.upper <= exact * 1.01 && (bounds.lower ?? 0) >= exact * 0.98, "\(event): \(bounds) \(exact)")
    }
  }

  @Test func `finite laws sampled under replace-one cost at most the pure bound, and one step is attained`() throws {
    for inner in ["epsilon-delta(epsilon=1, delta=0)", "discrete-laplace(scale=2, sensitivity=3)"] {
      let event = try PrivacyEvent(parsing: "without-replacement(sample=1, population=10, \(inner))")
      let many = try PrivacyEvent(parsing: "without-replacement(sample=1, population=10, \(inner)) * 20")
      let delta = try Delta("1e-8")
      let pure = try PureAccountant().epsilon(of: event, delta: delta, adjacency: .replaceOne).upper
      let once = try LossDistributionAccountant().epsilon(of: event, delta: delta, adjacency: .replaceOne)
      #expect(once.upper <= pure * 1.02 && (once.lower ?? 0) >= pure * 0.99, "\(inner): \(once) \(pure)")
      let best = try AutomaticAccountant().epsilon(of: event, delta: delta, adjacency: .replaceOne).upper
      #expect(best <= pure)
      let bounds = try LossDistributionAccountant().epsilon(of: many, delta: delta, adjacency: .replaceOne)
      #expect(bounds.upper < 20 * pure && (bounds.lower ?? 0) <= bounds.upper)
    }
  }

  @Test func `a sample under replace-one keeps its order against the other accountants`() throws {
    for text in [
      "poisson(rate=0.02, gaussian(sigma=1.5)) * 40",
      "without-replacement(sample=2, population=100, laplace(scale=2)) * 40",
    ] {
      let event = try PrivacyEvent(parsing: text)
      let delta = try Delta("1e-6")
      let bounds = try LossDistributionAccountant().epsilon(of: event, delta: delta, adjacency: .replaceOne)
      let lower = try #require(bounds.lower)
      #expect(lower > 0 && lower <= bounds.upper && bounds.upper < lower * 1.3, "\(text): \(bounds)")
      let renyi = try RenyiAccountant().epsilon(of: event, delta: delta, adjacency: .replaceOne).upper
      #expect(renyi >= lower && bounds.upper <= renyi * (1 + 1e-6), "\(text): \(bounds) \(renyi)")
    }
  }
}
