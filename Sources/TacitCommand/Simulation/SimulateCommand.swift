import ArgumentParser
import FederatedLearning
import Foundation
import PrivacyAccounting
import Synchronization
import TableFormats

/// `tacit simulate`: one federated training with simulated clients.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Train a model over simulated clients, with privacy and encryption if asked for.",
    discussion: "tacit simulate --print-config prints a full commented CONFIG.yaml to start from.")

  @Argument(help: "The simulation, YAML or JSON; '-' for standard input.")
  var config: String?

  @Option(name: .long, help: "Threads that train clients; never changes a result.")
  var threads: Int = max(1, min(64, ProcessInfo.processInfo.activeProcessorCount))

  @Option(name: .long, help: "A folder for checkpoints, one a round; Ctrl-C leaves one and ends with exit code 130.")
  var checkpoint: String?

  @Flag(name: .long, help: "Go on from the newest whole checkpoint in the folder.")
  var resume = false

  @Option(name: .customLong("init"), help: "A safetensors file with the starting parameters.")
  var start: String?

  @Option(name: .long, help: "Where the trained model goes: a name ending in .safetensors or .npz.")
  var output: String?

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
    if let output { try Output.refuseExisting(output, force: force) }
    let plan = try SimulationFile.plan(config)
    var simulation = Simulation(plan, threads: threads, comparesSums: compareSums)
    let progress = SimulationProgress(rounds: plan.configuration.rounds, isSilent: json)
    let result: SimulationResult
    do {
      let folder = try checkpoint.map { try CheckpointFolder($0) }
      if resume, let folder, let last = try folder.latest(of: plan) { simulation.resume(from: last) }
      if let start {
        try simulation.start(
          from: ModelFile.parameters(
            safetensors: [UInt8](Data(contentsOf: URL(fileURLWithPath: start))), of: plan.model))
      }
      if folder != nil { Interruption.watch() }
      result = try simulation.run(checkpoints: folder) { record in
        progress.show(record)
        return !Interruption.wasAsked
      }
    } catch {
      throw CommandFailure("\(config): \(error)")
    }
    progress.finish()
    if Interruption.wasAsked, result.rounds.count < plan.configuration.rounds {
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
    let document = SimulationDocument(result, plan)
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

/// A live line on a terminal's standard error; nothing elsewhere.
struct SimulationProgress {
  private let rounds: Int
  private let isShown: Bool

  init(rounds: Int, isSilent: Bool) {
    self.rounds = rounds
    isShown = !isSilent && isatty(STDERR_FILENO) == 1
  }

  func show(_ record: RoundRecord) {
    guard isShown else { return }
    var line = "\r\u{1b}[Kround \(record.round)/\(rounds)"
    if let loss = record.loss { line += String(format: "  loss %.4f", loss) }
    if let accuracy = record.accuracy { line += String(format: "  accuracy %.4f", accuracy) }
    if let epsilon = record.epsilon { line += String(format: "  epsilon %.3f", epsilon.upper) }
    line += String(format: "  %.0f clients/s", Double(record.contributors) / max(record.seconds, 1e-9))
    FileHandle.standardError.write(Data(line.utf8))
  }

  func finish() {
    if isShown { FileHandle.standardError.write(Data("\n".utf8)) }
  }
}
