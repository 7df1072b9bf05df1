import ExactMath
import FederatedLearning
import Foundation
import PrivacyAccounting
import SecureAggregation
import TacitVerbs

/// What `tacit simulate --json` prints.
struct SimulationDocument: Encodable {
  private let result: SimulationResult
  private let plan: SimulationPlan
  private let canaries: CanaryEstimate?

  init(_ result: SimulationResult, _ plan: SimulationPlan, canaries: CanaryEstimate? = nil) {
    self.result = result
    self.plan = plan
    self.canaries = canaries
  }

  private enum Keys: String, CodingKey {
    case rounds, final, epsilon, delta, adjacency, unit, event, accountant, noise, seconds, seed, clients, parameters,
      phases, personalization, canaries
    case epsilonIfDeployed = "epsilon_if_deployed"
    case weights = "weights_sha256"
    case wireBytes = "wire_bytes"
    case float32Bytes = "float32_bytes"
    case wrapProbability = "wrap_probability"
  }

  /// One round.
  struct Round: Encodable {
    private let record: RoundRecord

    /// - Parameter claims: whether ε may be shown.
    init(_ record: RoundRecord, claims: Bool) {
      var record = record
      if !claims { record.epsilon = nil }
      self.record = record
    }

    enum Keys: String, CodingKey {
      case round, loss, accuracy, seconds, cohort, contributors, clipped, saturated, rejected, abandoned, epsilon
      case clip, dropped, late, partial, failed, staleness
      case virtualSeconds = "virtual_seconds"
      case testLoss = "test_loss"
      case attackSuccess = "attack_success"
      case evaluationSeconds = "evaluation_seconds"
      case sumMatches = "sum_matches"
      case wireBytes = "wire_bytes"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(record.round, forKey: .round)
      try container.encode(record.loss, forKey: .loss)
      try container.encode(record.accuracy, forKey: .accuracy)
      try container.encode(record.testLoss, forKey: .testLoss)
      try container.encode(record.seconds, forKey: .seconds)
      try container.encode(record.evaluationSeconds, forKey: .evaluationSeconds)
      try container.encode(record.cohort, forKey: .cohort)
      try container.encode(record.contributors, forKey: .contributors)
      try container.encode(record.clipped, forKey: .clipped)
      try container.encode(record.saturated, forKey: .saturated)
      try container.encode(record.rejected, forKey: .rejected)
      try container.encode(record.abandoned, forKey: .abandoned)
      try container.encode(record.wireBytes, forKey: .wireBytes)
      try container.encode(record.dropped, forKey: .dropped)
      try container.encode(record.late, forKey: .late)
      try container.encode(record.partial, forKey: .partial)
      try container.encode(record.failed, forKey: .failed)
      try container.encode(record.virtualSeconds, forKey: .virtualSeconds)
      try container.encodeIfPresent(record.clip, forKey: .clip)
      try container.encodeIfPresent(record.staleness, forKey: .staleness)
      try container.encodeIfPresent(record.attackSuccess, forKey: .attackSuccess)
      try container.encodeIfPresent(record.sumMatches, forKey: .sumMatches)
      try container.encodeIfPresent(record.epsilon.map(Interval.init), forKey: .epsilon)
    }
  }

  /// A phase of the aggregation protocol, over all parties and rounds.
  private struct Phase: Encodable {
    let name: String
    let seconds: Double
    let uploadBytes: Int
    let downloadBytes: Int

    enum CodingKeys: String, CodingKey {
      case name, seconds
      case uploadBytes = "upload_bytes"
      case downloadBytes = "download_bytes"
    }

    init(_ cost: PhaseCost) {
      (name, seconds) = (cost.name, cost.seconds)
      (uploadBytes, downloadBytes) = (cost.uploadBytes, cost.downloadBytes)
    }
  }

  /// What clients gained by training further for themselves.
  private struct Gain: Encodable {
    let clients: Int
    let before: Double?
    let after: Double?

