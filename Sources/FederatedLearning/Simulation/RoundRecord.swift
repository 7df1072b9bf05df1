public import PrivacyAccounting
public import SecureAggregation

/// What one round did, as a simulation sees it.
///
/// Losses, accuracies and counts are for the experimenter. Under privacy only the parameters are released; these
/// numbers come from training data without noise and carry no privacy.
public struct RoundRecord: Sendable, Hashable {
  /// From 1.
  public var round: Int
  /// The mean training loss of the cohort's steps, nil when nobody trained.
  public var loss: Double?
  /// The share of the test set that the model classifies rightly, nil when it was not measured.
  ///
  /// With layers that stay with their client it is the mean over clients of the same of their own models, on examples
  /// that they hold back.
  public var accuracy: Double?
  /// The mean loss on the test set, nil when it was not measured; with personal layers as for the accuracy.
  public var testLoss: Double?
  /// From sampling to the applied update, without evaluation.
  public var seconds: Double
  /// The evaluation.
  public var evaluationSeconds: Double
  /// How many clients were drawn.
  public var cohort: Int
  /// How many of them reported.
  public var contributors: Int
  /// Updates whose norm was above the clip.
  public var clipped: Int
  /// Values that left the grid and became its largest magnitude.
  public var saturated: Int
  /// Updates with NaN or infinity, counted as zero.
  public var rejected: Int
  /// Whether too few reported, so that the sum was not opened and the model did not change.
  public var abandoned: Bool
  /// Whether the opened sum was the sum of the contributions in the clear; nil when it was not compared.
  public var sumMatches: Bool?
  /// The bytes that clients sent.
  public var wireBytes: Int
  /// Clients that never reported.
  public var dropped = 0
  /// Clients that would have reported when nobody waited any more.
  public var late = 0
  /// Clients that reported part of their work.
  public var partial = 0
  /// Clients whose examples could not be had; they count as dropouts.
  public var failed = 0
  /// Steps that the server took, on average, between a client's start and its report; nil where servers wait.
  public var staleness: Double?
  /// The share of test examples of other classes that a backdoor's trigger turns into its class; nil without one and
  /// when it was not measured.
  public var attackSuccess: Double?
  /// Simulated seconds until the round went on.
  public var virtualSeconds = 0.0
  /// The bound on the norm of updates in this round, nil without privacy.
  public var clip: Double?
  /// ε after this round, the tightest of all accountants; nil without privacy and where nothing was evaluated.
  public var epsilon: Bounds?
}

extension RoundRecord {
  /// A round's counts, before anything was timed or measured.
  init(_ round: Int, _ tally: ClientWorker.Tally, cohort: Int, contributors: Int) {
    self.init(
      round: round, loss: tally.examples > 0 ? Double(tally.loss) * 0x1p-20 / Double(tally.examples) : nil,
      seconds: 0, evaluationSeconds: 0, cohort: cohort, contributors: contributors, clipped: tally.clipped,
      saturated: tally.saturated, rejected: tally.rejected, abandoned: false, wireBytes: tally.wireBytes,
      failed: tally.failed)
  }
}

/// What a whole training did.
public struct SimulationResult: Sendable {
  /// The rounds, in order.
  public var rounds: [RoundRecord]
  /// The final parameters.
  public var parameters: [Float]
  /// SHA-256 of the final parameters as little-endian Float32, in lower-case hexadecimal.
  public var weightsSHA256: String
  /// Everything charged, nil without privacy.
  public var event: PrivacyEvent?
  /// ε of all rounds, nil without privacy.
  public var epsilon: Bounds?
  /// Who certified ε.
  public var accountant: String?
  /// Whether noise came from the seed: then ε holds only for a deployment with secret noise.
  public var noiseIsSimulated: Bool
  /// Bytes and seconds of each phase of the aggregation protocol, over all parties and rounds; empty for protocols
  /// of one message.
  public var phases: [PhaseCost] = []
  /// What clients gained by training further for themselves; nil when not asked for and when a run was stopped.
  public var personalization: Personalization?
  /// The whole run, without loading data.
  public var seconds: Double

  /// The last measured accuracy.
  public var finalAccuracy: Double? { rounds.last(where: { $0.accuracy != nil })?.accuracy }
}
