extension QuickGrid {
  /// The step nearest to a whole number, halves away from zero, clamped; `nil` when the exact path is needed.
  @inline(__always)
  func index(of value: Int) -> Int? {
    guard shift < 62 else { return nil }
    let (scaled, overflow) = value.multipliedReportingOverflow(by: 1 << Int(shift))
    if overflow { return value < 0 ? lowest : highest }
    return min(max(scaled, lowest), highest)
  }

  /// The step nearest to a double's shortest decimal, halves away from zero, clamped; `nil` when the exact path is
  /// needed.
  ///
  /// Scaling by a power of two is exact. A boundary between steps is a double itself, so it never lies between another
  /// double and that one's shortest decimal: only a double on a boundary needs its decimal.
  @inline(__always)
  func index(of value: Double) -> Int? {
    guard shift < 62, value.isFinite else { return nil }
    let scaled = value * Double(1 << Int(shift))
    if scaled >= Double(highest) + 1 { return highest }
    if scaled <= Double(lowest) - 1 { return lowest }
    let floor = scaled.rounded(.down)
    let above = scaled - floor
    if above == 0.5 { return nil }
    let nearest = Int(floor) + (above > 0.5 ? 1 : 0)
    return min(max(nearest, lowest), highest)
  }
}
