/// The event "the output lies on this side of a threshold", by which an audit tells two data sets apart.
public struct OutputEvent: Sendable, Hashable, CustomStringConvertible {
  /// The side of the threshold that counts.
  public enum Side: String, Sendable, Hashable {
    /// Outputs at or above the threshold.
    case atLeast = "output >= "
    /// Outputs at or below the threshold.
    case atMost = "output <= "
  }

  /// The threshold.
  public let threshold: Double
  /// The side.
  public let side: Side

  /// An event.
  public init(threshold: Double, side: Side) {
    self.threshold = threshold
    self.side = side
  }

  /// Whether an output belongs to the event.
  public func contains(_ output: Double) -> Bool {
    side == .atLeast ? output >= threshold : output <= threshold
  }

  /// The text used in reports.
  public var description: String { side.rawValue + "\(threshold)" }
}

/// How the event is chosen.
///
/// Only choices that keep the confidence honest exist: picking the best threshold on the very samples that are then
/// counted is not among them, since it makes a claimed 95 % bound wrong far more often than one time in twenty.
public enum EventChoice: Sendable, Hashable {
  /// An event fixed before any sample was seen.
  case fixed(OutputEvent)
  /// The best event on this fraction of the samples, in (0, 1), judged on the rest.
  case splitSample(fraction: Double)
}
