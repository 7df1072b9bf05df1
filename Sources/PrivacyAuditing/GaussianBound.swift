/// A lower bound for the μ of a mechanism that claims μ-Gaussian differential privacy.
///
/// **What it refutes**: "the mechanism is μ-GDP" for every μ below ``mu``; read as an ε it refutes "(ε, δ) with the
/// profile of a Gaussian mechanism". It is no bound on the ε of a mechanism that is (ε, δ)-private in some other way,
/// and for that reason ``MechanismAudit`` never uses it.
///
/// Source: μ ≥ Φ⁻¹(1 − FPR) − Φ⁻¹(FNR) for every test of a μ-GDP mechanism (Dong, Roth and Su 2019), with
/// Clopper–Pearson limits of both rates (Nasr et al. 2023).
public struct GaussianBound: Sendable, Hashable {
  /// The largest μ refuted; 0 when none is.
  ///
  /// Never the absolute value: an attack that is worse than guessing proves nothing.
  public let mu: Double

  /// The bound from counts of an event that was fixed before they were seen.
  ///
  /// - Parameters:
  ///   - counts: How often the event happened.
  ///   - alpha: Probability that the bound lies above the truth, in (0, 1).
  public init(_ counts: EventCounts, alpha: Double) {
    let falseAlarm = BinomialConfidence.upperBound(successes: counts.first, trials: counts.trials, error: alpha / 2)
    let miss = BinomialConfidence.upperBound(
      successes: counts.trials - counts.second, trials: counts.trials, error: alpha / 2)
    let bound = -NormalLaw.quantile(falseAlarm) - NormalLaw.quantile(miss)
    mu = bound.isFinite ? max(0, bound) : 0
  }

  /// The ε of a Gaussian mechanism with this μ at a δ in (0, 1).
  public func epsilon(delta: Double) -> Double { NormalLaw.epsilon(mu: mu, delta: delta) }
}
