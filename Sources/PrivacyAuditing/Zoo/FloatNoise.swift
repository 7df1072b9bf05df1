private import Glibc

/// Floating-point noise as it is commonly written; not private when its bits are released.
extension ZooRandom {
  /// Exponential with a mean, by inversion.
  mutating func exponential(_ mean: Double) -> Double { -mean * log(unit()) }

  /// Laplace with a scale, by inversion.
  mutating func laplace(_ scale: Double) -> Double {
    let u = unit() - 0.5
    return u < 0 ? scale * log(1 + 2 * u) : -scale * log(1 - 2 * u)
  }

  /// Normal with a standard deviation, by Box and Muller's method.
  mutating func gaussian(_ sigma: Double) -> Double {
    sigma * (-2 * log(unit())).squareRoot() * cos(2 * Double.pi * unit())
  }

  /// Laplace noise on a grid of 2⁻¹⁰, coarse enough to carry no trace of the true value's bits.
  mutating func gridLaplace(_ scale: Double) -> Double { (laplace(scale) * 1_024).rounded() / 1_024 }

  /// Normal noise on a grid of 2⁻¹⁰.
  mutating func gridGaussian(_ sigma: Double) -> Double { (gaussian(sigma) * 1_024).rounded() / 1_024 }

  /// One-sided geometric: P[k] ∝ e^(−k/scale), k ≥ 0.
  mutating func geometric(_ scale: Double) -> Double { (exponential(scale)).rounded(.down) }
}
