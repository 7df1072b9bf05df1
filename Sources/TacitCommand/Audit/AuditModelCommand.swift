import ArgumentParser
import ExactMath
import FederatedLearning
import Foundation
import PrivacyAuditing
import Reporting
import SecureRandom
import TacitVerbs

/// `tacit audit model`.
struct AuditModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Ask of a model whom it was trained on.",
    discussion: """
      With CONFIG.yaml, models are trained on examples or clients chosen by coins, and attacked. With --scores, a file \
      of your own attack is measured: CSV with the columns member (1 or 0) and score (higher for members). With \
      --target, a program answers: it gets one JSON line {"rows":[[…],…],"classes":C} and answers rows × C \
      little-endian doubles, the probabilities; --members and --nonmembers are CSV files with the label in the last column.
      The bound on ε needs members chosen by a fair coin each; a figure of advantage does not.
      Where candidates are examples and probabilities are shown, SHAPr says how many members show in the answers \
      (Shapley values of a nearest-neighbour classifier over them), and --attribute guesses hidden features from all \
      others with and without the model: what is guessed better of members than of others is what training gave away. \
      The attacker's own records are the test set, or half of --nonmembers.
      Exit codes: 0 not refuted, 1 the claimed ε or --max-advantage is refuted, 2 too few candidates for the claim, \
      3 the target failed.
      """)

  @Argument(help: "A simulation, YAML or JSON.")
  var config: String?
  @Option(help: "A CSV file with the columns member and score.")
  var scores: String?
  @Option(help: "cmd:\"PROGRAM ARG…\" that answers rows with probabilities.")
  var target: String?
  @Option(help: "CSV of rows the model was trained on, the label in the last column.")
  var members: String?
  @Option(help: "CSV of rows it was not trained on.")
  var nonmembers: String?
  @Option(help: "What a candidate is: example or client; the privacy unit of a private simulation, else example.")
  var unit: String?
  @Option(help: "The most candidates.")
  var candidates = 400
  @Option(help: "Shadow models for the attacks that need them.")
  var shadows = 16
  @Option(help: "Attacks, separated by commas (\(MembershipAttack.allCases.map(\.rawValue).joined(separator: ", "))).")
  var attacks: String?
  @Option(help: "Hidden features to guess, by number from 0 and separated by commas; 2 to 64 values each.")
  var attribute: String?
  @Option(help: "epsilon=E,delta=D,unit=U: what scores or a program claim; a simulation says it itself.")
  var claim: String?
  @Option(help: "Fails when an advantage above this is proved.")
  var maxAdvantage: Double?
  @Option(help: "Probability that any bound is wrong.")
  var alpha = 0.05
  @Option(help: "Fixes coins and noisy copies.")
  var seed: UInt64 = 1
  @Option(help: "Seconds of silence after which a program has failed.")
  var timeout = 60.0
  @Option(help: "Threads that train clients.")
  var threads = max(1, min(64, ProcessInfo.processInfo.activeProcessorCount))
  @OptionGroup var form: AuditOutputOptions

  func validate() throws {
    guard [config, scores, target].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("one of CONFIG.yaml, --scores and --target is needed")
    }
    guard alpha > 0, alpha < 1 else { throw ValidationError("--alpha must lie in (0, 1)") }
    guard timeout > 0, timeout <= 86_400 else { throw ValidationError("--timeout must lie in (0, 86400]") }
    guard threads >= 1, threads <= 1_024 else { throw ValidationError("--threads must be from 1 to 1024") }
    if attribute != nil, scores != nil { throw ValidationError("--attribute needs a model, not --scores") }
    if let unit, ModelAudit.Unit(rawValue: unit) == nil { throw ValidationError("--unit must be example or client") }
  }

  private struct Row: Encodable {
    let attack: String
    let area: Double
    let advantage: Double
    let advantage_lower_bound: Double
    let tpr_at_fpr_0_001: Double
    let tpr_at_fpr_0_001_interval: [Double]
    let tpr_at_fpr_0_01: Double
    let tpr_at_fpr_0_01_interval: [Double]
    let epsilon_lower_bound: Double
    let guesses: Int
    let right: Int
  }

  private struct Shapley: Encodable {
    let records: Int
    let positive: Int
    let share: Double
    let mean: Double
    let largest: Double
  }

  private struct Document: Encodable {
    let refuted: Bool
    let verdict: String
    let epsilon_lower_bound: Double
    let cap: Double
    let claimed_epsilon: Double?
    let advantage_bound: Double?
    let delta: Double
    let unit: String
    let alpha: Double
    let members: Int
    let nonmembers: Int
    let accuracy_members: Double?
    let accuracy_nonmembers: Double?
    let attacks: [Row]
    /// SHAPr; null where a candidate is no example or no probabilities are shown.
    let shapley: Shapley?
    let attributes: [Attribute]
    let findings: [AuditFinding]
    let seconds: Double
  }

  func run() throws {
    let start = ContinuousClock().now
    let wanted = try readAttacks()
    let hidden = try readAttributes()
    let stated = try claim.map(ClaimText.parse)
    let report: Found
    do {
      report = try find(wanted, hidden, stated.map { $0.delta.doubleRoundedUp } ?? 1e-5)
    } catch let error as AuditError {
      throw CommandFailure(error.message, code: error.code == .targetFailed ? .target : .usage)
    } catch let error as FederatedError {
      throw CommandFailure("\(error)")
    }
    let claimed = stated.map { $0.epsilon.doubleRoundedUp } ?? report.certified
    let bound = report.findings.map(\.epsilonLowerBound).max() ?? 0
    let cap = report.findings.map(\.cap).max() ?? 0
    let proved = report.findings.map { $0.curve.advantageLowerBound(alpha: share(report)) }.max() ?? 0
    let isRefuted = claimed.map { bound > $0 } ?? false
    let isTooLarge = maxAdvantage.map { proved > $0 } ?? false
    let isInconclusive = claimed.map { cap < $0 } ?? false
    let seconds = AuditClock.seconds(since: start)
    let result = describe(report, claimed, isRefuted, isInconclusive, isTooLarge, proved, seconds)
    let first = report.findings.first?.curve
    let document = Document(
      refuted: isRefuted, verdict: isRefuted ? "refuted" : isInconclusive ? "inconclusive" : "not refuted",
      epsilon_lower_bound: bound, cap: cap, claimed_epsilon: claimed,
      advantage_bound: claimed.map { ROCCurve.advantageBound(epsilon: $0, delta: report.delta) }, delta: report.delta,
      unit: report.unit, alpha: alpha, members: first?.members ?? 0, nonmembers: first?.nonmembers ?? 0,
      accuracy_members: report.accuracy?.members, accuracy_nonmembers: report.accuracy?.nonmembers,
      attacks: report.findings.map { row($0, share(report)) },
      shapley: report.shapley.map {
        Shapley(records: $0.records, positive: $0.positive, share: $0.share, mean: $0.mean, largest: $0.largest)
      }, attributes: report.attributes.map(document), findings: result.findings, seconds: seconds)
    try form.write(result, document: document)
    if isRefuted || isTooLarge { throw ExitCode(CommandFailure.Code.failed.rawValue) }
    if isInconclusive { throw ExitCode(CommandFailure.Code.inconclusive.rawValue) }
  }

  /// What any of the three sources gives.
  private struct Found {
    var unit: String
    var findings: [MembershipFinding]
    var certified: Double?
    var delta: Double
    var accuracy: (members: Double, nonmembers: Double)?
    var shapley: ShapleyLeak.Summary?
    var attributes: [AttributeAudit] = []
  }

  private func share(_ report: Found) -> Double { alpha / Double(max(1, report.findings.count)) }

  private func find(_ wanted: [MembershipAttack], _ hidden: [Int], _ delta: Double) throws -> Found {
    if let config {
      let plan = try SimulationFile.plan(config)
      let unit = unit.flatMap { ModelAudit.Unit(rawValue: $0) } ?? (plan.privacy?.unit == .client ? .client : .example)
      let audit = try ModelAudit(
        plan, unit: unit, candidates: candidates, attacks: wanted, shadows: shadows, hidden: hidden, seed: seed,
        threads: threads)
      let line =
        form.isJSON ? nil : ProgressLine("models", total: wanted.contains(where: \.needsShadows) ? shadows + 1 : 1)
      let report = try audit.run(alpha: alpha, delta: delta) { done, _ in line?.update(done, note: "") }
      line?.finish()
      return Found(
        unit: unit.rawValue, findings: report.findings, certified: report.certifiedEpsilon, delta: report.delta,
        accuracy: report.accuracy, shapley: report.shapley, attributes: report.attributes)
    }
    if let scores {
      let (values, included) = try ScoreFile.read(scores)
      let finding = try MembershipFinding("scores", scores: values, included: included, delta: delta, alpha: alpha)
      return Found(unit: unit ?? "example", findings: [finding], delta: delta)
    }
    guard let members, let nonmembers, let target, target.hasPrefix("cmd:") else {
      throw CommandFailure("--target wants cmd:PROGRAM, --members and --nonmembers", code: .usage)
    }
    return try ask(String(target.dropFirst(4)), members, nonmembers, wanted, hidden, delta)
  }

  /// A model in another program, asked about rows of its owner's.
  private func ask(
    _ program: String, _ members: String, _ nonmembers: String, _ wanted: [MembershipAttack], _ hidden: [Int],
    _ delta: Double
  ) throws -> Found {
    let inside = try ScoreFile.rows(members)
    let outside = try ScoreFile.rows(nonmembers)
    guard inside.first?.features.count == outside.first?.features.count else {
      throw CommandFailure("\(nonmembers): has rows of another width than \(members)")
    }
    let labels = (inside + outside).map(\.label)
    let classes = max(2, (labels.max() ?? 0) + 1)
    let answers = try ModelProgram.answers(
      program, rows: (inside + outside).map(\.features), classes: classes, timeout: timeout)
    let signals = ModelSignals(
      loss: zip(answers, labels).map { -log(max($0[$1], 1e-300)) }, probabilities: answers,
      isRight: zip(answers, labels).map { p, label in (p.indices.max { p[$0] < p[$1] } ?? 0) == label })
    let evidence = try MembershipEvidence(labels: labels, target: signals)
    let included = inside.map { _ in true } + outside.map { _ in false }
    let scored = wanted.compactMap { attack in attack.scores(evidence).map { (attack, $0) } }
    // One order by coin, so that ties are not broken by the file's.
    var order = Array(labels.indices)
    var generator = SimulationGenerator(seed: seed, stream: "order")
    generator.shuffle(&order)
    let records = zip(inside + outside, answers).map {
      AttributeAudit.Record(features: $0.features, label: $0.label, answer: $1)
    }
    // Of those it was not trained on every other is the attacker's own.
    let trained = Array(records[..<inside.count])
    let known = records[inside.count...].enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    let others = records[inside.count...].enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    return Found(
      unit: unit ?? "example",
      findings: try scored.map { attack, scores in
        try MembershipFinding(
          attack.rawValue, scores: order.map { scores[$0] }, included: order.map { included[$0] }, delta: delta,
          alpha: alpha / Double(max(1, scored.count)))
      }, delta: delta,
      shapley: ShapleyLeak.Summary(
        try ShapleyLeak.values(
          training: trained.prefix(2_000).map(\.answer), labels: trained.prefix(2_000).map(\.label),
          test: known.prefix(1_000).map(\.answer), testLabels: known.prefix(1_000).map(\.label))),
      attributes: try hidden.map { place in
        try AttributeAudit(hidden: place, known: known, members: trained, others: others) { rows in
          try ModelProgram.answers(program, rows: rows, classes: classes, timeout: timeout)
        }
      })
  }

  private func row(_ finding: MembershipFinding, _ alpha: Double) -> Row {
    let low = finding.curve.interval(atFalsePositiveRate: 0.001)
    let high = finding.curve.interval(atFalsePositiveRate: 0.01)
    return Row(
      attack: finding.attack, area: finding.curve.area, advantage: finding.curve.advantage,
      advantage_lower_bound: finding.curve.advantageLowerBound(alpha: alpha),
      tpr_at_fpr_0_001: finding.curve.truePositiveRate(atFalsePositiveRate: 0.001),
      tpr_at_fpr_0_001_interval: [low.lowerBound, low.upperBound],
      tpr_at_fpr_0_01: finding.curve.truePositiveRate(atFalsePositiveRate: 0.01),
      tpr_at_fpr_0_01_interval: [high.lowerBound, high.upperBound],
      epsilon_lower_bound: finding.epsilonLowerBound, guesses: finding.guesses, right: finding.right)
  }

  private func describe(
    _ report: Found, _ claimed: Double?, _ isRefuted: Bool, _ isInconclusive: Bool, _ isTooLarge: Bool,
    _ proved: Double, _ seconds: Double
  ) -> AuditResult {
    var table = Table(columns: [
      .text("attack"), .number("area"), .number("adv."), .number("TPR at 0.1 %"), .number("TPR at 1 %"), .number("ε ≥"),
    ])
    func rate(_ finding: MembershipFinding, _ rate: Double) -> String {
      AuditResult.share(
        finding.curve.truePositiveRate(atFalsePositiveRate: rate), finding.curve.interval(atFalsePositiveRate: rate))
    }
    for finding in report.findings {
      table.add([
        finding.attack, NumberText.fixed(finding.curve.area, decimals: 3),
        NumberText.fixed(finding.curve.advantage, decimals: 3), rate(finding, 0.001), rate(finding, 0.01),
        NumberText.fixed(finding.epsilonLowerBound, decimals: 3),
      ])
    }
    let bound = NumberText.fixed(report.findings.map(\.epsilonLowerBound).max() ?? 0, decimals: 3)
    let cap = NumberText.fixed(report.findings.map(\.cap).max() ?? 0, decimals: 2)
    let limit = claimed.map { ROCCurve.advantageBound(epsilon: $0, delta: report.delta) }
    var findings = [
      AuditFinding(
        check: "membership",
        level: isRefuted ? .error : isInconclusive ? .note : claimed == nil && proved > 0 ? .warning : .none,
        detail: "\(report.unit): ε is at least \(bound), this run could see up to \(cap)"
          + (claimed.map { ", claimed is \(NumberText.significant($0))" } ?? ", nothing is claimed"),
        remedy: isRefuted || (claimed == nil && proved > 0)
          ? "Train with privacy (privacy: in the configuration), or with noise for the claimed ε." : "",
        hazard: "models memorise training data"),
      AuditFinding(
        check: "advantage",
        // The claim is refuted by ε alone: a second test at the same alpha would double the rate of false alarms.
        level: isTooLarge ? .error : limit.map { proved > $0 } ?? false ? .warning : .none,
        detail: "an advantage of \(NumberText.fixed(proved, decimals: 3)) is proved"
          + (limit.map { "; the claim allows \(NumberText.fixed($0, decimals: 3))" } ?? ""),
        remedy: "", hazard: "models memorise training data"),
    ]
    if let accuracy = report.accuracy {
      findings.append(
        AuditFinding(
          check: "generalisation", level: .none,
          detail: "accuracy \(NumberText.fixed(accuracy.members, decimals: 3)) on members, "
            + "\(NumberText.fixed(accuracy.nonmembers, decimals: 3)) on others"))
    }
    if let shapley = report.shapley {
      findings.append(
        AuditFinding(
          check: "shapley", level: .none,
          detail: "SHAPr: \(shapley.positive) of \(shapley.records) members show in the answers to others "
            + "(share \(NumberText.fixed(shapley.share, decimals: 3)), mean value "
            + "\(NumberText.fixed(shapley.mean, decimals: 3)), largest \(NumberText.significant(shapley.largest)))",
          hazard: "models memorise training data"))
    }
    findings += report.attributes.map(finding)
    return AuditResult(
      title: "Audit of a model", findings: findings, tables: [table] + report.attributes.map(AuditModelCommand.table),
      seconds: seconds)
  }

  private func readAttacks() throws -> [MembershipAttack] {
    guard let attacks else { return MembershipAttack.allCases }
    return try attacks.split(separator: ",").map { name in
      guard let attack = MembershipAttack(rawValue: String(name)) else {
        throw CommandFailure("--attacks: no '\(name)'", code: .usage)
      }
      return attack
    }
  }
}
