private import CKernels
public import ExactMath

/// A clip that follows a quantile of the norms of updates (Andrew, Thakkar, McMahan and Ramaswamy 2021).
///
/// Every client sends one more coordinate, +s when its norm is within the clip and −s when not. It is summed, noised and
/// accounted as part of the same vector: the vector's squared sensitivity is R² + s², so the number of updates within
/// the clip costs nothing beyond what is charged. With s = σ/(2σ_b) the number carries noise of σ_b clients, which is
/// the published split z_Δ = (z⁻² − (2σ_b)⁻²)^(−1/2). The share is taken of the expected cohort, a constant. The clip
/// moves by whole factors after a round's sum is applied: C ← C·e^(−η(b̃ − γ)). The grid moves with it, so that the
/// radius in grid steps, and with it noise and sensitivity in grid steps, stay what they are.
public struct AdaptiveClip: Sendable, Hashable {
  /// C of the first round.
  public let initial: Double
  /// γ.
  public let quantile: Double
  /// η.
  public let rate: Double
  /// σ_b, in clients.
  public let countNoise: Rational
  /// s, in grid steps.
  public let indicator: Int64

  /// The clip of the next round.
  ///
  /// - Parameters:
  ///   - clip: the clip of this round.
  ///   - sum: the noised sum of the indicator coordinate.
  ///   - expected: the expected cohort.
  func next(_ clip: Double, sum: Int64, expected: Double) -> Double {
    let share = (Double(sum) / (Double(indicator) * expected) + 1) / 2
    // A noisy share may lie outside 0 to 1 and is used as it is; the clip stays a usable grid whatever comes.
    let moved = clip * tacit_exp(-rate * (max(-4, min(5, share)) - quantile))
    return max(1e-12, min(1e12, moved))
  }
}
