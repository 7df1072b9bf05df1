private import PrivacyAccounting

/// A number that a training shows while it runs, for whatever system collects metrics.
///
/// Names are those of Prometheus and OpenMetrics. Losses, accuracies and counts come from clients' examples without noise
/// and carry no privacy: they are for the experimenter. ε is what the rounds so far may have cost.
public enum TrainingGauge: String, CaseIterable, Sendable {
  /// Rounds done.
  case round
  /// The mean training loss of the last round's cohort.
  case loss
  /// The accuracy that was measured last.
  case accuracy
  /// The upper bound on ε after the rounds done.
  case epsilonSpent = "epsilon_spent"
  /// Clients that reported in the last round.
  case clients
  /// Updates of the last round with NaN or infinity, counted as zero.
  case rejectedUpdates = "rejected_updates"

  /// What the gauge is called: `tacit_training_` and the raw value.
  public var name: String { "tacit_training_" + rawValue }

  /// What the number means, in a line for people.
  public var help: String {
    switch self {
    case .round: "Rounds done."
    case .loss: "Mean training loss of the last round's cohort."
    case .accuracy: "Accuracy that was measured last, from 0 to 1."
    case .epsilonSpent: "Upper bound on epsilon after the rounds done."
    case .clients: "Clients that reported in the last round."
    case .rejectedUpdates: "Updates of the last round that were not finite and counted as zero."
    }
  }

  /// The number in a round's record, nil when the round did not measure it.
  public func value(in record: RoundRecord) -> Double? {
    switch self {
    case .round: Double(record.round)
    case .loss: record.loss
    case .accuracy: record.accuracy
    case .epsilonSpent: record.epsilon?.upper
    case .clients: Double(record.contributors)
    case .rejectedUpdates: Double(record.rejected)
    }
  }
}

/// Hands every round's gauges to a collector of metrics.
///
/// A number that a round did not measure is not handed over, so that a collector keeps the last one. With noise from the
/// seed there is no ε to show. The module `FederatedMetrics` makes one that feeds swift-metrics.
public final class MetricsRecorder: RoundCallback {
  private let gauges: [TrainingGauge]
  private let record: (TrainingGauge, Double) throws -> Void

  /// - Parameters:
  ///   - plan: the training that is watched.
  ///   - record: called for every number of every round.
  public init(of plan: SimulationPlan, record: @escaping (TrainingGauge, Double) throws -> Void) {
    gauges = TrainingGauge.allCases.filter { $0 != .epsilonSpent || plan.privacy?.isSimulated == false }
    self.record = record
  }

  /// Hands the numbers over and never ends a training.
  public func afterRound(_ record: RoundRecord, parameters: [Float]) throws -> Bool {
    for gauge in gauges {
      if let value = gauge.value(in: record) { try self.record(gauge, value) }
    }
    return true
  }
}
