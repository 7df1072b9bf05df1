public import ExactMath
public import PrivacyAccounting

/// The grid of a real-valued mechanism: all multiples of 2^exponent.
///
/// Data is clamped, rounded to the grid and summed in whole steps; noise falls on the grid; the answer leaves as steps.
/// So no answer has a bit below the grid, and the sensitivity is one of whole numbers.
public struct Grid: Sendable, Hashable, CustomStringConvertible {
  /// log₂ of the step.
  public let exponent: Int

  /// The grid of step 2^exponent.
  ///
  /// - Throws: `ParameterError` for exponents outside −900 … 900.
  public init(exponent: Int) throws(ParameterError) {
    guard (-900...900).contains(exponent) else {
      throw ParameterError(.outOfRange, "grid", "must have a step from 2^-900 to 2^900")
    }
    self.exponent = exponent
  }

  /// The default grid for noise of this scale: a step with 2¹⁵ ≤ scale/step < 2¹⁶.
  ///
  /// - Throws: `ParameterError` for scales that are not above zero or whose grid would be out of range.
  public init(forScale scale: Rational) throws(ParameterError) {
    try ScaleLimits.checkPositive(scale, "scale")
    try self.init(forSquaredScale: scale * scale)
  }

  /// The default grid for noise whose scale has this square.
  init(forSquaredScale square: Rational) throws(ParameterError) {
    try self.init(exponent: Grid.floorLog2(square) - 15)
  }

  /// The step.
  public var step: Rational { Grid.powerOfTwo(exponent) }

  /// The number of steps nearest to zero that a value spans, `nil` for NaN; values beyond ±2⁶¹ steps are clamped.
  ///
  /// Rounding toward zero keeps every norm, so a clamped value's bound is still the sensitivity afterwards.
  public func steps(toward value: Double) -> Int64? {
    guard !value.isNaN else { return nil }
    let scaled = Double(sign: value.sign, exponent: -exponent, significand: value.magnitude)
    let limit = Double(SignedSample.limit / 2)
    return Int64(min(max(scaled, -limit), limit).rounded(.towardZero))
  }

  /// `step 2^exponent`.
  public var description: String { "2^\(exponent)" }

  /// 2 to any power.
  static func powerOfTwo(_ exponent: Int) -> Rational {
    var result = Rational.one
    var left = abs(exponent)
    while left > 0 {
      let places = min(left, 60)
      result *= Rational(1 << places)
      left -= places
    }
    return exponent < 0 ? Rational.one / result : result
  }

  /// The largest e with 4^e ≤ square.
  private static func floorLog2(_ square: Rational) -> Int {
    let bits = BigWhole(numeratorOf: square).bitWidth - BigWhole(denominatorOf: square).bitWidth
    // 2^(bits − 1) < square < 2^(bits + 1).
    var exponent = bits >= 0 ? (bits + 1) / 2 + 1 : bits / 2 + 1
    while powerOfTwo(2 * exponent) > square { exponent -= 1 }
    return exponent
  }
}

/// An answer on a grid: a whole number of steps, which says how coarse it is.
public struct GridValue: Sendable, Hashable, CustomStringConvertible {
  /// The number of steps.
  public let steps: Int64
  /// The grid.
  public let grid: Grid

  /// A number of steps of a grid.
  public init(steps: Int64, grid: Grid) {
    self.steps = steps
    self.grid = grid
  }

  /// The value, exact up to 2⁵³ steps and rounded to nearest beyond.
  public var value: Double {
    Double(sign: .plus, exponent: grid.exponent, significand: Double(steps))
  }

  /// The exact value.
  public var exactValue: Rational { Rational(Int(steps)) * grid.step }

  /// The shortest text that reads back as the same double.
  public var description: String { value.description }
}
