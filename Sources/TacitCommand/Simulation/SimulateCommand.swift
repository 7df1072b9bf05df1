import ArgumentParser
import FederatedLearning
import Foundation
import PrivacyAccounting
import PrivacyAuditing
import Reporting
import Synchronization
import TableFormats
import TacitVerbs

/// `tacit simulate`: one federated training with simulated clients.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Train a model over simulated clients, with privacy and encryption if asked for.",
    discussion: "tacit simulate --print-config prints a full commented CONFIG.yaml to start from.")

  @Argument(help: "The simulation, YAML or JSON; '-' for standard input.")
  var config: String?

  @Option(name: .long, help: "Threads that train clients; never changes a result.")
  var threads: Int = SimulationRanks.threads

  @Option(name: .long, help: "A folder for checkpoints, one a round; Ctrl-C leaves one and ends with exit code 130.")
  var checkpoint: String?

  @Option(name: .long, help: "How many checkpoints are kept, to roll back to.")
  var keepCheckpoints = 2

  @Option(name: .long, help: "Clients whose examples are left out, by number and separated by commas.")
  var revoke: String?

  @Option(
    name: .long,
    help: "Train once more with so many canaries: an estimate of ε, no bound, beside the certified one.")
  var canaries: Int?

  @Flag(name: .long, help: "The canaries take part in this training, at almost no cost; the model then bears them.")
  var canariesInside = false

  @Flag(name: .long, help: "Go on from the newest whole checkpoint in the folder.")
  var resume = false

  @Option(name: .customLong("init"), help: "A safetensors or npz file with the starting parameters.")
  var start: String?

  @Option(name: .long, help: "Where the trained model goes: a name ending in .safetensors or .npz.")
  var output: String?

  @Option(name: .long, help: "A folder for report.html: the claim, the course of the training and what it cost.")
  var report: String?

  @Option(name: .long, help: "A file of JSON Lines, one for each round as it ends.")
  var metrics: String?

  @Option(name: .long, help: "End when so many measurements in a row were no better than the best.")
  var patience: Int?

  @Option(name: .long, help: "What the ledger's owner allows you; needed for a ledger with an owner.")
  var capability: String?

  @Flag(name: .long, help: "Replace an existing output file.")
  var force = false

  @Flag(name: .long, help: "Print a full commented configuration and stop.")
  var printConfig = false

  @Flag(name: .long, help: "Compare every opened sum with the sum in the clear.")
  var compareSums = false

  @Flag(name: .long, help: "One JSON document on standard output.")
  var json = false

  func validate() throws {
    if config == nil, !printConfig { throw ValidationError("a CONFIG.yaml is needed, or --print-config") }
    if let patience, patience < 1 { throw ValidationError("--patience must be at least 1") }
    if keepCheckpoints < 2 { throw ValidationError("--keep-checkpoints must be at least 2") }
    if canariesInside, canaries == nil { throw ValidationError("--canaries-inside needs --canaries") }
    if canariesInside, checkpoint != nil { throw ValidationError("--canaries-inside does not go with --checkpoint") }
    if resume, checkpoint == nil { throw ValidationError("--resume needs --checkpoint") }
    if resume, start != nil { throw ValidationError("--init does not go with --resume") }
    if let output, !output.hasSuffix(".safetensors"), !output.hasSuffix(".npz") {
      throw ValidationError("--output must end in .safetensors or .npz")
    }
    if threads < 1 || threads > 1024 { throw ValidationError("--threads must be from 1 to 1024") }
  }

  func run() throws {
    guard let config, !printConfig else {
      StandardOutput.write(SimulationFile.example)
      return
    }
    let ranks = try SimulationRanks()
    try ranks.run { try train(config, ranks) }
  }

  private func train(_ config: String, _ ranks: SimulationRanks) throws {
    let leads = ranks.leads
    if leads, let output { try Output.refuseExisting(output, force: force) }
    let page = try leads ? report.map { try SimulationReport.path($0, force: force) } : nil
    let whole = try SimulationFile.plan(ranks.shared { try SimulationFile.configuration(config) }, named: config)
    let bare = try revoke.map { try ClientList.revoking(ClientList.parse($0), in: whole) } ?? whole
    guard canaries == nil || !canariesInside || ranks.collective.size == 1 else {
      throw CommandFailure("--canaries-inside: does not go with several ranks", code: .usage)
    }
    // Refused before anything is charged or trained.
    let audit = try canaries.map { try CanaryEstimate.audit(bare, canaries: $0, threads: threads) }
    let plan = canariesInside ? audit?.plan ?? bare : bare
    let authority = try leads ? SimulationFile.authority(bare, capability) : nil
    let lines = try leads ? metrics.map { try MetricsFile($0, force: force) } : nil
    var simulation = Simulation(
      plan, threads: threads, comparesSums: compareSums, ranks: ranks.collective)
    let progress = SimulationProgress(rounds: simulation.lastRound, isSilent: json || !leads)
    let claims = plan.privacy?.isSimulated != true
    let result: SimulationResult
    let beginning: [Float]
    do {
      let folder = try leads ? checkpoint.map { try CheckpointFolder($0, keeping: keepCheckpoints) } : nil
      if resume { try simulation.resumeEverywhere(from: folder?.latest(of: plan)) }
      if let start {
        let file = try ranks.shared { try Input.read(start) }
        try simulation.start(from: ModelFile.parameters(file: file, of: plan.model))
      }
      beginning = simulation.parameters
      if folder != nil { Interruption.watch() }
      let callbacks: [any RoundCallback] = patience.map { [EarlyStop(patience: $0)] } ?? []
      result = try simulation.run(charging: authority, checkpoints: folder, callbacks: callbacks) { record in
        progress.show(record)
        try lines?.add(record, claims: claims)
        return !Interruption.wasAsked
      }
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure("\(config): \(error)")
    }
    progress.finish()
    guard leads else { return }
    if Interruption.wasAsked, result.rounds.count < simulation.lastRound {
      StandardOutput.complain("tacit: interrupted after round \(result.rounds.count); go on with --resume")
      throw ExitCode(130)
    }
    if let output {
      let bytes =
        output.hasSuffix(".npz")
        ? ModelFile.npz(result.parameters, of: plan.model)
        : ModelFile.safetensors(result.parameters, of: plan.model)
      try Output.write(bytes, to: output, force: force)
    }
    if let page {
      try Output.write(SimulationReport.training(result, plan, config: config).html(), to: page, force: force)
    }
    let estimate = try audit.map { audit in
      CanaryEstimate(try canariesInside ? audit.report(on: result, from: beginning) : audit.run())
    }
    let document = SimulationDocument(result, plan, canaries: estimate)
    if json {
      try emitJSON(document)
    } else {
      StandardOutput.write(document.summary)
    }
  }
}

