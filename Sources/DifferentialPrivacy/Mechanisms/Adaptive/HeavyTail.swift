private import Glibc
import SecureRandom

/// Noise of density ∝ 1/(1 + z²)², times an exact scale, rounded to the nearest whole number: no approximation.
///
/// This is Student's t of three degrees of freedom over √3. By the ratio of uniforms (Kinderman and Monahan 1977),
/// z = v/u for (u, v) uniform in the disc u² + v² ≤ u. The coordinates are drawn 64 bits at a time and only until the disc
/// and then the rounding are decided by whole-number intervals, so the result is that of infinitely many bits.
package struct HeavyTail: Sendable {
  package let top: BigWhole
  package let bottom: BigWhole

  /// Noise times top/bottom.
  package init(top: BigWhole, bottom: BigWhole) {
    self.top = top
    self.bottom = bottom
  }

  /// One sample, clamped to ±2⁶².
  package func sample<Source: UniformSource & ~Copyable>(using source: inout Source) -> Int64 {
    while true {
      if let magnitude = magnitude(using: &source) {
        return source.next() & 1 == 0 ? magnitude : -magnitude
      }
    }
  }

  /// A rounded magnitude, or `nil` for a point outside the disc.
  private func magnitude<Source: UniformSource & ~Copyable>(using source: inout Source) -> Int64? {
    // u lies in [a, a + 1]/2^bits and 2|v| in [c, c + 1]/2^bits.
    var a = BigWhole(source.next())
    var c = BigWhole(source.next())
    var bits = 64
    var isInside = false
    while true {
      if !isInside {
        // The disc in these coordinates: w² ≤ 4u(1 − u), which rises up to u = ½ and falls beyond.
        let one = BigWhole.one << bits
        let atLow = (a * (one - a)) << 2
        let atHigh = ((a + .one) * (one - a - .one)) << 2
        // One half lies on every grid, so both extremes over [a, a + 1] are at its ends.
        if c * c > max(atLow, atHigh) { return nil }
        isInside = (c + .one) * (c + .one) <= min(atLow, atHigh)
      }
      // The scaled value lies between top·c/(2·bottom·(a + 1)) and top·(c + 1)/(2·bottom·a); the nearest whole number to x
      // is ⌊x + ½⌋.
      if isInside, !a.isZero {
        let low = rounded(c, a + .one)
        if low == rounded(c + .one, a) {
          return Int64(min(low.word ?? .max, UInt64(SignedSample.limit)))
        }
      }
      a = (a << 64) + BigWhole(source.next())
      c = (c << 64) + BigWhole(source.next())
      bits += 64
    }
  }

  /// ⌊top·w/(2·bottom·u) + ½⌋.
  private func rounded(_ w: BigWhole, _ u: BigWhole) -> BigWhole {
    let divisor = bottom * u
    return (top * w + divisor) / (divisor << 1)
  }

  /// P[|z| > x] = 1 − (2/π)·(arctan x + x/(1 + x²)).
  static func tail(_ x: Double) -> Double {
    2 / Double.pi * (atan2(1, x) - x / (1 + x * x))
  }
}
