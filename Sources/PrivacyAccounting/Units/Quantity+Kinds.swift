public import ExactMath

/// The kind of ``Epsilon``.
public enum EpsilonKind: QuantityKind {
  /// The parameter's name.
  public static let name = "epsilon"
  /// The allowed range in words.
  public static let range = "a finite number ≥ 0"
  /// Whether an exact value lies in the range.
  public static func allows(_ value: Rational) -> Bool { value.signum >= 0 }
}

/// ε of pure or approximate differential privacy.
public typealias Epsilon = Quantity<EpsilonKind>

/// The kind of ``Delta``.
public enum DeltaKind: QuantityKind {
  /// The parameter's name.
  public static let name = "delta"
  /// The allowed range in words.
  public static let range = "a number in [0, 1)"
  /// Whether an exact value lies in the range.
  public static func allows(_ value: Rational) -> Bool { value.signum >= 0 && value < 1 }
}

/// δ of approximate differential privacy: the probability mass that ε does not cover.
public typealias Delta = Quantity<DeltaKind>

/// The kind of ``Rho``.
public enum RhoKind: QuantityKind {
  /// The parameter's name.
  public static let name = "rho"
  /// The allowed range in words.
  public static let range = "a finite number ≥ 0"
  /// Whether an exact value lies in the range.
  public static func allows(_ value: Rational) -> Bool { value.signum >= 0 }
}

/// ρ of zero-concentrated differential privacy (Bun and Steinke 2016).
public typealias Rho = Quantity<RhoKind>

/// The kind of ``RenyiOrder``.
public enum RenyiOrderKind: QuantityKind {
  /// The parameter's name.
  public static let name = "order"
  /// The allowed range in words.
  public static let range = "a finite number > 1"
  /// Whether an exact value lies in the range.
  public static func allows(_ value: Rational) -> Bool { value > 1 }
}

/// An order α of Rényi differential privacy (Mironov 2017).
public typealias RenyiOrder = Quantity<RenyiOrderKind>

/// The kind of ``GaussianMu``.
public enum GaussianMuKind: QuantityKind {
  /// The parameter's name.
  public static let name = "mu"
  /// The allowed range in words.
  public static let range = "a finite number ≥ 0"
  /// Whether an exact value lies in the range.
  public static func allows(_ value: Rational) -> Bool { value.signum >= 0 }
}

/// μ of Gaussian differential privacy (Dong, Roth and Su 2019): sensitivity over σ.
public typealias GaussianMu = Quantity<GaussianMuKind>

/// The kind of ``LaplaceScale``.
public enum LaplaceScaleKind: QuantityKind {
  /// The parameter's name.
  public static let name = "scale"
  /// The allowed range in words.
  public static let range = "a finite number > 0"
  /// Whether an exact value lies in the range.
  public static func allows(_ value: Rational) -> Bool { value.signum > 0 }
}

/// The scale b of a continuous or discrete Laplace law, density ∝ e^(−|x|/b).
public typealias LaplaceScale = Quantity<LaplaceScaleKind>

/// The kind of ``Sensitivity``.
public enum SensitivityKind: QuantityKind {
  /// The parameter's name.
  public static let name = "sensitivity"
  /// The allowed range in words.
  public static let range = "a finite number > 0"
  /// Whether an exact value lies in the range.
  public static func allows(_ value: Rational) -> Bool { value.signum > 0 }
}

/// The largest change of a query between adjacent data sets, in the norm of the mechanism.
public typealias Sensitivity = Quantity<SensitivityKind>

/// The kind of ``GridSensitivity``.
public enum GridSensitivityKind: QuantityKind {
  /// The parameter's name.
  public static let name = "sensitivity"
  /// The allowed range in words.
  public static let range = "a whole number > 0"
  /// Whether an exact value lies in the range.
  public static func allows(_ value: Rational) -> Bool { value.signum > 0 && value.isInteger }
}

/// A sensitivity in whole grid steps.
public typealias GridSensitivity = Quantity<GridSensitivityKind>

/// The kind of ``SamplingRate``.
public enum SamplingRateKind: QuantityKind {
  /// The parameter's name.
  public static let name = "rate"
  /// The allowed range in words.
  public static let range = "a number in [0, 1]"
  /// Whether an exact value lies in the range.
  public static func allows(_ value: Rational) -> Bool { value.signum >= 0 && value <= 1 }
}

/// The probability with which each privacy unit takes part, independently.
public typealias SamplingRate = Quantity<SamplingRateKind>

/// The kind of ``ReplacementProbability``.
public enum ReplacementProbabilityKind: QuantityKind {
  /// The parameter's name.
  public static let name = "p"
  /// The allowed range in words.
  public static let range = "a number in (0, 1]"
  /// Whether an exact value lies in the range.
  public static func allows(_ value: Rational) -> Bool { value.signum > 0 && value <= 1 }
}

/// The probability with which randomised response replaces the answer by a uniform one.
public typealias ReplacementProbability = Quantity<ReplacementProbabilityKind>
