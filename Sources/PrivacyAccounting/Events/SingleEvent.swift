package import ExactMath

/// One event that is neither a repetition nor a composition, in normal form.
///
/// Scale and sensitivity are joined into the one number that matters, so that doubling both gives an equal event. This
/// is what accountants switch over, exhaustively.
package indirect enum SingleEvent: Sendable, Hashable {
  /// Continuous Laplace: sensitivity over scale.
  case laplace(epsilon: Rational)
  /// Gaussian: squared sensitivity over variance, μ².
  case gaussian(squaredMu: Rational)
  /// Discrete Laplace of the given scale, moved by a whole number of steps.
  case discreteLaplace(scale: Rational, shift: Rational)
  /// Discrete Gaussian on `dimension` coordinates.
  case discreteGaussian(variance: Rational, squaredSensitivity: Rational, dimension: Int)
  /// A sum of `clients` discrete Gaussians, each of the given variance parameter.
  case distributedDiscreteGaussian(variance: Rational, clients: Int, squaredSensitivity: Rational, dimension: Int)
  /// Symmetric Skellam of the given variance.
  case skellam(variance: Rational, squaredSensitivity: Rational, dimension: Int)
  /// Randomised response; replace-one only.
  case randomizedResponse(replacement: Rational, categories: Int)
  /// A mechanism of bounded range ε.
  case boundedRange(epsilon: Rational)
  /// Any ε-DP mechanism.
  case pure(epsilon: Rational)
  /// Any (ε, δ)-DP mechanism with δ > 0.
  case approximate(epsilon: Rational, delta: Rational)
  /// Any ρ-zCDP mechanism.
  case zcdp(rho: Rational)
  /// A group of units, for events whose group loss has no closed form here; of one unit, for a pure event that stays
  /// below the worst law of its ε.
  case group(size: Int, SingleEvent)
  /// Local randomisers, shuffled.
  case shuffled(population: Int, EventTerms)
  /// A Poisson sample of rate strictly between 0 and 1; add-or-remove only.
  case poisson(rate: Rational, EventTerms)
  /// A Poisson sample of rate strictly between 0 and 1 of additive noise; replace-one only.
  case replacedSample(rate: Rational, EventTerms)
  /// A proper fixed-size sample; replace-one only.
  case withoutReplacement(FixedSizeSample, EventTerms)

  /// Whether the event is noise added to a query whose sensitivity it states.
  var isAdditiveNoise: Bool {
    switch self {
    case .laplace, .gaussian, .discreteLaplace, .discreteGaussian, .distributedDiscreteGaussian, .skellam: true
    case .replacedSample: true
    case .group(_, let inner): inner.isAdditiveNoise
    case .randomizedResponse, .boundedRange, .pure, .approximate, .zcdp, .shuffled, .poisson, .withoutReplacement:
      false
    }
  }
}
