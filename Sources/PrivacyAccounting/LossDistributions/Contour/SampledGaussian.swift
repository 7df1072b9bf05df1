private import Glibc

/// A Poisson sample of a Gaussian: the mixture (1 − q)N(0, 1) + qN(μ, 1) against N(0, 1).
///
/// The likelihood ratio is r(x) = 1 − q + q·e^(μx − μ²/2), and p(x) = q·e^(μx − μ²/2)/r(x) is the chance that the unit was
/// sampled given x, so that (ln r)′ = μp.
struct SampledGaussian: Sendable {
  /// q, and 1 − q rounded apart from it.
  let rate: Double
  let rest: Double
  let mu: Double

  /// ln r(x) with a bound on its absolute error, and p(x).
  ///
  /// The error counts the rounding of q and μ to doubles (two units in the last place) and at most two units for each
  /// function of the C library; a perturbation of the exponent w moves ln r by p times as much.
  func logRatio(_ x: Double) -> (value: Double, error: Double, posterior: Double) {
    let unit = 0x1p-52
    let w = mu * (x - mu / 2)
    let fromExponent = 4 * unit * (mu * x.magnitude + mu * mu)
    if w > 30 {
      let inverse = rest / rate * Glibc.exp(-w)
      let logRate = Glibc.log(rate)
      let value = logRate + w + Glibc.log1p(inverse)
      let posterior = 1 / (1 + inverse)
      return (value, fromExponent + 4 * unit * (logRate.magnitude + w + 1), posterior)
    }
    let excess = rate * Glibc.expm1(w)
    let odds = rate * Glibc.exp(w)
    let posterior = odds / (rest + odds)
    if excess > -0.5 {
      let value = Glibc.log1p(excess)
      let relative = excess.magnitude / (1 + excess)
      return (value, posterior * fromExponent + unit * (8 * relative + 4 * value.magnitude), posterior)
    }
    let value = Glibc.log(rest + odds)
    return (value, posterior * fromExponent + unit * (8 + 4 * value.magnitude), posterior)
  }
}
