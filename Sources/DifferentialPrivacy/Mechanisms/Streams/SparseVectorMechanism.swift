public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Says of a stream of values which lie above a threshold, until it has said so `cutoff` times.
///
/// The standard sparse vector technique in the variant that is private (Lyu, Su and Li 2017, algorithm 1): one noisy
/// threshold for the whole stream, fresh noise on every value, and no number released. With ε₁ for the threshold and ε₂
/// for the values, noise is exact discrete Laplace of scale Δ/ε₁ on the threshold and 2cΔ/ε₂ on the values (cΔ/ε₂ for
/// monotone values). The proof shifts both noises by whole steps, so it holds for the discrete law unchanged. For many
/// answers a small share for the threshold is best: ε₁ : ε₂ = 1 : (2c)^(2/3) (Lyu, Su and Li 2017). To release the noisy
/// numbers too, pay for them: ``NumericSparseVectorMechanism``.
///
/// Cost: one draw a value.
///
/// **Edge cases**: values are clamped to ±2⁶¹.
public struct SparseVectorMechanism: Sendable {
  /// The total pure loss of one stream.
  public let epsilon: Epsilon
  /// After how many answers "above" a stream ends.
  public let cutoff: Cutoff
  /// The largest change of any value.
  public let sensitivity: Int
  private let thresholdNoise: NoiseSource
  private let valueNoise: NoiseSource

  /// - Parameters:
  ///   - sensitivity: the largest change of any value, in whole numbers.
  ///   - monotone: whether adding a record moves no two values in opposite directions.
  ///   - thresholdShare: ε₁/ε, strictly between 0 and 1.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(
    epsilon: Epsilon, cutoff: Cutoff, sensitivity: Int = 1, monotone: Bool = false,
    thresholdShare: Rational = Rational(1, 2)
  ) throws(ParameterError) {
    try ScaleLimits.checkPositive(epsilon.value, "epsilon")
    try ScaleLimits.checkSensitivity(sensitivity)
    guard thresholdShare.signum > 0, thresholdShare < 1 else {
      throw ParameterError(.outOfRange, "threshold-share", "must lie strictly between 0 and 1")
    }
    let thresholdScale = Rational(sensitivity) / (epsilon.value * thresholdShare)
    let valueScale =
      Rational(sensitivity) * Rational(cutoff.value) * (monotone ? 1 : 2) / (epsilon.value * (1 - thresholdShare))
    try ScaleLimits.checkScale(thresholdScale, "epsilon")
    try ScaleLimits.checkScale(valueScale, "epsilon")
    self.epsilon = epsilon
    self.cutoff = cutoff
    self.sensitivity = sensitivity
    thresholdNoise = NoiseSource(.discreteLaplace(scale: thresholdScale))
    valueNoise = NoiseSource(.discreteLaplace(scale: valueScale))
  }

  /// One whole stream, however many values it has.
  public var event: PrivacyEvent { .sparseVector(epsilon: epsilon, cutoff: cutoff) }

  /// Starts a stream against a public threshold.
  public func start(threshold: Int64, using generator: inout SecureGenerator) -> SparseVectorStream {
    begin(threshold: threshold, using: &generator)
  }

  package func begin<Source: UniformSource & ~Copyable>(
    threshold: Int64, using source: inout Source
  ) -> SparseVectorStream {
    SparseVectorStream(
      threshold: thresholdNoise.noisy(threshold, using: &source), noise: valueNoise, left: cutoff.value)
  }
}

/// One stream of a ``SparseVectorMechanism``: it holds the noisy threshold, so it can be neither copied nor printed.
public struct SparseVectorStream: ~Copyable, Sendable {
  private let threshold: Int64
  private let noise: NoiseSource
  private var left: Int

  init(threshold: Int64, noise: NoiseSource, left: Int) {
    self.threshold = threshold
    self.noise = noise
    self.left = left
  }

  /// Whether the stream has ended.
  public var hasEnded: Bool { left == 0 }

  /// Whether the value, with noise, reaches the noisy threshold; `nil`, for every value, once the stream has ended.
  public mutating func isAbove(_ value: Int64, using generator: inout SecureGenerator) -> Bool? {
    draw(value, using: &generator)
  }

  package mutating func draw<Source: UniformSource & ~Copyable>(_ value: Int64, using source: inout Source) -> Bool? {
    guard left > 0 else { return nil }
    let above = noise.noisy(value, using: &source) >= threshold
    if above { left -= 1 }
    return above
  }
}
