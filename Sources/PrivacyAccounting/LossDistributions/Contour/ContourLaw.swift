private import Glibc

/// A composition in one direction of adjacency, as moment generating functions of its parts.
struct ContourLaw {
  enum Part {
    /// A sampled Gaussian under removal, or under addition.
    case sampled(SampledGaussian, removal: Bool)
    /// A Gaussian of squared parameter μ².
    case gaussian(squaredMu: Double)
    /// A continuous Laplace of pure loss ε.
    case laplace(Double)
    /// A finite law.
    case atoms(AtomicLaw)
  }

  let parts: [(part: Part, count: Double)]
  /// Bounds on the mass at infinite loss.
  let infinity: (low: Double, high: Double)
  /// Whether the pair is attained, so that lower bounds hold.
  let isTight: Bool

  /// ln E[e^(λL)] of the whole, without its error; infinite where it is too large to sum.
  func cumulant(_ lambda: Double) -> Double { enclosedCumulant(lambda).value }

  /// ln E[e^(λL)] of the whole, and a bound on its error.
  func enclosedCumulant(_ lambda: Double) -> (value: Double, error: Double) {
    var (sum, error) = (0.0, 0.0)
    for (part, count) in parts {
      switch part {
      case .sampled(let law, let removal):
        guard
          let quadrature = SampledQuadrature(law, removal: removal, lambda: lambda, reach: 0, most: 4_000)
        else { return (.infinity, .infinity) }
        sum += count * quadrature.nodes.logTotal
        error += count * quadrature.nodes.totalError
      case .gaussian(let squaredMu): sum += count * squaredMu * lambda * (lambda + 1) / 2
      case .laplace(let epsilon):
        sum += count * LaplaceTransform(epsilon: epsilon, lambda: lambda).logTotal
        error += 0x1p-50 * count * (8 + lambda * epsilon)
      case .atoms(let law):
        let nodes = law.tilted(lambda)
        sum += count * nodes.logTotal
        error += count * nodes.totalError
      }
      error += 0x1p-49 * sum.magnitude
    }
    return (sum, error * 1.01)
  }
}

/// The transform of the continuous Laplace pair, M(z) = ((z + 1)e^(zε) + z·e^(−(z + 1)ε))/(2z + 1), at Re z = λ > 0.
struct LaplaceTransform {
  let epsilon: Double
  let lambda: Double

  private var damping: Double { Glibc.exp(-(2 * lambda + 1) * epsilon) }

  var logTotal: Double {
    lambda * epsilon + Glibc.log((lambda + 1 + lambda * damping) / (2 * lambda + 1))
  }

  /// Roughly the variance under the tilt, for choosing nodes: most mass is at the two ends.
  var variance: Double {
    let low = damping * lambda / (lambda + 1 + damping * lambda)
    return 4 * epsilon * epsilon * low * (1 - low)
  }

  /// e^(−itε)M(λ + it)/M(λ); its error is at most 40 units of rounding and (2λ + 1 + 2t)ε more.
  func characteristic(_ t: Double) -> (real: Double, imaginary: Double) {
    let (c, s) = (Glibc.cos(2 * t * epsilon), -Glibc.sin(2 * t * epsilon))
    let d = damping
    // (z + 1 + z·d·e^(−2itε))/(2z + 1).
    let (x, y) = (lambda + 1 + d * (lambda * c - t * s), t + d * (lambda * s + t * c))
    let (u, v) = (2 * lambda + 1, 2 * t)
    let size = (u * u + v * v) * ((lambda + 1 + lambda * d) / (2 * lambda + 1))
    return ((x * u + y * v) / size, (y * u - x * v) / size)
  }

  /// A bound on ln |φ| at t and everywhere above: |z + 1|/|2z + 1| decreases in t, and |z|/|2z + 1| rises to ½.
  func logDecay(_ t: Double) -> Double {
    let up = ((lambda + 1) * (lambda + 1) + t * t).squareRoot()
    let down = ((2 * lambda + 1) * (2 * lambda + 1) + 4 * t * t).squareRoot()
    let whole = (lambda + 1 + lambda * damping) / (2 * lambda + 1)
    return Swift.min(0, Glibc.log((up / down + damping / 2) / whole) + 1e-13)
  }

  func error(at t: Double) -> Double { 0x1p-52 * (40 + (2 * lambda + 1 + 2 * t) * epsilon) }
}
