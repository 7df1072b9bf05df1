import ExactMath
import PrivacyAccounting

/// What selection mechanisms share: the coin that keeps a candidate whose score lies `gap` below the best.
struct SelectionCoin: Sendable {
  /// ε/(2Δ), or ε/Δ for monotone scores, as a fraction.
  private let numerator: BigWhole
  private let denominator: BigWhole

  init(epsilon: Epsilon, sensitivity: Int, monotone: Bool) throws(ParameterError) {
    try ScaleLimits.checkPositive(epsilon.value, "epsilon")
    try ScaleLimits.checkSensitivity(sensitivity)
    let rate = epsilon.value / Rational(sensitivity) / (monotone ? 1 : 2)
    try ScaleLimits.checkDigits(rate, "epsilon")
    numerator = BigWhole(numeratorOf: rate)
    denominator = BigWhole(denominatorOf: rate)
  }

  /// True with probability e^(−rate · gap).
  func flip<Source: UniformSource & ~Copyable>(gap: UInt64, using source: inout Source) -> Bool {
    if gap == 0 { return true }
    let top = BigWhole(gap) * numerator
    if let top = top.word, let bottom = denominator.word { return source.bernoulliExp(top, over: bottom) }
    return source.bernoulliExp(top, over: denominator)
  }
}
