import ExactMath
import PrivacyAccounting
import Testing

/// δ(ε) of one and two sampled Gaussians from plain quadrature in 40 digits (`scripts/accounting-oracle`): no
/// transform, no grid, and not the library's formula.
@Suite struct LossDistributionOracleTests {
  @Test(arguments: [
    ("0.01", "1", "0.5", 2.2145190131530613e-7, 4.4972121847661326e-7),
    ("0.01", "1", "2", 1.7248421200138222e-12, 3.4717077821028025e-12),
    ("0.1", "0.8", "1", 0.0015676589280900738, 0.0034880581598095582),
    ("0.1", "0.8", "5", 1.719651586128031e-9, 1.9183417662809832e-8),
    ("0.5", "2", "0.25", 0.030863483434481496, 0.062745280139288039),
    ("0.5", "2", "4", 9.7455489828292914e-22, 2.0915915924618306e-14),
    ("0.9", "4", "1", 7.899216622617961e-7, 0.00015648597429701431),
    ("0.001", "0.6", "3", 4.434702339685725e-11, 8.8706344400001767e-11),
  ])
  func `one and two sampled gaussians are enclosed`(
    rate: String, sigma: String, epsilon: String, once: Double, twice: Double
  ) throws {
    for (count, exact) in [(1, once), (2, twice)] {
      let event = try PrivacyEvent(parsing: "poisson(rate=\(rate), gaussian(sigma=\(sigma))) * \(count)")
      let bounds = try LossDistributionAccountant().delta(
        of: event, epsilon: Epsilon(epsilon), adjacency: .addOrRemove)
      #expect((bounds.lower ?? 0) <= exact * (1 + 1e-14), "\(event): \(bounds) \(exact)")
      #expect(exact * (1 - 1e-14) <= bounds.upper, "\(event): \(bounds) \(exact)")
      #expect(bounds.upper <= exact * 1.02, "\(event): \(bounds) \(exact)")
    }
  }
}
