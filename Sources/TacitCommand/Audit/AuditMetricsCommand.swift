import ArgumentParser
import ExactMath
import Foundation
import PrivacyAccounting
import PrivacyAuditing
import PrivacyLedger
import TacitVerbs

/// `tacit audit metrics`: what a monitoring system reads.
struct AuditMetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics", abstract: "Write budgets, rejected updates and attack scores as OpenMetrics text.",
    discussion: """
      The file is written whole and then put in place, so that a collector (the textfile collector of Prometheus' node \
      exporter, or any web server) never reads half of it; --force replaces the last one. It ends in '# EOF'.
      """)

  @Option(help: "A ledger: limit, rest, charges and whether it is frozen, of every budget.")
  var ledger: String?
  @Option(help: "What the ledger's owner allows you.")
  var capability: String?
  @Option(help: "The file that tacit simulate --metrics writes.")
  var rounds: String?
  @Option(help: "A report of tacit audit … --json; may be given often.")
  var report: [String] = []
  @Option(help: "Where the text goes.")
  var output = "-"
  @Flag(help: "Replace an existing file.")
  var force = false

  func validate() throws {
    if ledger == nil, rounds == nil, report.isEmpty {
      throw ValidationError("one of --ledger, --rounds and --report is needed")
    }
  }

  func run() throws {
    var metrics = OpenMetrics()
    do throws(AuditError) {
      if let ledger { try addBudgets(of: open(ledger), to: &metrics) }
      if let rounds { try addRounds(of: lines(rounds), to: &metrics) }
      for path in report { try addReport(path, document(path), to: &metrics) }
    } catch {
      throw CommandFailure(error.message)
    }
    try Output.write(metrics.text, to: output, force: force)
  }

  private func open(_ path: String) throws(AuditError) -> [BudgetStatus] {
    do { return try LedgerFile.open(path, capability).status() } catch {
      throw AuditError(.invalidSetting, "\(error)")
    }
  }

  private func addBudgets(of budgets: [BudgetStatus], to metrics: inout OpenMetrics) throws(AuditError) {
    for budget in budgets {
      try metrics.add(
        "tacit_budget_limit_epsilon", .gauge, "The limit on epsilon.", budget.terms.epsilon.value.doubleRoundedUp,
        labels: ["budget": budget.name, "unit": budget.terms.unit])
    }
    for budget in budgets {
      // What is left is told in the measure of the budget's filter: epsilon=…, rho=… and so on.
      for part in budget.remaining.split(whereSeparator: { $0 == " " || $0 == "," }) {
        let pair = part.split(separator: "=", maxSplits: 1)
        // An exact number may be a fraction of whole ones.
        guard pair.count == 2, let value = Rational(String(pair[1]))?.doubleRoundedDown else { continue }
        try metrics.add(
          "tacit_budget_remaining", .gauge, "What is left, in the measure of the budget's filter.", value,
          labels: ["budget": budget.name, "measure": String(pair[0])])
      }
    }
    for budget in budgets {
      try metrics.add(
        "tacit_budget_charges", .counter, "Charges made.", Double(budget.charges), labels: ["budget": budget.name])
    }
    for budget in budgets {
      try metrics.add(
        "tacit_budget_frozen", .gauge, "1 when all spending is stopped.", budget.frozen ? 1 : 0,
        labels: ["budget": budget.name])
    }
  }

  private func lines(_ path: String) throws(AuditError) -> [[String: Any]] {
    guard let text = try? Input.readText(path, limit: 1 << 28) else {
      throw AuditError(.invalidSetting, "\(path): cannot be read")
    }
    var rounds: [[String: Any]] = []
    for line in text.split(whereSeparator: \.isNewline) {
      guard let round = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
        throw AuditError(.invalidSetting, "\(path): line \(rounds.count + 1) is no JSON object")
      }
      rounds.append(round)
    }
    return rounds
  }

  private func addRounds(of rounds: [[String: Any]], to metrics: inout OpenMetrics) throws(AuditError) {
    func total(_ key: String) -> Double { rounds.reduce(0) { $0 + (AuditMetricsCommand.number($1[key]) ?? 0) } }
    try metrics.add("tacit_rounds", .counter, "Rounds done.", Double(rounds.count))
    for (name, key, help) in [
      ("tacit_updates_accepted", "contributors", "Updates that reached the sum."),
      ("tacit_updates_rejected", "rejected", "Updates that were no numbers."),
      ("tacit_updates_clipped", "clipped", "Updates above the clip."),
      ("tacit_clients_dropped", "dropped", "Clients that never reported."),
    ] { try metrics.add(name, .counter, help, total(key)) }
    if let accuracy = rounds.compactMap({ AuditMetricsCommand.number($0["accuracy"]) }).last {
      try metrics.add("tacit_accuracy", .gauge, "The last accuracy measured.", accuracy)
    }
    let spent = rounds.compactMap { AuditMetricsCommand.number(($0["epsilon"] as? [String: Any])?["upper"]) }
    if let spent = spent.last { try metrics.add("tacit_training_epsilon", .gauge, "Certified so far.", spent) }
  }

  private func document(_ path: String) throws(AuditError) -> [String: Any] {
    guard let text = try? Input.readText(path, limit: 1 << 28),
      let document = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    else { throw AuditError(.invalidSetting, "\(path): is no report in JSON") }
    return document
  }

  private func addReport(
    _ path: String, _ document: [String: Any], to metrics: inout OpenMetrics
  ) throws(AuditError) {
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    if let refuted = document["refuted"] as? Bool {
      try metrics.add(
        "tacit_audit_refuted", .gauge, "1 when a claim was refuted.", refuted ? 1 : 0, labels: ["report": name])
    }
    if let findings = document["findings"] as? [[String: Any]] {
      for level in ["error", "warning"] {
        try metrics.add(
          "tacit_audit_findings", .gauge, "Findings of a report.",
          Double(findings.count { $0["level"] as? String == level }), labels: ["report": name, "level": level])
      }
    }
    for key in ["epsilon_lower_bound", "cap"] {
      guard let value = AuditMetricsCommand.number(document[key]) else { continue }
      try metrics.add("tacit_audit_\(key)", .gauge, "Of an audit's report.", value, labels: ["report": name])
    }
    for attack in document["attacks"] as? [[String: Any]] ?? [] {
      guard let title = attack["attack"] as? String else { continue }
      for key in ["area", "advantage", "epsilon_lower_bound"] {
        guard let value = AuditMetricsCommand.number(attack[key]) else { continue }
        try metrics.add(
          "tacit_attack_\(key)", .gauge, "Of one attack on a model.", value, labels: ["report": name, "attack": title])
      }
    }
  }

  private static func number(_ value: Any?) -> Double? {
    if let text = value as? String { return text == "inf" ? .infinity : nil }
    return (value as? NSNumber)?.doubleValue
  }
}
