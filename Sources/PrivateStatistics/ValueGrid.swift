public import ExactMath

/// The public integers onto which a column's values are put: clamp to the range, round to the nearest step.
///
/// The default step is the power of two that gives the larger end of the range 2²⁰ to 2²¹ steps (2¹⁰ to 2¹¹ for
/// variances), so it depends on the query alone. Rounding to nearest cannot leave the range, because the integer is
/// clamped last; the integer bounds are the sensitivity.
public struct ValueGrid: Sendable, Hashable {
  /// The least value.
  public let low: Rational
  /// The greatest value.
  public let high: Rational
  /// The distance of neighbouring values.
  public let step: Rational
  /// The least value in steps, rounded inward.
  let lowest: Int
  /// The greatest value in steps, rounded inward.
  let highest: Int
  private let conversion: GridConversion

  /// The most steps either end of a range may have.
  static let mostSteps = 1 << 40

  init(range: ClosedRange<Rational>, step: Rational?, resolution: Int) throws(StatisticsError) {
    let reach = max(range.lowerBound.magnitude, range.upperBound.magnitude)
    guard range.lowerBound < range.upperBound else { throw .query("range", "must have its ends in order") }
    guard reach <= Rational.power(of: 10, 30) else { throw .query("range", "must lie within -1e30 to 1e30") }
    if let step {
      guard step.signum > 0 else { throw .query("step", "must be above 0") }
      self.step = step
    } else {
      self.step = ValueGrid.defaultStep(reach: reach, resolution: resolution)
    }
    guard let lowest = (range.lowerBound / self.step).ceiling, let highest = (range.upperBound / self.step).floor,
      lowest >= -ValueGrid.mostSteps, highest <= ValueGrid.mostSteps
    else { throw .query("step", "the range has more than 2^40 steps") }
    guard lowest < highest else { throw .query("step", "the range has fewer than two steps") }
    low = range.lowerBound
    high = range.upperBound
    self.lowest = lowest
    self.highest = highest
    conversion = GridConversion(step: self.step)
  }

  /// The middle of the range in steps: means and variances are taken around it, which halves the noise.
  var middle: Int { lowest + (highest - lowest) / 2 }

  /// The larger of the magnitudes of a range's ends, in steps.
  var reach: Int { max(highest.magnitude, lowest.magnitude).asInt }

  /// The largest distance from the middle, in steps.
  var radius: Int { max(highest - middle, middle - lowest) }

  /// The step of a number written in decimal, clamped.
  func index(of decimal: DecimalText) -> Int { clamp(conversion.nearest(decimal)) }

  /// The part of the grid that hot loops need, free of references; what it refuses goes back to ``index(of:)-(DecimalText)``.
  var quick: QuickGrid { QuickGrid(lowest: lowest, highest: highest, shift: conversion.quickShift) }

  /// The step of an exact number, clamped.
  func index(of value: Rational) -> Int {
    clamp(conversion.nearest(value))
  }

  @inline(__always)
  private func clamp(_ index: Int) -> Int { min(max(index, lowest), highest) }

  private static func defaultStep(reach: Rational, resolution: Int) -> Rational {
    var step = Rational.one
    let target = Rational(1 << resolution)
    while reach / step < target { step = step / 2 }
    while reach / step >= target * 2 { step = step * 2 }
    return step
  }
}

extension UInt {
  /// The value, which is known to fit.
  fileprivate var asInt: Int { Int(truncatingIfNeeded: self) }
}

extension Rational {
  /// A power with a non-negative exponent.
  static func power(of base: Int, _ exponent: Int) -> Rational {
    (0..<exponent).reduce(Rational.one) { result, _ in result * Rational(base) }
  }
}
