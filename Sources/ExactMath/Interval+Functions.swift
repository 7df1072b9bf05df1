private import Glibc

// The C library's exp, expm1, log and log1p are monotone within their error, which glibc documents as at most 2 units
// in the last place on every supported machine ("Known Maximum Errors in Math Functions"). Every result is widened by
// 8 units in the last place or more, so four times the documented error is still enclosed.
extension Interval {
  private static let slack = 0x1p-49

  private static func below(_ value: Double) -> Double { (value - value.magnitude * slack).nextDown }
  private static func above(_ value: Double) -> Double { (value + value.magnitude * slack).nextUp }

  /// e to the power.
  package var exponential: Interval {
    let bottom = Glibc.exp(low)
    let top = Glibc.exp(high)
    let lower = bottom == .infinity ? Double.greatestFiniteMagnitude : Swift.max(0, Interval.below(bottom))
    return Interval(low == -.infinity ? 0 : lower, high == -.infinity ? 0 : Interval.above(top))
  }

  /// e to the power, minus one, without cancellation.
  package var exponentialMinusOne: Interval {
    let bottom = Glibc.expm1(low)
    let top = Glibc.expm1(high)
    let lower = bottom == .infinity ? Double.greatestFiniteMagnitude : Swift.max(-1, Interval.below(bottom))
    return Interval(low == 0 ? 0 : lower, high == 0 ? 0 : Interval.above(top))
  }

  /// The natural logarithm of the positive part.
  package var logarithm: Interval {
    let lower = low <= 0 ? -Double.infinity : Interval.below(Glibc.log(low))
    let upper = high <= 0 ? -Double.infinity : Interval.above(Glibc.log(high))
    return Interval(low == 1 ? 0 : lower, high == 1 ? 0 : upper)
  }

  /// ln(1 + x), without cancellation.
  package var logarithmOfOnePlus: Interval {
    let lower = low <= -1 ? -Double.infinity : Interval.below(Glibc.log1p(low))
    let upper = high <= -1 ? -Double.infinity : Interval.above(Glibc.log1p(high))
    return Interval(low == 0 ? 0 : lower, high == 0 ? 0 : upper)
  }

  /// ln(eˣ − 1) for x > 0, without overflow or cancellation.
  package var logarithmOfExponentialMinusOne: Interval {
    guard high > 0 else { return Interval(-.infinity, -.infinity) }
    let positive = atLeast(0)
    if high < 1 { return positive.exponentialMinusOne.logarithm }
    let top = Interval(high) + (-(-Interval(high)).exponential).logarithmOfOnePlus
    let bottom =
      low < 1
      ? Interval(Swift.max(0, low)).exponentialMinusOne.logarithm
      : Interval(low) + (-(-Interval(low)).exponential).logarithmOfOnePlus
    return Interval(bottom.low, top.high)
  }

  /// ln(1 + eˣ), without overflow.
  package var logarithmOfOnePlusExponential: Interval {
    func at(_ x: Double) -> Interval {
      guard x.isFinite else { return x > 0 ? Interval(.greatestFiniteMagnitude, .infinity) : .zero }
      return x > 0
        ? Interval(x) + (-Interval(x)).exponential.logarithmOfOnePlus : Interval(x).exponential.logarithmOfOnePlus
    }
    return Interval(at(low).low, at(high).high)
  }

  /// ln(eᵃ + eᵇ).
  package static func logarithmOfSum(_ a: Interval, _ b: Interval) -> Interval {
    func at(_ x: Double, _ y: Double) -> Interval {
      let (small, large) = x <= y ? (x, y) : (y, x)
      guard large > -.infinity else { return Interval(-.infinity, -.infinity) }
      guard small > -.infinity, large < .infinity else { return Interval(large) }
      return Interval(large) + (Interval(small) - Interval(large)).exponential.logarithmOfOnePlus
    }
    return Interval(at(a.low, b.low).low, at(a.high, b.high).high)
  }

  /// π.
  package static let pi = Interval(Double.pi.nextDown, Double.pi.nextUp)
}
