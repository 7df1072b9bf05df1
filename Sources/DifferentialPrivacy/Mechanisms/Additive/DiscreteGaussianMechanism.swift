public import ExactMath
private import Glibc
public import PrivacyAccounting

/// Discrete Gaussian noise on whole numbers: P[x] ∝ e^(−x²/(2σ²)).
///
/// Exact: sampled by Canonne, Kamath and Steinke (2020), algorithm 3, or for long vectors by a table with the same law.
/// A vector that changes by at most Δ in the L2 norm satisfies ρ-zero-concentrated privacy with ρ = Δ²/(2σ²) (theorem 4
/// there). The law is not dominated by the continuous Gaussian of the same σ and has an event of its own.
///
/// Cost: about fifteen uniform words a single draw, one word and one look-up a draw in vectors of 256 and more.
///
/// **Edge cases**: values are clamped to ±2⁶¹ and answers to ±2⁶¹; nothing overflows or traps, whatever the data.
public struct DiscreteGaussianMechanism: WholeNumberMechanism {
  /// The parameter σ in grid steps, kept as σ².
  public let sigma: NoiseScale
  /// The largest change of the vector in the L2 norm, in grid steps.
  public let sensitivity: L2Sensitivity
  /// The number of whole numbers in one release.
  public let dimension: Dimension
  /// The law of the noise.
  public let noise: WholeNumberNoise

  /// A mechanism from checked parameters.
  ///
  /// - Throws: `ParameterError` for σ outside 2⁻¹⁰ … 2⁵⁰ grid steps.
  public init(sigma: NoiseScale, sensitivity: L2Sensitivity, dimension: Dimension) throws(ParameterError) {
    try ScaleLimits.checkVariance(sigma.variance)
    self.sigma = sigma
    self.sensitivity = sensitivity
    self.dimension = dimension
    noise = WholeNumberNoise(.discreteGaussian(variance: sigma.variance))
  }

  /// A mechanism for a vector that changes by at most `sensitivity` grid steps in the L2 norm.
  ///
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(sigma: Rational, sensitivity: Rational = 1, dimension: Int = 1) throws(ParameterError) {
    try self.init(
      sigma: NoiseScale(sigma: sigma), sensitivity: L2Sensitivity(sensitivity), dimension: Dimension(dimension))
  }

  /// One release.
  public var event: PrivacyEvent {
    .discreteGaussian(sigma: sigma, sensitivity: sensitivity, dimension: dimension)
  }

  /// σ, which is an upper bound: the variance of the law is at most σ² (Canonne, Kamath and Steinke 2020,
  /// corollary 9).
  public var standardDeviation: Double {
    sigma.variance.doubleRoundedUp.squareRoot()
  }

  /// The mean of |x| under the law, summed for σ up to 64 and by the Euler–Maclaurin formula beyond.
  public var expectedError: Double {
    let square = sigma.variance.doubleValue
    let root = square.squareRoot()
    if root > 64 { return root * (2 / Double.pi).squareRoot() * (1 - 1 / (12 * square)) }
    // e^(−x²/(2σ²)) is below 10⁻³⁰⁰ from 38σ on.
    let weights = (1...(Int(38 * root) + 2)).map { exp(-Double($0) * Double($0) / (2 * square)) }
    let moment = zip(1..., weights).reversed().reduce(0) { $0 + Double($1.0) * $1.1 }
    return 2 * moment / (1 + 2 * weights.reversed().reduce(0, +))
  }

  /// Twice the tail of the continuous normal covers the discrete one: P[X ≥ m] ≤ P[N(0, σ²) ≥ m − 1]
  /// (proposition 25 there).
  public func errorBound(confidence: Double) -> Double {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    return NormalQuantile.twoSided(confidence: confidence, sigma: standardDeviation).rounded(.up)
  }
}
