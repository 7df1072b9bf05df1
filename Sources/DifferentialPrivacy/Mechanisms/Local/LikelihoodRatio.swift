public import ExactMath
public import PrivacyAccounting

/// e^ε of a local randomiser, exactly: the largest ratio of the probabilities that two inputs give to one report.
///
/// Local randomisers flip rational coins, so e^ε and not ε is the rational number, and their privacy is exact. As an
/// event the ratio R is the binary randomised response of the same ratio, replacement 2/(R + 1), which dominates every
/// ε-differentially private mechanism (Kairouz, Oh and Viswanath 2015): no accountant reads less than the
/// truth, and all of them know that the mechanism is local.
public struct LikelihoodRatio: Sendable, Hashable, CustomStringConvertible {
  /// R = e^ε, above 1.
  public let value: Rational

  /// A ratio.
  ///
  /// - Throws: `ParameterError` unless it lies above 1, up to 2⁶², with at most 1,024 bits above and below the line.
  public init(_ value: Rational) throws(ParameterError) {
    guard value > 1, value <= Rational(1 << 62) else {
      throw ParameterError(.outOfRange, "ratio", "must be above 1 and at most 2^62")
    }
    try ScaleLimits.checkDigits(value, "ratio")
    self.value = value
  }

  /// The largest ratio on a fine grid with R ≤ e^ε: a randomiser built from it costs at most ε.
  ///
  /// - Throws: `ParameterError` for ε below 2⁻²⁰ or above 42.
  public init(epsilon: Epsilon) throws(ParameterError) {
    guard epsilon.value >= Rational(1, 1 << 20), epsilon.value <= 42 else {
      throw ParameterError(.outOfRange, "epsilon", "must be from 2^-20 to 42 for a local randomiser")
    }
    // e^ε ≥ 1/high for any high ≥ e^(−ε): whole numbers only.
    let high = ExactExponential.bounds(
      BigWhole(numeratorOf: epsilon.value), over: BigWhole(denominatorOf: epsilon.value), precision: 100
    ).high
    try self.init(Rational(whole: ((.one << 140) / high)) / Rational(1 << 40))
  }

  /// A rational ε not below ln R, within a few units in the last place of a double.
  public var epsilon: Epsilon {
    let bound = Interval(value).logarithm.high
    return Epsilon(unchecked: Rational(exactly: bound) ?? value - 1)
  }

  /// One report.
  public var event: PrivacyEvent {
    .randomizedResponse(
      replacement: ReplacementProbability(unchecked: 2 / (value + 1)), categories: CategoryCount(unchecked: 2))
  }

  /// R.
  public var description: String { value.decimalDescription }
}
