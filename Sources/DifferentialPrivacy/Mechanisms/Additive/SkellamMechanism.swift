public import ExactMath
public import PrivacyAccounting

/// Symmetric Skellam noise on whole numbers: the difference of two Poisson variates of mean σ²/2.
///
/// Sums of Skellam noise are Skellam noise, so several parties can each add a part. Exact: sampled from a table of
/// Bessel-function ratios bounded by intervals. Privacy by Agarwal, Kairouz and Liu (2021, theorem 3.5).
///
/// It has no bound ρ·α on its Rényi divergence at every order α, hence no ``ConcentratedDP``, no ``PureDP`` (its tail is
/// lighter than any exponential) and no ``GaussianDP``; its event is read by the Rényi accountant.
///
/// Cost: one word and one look-up a draw up to σ = 128, σ²/2¹⁴ of them beyond.
///
/// **Edge cases**: values are clamped to ±2⁶¹ and answers to ±2⁶¹; nothing overflows or traps, whatever the data.
public struct SkellamMechanism: WholeNumberMechanism {
  /// The standard deviation in grid steps, kept as σ².
  public let sigma: NoiseScale
  /// The largest change of the vector in the L2 norm, in grid steps.
  public let sensitivity: L2Sensitivity
  /// The number of whole numbers in one release.
  public let dimension: Dimension
  /// The law of the noise.
  public let noise: WholeNumberNoise

  /// A mechanism from checked parameters.
  ///
  /// - Throws: `ParameterError` for σ outside 2⁻¹⁰ … 2¹² grid steps.
  public init(sigma: NoiseScale, sensitivity: L2Sensitivity, dimension: Dimension) throws(ParameterError) {
    try ScaleLimits.checkVariance(sigma.variance)
    guard sigma.variance <= SkellamSampler.mostVariance else {
      throw ParameterError(.outOfRange, "sigma", "must be at most 2^12 grid steps for Skellam noise")
    }
    self.sigma = sigma
    self.sensitivity = sensitivity
    self.dimension = dimension
    noise = WholeNumberNoise(.skellam(variance: sigma.variance))
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
    .skellam(sigma: sigma, sensitivity: sensitivity, dimension: dimension)
  }

  /// σ.
  public var standardDeviation: Double { sigma.variance.doubleValue.squareRoot() }

  /// The mean of |x|, from the law itself.
  public var expectedError: Double {
    let law = oneSidedLaw
    return 2 * law.indices.reversed().reduce(0) { $0 + Double($1) * law[$1] }
  }

  /// The smallest such width, from the law itself, up to the rounding of doubles.
  public func errorBound(confidence: Double) -> Double {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    let law = oneSidedLaw
    var tail = 0.0
    for k in law.indices.dropFirst().reversed() {
      tail += 2 * law[k]
      if tail > (1 - confidence) * (1 - 1e-9) { return Double(k) }
    }
    return 0
  }

  /// P[x] for x ≥ 0 as far as doubles reach: ratios of neighbours by backward recurrence from far out.
  private var oneSidedLaw: [Double] {
    let variance = sigma.variance.doubleValue
    let last = Int(12 * variance.squareRoot()) + 60
    var ratios = [Double](repeating: 0, count: last + 1)
    var ratio = 0.0
    for k in stride(from: 2 * last, through: 1, by: -1) {
      ratio = 1 / (2 * Double(k) / variance + ratio)
      if k <= last { ratios[k] = ratio }
    }
    var weights = [1.0]
    for k in 1...last { weights.append(weights[k - 1] * ratios[k]) }
    let total = 1 + 2 * weights.dropFirst().reversed().reduce(0, +)
    return weights.map { $0 / total }
  }
}
