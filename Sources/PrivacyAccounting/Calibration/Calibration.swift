public import ExactMath

/// A parameter found by ``Calibration``.
public struct CalibratedParameter: Sendable {
  /// The parameter's name.
  public let parameter: String
  /// Its exact value.
  public let value: Rational
  /// The event with that value.
  public let event: PrivacyEvent
  /// Bounds on ε at the target δ; the upper one is not above the target.
  public let epsilon: Bounds
  /// The accountant whose bound certifies the answer; never `auto`.
  public let accountant: String
}

/// Finds the parameter that meets a privacy target, never nearly.
///
/// The search keeps one value known to meet the target and one known not to, judges by the accountant's upper bound
/// only, and returns the one that meets it. Real values are short decimals within 1e-6 relative of the accountant's own
/// limit; whole values are the best there is. Cheap accountants bracket the answer before a costly one is asked.
public enum Calibration {
  /// Solves a template for its open parameter.
  ///
  /// - Throws: ``AccountingError`` when no value meets the target, every value does, or the accountant has no rule;
  ///   ``ParameterError`` when the template is no event.
  public static func solve(
    _ template: EventTemplate, epsilon: Epsilon, delta: Delta, adjacency: Adjacency,
    accountant: any Accountant = AutomaticAccountant()
  ) throws -> CalibratedParameter {
    // At δ = 0 only pure composition can certify anything.
    let accountant: any Accountant =
      delta.value.signum == 0 && accountant is AutomaticAccountant ? PureAccountant() : accountant
    var search = CalibrationSearch(
      CalibrationTarget(
        template: template, epsilon: epsilon, delta: delta, adjacency: adjacency, accountant: accountant))
    let value = try template.isWhole ? search.wholeValue() : search.realValue()
    let event = try template.event(value)
    let certified = try CalibrationTarget.answer(
      of: accountant, event: event, epsilon: epsilon, delta: delta, adjacency: adjacency)
    // δ(ε) ≤ δ was certified at the target itself, so the target is an upper bound too.
    let upper = min(certified.bounds.upper, epsilon.value.doubleRoundedUp)
    return CalibratedParameter(
      parameter: template.parameter, value: value, event: event,
      epsilon: Bounds(lower: certified.bounds.lower.map { min($0, upper) }, upper: upper),
      accountant: certified.accountant)
  }
}
