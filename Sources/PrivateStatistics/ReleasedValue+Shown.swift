import ExactMath

extension ReleasedValue {
  /// The value and its interval with the digits that the interval supports: two of its half width, and never fewer than
  /// two decimals where the value has more.
  ///
  /// The value is rounded to the nearest, the interval's ends outwards, so that the interval covers at least as often as
  /// before. Whole numbers and infinite ends stay as they are.
  public var shown: ReleasedValue {
    let halfWidth = (highValue - lowValue) / 2
    let places = ReleasedValue.places(halfWidth.isFinite && halfWidth > 0 ? halfWidth : abs(value))
    return ReleasedValue(
      text: ReleasedValue.rounded(text, places, plus: Rational(1, 2)), low: ReleasedValue.rounded(low, places, plus: 0),
      high: ReleasedValue.rounded(high, places, plus: nil))
  }

  /// The decimals that hold two digits of a size: of the half width, or of the value where that is 0 or infinite.
  private static func places(_ size: Double) -> Int {
    var places = 2
    var unit = 0.1
    while places < 18, size < unit {
      places += 1
      unit /= 10
    }
    return places
  }

  /// A number with so many decimals at most; what is added before rounding down says which way, upwards for `nil`.
  private static func rounded(_ text: String, _ places: Int, plus shift: Rational?) -> String {
    guard text.contains("."), let value = Rational(text) else { return text }
    let scaled = value * Rational.power(of: 10, places)
    guard let whole = shift.map({ (scaled + $0).floor }) ?? scaled.ceiling else { return text }
    return (Rational(whole) / Rational.power(of: 10, places)).decimalDescription
  }
}
