private import Glibc

extension DistributedNoisePlan {
  /// A bound that no coordinate of a sum exceeds, except with the given probability.
  ///
  /// Half of the probability is for the rotated updates, a sum of norm at most n·c: a coordinate of a vector rotated by
  /// independent signs is sub-Gaussian of variance ‖x‖²/d (Hoeffding 1963). The other half is for the noise. Rounding
  /// moves each of n updates by less than one step. Both halves are union bounds over coordinates and two sides.
  ///
  /// It holds for signs that the updates do not depend on; a client that knows the signs beforehand can make a
  /// coordinate as large as its norm. That would cost accuracy and no privacy.
  package static func extent(
    clients: Int, dimension: Int, clipSteps: Int, noise: Noise, shareVariance: Double, probability: Double
  ) -> Double {
    let (n, steps) = (Double(clients), Double(clipSteps))
    let logarithm = log(4 * Double(dimension) / probability)
    let data = min(n * steps, n * steps * (2 * logarithm / Double(dimension)).squareRoot())
    let variance = n * shareVariance
    let tail: Double
    switch noise {
    // A discrete Gaussian is sub-Gaussian of variance σ² (Canonne, Kamath and Steinke 2020).
    case .discreteGaussian: tail = (2 * variance * logarithm).squareRoot()
    case .skellam: tail = skellamTail(variance, logarithm)
    }
    return ((data + tail) * (1 + 1e-9) + n + 2).rounded(.up)
  }

  /// A bound, to a few parts in a thousand, of the probability that any coordinate of a sum leaves a ring of
  /// `ringBits` bits; never below 1e-300, and 1 when nothing better can be said.
  package static func wrapBound(
    ringBits: Int, clients: Int, dimension: Int, clipSteps: Int, noise: Noise, shareVariance: Double
  ) -> Double {
    let most = Double(Int64(1) << Int64(ringBits - 1)) - 1
    func fits(_ exponent: Double) -> Bool {
      extent(
        clients: clients, dimension: dimension, clipSteps: clipSteps, noise: noise, shareVariance: shareVariance,
        probability: exp(exponent)) <= most
    }
    guard fits(0) else { return 1 }
    var (low, high) = (log(1e-300), 0.0)
    if fits(low) { return 1e-300 }
    while high - low > 1e-3 {
      let middle = (low + high) / 2
      if fits(middle) { high = middle } else { low = middle }
    }
    return exp(high)
  }

  /// The least B, nearly, with V·(u·asinh u − √(1 + u²) + 1) ≥ logarithm at u = B/V: Chernoff's bound from the moment
  /// generating function e^(V(cosh t − 1)).
  private static func skellamTail(_ variance: Double, _ logarithm: Double) -> Double {
    func exponent(_ bound: Double) -> Double {
      let u = bound / variance
      return variance * (u * asinh(u) - ((1 + u * u).squareRoot() - 1))
    }
    var (low, high) = (0.0, (2 * variance * logarithm).squareRoot() + 1)
    while exponent(high) < logarithm { high *= 2 }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if exponent(middle) < logarithm { low = middle } else { high = middle }
    }
    return high
  }
}
