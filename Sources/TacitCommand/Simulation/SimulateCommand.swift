import ArgumentParser
import FederatedLearning
import Foundation
import PrivacyAccounting
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

  @Flag(name: .long, help: "Print a full commented configuration and stop.")
  var printConfig = false

  @Flag(name: .long, help: "Compare every opened sum with the sum in the clear.")
  var compareSums = false

  @Flag(name: .long, help: "One JSON document on standard output.")
  var json = false

  func validate() throws {
    if config == nil, !printConfig { throw ValidationError("a CONFIG.yaml is needed, or --print-config") }
    if threads < 1 || threads > 1024 { throw ValidationError("--threads must be from 1 to 1024") }
  }

  func run() throws {
    guard let config, !printConfig else {
      StandardOutput.write(SimulationFile.example)
      return
    }
    let plan = try SimulationFile.plan(config)
    var simulation = Simulation(plan, threads: threads, comparesSums: compareSums)
    let progress = SimulationProgress(rounds: plan.configuration.rounds, isSilent: json)
    let result: SimulationResult
    do {
      result = try simulation.run { record in
        progress.show(record)
        return true
      }
    } catch {
      throw CommandFailure("\(config): \(error)")
    }
    progress.finish()
    let document = SimulationDocument(result, plan)
    if json {
      try emitJSON(document)
    } else {
      StandardOutput.write(document.summary)
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
