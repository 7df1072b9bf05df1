/// A closed interval of reals with double endpoints that certainly contains the exact result.
///
/// Addition, subtraction, multiplication, division and square root are correctly rounded in IEEE 754, so one step to
/// the next double on either side encloses the exact value. The floating-point environment is never touched.
///
/// **Edge cases**: endpoints may be infinite; an operation whose result cannot be enclosed otherwise gives the whole
/// line, never NaN.
package struct Interval: Sendable, Hashable {
  /// The lower endpoint.
  package let low: Double
  /// The upper endpoint.
  package let high: Double

  /// The interval from `low` to `high`; NaN on either side gives the whole line.
  package init(_ low: Double, _ high: Double) {
    if low <= high {
      self.low = low
      self.high = high
    } else {
      precondition(low.isNaN || high.isNaN, "an interval's endpoints are in order")
      self.low = -.infinity
      self.high = .infinity
    }
  }

  /// One exact double.
  package init(_ value: Double) {
    self.init(value, value)
  }

  /// The tightest interval around an exact rational.
  package init(_ value: Rational) {
    self.init(value.doubleRoundedDown, value.doubleRoundedUp)
  }

  /// The interval `low … high` widened by one double on either side.
  fileprivate init(outward low: Double, _ high: Double) {
    self.init(low.nextDown, high.nextUp)
  }

  /// The whole line.
  package static let everything = Interval(-.infinity, .infinity)

  /// Zero.
  package static let zero = Interval(0)
  /// One.
  package static let one = Interval(1)

  /// `high - low`, rounded up.
  package var width: Double { low == high ? 0 : (high - low).nextUp }

  /// A double inside the interval.
  package var middle: Double {
    let half = low / 2 + high / 2
    return Swift.min(Swift.max(half.isNaN ? 0 : half, low), high)
  }

  /// Whether a double lies in the interval.
  package func contains(_ value: Double) -> Bool { low <= value && value <= high }
}

extension Interval: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  /// An integer that is exact as a double.
  package init(integerLiteral value: Int) { self.init(Double(value)) }
  /// The double nearest to the literal; only for literals that are exact in binary.
  package init(floatLiteral value: Double) { self.init(value) }
}

extension Interval {
  package static func + (a: Interval, b: Interval) -> Interval {
    Interval(outward: a.low + b.low, a.high + b.high)
  }

  package static func - (a: Interval, b: Interval) -> Interval {
    Interval(outward: a.low - b.high, a.high - b.low)
  }

  package static prefix func - (a: Interval) -> Interval { Interval(-a.high, -a.low) }

  package static func * (a: Interval, b: Interval) -> Interval {
    if a.low >= 0, b.low >= 0, a.high < .infinity, b.high < .infinity {
      return Interval(Swift.max(0, (a.low * b.low).nextDown), (a.high * b.high).nextUp)
    }
    let products = [
      product(a.low, b.low), product(a.low, b.high), product(a.high, b.low), product(a.high, b.high),
    ]
    var (low, high) = (products[0], products[0])
    for value in products {
      low = Swift.min(low, value)
      high = Swift.max(high, value)
    }
    return Interval(outward: low, high)
  }

  /// A product of endpoints, where an infinite endpoint stands for finite values without bound.
  private static func product(_ a: Double, _ b: Double) -> Double { a == 0 || b == 0 ? 0 : a * b }

  /// The quotient; the whole line when the divisor may be zero.
  package static func / (a: Interval, b: Interval) -> Interval {
    guard b.low > 0 || b.high < 0 else { return .everything }
    return a * Interval(outward: 1 / b.high, 1 / b.low).keepingSign(of: b)
  }

  private func keepingSign(of other: Interval) -> Interval {
    other.low > 0 ? Interval(Swift.max(0, low), high) : Interval(low, Swift.min(0, high))
  }

  package static func += (a: inout Interval, b: Interval) { a = a + b }
  package static func -= (a: inout Interval, b: Interval) { a = a - b }
  package static func *= (a: inout Interval, b: Interval) { a = a * b }

  /// The square, never negative.
  package var squared: Interval {
    if low >= 0 { return self * self }
    if high <= 0 { return (-self) * (-self) }
    let most = Swift.max(-low, high)
    return Interval(0, (most * most).nextUp)
  }

  /// The square root of the non-negative part.
  package var squareRoot: Interval {
    Interval(Swift.max(0, Swift.max(0, low).squareRoot().nextDown), Swift.max(0, high).squareRoot().nextUp)
  }

  /// The values that lie in both intervals; `nil` when there are none.
  package func intersection(_ other: Interval) -> Interval? {
    let bottom = Swift.max(low, other.low)
    let top = Swift.min(high, other.high)
    return bottom <= top ? Interval(bottom, top) : nil
  }

  /// The smallest interval that holds both.
  package func union(_ other: Interval) -> Interval {
    Interval(Swift.min(low, other.low), Swift.max(high, other.high))
  }

  /// The part not below `bound`; the point `bound` when there is none.
  package func atLeast(_ bound: Double) -> Interval {
    Interval(Swift.max(low, bound), Swift.max(high, bound))
  }

  /// The part not above `bound`; the point `bound` when there is none.
  package func atMost(_ bound: Double) -> Interval {
    Interval(Swift.min(low, bound), Swift.min(high, bound))
  }

  /// The larger of two exact values.
  package static func max(_ a: Interval, _ b: Interval) -> Interval {
    Interval(Swift.max(a.low, b.low), Swift.max(a.high, b.high))
  }

  /// The smaller of two exact values.
  package static func min(_ a: Interval, _ b: Interval) -> Interval {
    Interval(Swift.min(a.low, b.low), Swift.min(a.high, b.high))
  }
}
