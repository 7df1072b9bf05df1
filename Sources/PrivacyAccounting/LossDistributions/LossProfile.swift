private import Glibc

/// An enclosed privacy profile, good near one loss.
protocol LossProfile {
  /// The losses at which the profile may be asked.
  var range: ClosedRange<Double> { get }
  /// Whether lower bounds hold for the event at all.
  var hasLower: Bool { get }
  /// An upper bound on ln δ(ε), at most 0.
  func upperLogDelta(_ epsilon: Double) -> Double
  /// A lower bound on ln δ(ε); −∞ when there is none.
  func lowerLogDelta(_ epsilon: Double) -> Double
}
