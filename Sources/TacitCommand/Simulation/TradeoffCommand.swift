import ArgumentParser
import ExactMath
import FederatedLearning
import Foundation
import PrivacyAccounting
import Reporting
import TacitVerbs

/// `tacit tradeoff`: the same training at several ε, several times each.
struct TradeoffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tradeoff",
    abstract: "Train at several values of epsilon and report accuracy against epsilon.",
    discussion: """
      Beside every epsilon stands what half of it takes, from the accounting alone: how many times the clients leave \
      the noise on the mean as it was, or how many rounds half of the epsilon pays for at the same noise. With --grid \
      a * marks what no other training beats in both epsilon and accuracy.
      """)

  @Argument(help: "The simulation, YAML or JSON, with a privacy section; '-' for standard input.")
  var config: String

  @Option(name: .long, help: "Values of epsilon, joined by commas.")
  var epsilons: String

  @Option(name: .long, help: "Trainings at each epsilon, with seeds one apart.")
  var repeats: Int = 1

  @Option(name: .long, help: "KEY=VALUE,VALUE: the same for every value of a key; several make all combinations.")
  var grid: [String] = []

  @Option(name: .long, help: "A folder that keeps finished trainings.")
  var checkpoint: String?

  @Flag(name: .long, help: "Go on from the trainings in the folder; what is kept is not trained or charged again.")
  var resume = false

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

  @Flag(name: .long, help: "Comma-separated values on standard output, one line for each epsilon.")
  var csv = false

  func validate() throws {
    if !(1...1000).contains(repeats) { throw ValidationError("--repeats must be from 1 to 1000") }
    if threads < 1 || threads > 1024 { throw ValidationError("--threads must be from 1 to 1024") }
    if json, csv { throw ValidationError("--json and --csv are two forms of one answer") }
    if resume, checkpoint == nil { throw ValidationError("--resume needs --checkpoint") }
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

  func run() throws {
    let start = Date()
    let page = try report.map { try SimulationReport.path($0, force: force) }
    let base = try SimulationFile.configuration(config)
    guard base.privacy != nil else { throw CommandFailure("\(config): privacy: is required by tradeoff") }
    guard base.privacy?.maxEpsilon == nil else {
      throw CommandFailure("\(config): privacy.max_epsilon: may not be used by tradeoff")
    }
    let store = try checkpoint.map { try TradeoffStore($0, resumes: resume) }
    var series: [TradeoffDocument.Series] = []
    var delta = 0.0
    let settings = try TradeoffSetting.all(grid)
    var progress = Progress(json || csv ? 0 : settings.count * (try wanted().count + 1) * repeats)
    for setting in settings {
      let own = try setting.apply(to: base)
      let first = try SimulationFile.plan(own, named: config)
      guard first.model.classifies else {
        throw CommandFailure("\(config): model.kind: tradeoff needs a model of classes")
      }
      delta = first.privacy?.delta.value.doubleValue ?? 0
      let (baseline, _) = try measure(withoutPrivacy(own), first, store, &progress)
      let points = try wanted().map { (text, value) in
        var configuration = own
        configuration.privacy?.noiseMultiplier = nil
        configuration.privacy?.epsilon = ExactNumber(value)
        let (measured, certified) = try measure(configuration, first, store, &progress, "epsilon \(text)")
        return TradeoffDocument.Point(
          epsilon: value.doubleValue, certified: certified, measured: measured, setting: setting.name,
          halving: halving(configuration, value, first))
      }
      series.append(TradeoffDocument.Series(setting: setting.name, baseline: baseline, points: points))
    }
    progress.line?.finish()
    var document = TradeoffDocument(
      series: series, delta: delta, repeats: repeats, seed: base.seed, seconds: Date().timeIntervalSince(start))
    document.markFrontier()
    if let page {
      let keys = grid.map { " --grid \($0)" }.joined()
      let command = "tacit tradeoff \(config) --epsilons \(epsilons) --repeats \(repeats)\(keys)"
      try Output.write(
        SimulationReport.tradeoff(document.series, delta: delta, command: command).html(), to: page, force: force)
    }
    if json { return try emitJSON(document) }
    if csv { return StandardOutput.write(document.csv) }
    for one in document.series {
      if !one.setting.isEmpty { StandardOutput.write("\(one.setting)\n") }
      StandardOutput.write("without privacy   \(TradeoffCommand.text(one.baseline))\n")
      for point in one.points {
        StandardOutput.write(
          String(format: "epsilon %8.3f  ", point.epsilon) + TradeoffCommand.text(point.measured)
            + (series.count > 1 && point.isOnFrontier ? " *" : "") + "\n")
        if let halving = point.halving {
          StandardOutput.write(
            "  half of it: \(NumberText.significant(halving.clients, digits: 3)) times the clients, or "
              + "\(halving.rounds) of \(halving.asked) rounds\n")
        }
      }
      if let enough = one.sufficient {
        StandardOutput.write("epsilon \(NumberText.significant(enough)) is as accurate, within one standard error\n")
      }
    }
  }

  /// Trainings done, of all that are asked for.
  private struct Progress {
    let line: ProgressLine?
    private var done = 0

    /// - Parameter total: 0 for saying nothing.
    init(_ total: Int) { line = total > 0 ? ProgressLine("trainings", total: total, after: 2) : nil }

    mutating func step(_ accuracy: Double?) {
      done += 1
      line?.update(done, note: accuracy.map { "accuracy \(NumberText.fixed($0, decimals: 3))" } ?? "")
    }
  }

  private static func text(_ measured: TradeoffDocument.Measurement) -> String {
    String(format: "accuracy %.4f", measured.mean)
      + (measured.deviation.map { String(format: " ± %.4f", $0) } ?? "")
  }

  /// What half of an ε takes.
  private func halving(
    _ configuration: SimulationConfiguration, _ epsilon: Rational, _ first: SimulationPlan
  ) -> TradeoffHalving? {
    func privacy(_ epsilon: Rational) -> PrivacyPlan? {
      var configuration = configuration
      configuration.privacy?.epsilon = ExactNumber(epsilon)
      return try? plan(configuration, like: first).privacy
    }
    return privacy(epsilon).flatMap {
      TradeoffHalving($0, half: privacy(epsilon / 2), epsilon: epsilon, rounds: configuration.rounds)
    }
  }

  /// A plan over the data of the first: clients that make their own examples are made again, data that were read are kept.
  private func plan(_ configuration: SimulationConfiguration, like first: SimulationPlan) throws -> SimulationPlan {
    try first.population == nil ? SimulationPlan(configuration, data: first.data) : SimulationPlan(configuration)
  }

  /// The same training without privacy: weighted alike, on a grid that clips nothing.
  private func withoutPrivacy(_ configuration: SimulationConfiguration) -> SimulationConfiguration {
    var open = configuration
    open.privacy = nil
    open.client.batchRate = nil
    open.weighting = "uniform"
    open.quantize = QuantizeOptions(bits: 31, range: 64)
    return open
  }

  /// Trains once for each seed, or takes what was trained before.
  private func measure(
    _ configuration: SimulationConfiguration, _ first: SimulationPlan, _ store: TradeoffStore?,
    _ progress: inout Progress, _ what: String = ""
  ) throws -> (TradeoffDocument.Measurement, certified: Double) {
    var accuracies: [Double] = []
    var certified = 0.0
    for turn in 0..<repeats {
      defer { progress.step(accuracies.last) }
      var configuration = configuration
      configuration.seed &+= UInt64(turn)
      configuration.evaluation.every = configuration.rounds
      do {
        let name = try TradeoffStore.name(configuration)
        if let before = store?.find(name) {
          accuracies.append(before.accuracy)
          certified = max(certified, before.epsilon ?? 0)
          continue
        }
        let plan = try plan(configuration, like: first)
        var simulation = Simulation(plan, threads: threads)
        let result = try simulation.run(charging: SimulationFile.authority(plan, capability))
        accuracies.append(result.finalAccuracy ?? 0)
        certified = max(certified, result.epsilon?.upper ?? 0)
        try store?.add(
          TradeoffStore.Entry(
            configuration: name, accuracy: result.finalAccuracy ?? 0, epsilon: result.epsilon?.upper,
            delta: plan.privacy?.delta.value.doubleValue))
      } catch let failure as CommandFailure {
        throw failure
      } catch {
        throw CommandFailure("\(config): \(what.isEmpty ? "without privacy" : what): \(error)")
      }
    }
    return (TradeoffDocument.Measurement(accuracies: accuracies), certified)
  }
}