    init(_ gain: Personalization) { (clients, before, after) = (gain.clients, gain.before, gain.after) }
  }

  private struct Interval: Encodable {
    let lower: JSONNumber?
    let upper: JSONNumber

    enum Keys: String, CodingKey { case lower, upper }

    init(_ bounds: Bounds) {
      lower = bounds.lower.map { JSONNumber($0) }
      upper = JSONNumber(bounds.upper)
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(lower, forKey: .lower)
      try container.encode(upper, forKey: .upper)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    // With noise from the seed the run has no privacy: no ε is printed, also not round by round.
    let claims = !result.noiseIsSimulated
    let rounds = result.rounds.map { Round($0, claims: claims) }
    try container.encode(rounds, forKey: .rounds)
    try container.encode(["accuracy": result.finalAccuracy], forKey: .final)
    try container.encode(result.weightsSHA256, forKey: .weights)
    try container.encode(result.seconds, forKey: .seconds)
    try container.encode(plan.configuration.seed, forKey: .seed)
    try container.encode(plan.clientCount, forKey: .clients)
    try container.encode(plan.model.parameterCount, forKey: .parameters)
    try container.encode(result.rounds.reduce(0) { $0 + $1.wireBytes }, forKey: .wireBytes)
    try container.encode(plan.float32Bytes(of: result), forKey: .float32Bytes)
    try container.encodeIfPresent(plan.wrapProbability, forKey: .wrapProbability)
    try container.encode(result.phases.map(Phase.init), forKey: .phases)
    try container.encodeIfPresent(result.personalization.map(Gain.init), forKey: .personalization)
    try container.encodeIfPresent(canaries, forKey: .canaries)
    let bounds = result.epsilon.map(Interval.init)
    guard let privacy = plan.privacy else {
      try container.encodeNil(forKey: .epsilon)
      try container.encodeNil(forKey: .delta)
      return
    }
    try container.encode(bounds, forKey: claims ? .epsilon : .epsilonIfDeployed)
    if !claims {
      try container.encodeNil(forKey: .epsilon)
      try container.encode("simulated", forKey: .noise)
    }
    try container.encode(privacy.delta.value.doubleValue, forKey: .delta)
    try container.encode(privacy.adjacency, forKey: .adjacency)
    try container.encode(privacy.unit.rawValue, forKey: .unit)
    try container.encode(result.event?.description, forKey: .event)
    try container.encode(result.accountant, forKey: .accountant)
  }

  /// The same for a person.
  var summary: String {
    var lines: [String] = []
    for record in result.rounds {
      var line = String(format: "round %4d  loss %.5f", record.round, record.loss ?? .nan)
      if let accuracy = record.accuracy { line += String(format: "  accuracy %.4f", accuracy) }
      if let epsilon = record.epsilon, !result.noiseIsSimulated {
        line += String(format: "  epsilon %.4f", epsilon.upper)
      }
      line += String(format: "  %.3f s", record.seconds)
      if record.abandoned { line += "  abandoned: too few contributors" }
      lines.append(line)
    }
    if let privacy = plan.privacy, let epsilon = result.epsilon {
      let name = result.noiseIsSimulated ? "epsilon if deployed" : "epsilon"
      lines.append(
        "\(name) \(epsilon.upper) at delta \(privacy.delta), unit \(privacy.unit.rawValue), \(privacy.adjacency), by \(result.accountant ?? "")"
      )
    }
    if let gain = result.personalization {
      lines.append(
        String(
          format: "personalization  accuracy %.4f before, %.4f after, mean of %d clients", gain.before ?? .nan,
          gain.after ?? .nan, gain.clients))
    }
    if let canaries { lines.append(canaries.line) }
    lines.append("weights sha256 \(result.weightsSHA256)")
    return lines.joined(separator: "\n") + "\n"
  }
}
