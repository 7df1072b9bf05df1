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
  /// The accountant that was asked.
  public let accountant: String
}

/// Finds the parameter that meets a privacy target, never nearly.
///
/// The search keeps one value known to meet the target and one known not to, judges by the accountant's upper bound
/// only, and returns the one that meets it. Real values are decimals of nine significant digits within 1e-7 relative
/// of the accountant's own limit; whole values are the best there is.
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
    let target = CalibrationTarget(
      template: template, epsilon: epsilon, delta: delta, adjacency: adjacency, accountant: accountant)
    let value = template.isWhole ? try wholeValue(target) : try realValue(target)
    let event = try template.event(value)
    let bounds = try accountant.epsilon(of: event, delta: delta, adjacency: adjacency)
    // δ(ε) ≤ δ was certified at the target itself, so the target is an upper bound too.
    let upper = min(bounds.upper, epsilon.value.doubleValue)
    return CalibratedParameter(
      parameter: template.parameter, value: value, event: event,
      epsilon: Bounds(lower: bounds.lower.map { min($0, upper) }, upper: upper), accountant: accountant.name)
  }

  private static func unsolvable(_ target: CalibrationTarget, _ reason: String) -> AccountingError {
    AccountingError(.noSolution, "\(reason) of '\(target.template.parameter)' meets the target")
  }

  /// Bisection over the logarithm, then rounding to a short decimal on the safe side.
  private static func realValue(_ target: CalibrationTarget) throws -> Rational {
    let safer = target.template.largerIsSafer
    let ceiling = ["rate", "p"].contains(target.template.parameter) ? 1.0 : 1e12
    let (safest, riskiest) = safer ? (ceiling, 1e-12) : (1e-12, ceiling)
    var good = safest
    guard try target.meets(exact(good)) else { throw unsolvable(target, "no value from 1e-12 to \(ceiling)") }
    var bad = riskiest
    guard try !target.meets(exact(bad)) else { throw unsolvable(target, "every value from 1e-12 to \(ceiling)") }
    // Close in from 1, where most parameters live.
    var probe = min(1, ceiling)
    if probe != good, probe != bad {
      if try target.meets(exact(probe)) { good = probe } else { bad = probe }
      while true {
        probe = good == probe ? probe * (bad > good ? 8 : 0.125) : probe * (good > bad ? 8 : 0.125)
        guard probe > min(good, bad), probe < max(good, bad) else { break }
        if try target.meets(exact(probe)) { good = probe } else { bad = probe }
        if max(good, bad) / min(good, bad) < 9 { break }
      }
    }
    while max(good, bad) / min(good, bad) > 1 + 2e-8 {
      let middle = (good * bad).squareRoot()
      if try target.meets(exact(middle)) { good = middle } else { bad = middle }
    }
    if let short = nearestShortDecimal(good), try target.meets(short) { return short }
    let rounded = shortDecimal(good, roundedUp: safer)
    if try target.meets(rounded) { return rounded }
    return exact(good)
  }

  private static func wholeValue(_ target: CalibrationTarget) throws -> Rational {
    let safer = target.template.largerIsSafer
    let most = 1 << 40
    if safer {
      var (good, bad) = (1, 0)
      while try !target.meets(Rational(good)) {
        bad = good
        guard good < most else { throw unsolvable(target, "no value") }
        good *= 2
      }
      while good - bad > 1 {
        let middle = bad + (good - bad) / 2
        if try target.meets(Rational(middle)) { good = middle } else { bad = middle }
      }
      return Rational(good)
    }
    var (good, bad) = (1, 2)
    guard try target.meets(1) else { throw unsolvable(target, "no value") }
    while try target.meets(Rational(bad)) {
      good = bad
      guard bad < most else { throw unsolvable(target, "every value up to 2^40") }
      bad *= 2
    }
    while bad - good > 1 {
      let middle = good + (bad - good) / 2
      if try target.meets(Rational(middle)) { good = middle } else { bad = middle }
    }
    return Rational(good)
  }

  private static func exact(_ value: Double) -> Rational { Rational(exactly: value) ?? 1 }

  /// The nearest decimal of seven significant digits when it is within 1e-7 relative: closed forms give round numbers.
  private static func nearestShortDecimal(_ value: Double) -> Rational? {
    let target = exact(value)
    var unit = Rational.one
    while target / unit >= 10_000_000 { unit *= 10 }
    while target / unit < 1_000_000 { unit = unit / 10 }
    guard let steps = (target / unit + Rational(1, 2)).floor else { return nil }
    let rounded = Rational(steps) * unit
    return (rounded - target).magnitude * 10_000_000 <= target ? rounded : nil
  }

  /// A decimal of nine significant digits next to a positive double.
  private static func shortDecimal(_ value: Double, roundedUp: Bool) -> Rational {
    let target = exact(value)
    var unit = Rational.one
    while target / unit >= 1_000_000_000 { unit *= 10 }
    while target / unit < 100_000_000 { unit = unit / 10 }
    let steps = target / unit
    return Rational((roundedUp ? steps.ceiling : steps.floor) ?? 0) * unit
  }
}

/// What a candidate value has to meet.
private struct CalibrationTarget {
  let template: EventTemplate
  let epsilon: Epsilon
  let delta: Delta
  let adjacency: Adjacency
  let accountant: any Accountant

  /// Whether the accountant certifies δ(ε) ≤ δ with this value.
  func meets(_ value: Rational) throws -> Bool {
    let event: PrivacyEvent
    do throws(ParameterError) {
      event = try template.event(value)
    } catch {
      // A whole value outside the parameter's range, such as more levels than fit, meets nothing.
      guard error.code == .outOfRange || error.code == .inconsistent else { throw error }
      return false
    }
    let upper = try accountant.delta(of: event, epsilon: epsilon, adjacency: adjacency).upper
    guard let exact = Rational(exactly: upper) else { return false }
    return exact <= delta.value
  }
}
