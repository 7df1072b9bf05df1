import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Running totals of a stream with nearly the least Gaussian noise any factorisation of the totals allows.
///
/// The matrix of running totals is the square of the lower triangular Toeplitz matrix of f_k = C(2k, k)/4^k (Bennett
/// 1977; Fichtenberger, Henzinger and Upadhyay 2023; Henzinger and Upadhyay 2025). The mechanism takes whole numbers
/// c_k ≈ F·f_k, releases y = C·x + z with exact discrete Gaussian z, and solves the released y for the totals, which is
/// post-processing. Only C decides privacy, and it is whole: one step of the stream enters y by a column of C, whose
/// squared norm Σ c_k² is the exact squared sensitivity. Later steps may depend on earlier answers, since every y_t is a
/// discrete Gaussian release of its own, given the past.
///
/// With `band` only the first `band` coefficients are kept (Kalinin and Lampert 2024): a step costs O(band) instead of
/// O(steps), at a larger error late in the stream. The c_k do not increase, so the solution's coefficients lie between 0
/// and 1/F (they are a renewal sequence), and rounding cannot build up.
///
/// Cost: one draw and O(band) multiplications a step; memory of one number a step.
///
/// The protected change is of one step, by at most the sensitivity; a person present in several steps is a group.
///
/// **Edge cases**: steps are clamped to ±``stepLimit``, which keeps every sum in range and raises no sensitivity; totals
/// are rounded to whole numbers and clamped to ±2⁶².
public struct ToeplitzMechanism: ConcentratedDP {
  /// The number of steps a stream may have.
  public let horizon: Int
  /// The number of coefficients kept.
  public let band: Int
  /// σ of the noise over its L2 sensitivity.
  public let noiseMultiplier: NoiseMultiplier
  /// The discrete Gaussian noise of one coordinate of y.
  private let noise: WholeNumberNoise
  private let coefficients: [Int64]
  private let scaleBits: Int
  private let sigma: NoiseScale
  private let columnNorm: L2Sensitivity

  /// The longest stream with all coefficients.
  public static let longestFullHorizon = 1 << 16
  /// The longest stream with a band.
  public static let longestHorizon = 1 << 20

  /// - Parameters:
  ///   - horizon: the number of steps, up to 2¹⁶, or 2²⁰ with a band of at most 2¹⁰.
  ///   - noiseMultiplier: σ over the L2 sensitivity of C·x; the loss of the stream is 1/(2·multiplier²).
  ///   - sensitivity: the largest change of one step, in whole numbers, up to 2²⁰.
  ///   - band: how many coefficients to keep; by default all.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(
    horizon: Int, noiseMultiplier: NoiseMultiplier, sensitivity: Int = 1, band: Int? = nil
  ) throws(ParameterError) {
    guard (1...ToeplitzMechanism.longestHorizon).contains(horizon) else {
      throw ParameterError(.outOfRange, "horizon", "must be from 1 to 2^20 steps")
    }
    let band = band ?? horizon
    guard (1...horizon).contains(band) else {
      throw ParameterError(.outOfRange, "band", "must be from 1 to the horizon")
    }
    guard horizon <= ToeplitzMechanism.longestFullHorizon || band <= 1 << 10 else {
      throw ParameterError(.inconsistent, "band", "must be at most 2^10 for a horizon above 2^16")
    }
    guard (1...(1 << 20)).contains(sensitivity) else {
      throw ParameterError(.outOfRange, "sensitivity", "must be a whole number from 1 to 2^20")
    }
    scaleBits = 10 + Int.bitWidth - band.leadingZeroBitCount
    coefficients = ToeplitzMechanism.coefficients(band, scaleBits)
    let norm = coefficients.reduce(Rational.zero) { $0 + Rational(Int($1)) * Rational(Int($1)) }
    columnNorm = try L2Sensitivity(squared: norm * Rational(sensitivity) * Rational(sensitivity))
    sigma = try NoiseScale(variance: columnNorm.squared * noiseMultiplier.squared)
    try ScaleLimits.checkVariance(sigma.variance)
    noise = WholeNumberNoise(.discreteGaussian(variance: sigma.variance))
    self.horizon = horizon
    self.band = band
    self.noiseMultiplier = noiseMultiplier
  }

  /// The mechanism of exactly this ρ for one whole stream.
  ///
  /// - Throws: `ParameterError` for a parameter out of range, ρ = 0 included.
  public init(horizon: Int, rho: Rho, sensitivity: Int = 1, band: Int? = nil) throws(ParameterError) {
    try ScaleLimits.checkPositive(rho.value, "rho")
    try self.init(
      horizon: horizon, noiseMultiplier: NoiseMultiplier(squared: 1 / (2 * rho.value)), sensitivity: sensitivity,
      band: band)
  }

  /// One whole stream, however many of its steps are taken.
  public var event: PrivacyEvent {
    .discreteGaussian(sigma: sigma, sensitivity: columnNorm, dimension: Dimension(unchecked: horizon))
  }

  /// 1/(2·multiplier²) (Canonne, Kamath and Steinke 2020, theorem 14, composed over the coordinates of y).
  public var concentratedLoss: Rho { Rho(unchecked: 1 / (2 * noiseMultiplier.squared)) }

  /// The largest magnitude of a step that is not clamped.
  public var stepLimit: Int64 {
    (SignedSample.limit / 2) / coefficients.reduce(0, +)
  }

  /// The standard deviation of the noise in the total after `steps` steps, before it is rounded to a whole number.
  ///
  /// The cost is O(steps · band).
  public func standardDeviation(after steps: Int) -> Double {
    let steps = min(max(0, steps), horizon)
    let leading = Double(coefficients[0])
    // β = 1/((1 − t)·C(t)) by its recurrence, in which (1 − t)·C(t) has the coefficients c_k − c_(k−1).
    let differences = (0...coefficients.count).map { k in
      (k < coefficients.count ? Double(coefficients[k]) : 0) - (k > 0 ? Double(coefficients[k - 1]) : 0)
    }
    var beta: [Double] = []
    for index in 0..<steps {
      var value = index == 0 ? 1.0 : 0.0
      for k in stride(from: 1, through: min(index, coefficients.count), by: 1) {
        value -= differences[k] * beta[index - k]
      }
      beta.append(value / leading)
    }
    return (beta.reduce(0) { $0 + $1 * $1 } * sigma.variance.doubleValue).squareRoot()
  }

  /// A width that the noise in the total after `steps` steps exceeds with probability at most 1 − `confidence`.
  ///
  /// A discrete Gaussian is subgaussian with its σ (Canonne, Kamath and Steinke 2020), so their sum is too; rounding
  /// adds a half.
  public func errorBound(confidence: Double, after steps: Int) -> Double {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    return NormalQuantile.subgaussian(confidence: confidence, sigma: standardDeviation(after: steps)) + 0.51
  }

  /// Starts a stream.
  public func start() -> ToeplitzCount {
    ToeplitzCount(
      horizon: horizon, stepLimit: stepLimit, coefficients: coefficients, scaleBits: scaleBits, noise: noise)
  }

  /// ⌊2^bits · f_k⌋ by f_k = f_(k−1)·(2k − 1)/(2k), in whole numbers, never increasing.
  private static func coefficients(_ count: Int, _ bits: Int) -> [Int64] {
    let extra = 92 - bits
    var value = UInt128(1) << 92
    return (0..<count).map { k in
      // 2k − 1 is below 2¹⁷ where all are kept: the product fits.
      if k > 0 { value = value * UInt128(2 * k - 1) / UInt128(2 * k) }
      return Int64(value >> UInt128(extra))
    }
  }
}

