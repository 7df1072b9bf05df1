import ExactMath
import PrivacyAccounting
import Testing

/// Published values: an upper bound must not fall below an exact value, nor exceed it by more than the tolerance.
@Suite struct GoldenTests {
  func rational(_ text: String) throws -> Rational { try #require(Rational(text)) }

  // Values from 40-digit evaluation of the exact Gaussian profile (Balle and Wang 2018, theorem 8).
  @Test(arguments: [
    ("0.5", "1e-5", 9.9972561464343003965), ("0.5", "1e-6", 10.997151214220651115),
    ("0.5", "1e-10", 14.274089645078005565), ("1", "1e-5", 4.3771780956812246277),
    ("1", "1e-6", 4.8865541174622119964), ("1", "1e-10", 6.5479240668649510058),
    ("10", "1e-5", 0.34066936468432641075), ("10", "1e-6", 0.39685737764408359044),
    ("10", "1e-10", 0.57464030752631765075),
  ])
  func `gaussian epsilon brackets the exact value`(sigma: String, delta: String, exact: Double) throws {
    let event = try PrivacyEvent.gaussian(noiseMultiplier: rational(sigma))
    let bounds = try GaussianAccountant().epsilon(of: event, delta: Delta(delta), adjacency: .addOrRemove)
    let lower = try #require(bounds.lower)
    #expect(lower <= exact.nextUp && exact.nextDown <= bounds.upper)
    #expect(bounds.upper - lower <= 1e-11 * exact)
    for accountant: any Accountant in [ZCDPAccountant(), RenyiAccountant()] {
      let other = try accountant.epsilon(of: event, delta: Delta(delta), adjacency: .addOrRemove).upper
      #expect(other >= exact && other <= exact * 1.15)
    }
  }

  @Test(arguments: [
    ("1", "1", 0.1269367375066439458), ("1", "7", 5.167629703917736489e-12), ("1", "8", 3.6508216874217908585e-15),
    ("1", "20", 2.6647067053654976526e-86), ("0.5", "10", 9.9402028161181527684e-6),
  ])
  func `gaussian delta brackets the exact value`(sigma: String, epsilon: String, exact: Double) throws {
    let event = try PrivacyEvent.gaussian(noiseMultiplier: rational(sigma))
    let bounds = try GaussianAccountant().delta(of: event, epsilon: Epsilon(epsilon), adjacency: .addOrRemove)
    let lower = try #require(bounds.lower)
    #expect(lower <= exact && exact <= bounds.upper)
    #expect(bounds.upper - lower <= 1e-11 * exact)
  }

  @Test func `gaussian delta is known far below the range of doubles`() {
    let log = GaussianProfile(squaredMu: 1).logDelta(epsilon: 40)
    let exact = -788.4234127739917  // ln 3.9089708239393475627e-343
    #expect(log.low <= exact + 1e-9 && exact - 1e-9 <= log.high && log.width < 1e-9)
  }

  @Test(arguments: [
    (1.5, 6.50070897188e-4), (2, 8.67546828541e-4), (2.5, 1.08541805692e-3), (5, 2.18075656230734e-3),
    (50, 0.0238460375387057), (100, 167.416307548418),
  ])
  func `sampled gaussian divergences match the exact curve`(order: Double, exact: Double) throws {
    let event = try PrivacyEvent(parsing: "poisson(rate=0.01, gaussian(sigma=2.5)) * 50")
    let value = try RenyiAccountant(orders: [order]).divergences(of: event, adjacency: .addOrRemove)[0]
    #expect(value >= exact * (1 - 2e-12) && value <= exact * (1 + 1e-11))
  }

  // ln A(α) from 40-digit quadrature; the parameter points are those of dp_accounting's test file.
  @Test(arguments: [
    ("1e-7", "0.1", 1.01, 4.00341232252639528e-8), ("1e-6", "0.1", 256, 3260463.22929716115),
    ("1e-5", "0.1", 256.1, 3263607.03978842112), ("1e-6", "1", 27, 8.76951130484850177e-10),
    ("1e-4", "1", 1.5, 6.44268695383664911e-9), ("1e-3", "1", 2, 1.7182803522145153e-6),
    ("0.01", "10", 20, 1.91296999128429618e-4), ("0.1", "100", 20.5, 1.99918184580682939e-4),
    ("0.99", "0.1", 256, 3263997.4271140215), ("0.999", "100", 256.1, 3.26010803797311211),
    ("0.4", "12", 58.5, 2.07178907298688025),
  ])
  func `log moments enclose high-precision values`(q: String, sigma: String, order: Double, exact: Double) throws {
    let squaredMu = try 1 / (rational(sigma) * rational(sigma))
    let value = SampledGaussianDivergence(rate: try rational(q), squaredMu: squaredMu).logMoment(order: order)
    #expect(value.low <= exact * (1 + 1e-15) && exact * (1 - 1e-15) <= value.high)
    if order <= 64 || order == order.rounded() { #expect(value.width <= 2e-9 * exact) }
  }

  // Upper ends: RDP on the default orders of dp_accounting 0.6.0; lower ends: converged contour integrals.
  @Test(arguments: [
    ("0.8", "0.005", 1000, "1e-6", 2.0041062932, 2.62653795), ("1.0", "0.01", 1000, "1e-5", 1.8282366665, 2.10136653),
    ("1.1", "256/60000", 14062, "1e-5", 2.381596921, 2.59655587),
    ("1.5", "0.04", 2250, "1e-5", 6.768780393, 7.32933470),
  ])
  func `training runs cost no more than the published rdp values`(
    sigma: String, rate: String, steps: Int, delta: String, exact: Double, published: Double
  ) throws {
    let event = try PrivacyEvent(parsing: "poisson(rate=\(rate), gaussian(sigma=\(sigma))) * \(steps)")
    let upper = try RenyiAccountant().epsilon(of: event, delta: Delta(delta), adjacency: .addOrRemove).upper
    #expect(upper >= exact && upper <= published * (1 + 1e-9))
  }

  @Test(arguments: [
    ("1", 2.0, 0.619123629998593), ("1", 10, 0.92868290209668), ("2", 1.5, 0.155977878485739),
    ("0.5", 32, 1.97814842504543),
  ])
  func `laplace divergences match`(scale: String, order: Double, exact: Double) throws {
    let event = try PrivacyEvent.laplace(scale: rational(scale))
    let value = try RenyiAccountant(orders: [order]).divergences(of: event, adjacency: .addOrRemove)[0]
    #expect(value >= exact * (1 - 1e-14) && value <= exact * (1 + 1e-12))
  }

  @Test(arguments: [
    (1.5, 2.6946320227), (2.5, 2.9838653640), (5, 3.1131697007), (50, 3.1854244842), (100, 3.1886682561),
  ])
  func `randomised response divergences match`(order: Double, exact: Double) throws {
    let event = try PrivacyEvent(parsing: "randomized-response(p=0.3, k=10)")
    let value = try RenyiAccountant(orders: [order]).divergences(of: event, adjacency: .replaceOne)[0]
    #expect((value - exact).magnitude <= 1e-10)
  }

  @Test func `zero-concentrated conversions match the published code`() throws {
    let event = try PrivacyEvent(parsing: "zcdp(rho=0.025)")
    let delta = try ZCDPAccountant().delta(of: event, epsilon: Epsilon(1), adjacency: .addOrRemove).upper
    #expect(delta >= 1.33613190640322245e-6 && delta <= 1.33613190640322245e-6 * (1 + 1e-12))
    let epsilon = try ZCDPAccountant().epsilon(of: event, delta: Delta("1e-6"), adjacency: .addOrRemove).upper
    #expect(epsilon >= 1.01407425472612793 && epsilon <= 1.01407425472612793 + 1e-9)
  }

  @Test func `a constant divergence converts as published`() throws {
    let value = RenyiConversion.epsilon(order: 32, divergence: 1.1, delta: 1e-5)
    #expect((value - 1.32783806176).magnitude <= 1e-10)
  }

  @Test func `the gaussian curve is never used for other zcdp mechanisms under sampling`() throws {
    // A two-law counterexample with ρ = 4.966226655: the true divergence at q = 0.01 exceeds the Gaussian curve.
    let event = try PrivacyEvent(parsing: "poisson(rate=0.01, zcdp(rho=4.966226655))")
    let values = try RenyiAccountant(orders: [1.1, 1.25, 1.5]).divergences(of: event, adjacency: .addOrRemove)
    #expect(values[0] >= 0.01957987666 && values[1] >= 0.02904520647 && values[2] >= 0.05686028241)
  }
}