/// Ctrl-C, noticed between two rounds.
enum Interruption {
  private static let asked = Atomic<Bool>(false)

  /// Whether somebody pressed Ctrl-C since ``watch()``.
  static var wasAsked: Bool { asked.load(ordering: .relaxed) }

  /// From here on the first Ctrl-C asks for a stop; a second one ends the process.
  static func watch() {
    _ = signal(SIGINT) { _ in
      Interruption.asked.store(true, ordering: .relaxed)
      _ = signal(SIGINT, SIG_DFL)
    }
  }
}

/// A live line with the time left on a terminal's standard error; nothing elsewhere.
struct SimulationProgress {
  private let line: ProgressLine?

  init(rounds: Int, isSilent: Bool) { line = isSilent ? nil : ProgressLine("training", total: rounds) }

  func show(_ record: RoundRecord) {
    var parts: [String] = []
    if let loss = record.loss { parts.append("loss \(NumberText.fixed(loss, decimals: 4))") }
    if let accuracy = record.accuracy { parts.append("accuracy \(NumberText.fixed(accuracy, decimals: 4))") }
    if let epsilon = record.epsilon { parts.append("ε \(NumberText.fixed(epsilon.upper, decimals: 3))") }
    parts.append("\(NumberText.fixed(Double(record.contributors) / max(record.seconds, 1e-9), decimals: 0)) clients/s")
    line?.update(record.round, note: parts.joined(separator: ", "))
  }

  func finish() { line?.finish() }
}

/// A file of one JSON document a round, written as rounds end so that another program can follow.
final class MetricsFile {
  private var handle: FileHandle?
  private let path: String
  private let force: Bool

  /// The file is made with the first line, so a run that is refused leaves none behind.
  init(_ path: String, force: Bool) throws {
    try Output.refuseExisting(path, force: force)
    self.path = path
    self.force = force
  }

  func add(_ record: RoundRecord, claims: Bool) throws {
    let text = try jsonText(SimulationDocument.Round(record, claims: claims)) + "\n"
    if handle == nil {
      try Output.write("", to: path, force: force)
      handle = FileHandle(forWritingAtPath: path)
    }
    guard let handle else { throw CommandFailure("\(path): cannot be written") }
    do { try handle.write(contentsOf: Data(text.utf8)) } catch { throw CommandFailure("\(path): cannot be written") }
  }
}
