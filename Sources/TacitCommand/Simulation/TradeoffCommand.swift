import ArgumentParser
import ExactMath
import FederatedLearning
import Foundation
import PrivacyAccounting
import Reporting

/// `tacit tradeoff`: the same training at several ε, several times each.
struct TradeoffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tradeoff",
    abstract: "Train at several values of epsilon and report accuracy against epsilon.")

  @Argument(help: "The simulation, YAML or JSON, with a privacy section; '-' for standard input.")
  var config: String

  @Option(name: .long, help: "Values of epsilon, joined by commas.")
  var epsilons: String

  @Option(name: .long, help: "Trainings at each epsilon, with seeds one apart.")
  var repeats: Int = 1

  @Option(name: .long, help: "Threads that train clients; never changes a result.")
  var threads: Int = max(1, min(64, ProcessInfo.processInfo.activeProcessorCount))

  @Option(name: .long, help: "A folder for report.html with the curve.")
  var report: String?

  @Flag(name: .long, help: "Replace an existing report.")
  var force = false

  @Option(name: .long, help: "What the ledger's owner allows you; needed for a ledger with an owner.")
  var capability: String?

  @Flag(name: .long, help: "One JSON document on standard output.")
  var json = false

  func validate() throws {
    if !(1...1000).contains(repeats) { throw ValidationError("--repeats must be from 1 to 1000") }
    if threads < 1 || threads > 1024 { throw ValidationError("--threads must be from 1 to 1024") }
    _ = try wanted()
  }

  /// The values of ε, as exact numbers with their text.
  private func wanted() throws -> [(text: String, value: Rational)] {
    try epsilons.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let value = Rational(String(part)), value.signum > 0 else {
        throw ValidationError("--epsilons must be numbers above 0 joined by commas")
      }
      return (String(part), value)
    }
  }

  /// What was measured at one ε.
  private struct Point: Encodable {
    let epsilon: Double
    let certified: Double
    let accuracies: [Double]
    let mean: Double
    let deviation: Double?
    var standardError: Double? { deviation.map { $0 / Double(accuracies.count).squareRoot() } }

    enum CodingKeys: String, CodingKey {
      case epsilon, accuracies
      case certified = "epsilon_certified"
      case mean = "accuracy_mean"
      case deviation = "accuracy_standard_deviation"
    }
  }

  private struct Document: Encodable {
    let points: [Point]
    let delta: Double
    let repeats: Int
    let seed: UInt64
    let seconds: Double
  }

  func run() throws {
    let start = Date()
    let page = try report.map { try SimulationReport.path($0, force: force) }
    let base = try SimulationFile.configuration(config)
    guard base.privacy != nil else { throw CommandFailure("\(config): privacy: is required by tradeoff") }
    guard base.privacy?.maxEpsilon == nil else {
      throw CommandFailure("\(config): privacy.max_epsilon: may not be used by tradeoff")
    }
    let first = try SimulationFile.plan(base, named: config)
    guard first.model.classifies else {
      throw CommandFailure("\(config): model.kind: tradeoff needs a model of classes")
    }
    var points: [Point] = []
    var delta = 0.0
    for (text, value) in try wanted() {
      var accuracies: [Double] = []
      var certified = 0.0
      for turn in 0..<repeats {
        var configuration = base
        configuration.privacy?.noiseMultiplier = nil
        configuration.privacy?.epsilon = ExactNumber(value)
        configuration.seed = base.seed &+ UInt64(turn)
        configuration.evaluation.every = configuration.rounds
        do {
          // Clients that make their own examples are made again; data that were read are kept.
          let plan =
            try first.population == nil
            ? SimulationPlan(configuration, data: first.data) : SimulationPlan(configuration)
          let authority = try SimulationFile.authority(plan, capability)
          delta = plan.privacy?.delta.value.doubleValue ?? 0
          var simulation = Simulation(plan, threads: threads)
          let result = try simulation.run(charging: authority)
          accuracies.append(result.finalAccuracy ?? 0)
          certified = max(certified, result.epsilon?.upper ?? .infinity)
        } catch let failure as CommandFailure {
          throw failure
        } catch {
          throw CommandFailure("\(config): epsilon \(text): \(error)")
        }
      }
      let mean = accuracies.reduce(0, +) / Double(accuracies.count)
      let squares = accuracies.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      points.append(
        Point(
          epsilon: value.doubleValue, certified: certified, accuracies: accuracies, mean: mean,
          deviation: repeats > 1 ? (squares / Double(repeats - 1)).squareRoot() : nil))
    }
    if let page {
      let shown = points.map { ($0.epsilon, $0.mean, $0.standardError, $0.accuracies.count) }
      let command = "tacit tradeoff \(config) --epsilons \(epsilons) --repeats \(repeats)"
      try Output.write(
        SimulationReport.tradeoff(shown, delta: delta, command: command).html(), to: page, force: force)
    }
    if json {
      try emitJSON(
        Document(
          points: points, delta: delta, repeats: repeats, seed: base.seed, seconds: Date().timeIntervalSince(start)))
      return
    }
    for point in points {
      var line = String(format: "epsilon %8.3f  accuracy %.4f", point.epsilon, point.mean)
      if let deviation = point.deviation { line += String(format: " ± %.4f", deviation) }
      StandardOutput.write(line + "\n")
    }
  }
}
