import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting

extension NoisePart {
  /// A width that the sum of this many cells' noises exceeds with probability at most `miss`.
  func sumBound(terms: Int, _ miss: Double) -> Double {
    guard terms > 1 else { return errorBound(miss) }
    // A union bound is the better one where the noise is below a step.
    return min(Double(terms) * errorBound(miss / Double(terms)), law.sumBound(terms: terms, miss: miss))
  }
}

extension NoiseLaw {
  /// A width that the sum of independent noises exceeds with probability at most `miss`.
  ///
  /// Laplace: the discrete law is the difference of two geometric ones, which are the integer parts of exponential
  /// ones, so each noise is less than 1 away from a continuous Laplace noise of the same scale. Those add up to the
  /// difference of two Gamma(m) waiting times: the second is over first, k arrivals of the first process being in by
  /// then, with probability C(m−1+k, k)/2^(m+k), and Gamma(m−k) is left (exponential laws have no memory).
  /// Gaussian: the discrete law is subgaussian with the same σ (Canonne, Kamath and Steinke 2020, corollary 17), so
  /// P[|ΣY| > σ√(2m ln(2/β))] ≤ β.
  fileprivate func sumBound(terms: Int, miss: Double) -> Double {
    switch self {
    case .laplace(let scale, _):
      var (low, high) = (0.0, 2 * Double(terms) * log(2 * Double(terms) / miss))
      for _ in 0..<60 {
        let middle = (low + high) / 2
        if NoiseLaw.laplaceTail(terms: terms, middle) * 1.000_001 <= miss { high = middle } else { low = middle }
      }
      return (1.000_001 * scale.doubleRoundedUp * high).rounded(.up) + Double(terms)
    case .gaussian(let variance, _):
      return (1.000_001 * (variance.doubleRoundedUp * 2 * Double(terms) * log(2 / miss)).squareRoot()).rounded(.up)
    }
  }

  /// P[|sum of `terms` Laplace noises of scale 1| > y].
  private static func laplaceTail(terms: Int, _ y: Double) -> Double {
    // What is left after k arrivals exceeds y when fewer than terms − k of a Poisson process come by y.
    var poisson: [Double] = []
    var (term, sum) = (exp(-y), 0.0)
    for index in 1...terms {
      sum += term
      poisson.append(sum)
      term *= y / Double(index)
    }
    var chance = exp2(-Double(terms))
    var tail = 0.0
    for arrivals in 0..<terms {
      tail += chance * poisson[terms - arrivals - 1]
      chance *= Double(terms + arrivals) / Double(arrivals + 1) / 2
    }
    return 2 * tail
  }
}
