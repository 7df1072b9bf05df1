import ArgumentParser
import FederatedLearning
import Foundation
import PrivacyAuditing
import Reporting
import TacitVerbs

/// `tacit audit federation`.
struct AuditFederationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "federation", abstract: "Put canaries into a federation and hostile clients against its rules.",
    discussion: """
      With privacy in CONFIG.yaml, one training with canaries gives an estimate of ε (no bound) and a lower bound, \
      beside the certified ε: canary clients where the unit is a client, gradient canaries among the examples of \
      clients where it is an example. Then every attack is trained against every rule, and a backdoor is planted \
      through the data of hostile clients (--backdoor), both without privacy.
      Exit codes: 0 not refuted, 1 the certified ε is refuted, 2 too few canaries to refute it.
      """)

  @Argument(help: "A simulation, YAML or JSON.")
  var config: String
  @Option(help: "Canaries with a coin; half of them take part.")
  var canaries = 100
  @Option(help: "Attacks of the matrix, separated by commas; 'all', or 'no' for no matrix.")
  var attacks = "all"
  @Option(help: "Rules of the matrix, separated by commas; 'all' for one of every family.")
  var rules = "all"
  @Option(help: "Rules to plant a backdoor under, separated by commas; 'no' for none. 'none' is the mean.")
  var backdoor = "none,median,norm-bounding"
  @Option(help: "The class that the backdoor asks for, from 0.")
  var backdoorClass = 0
  @Option(help: "The share of hostile clients.")
  var fraction = 0.2
  @Option(help: "Probability that the bound is wrong.")
  var alpha = 0.05
  @Option(help: "Fixes canaries and coins.")
  var seed: UInt64 = 1
  @Option(help: "Threads that train clients.")
  var threads = max(1, min(64, ProcessInfo.processInfo.activeProcessorCount))
  @OptionGroup var form: AuditOutputOptions

  func validate() throws {
    guard alpha > 0, alpha < 1 else { throw ValidationError("--alpha must lie in (0, 1)") }
    guard threads >= 1, threads <= 1_024 else { throw ValidationError("--threads must be from 1 to 1024") }
  }

  private struct Canaries: Encodable {
    let refuted: Bool
    let unit: String
    let epsilon_estimate: Double
    let estimate_is_a_bound = false
    let epsilon_lower_bound: Double
    let cap: Double
    let certified_epsilon: Double
    let delta: Double
    let alpha: Double
    let canaries: Int
    let inserted: Int
    let dimension: Int
    let rounds: Int
  }

  private struct Cell: Encodable {
    let attack: String
    let rule: String
    let accuracy: Double?
    let loss: Double?
    let refusal: String?
  }

  private struct Backdoor: Encodable {
    let rule: String
    let fraction: Double
    let accuracy: Double
    let success: Double
    let interval: [Double]
    let fooled: Int
    let tried: Int
  }

  private struct Document: Encodable {
    let refuted: Bool
    let canaries: Canaries?
    let fraction: Double
    let matrix: [Cell]
    /// Without hostile clients first; empty when no backdoor was tried.
    let backdoor: [Backdoor]
    let findings: [AuditFinding]
    let seconds: Double
  }

  func run() throws {
    let start = ContinuousClock().now
    let plan = try SimulationFile.plan(config)
    let canary: CanaryAudit.Report?
    let matrix: ByzantineMatrix?
    let planted: BackdoorAudit?
    do {
      canary = try plan.privacy.map { _ in
        try CanaryAudit(plan, canaries: canaries, seed: seed, threads: threads).run(alpha: alpha)
      }
      matrix = try train(plan)
      planted = try plant(plan)
    } catch let error as AuditError {
      throw CommandFailure(error.message, code: .usage)
    } catch let error as FederatedError {
      throw CommandFailure("\(config): \(error)")
    }
    let seconds = AuditClock.seconds(since: start)
    let result = describe(canary, matrix, planted, seconds)
    let isInconclusive = canary.map { $0.finding.cap < $0.certifiedEpsilon } ?? false
    try form.write(
      result,
      document: Document(
        refuted: canary?.isRefuted ?? false,
        canaries: canary.map {
          Canaries(
            refuted: $0.isRefuted, unit: $0.unit.rawValue, epsilon_estimate: $0.epsilonEstimate,
            epsilon_lower_bound: $0.finding.epsilonLowerBound, cap: $0.finding.cap,
            certified_epsilon: $0.certifiedEpsilon, delta: $0.delta, alpha: $0.alpha, canaries: $0.canaries,
            inserted: $0.inserted, dimension: $0.dimension, rounds: $0.rounds)
        }, fraction: fraction,
        matrix: (matrix?.cells ?? []).map {
          Cell(attack: $0.attack, rule: $0.rule, accuracy: $0.accuracy, loss: $0.loss, refusal: $0.refusal)
        },
        backdoor: (planted?.rows ?? []).map {
          Backdoor(
            rule: $0.rule, fraction: $0.fraction, accuracy: $0.accuracy, success: $0.success,
            interval: [$0.interval.lowerBound, $0.interval.upperBound], fooled: $0.fooled, tried: $0.tried)
        }, findings: result.findings, seconds: seconds))
    if canary?.isRefuted == true { throw ExitCode(CommandFailure.Code.failed.rawValue) }
    if isInconclusive { throw ExitCode(CommandFailure.Code.inconclusive.rawValue) }
  }

  private func train(_ plan: SimulationPlan) throws -> ByzantineMatrix? {
    guard attacks != "no" else { return nil }
    func names(_ text: String, _ all: [String]) -> [String] {
      text == "all" ? all : text.split(separator: ",").map(String.init)
    }
    let rows = names(attacks, ByzantineMatrix.attacks)
    let columns = names(rules, ByzantineMatrix.rules)
    let line = form.isJSON ? nil : ProgressLine("trainings", total: rows.count * columns.count)
    defer { line?.finish() }
    var done = 0
    return try ByzantineMatrix(plan, attacks: rows, rules: columns, fraction: fraction, threads: threads) { cell in
      done += 1
      line?.update(done, note: "\(cell.attack) against \(cell.rule)")
    }
  }

  /// A backdoor needs classes, and data that are dealt out.
  private func plant(_ plan: SimulationPlan) throws -> BackdoorAudit? {
    guard backdoor != "no", fraction > 0, plan.model.classifies, plan.population == nil else { return nil }
    return try BackdoorAudit(
      plan, rules: backdoor.split(separator: ",").map(String.init), fraction: fraction, target: backdoorClass,
      seed: seed,
      threads: threads)
  }

  private func table(_ planted: BackdoorAudit) -> Table {
    var table = Table(
      caption: "a backdoor for class \(backdoorClass)",
      columns: [.text("combined by"), .number("hostile"), .number("accuracy"), .number("opens (95 %)")])
    for row in planted.rows {
      table.add([
        row.rule == "none" ? "mean" : row.rule, NumberText.fixed(100 * row.fraction, decimals: 0) + " %",
        NumberText.fixed(row.accuracy, decimals: 3), AuditResult.share(row.success, row.interval),
      ])
    }
    return table
  }

  /// The first row has no hostile clients: what the trigger does by itself.
  private func finding(_ planted: BackdoorAudit) -> AuditFinding? {
    guard let honest = planted.rows.first, let worst = planted.rows.dropFirst().max(by: { $0.success < $1.success })
    else { return nil }
    let opens = worst.interval.lowerBound > honest.interval.upperBound
    return AuditFinding(
      check: "backdoor", level: opens ? .warning : .none,
      detail: "under \(worst.rule == "none" ? "the mean" : worst.rule) the trigger makes \(worst.fooled) of "
        + "\(worst.tried) examples class \(backdoorClass), without hostile clients \(honest.fooled)",
      remedy: opens
        ? "Use a rule that bounds single updates (robust:), fewer unknown clients, and look for classes that one feature decides."
        : "", hazard: "trust assumptions must hold")
  }

  private func describe(
    _ canary: CanaryAudit.Report?, _ matrix: ByzantineMatrix?, _ planted: BackdoorAudit?, _ seconds: Double
  ) -> AuditResult {
    var findings: [AuditFinding] = []
    var tables: [Table] = []
    if let canary {
      let isBlind = canary.finding.cap < canary.certifiedEpsilon
      func text(_ value: Double) -> String { NumberText.fixed(value, decimals: 3) }
      findings.append(
        AuditFinding(
          check: "canaries", level: canary.isRefuted ? .error : isBlind ? .note : .none,
          detail: "certified ε \(text(canary.certifiedEpsilon)); \(canary.canaries) canaries "
            + "(\(canary.unit.rawValue)s) estimate "
            + "\(text(canary.epsilonEstimate)) (an estimate, no bound) and prove at least "
            + "\(text(canary.finding.epsilonLowerBound)) of up to \(text(canary.finding.cap))",
          remedy: canary.isRefuted
            ? "The training leaks more than its accountant certifies: compare clip, noise and sampler with the event."
            : isBlind ? "More canaries: this run could not have refuted the certified ε." : "",
          hazard: "trust assumptions must hold"))
    } else {
      findings.append(
        AuditFinding(
          check: "canaries", level: .warning, detail: "the configuration claims no privacy",
          remedy: "Add privacy: to the configuration.", hazard: "models memorise training data"))
    }
    if let planted {
      tables.append(table(planted))
      finding(planted).map { findings.append($0) }
    }
    guard let matrix else {
      return AuditResult(title: "Audit of a federation", findings: findings, tables: tables, seconds: seconds)
    }
    var table = Table(
      caption: "accuracy with \(NumberText.fixed(100 * fraction, decimals: 0)) % hostile clients",
      columns: [.text("attack")]
        + matrix.rules.map {
          .number($0 == "none" ? "mean" : $0.replacingOccurrences(of: "-", with: " "))
        })
    for (index, attack) in matrix.attacks.enumerated() {
      let row = matrix.cells[index * matrix.rules.count..<(index + 1) * matrix.rules.count]
      table.add(
        [attack]
          + row.map { cell in
            cell.accuracy.map { NumberText.fixed($0, decimals: 3) }
              ?? cell.loss.map { NumberText.significant($0, digits: 3) } ?? "refused"
          })
    }
    tables.insert(table, at: 0)
    let honest = matrix.cells.first { $0.attack == "none" }?.accuracy
    let worst = matrix.rules.map { rule in
      (rule, matrix.cells.filter { $0.rule == rule }.compactMap(\.accuracy).min() ?? 0)
    }
    if let best = worst.max(by: { $0.1 < $1.1 }) {
      findings.append(
        AuditFinding(
          check: "byzantine", level: .none,
          detail: "\(best.0 == "none" ? "the mean" : best.0) keeps the most under its worst attack: "
            + NumberText.fixed(best.1, decimals: 3)
            + (honest.map { ", against \(NumberText.fixed($0, decimals: 3)) without one" } ?? "")))
    }
    return AuditResult(title: "Audit of a federation", findings: findings, tables: tables, seconds: seconds)
  }
}
