import ExactMath

/// Turns an enclosed profile into bounds on ε.
enum ProfileSearch {
  /// Bounds on the smallest ε ≥ 0 with δ(ε) ≤ δ, searched from a guess; `nil` when the profile certifies no upper bound.
  ///
  /// Every answer is a point at which the profile's own bound decides, so nothing is assumed about its shape.
  static func epsilon(
    _ profile: some LossProfile, from guess: Double, slope: Double, _ target: Interval
  ) -> Bounds? {
    let limit = profile.range.upperBound
    var point = Swift.min(guess, limit)
    for _ in 0..<12 {
      let value = profile.upperLogDelta(point)
      guard value.isFinite else { break }
      let move = (value - target.low) / slope
      let next = Swift.max(0, Swift.min(limit, point + move))
      if (next - point).magnitude <= 1e-9 * (1 + point) { break }
      point = next
    }
    guard let upper = crossing(from: point, limit: limit, upward: true, { profile.upperLogDelta($0) <= target.low })
    else { return nil }
    guard profile.hasLower else { return Bounds(lower: 0, upper: upper) }
    let lower = crossing(from: Swift.min(point, upper), limit: 0, upward: false) {
      profile.lowerLogDelta($0) > target.high
    }
    return Bounds(lower: Swift.min(lower ?? 0, upper), upper: upper)
  }

  /// A point at which `holds`, near the first one in the direction from `start`; `nil` when there is none up to `limit`.
  private static func crossing(
    from start: Double, limit: Double, upward: Bool, _ holds: (Double) -> Bool
  ) -> Double? {
    let sign = upward ? 1.0 : -1.0
    var good = start
    var bad = start
    var stride = 1e-12 * (1 + start)
    if holds(start) {
      // Step back until it fails, so that the answer is tight.
      while true {
        bad = good - sign * stride
        if bad < 0 { bad = 0 }
        if bad == good { return good }
        if !holds(bad) { break }
        good = bad
        stride *= 4
        if stride > 1e-3 { return good }
      }
    } else {
      while true {
        good = upward ? Swift.min(limit, bad + stride) : Swift.max(limit, bad - stride)
        if holds(good) { break }
        if good == limit { return nil }
        bad = good
        stride *= 4
      }
    }
    while (good - bad).magnitude > 1e-13 * (1 + good) {
      let middle = good + (bad - good) / 2
      if middle == good || middle == bad { break }
      if holds(middle) { good = middle } else { bad = middle }
    }
    return good
  }
}