/// One stream of a ``ToeplitzMechanism``: it holds steps without noise, so it can be neither copied nor printed.
public struct ToeplitzCount: ~Copyable, Sendable {
  private let horizon: Int
  private let stepLimit: Int64
  private let coefficients: [Int64]
  private let scaleBits: Int
  private let noise: WholeNumberNoise
  /// The last `band` steps, by step number modulo the band.
  private var exact: [Int64]
  /// What y says about them, with `fractionBits` bits after the point.
  private var solved: [Int128]
  private var total: Int128 = 0
  private var taken = 0

  private static let fractionBits = 30

  init(horizon: Int, stepLimit: Int64, coefficients: [Int64], scaleBits: Int, noise: WholeNumberNoise) {
    self.horizon = horizon
    self.stepLimit = stepLimit
    self.coefficients = coefficients
    self.scaleBits = scaleBits
    self.noise = noise
    exact = [Int64](repeating: 0, count: coefficients.count)
    solved = [Int128](repeating: 0, count: coefficients.count)
  }

  /// The number of steps so far.
  public var steps: Int { taken }

  /// Takes a step and gives the noisy total of all steps so far; `nil` once the horizon is behind.
  public mutating func add(_ value: Int64, using generator: inout SecureGenerator) -> Int64? {
    draw(value, using: &generator)
  }

  /// The total with a simulation's stream.
  package mutating func simulate(_ value: Int64, using generator: inout SimulationGenerator) -> Simulated<Int64?> {
    Simulated(draw(value, using: &generator))
  }

  package mutating func draw<Source: UniformSource & ~Copyable>(_ value: Int64, using source: inout Source) -> Int64? {
    guard taken < horizon else { return nil }
    let band = coefficients.count
    let place = taken % band
    exact[place] = min(max(value, -stepLimit), stepLimit)
    // The clamp of the steps keeps this sum within ±2⁶¹.
    var sum: Int64 = 0
    var past: Int128 = 0
    for k in 0...min(taken, band - 1) {
      let other = place >= k ? place - k : place - k + band
      sum += coefficients[k] * exact[other]
      if k > 0 { past += Int128(coefficients[k]) * solved[other] }
    }
    taken += 1
    let released = noise.source.noisy(sum, using: &source)
    // From here on only what was released is used.
    let half = Int128(1) << Int128(scaleBits - 1)
    solved[place] = ((Int128(released) << Int128(ToeplitzCount.fractionBits)) - past + half) >> Int128(scaleBits)
    total += solved[place]
    let rounded = (total + (Int128(1) << Int128(ToeplitzCount.fractionBits - 1))) >> Int128(ToeplitzCount.fractionBits)
    return Int64(min(max(rounded, -(1 << 62)), 1 << 62))
  }
}
