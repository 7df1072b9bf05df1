private import Glibc

/// The trapezoid rule for G(s) = ∫φ(x)r(x)^s dx on the whole line, with the proven size of its error.
///
/// In the strip |Im x| ≤ v with μv < π the ratio r has no zero, and with θ = μv there |arg r| ≤ θ and
/// cos(θ/2)·r(Re x) ≤ |r| ≤ r(Re x), because |A + Be^(iθ)|² = (A + B)² − 2AB(1 − cos θ) ≥ (A + B)²cos²(θ/2). For
/// s = a + it the integrand is therefore at most e^(v²/2 + |t|θ)cos(θ/2)^min(a, 0) times φr^a, and by Trefethen and
/// Weideman (2014, theorem 5.1) the sum of step h differs from G(s) by at most 2/(e^(2πv/h) − 1) times that times G(a).
struct QuadratureRule {
  let step: Double
  private let halfWidth: Double
  private let mu: Double
  private let exponent: Double

  /// The widest rule that keeps the relative error below about e^(−42) for |t| up to `reach`.
  init(mu: Double, exponent: Double, reach: Double, widest limit: Double) {
    self.mu = mu
    self.exponent = exponent
    let widest = Swift.min(8, 0.95 * Double.pi / mu)
    var best = (step: 0.0, halfWidth: widest)
    for part in 1...24 {
      let v = widest * Double(part) / 24
      let step = 2 * Double.pi * v / (42 + QuadratureRule.growth(v, mu, exponent, reach))
      if step > best.step { best = (step, v) }
    }
    halfWidth = best.halfWidth
    // Few bits, so that multiples are exact.
    step = QuadratureRule.short(Swift.min(limit, best.step))
  }

  /// The eight leading bits of a positive number.
  private static func short(_ value: Double) -> Double {
    Double(sign: .plus, exponent: value.exponent, significand: (value.significand * 128).rounded(.down) / 128)
  }

  private static func growth(_ v: Double, _ mu: Double, _ exponent: Double, _ t: Double) -> Double {
    v * v / 2 + t.magnitude * mu * v - Swift.min(exponent, 0) * -Glibc.log(Glibc.cos(mu * v / 2))
  }

  /// A bound on the error at s = a + it, relative to G(a).
  func relativeError(at t: Double) -> Double {
    let decay = 2 * Double.pi * halfWidth / step
    return 2.02 * Glibc.exp(QuadratureRule.growth(halfWidth, mu, exponent, t) - decay) / (1 - Glibc.exp(-decay))
  }
}
