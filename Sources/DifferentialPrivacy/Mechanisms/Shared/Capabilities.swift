public import ExactMath
public import PrivacyAccounting

// What a mechanism is, as a type. A conversion between definitions of privacy takes a mechanism that has the property
// its theorem asks for, so that a conversion outside its theorem does not compile.

/// A mechanism that is ε-differentially private with δ = 0.
public protocol PureDP: Sendable {
  /// An ε that one release satisfies.
  var pureLoss: Epsilon { get }

  /// What one release costs.
  var event: PrivacyEvent { get }
}

/// A mechanism whose privacy loss, for any two neighbours, stays in an interval of length ε.
///
/// Durfee and Rogers (2019). Stronger than pure ε: Laplace noise and permute-and-flip have it only for 2ε.
public protocol BoundedRange: PureDP {
  /// The length of the interval.
  var lossRange: Epsilon { get }
}

/// A mechanism that is ρ-zero-concentrated differentially private by a theorem of its own.
public protocol ConcentratedDP: Sendable {
  /// A ρ that one release satisfies.
  var concentratedLoss: Rho { get }

  /// What one release costs.
  var event: PrivacyEvent { get }
}

/// A mechanism no easier to attack than telling N(0, 1) from N(μ, 1).
///
/// Dong, Roth and Su (2022). The discrete Gaussian and Skellam noise do not have it for the μ of their variance.
public protocol GaussianDP: ConcentratedDP {
  /// μ².
  var squaredMu: Rational { get }
}

extension GaussianDP {
  /// μ²/2 (Bun and Steinke 2016, proposition 1.6).
  public var concentratedLoss: Rho { Rho(unchecked: squaredMu / 2) }
}

extension Quantity where Kind == RhoKind {
  /// ε²/2, which holds for every mechanism of pure ε (Bun and Steinke 2016, proposition 3.3).
  public init(pure mechanism: some PureDP) {
    let epsilon = mechanism.pureLoss.value
    self.init(unchecked: epsilon * epsilon / 2)
  }

  /// ε²/8, which holds for a loss of bounded range ε only (Cesar and Rogers 2021, lemma 3.2).
  public init(boundedRange mechanism: some BoundedRange) {
    let epsilon = mechanism.lossRange.value
    self.init(unchecked: epsilon * epsilon / 8)
  }
}

extension DiscreteLaplaceMechanism: PureDP {
  /// The sensitivity over the scale.
  public var pureLoss: Epsilon { Epsilon(unchecked: sensitivity.value / scale.value) }
}

extension ExponentialMechanism: BoundedRange {
  /// ε.
  public var pureLoss: Epsilon { epsilon }
  /// ε: scores move the log-weights by at most ε/2 either way, or by at most ε one way when they are monotone.
  public var lossRange: Epsilon { epsilon }
}

extension PermuteAndFlipMechanism: PureDP {
  /// ε.
  public var pureLoss: Epsilon { epsilon }
}

extension SparseVectorMechanism: PureDP {
  /// ε, for one whole stream.
  public var pureLoss: Epsilon { epsilon }
}

extension GaussianMechanism: GaussianDP {
  /// The squared L2 sensitivity over σ².
  public var squaredMu: Rational { sensitivity.squared / sigma.variance }
}

extension DiscreteGaussianMechanism: ConcentratedDP {
  /// Δ²/(2σ²) (Canonne, Kamath and Steinke 2020, theorem 14).
  public var concentratedLoss: Rho { Rho(unchecked: sensitivity.squared / sigma.variance / 2) }
}
