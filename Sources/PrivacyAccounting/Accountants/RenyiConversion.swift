import ExactMath

/// From Rényi divergences to (ε, δ), rounded up.
///
/// The bounds are those of Canonne, Kamath and Steinke (2020, proposition 12), also found by Asoodeh and others (2020):
/// ε = D + ln(1 − 1/α) − (ln δ + ln α)/(α − 1) and δ = e^((α−1)(D−ε)) · (1 − 1/α)^(α−1) / α. Every order gives a valid
/// bound, so the order is searched in plain arithmetic and only the winner is evaluated in intervals.
package enum RenyiConversion {
  /// An upper bound on ε at one order, never negative; infinite at δ = 0 unless the divergence is zero.
  package static func epsilon(order: Double, divergence: Double, delta: Double) -> Double {
    guard divergence < .infinity else { return .infinity }
    if divergence == 0 { return 0 }
    guard delta > 0 else { return .infinity }
    let alpha = Interval(order)
    let excess = alpha - 1
    let value =
      Interval(divergence) + (-(Interval.one / alpha)).logarithmOfOnePlus
      - (Interval(delta).logarithm + alpha.logarithm) / excess
    return Swift.max(0, value.high)
  }

  /// An upper bound on δ at one order, at most 1.
  package static func delta(order: Double, divergence: Double, epsilon: Double) -> Double {
    if divergence == 0 { return 0 }
    guard divergence < .infinity else { return 1 }
    let alpha = Interval(order)
    let excess = alpha - 1
    let exponent =
      excess * (Interval(divergence) - Interval(epsilon)) + excess * (-(Interval.one / alpha)).logarithmOfOnePlus
      - alpha.logarithm
    return Swift.min(1, exponent.exponential.high)
  }

  /// ε of a ρ-zCDP mechanism, minimised over all orders.
  package static func epsilon(rho: Double, delta: Double) -> Double {
    guard rho > 0 else { return 0 }
    guard delta > 0, rho < .infinity else { return .infinity }
    let order = bestOrder { epsilon(order: $0, divergence: ($0 * rho).nextUp, delta: delta) }
    return epsilon(order: order, divergence: (order * rho).nextUp, delta: delta)
  }

  /// δ of a ρ-zCDP mechanism, minimised over all orders.
  package static func delta(rho: Double, epsilon: Double) -> Double {
    guard rho > 0 else { return 0 }
    guard rho < .infinity else { return 1 }
    let order = bestOrder { order in
      (order - 1) * (order * rho - epsilon) + (order - 1) * Self.log1p(-1 / order) - Self.log(order)
    }
    return delta(order: order, divergence: (order * rho).nextUp, epsilon: epsilon)
  }

  private static func log(_ x: Double) -> Double { Interval(x).logarithm.middle }
  private static func log1p(_ x: Double) -> Double { Interval(x).logarithmOfOnePlus.middle }

  /// Golden-section search for the minimum over α = 1 + e^t of a unimodal function.
  private static func bestOrder(_ value: (Double) -> Double) -> Double {
    func order(_ t: Double) -> Double { 1 + Interval(t).exponential.middle }
    let ratio = (5.0.squareRoot() - 1) / 2
    var (low, high) = (-30.0, 30.0)
    var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
    var (atLeft, atRight) = (value(order(left)), value(order(right)))
    for _ in 0..<70 {
      if atLeft <= atRight {
        (high, right, atRight) = (right, left, atLeft)
        left = high - ratio * (high - low)
        atLeft = value(order(left))
      } else {
        (low, left, atLeft) = (left, right, atRight)
        right = low + ratio * (high - low)
        atRight = value(order(right))
      }
    }
    return order((low + high) / 2)
  }
}
