import ArgumentParser
import FederatedLearning
import Foundation
import PrivacyAccounting
import PrivacyAuditing
import PrivacyLedger
import Reporting
import TacitVerbs

/// `tacit audit incident`: what is done when something went wrong in a training.
struct AuditIncidentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "incident",
    abstract: "Freeze the budget, roll the model back, count what was spent, keep the evidence.",
    discussion: """
      In this order: the budget is frozen; the newest whole checkpoint that is not after --clean-round becomes --output; \
      the ε of every round done is composed anew (rolling back takes nothing back); report, configuration, rounds and \
      the ledger's history go into one archive with hashes. Training goes on with
        tacit simulate CONFIG.yaml --init OUTPUT --revoke CLIENTS
      once the budget is unfrozen. Exit codes: 0 done, 1 nothing to roll back to, or a part failed.
      """)

  @Argument(help: "The simulation, YAML or JSON.")
  var config: String
  @Option(help: "The folder of its checkpoints; keep many with tacit simulate --keep-checkpoints.")
  var checkpoint: String
  @Option(help: "The last round that is known to be clean.")
  var cleanRound: Int
  @Option(help: "Clients to leave out from here on, by number and separated by commas.")
  var revoke: String?
  @Option(help: "Clients that this training left out already, as its --revoke named them.")
  var revoked: String?
  @Option(help: "The ledger whose budget is frozen.")
  var ledger: String?
  @Option(help: "The budget's name.")
  var budget: String?
  @Option(help: "What the ledger's owner allows you.")
  var capability: String?
  @Option(help: "Where the model goes: a name ending in .safetensors or .npz.")
  var output: String
  @Option(help: "Where the archive of evidence goes.")
  var evidence: String
  @Flag(help: "Replace existing files.")
  var force = false
  @Flag(help: "Print one JSON document.")
  var json = false

  private struct Document: Encodable {
    let frozen: Bool
    let budget: String?
    let revoked: [Int]
    let rounds_done: Int
    let restored_round: Int
    let epsilon_spent: JSONNumber?
    /// The charges of the budget's history composed anew; null without a ledger.
    let epsilon_charged: JSONNumber?
    let epsilon_of_restored: JSONNumber?
    let accuracy_before: Double?
    let accuracy_restored: Double?
    let weights_bytes: Int
    let seconds: Double
  }

  func validate() throws {
    guard (ledger == nil) == (budget == nil) else { throw ValidationError("--ledger and --budget go together") }
    guard cleanRound >= 1 else { throw ValidationError("--clean-round must be at least 1") }
    guard output.hasSuffix(".safetensors") || output.hasSuffix(".npz") else {
      throw ValidationError("--output must end in .safetensors or .npz")
    }
  }

  func run() throws {
    let start = ContinuousClock().now
    // First of all nobody may spend any more, whatever else fails.
    let frozen = try freeze()
    for path in [output, evidence] { try Output.refuseExisting(path, force: force) }
    let whole = try SimulationFile.plan(config)
    let gone = try revoked.map { try ClientList.parse($0, option: "--revoked") } ?? []
    let plan = gone.isEmpty ? whole : try ClientList.revoking(gone, in: whole)
    let leaving = try revoke.map { try ClientList.parse($0) } ?? []
    let folder = try CheckpointFolder(checkpoint)
    let last: Checkpoint?
    let clean: Checkpoint?
    do {
      _ = try whole.revoking(gone.union(leaving))
      last = try folder.latest(of: plan)
      clean = try folder.latest(of: plan, notAfter: cleanRound)
    } catch let error as AuditError {
      throw CommandFailure("--\(error.message)", code: .usage)
    } catch {
      throw CommandFailure("\(checkpoint): \(error)")
    }
    guard let last, let clean else {
      throw CommandFailure("\(checkpoint): no whole checkpoint up to round \(cleanRound)")
    }
    func accuracy(_ parameters: [Float]) -> Double? {
      guard plan.model.classifies else { return nil }
      let answers = plan.model.predict(parameters, on: plan.data.test).answers
      return Double(answers.indices.count { answers[$0] == plan.data.test.target($0) }) / Double(max(1, answers.count))
    }
    let bytes =
      output.hasSuffix(".npz")
      ? ModelFile.npz(clean.parameters, of: plan.model) : ModelFile.safetensors(clean.parameters, of: plan.model)
    let document = Document(
      frozen: frozen != nil, budget: budget, revoked: gone.union(leaving).sorted(), rounds_done: last.round,
      restored_round: clean.round, epsilon_spent: try plan.epsilonSpent(rounds: last.round).map { JSONNumber($0) },
      epsilon_charged: frozen.map { JSONNumber($0.epsilon) },
      epsilon_of_restored: try plan.epsilonSpent(rounds: clean.round).map { JSONNumber($0) },
      accuracy_before: accuracy(last.parameters), accuracy_restored: accuracy(clean.parameters),
      weights_bytes: bytes.count, seconds: AuditClock.seconds(since: start))
    let text = try jsonText(document, pretty: true) + "\n"
    var members: [(name: String, bytes: [UInt8])] = [
      ("configuration.yaml", try Input.read(config)), ("incident.json", Array(text.utf8)), ("model", bytes),
      ("rounds.jsonl", Array(try rounds(last, claims: plan.privacy?.isSimulated != true).utf8)),
    ]
    if let frozen { members.append(("ledger-history.jsonl", Array(frozen.history.utf8))) }
    try Output.write(bytes, to: output, force: force)
    try Output.write(EvidenceArchive.bytes(members), to: evidence, force: force)
    if json {
      try emitJSON(document)
    } else {
      StandardOutput.write(summary(document))
    }
  }

  /// Freezes the budget and tells its history and what its charges compose to.
  private func freeze() throws -> (history: String, epsilon: Double)? {
    guard let ledger, let budget else { return nil }
    do {
      let book = try LedgerFile.open(ledger, capability)
      try book.freeze(budget)
      let records = try book.history().filter { $0.budget == budget }
      let charges = try records.filter { $0.kind == .charge }.map { try PrivacyEvent(parsing: $0.detail) }
      let terms = try book.status().first { $0.name == budget }?.terms
      let epsilon = try terms.map { terms in
        charges.isEmpty
          ? 0
          : try AutomaticAccountant().epsilon(
            of: .composed(charges), delta: terms.delta, adjacency: terms.adjacency
          ).upper
      }
      return (try records.map { try jsonText($0) + "\n" }.joined(), epsilon ?? 0)
    } catch {
      throw CommandFailure("\(error)")
    }
  }

  private func rounds(_ checkpoint: Checkpoint, claims: Bool) throws -> String {
    try checkpoint.records.map { try jsonText(SimulationDocument.Round($0, claims: claims)) + "\n" }.joined()
  }

  private func summary(_ document: Document) -> String {
    var lines = document.frozen ? ["budget \(document.budget ?? "") is frozen"] : []
    lines.append("rolled back from round \(document.rounds_done) to round \(document.restored_round): \(output)")
    if let before = document.accuracy_before, let after = document.accuracy_restored {
      lines.append(
        "accuracy \(NumberText.fixed(before, decimals: 4)) before, \(NumberText.fixed(after, decimals: 4)) restored")
    }
    if let spent = document.epsilon_spent {
      lines.append("ε \(NumberText.significant(spent.value)) was spent, which rolling back does not return")
    }
    if let charged = document.epsilon_charged {
      lines.append("ε \(NumberText.significant(charged.value)) is what all charges of the budget compose to")
    }
    if !document.revoked.isEmpty {
      let list = document.revoked.map(String.init).joined(separator: ",")
      lines.append("go on with: tacit simulate \(config) --init \(output) --revoke \(list)")
    }
    lines.append("evidence: \(evidence)")
    return lines.joined(separator: "\n") + "\n"
  }
}
