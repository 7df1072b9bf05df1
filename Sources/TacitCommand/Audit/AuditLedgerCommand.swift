import ArgumentParser
import ExactMath
import Foundation
import PrivacyAccounting
import PrivacyAuditing
import PrivacyLedger
import Reporting
import TacitVerbs

/// `tacit audit ledger`.
struct AuditLedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Hold what was claimed against what was charged.",
    discussion: """
      Verifies the history, composes the charges of every budget anew, and compares claims with them. A claims file is \
      JSON: [{"budget":"B","epsilon":1,"delta":1e-6,"unit":"row","releases":["ID"]}]; a claim is false when its unit is \
      not the budget's, when the charges compose to a larger ε at its δ, or when a release it names was never charged.
      Exit codes: 0 in order, 1 something is not.
      """)

  @OptionGroup var file: LedgerFile
  @Option(help: "A JSON file of claims.")
  var claims: [String] = []
  @OptionGroup var form: AuditOutputOptions

  private struct Claim: Decodable {
    let budget: String
    let epsilon: Double
    let delta: Double
    let unit: String
    let releases: [String]?
  }

  private struct Document: Encodable {
    let intact: Bool
    let entries: Int
    let head: String
    let findings: [AuditFinding]
    let seconds: Double
  }

  func run() throws {
    let start = ContinuousClock().now
    let ledger = try file.open()
    var findings: [AuditFinding] = []
    let verification: LedgerVerification
    let history: [LedgerRecord]
    let budgets: [BudgetStatus]
    do {
      verification = try ledger.verify(since: nil)
      history = try ledger.history()
      budgets = try ledger.status()
    } catch {
      throw CommandFailure("\(error)")
    }
    findings.append(
      AuditFinding(
        check: "history", level: verification.intact ? .none : .error,
        detail: verification.intact
          ? "\(verification.entries) entries, each with the hash of the one before"
          : "broken at entry \(verification.brokenAt ?? 0)" + (verification.reason.map { ": \($0)" } ?? ""),
        remedy: verification.intact ? "" : "Freeze the budgets and restore the ledger from a copy."))
    for budget in budgets {
      findings.append(try check(budget, charges(history, budget.name)))
      if budget.terms.unit == BudgetTerms.anyUnit {
        findings.append(
          AuditFinding(
            check: "unit", level: .warning, detail: "budget \(budget.name) states no unit of privacy",
            remedy: "Create budgets with --unit.", hazard: "hypotheses outside the unit of privacy are not protected"))
      }
    }
    for path in claims { findings += try read(path).map { try check($0, budgets, history) } }
    let seconds = AuditClock.seconds(since: start)
    let result = AuditResult(title: "Audit of a ledger", findings: findings, seconds: seconds)
    try form.write(
      result,
      document: Document(
        intact: verification.intact, entries: verification.entries, head: verification.head, findings: findings,
        seconds: seconds))
    if result.hasErrors { throw ExitCode(CommandFailure.Code.failed.rawValue) }
  }

  private func read(_ path: String) throws -> [Claim] {
    do {
      return try JSONDecoder().decode([Claim].self, from: Data(Input.readText(path).utf8))
    } catch is DecodingError {
      throw CommandFailure("\(path): is no list of claims with budget, epsilon, delta and unit")
    }
  }

  private func charges(_ history: [LedgerRecord], _ budget: String) throws -> [PrivacyEvent] {
    try history.filter { $0.budget == budget && $0.kind == .charge }.map { record in
      do { return try PrivacyEvent(parsing: record.detail) } catch {
        throw CommandFailure("entry \(record.position): its charge cannot be read")
      }
    }
  }

  /// The composed ε of charges, from above.
  private func spent(_ events: [PrivacyEvent], _ delta: Delta, _ adjacency: Adjacency) throws -> Double {
    guard !events.isEmpty else { return 0 }
    let accountant = AutomaticAccountant()
    return try accountant.epsilon(of: .composed(events), delta: delta, adjacency: adjacency).upper
  }

  private func check(_ budget: BudgetStatus, _ events: [PrivacyEvent]) throws -> AuditFinding {
    let terms = budget.terms
    let isPlanned = terms.plan != nil
    let total = try? spent(events, terms.delta, terms.adjacency)
    let limit = terms.epsilon.value.doubleRoundedUp
    // A filter counts in its own measure; what it lets through may compose to less, never to more.
    let isOver = !isPlanned && (total.map { $0 > limit * (1 + 1e-9) } ?? false)
    return AuditFinding(
      check: "budget", level: isOver ? .error : total == nil ? .note : .none,
      detail: "\(budget.name): \(events.count) charges compose to ε "
        + (total.map { NumberText.significant($0, digits: 5) } ?? "unknown")
        + " of \(terms.epsilon.value.decimalDescription) at δ \(terms.delta.value.decimalDescription), \(terms.unit), "
        + "\(terms.adjacency)" + (budget.frozen ? ", frozen" : ""),
      remedy: isOver ? "More was spent than the budget holds: freeze it and tell who relied on it." : "")
  }

  private func check(_ claim: Claim, _ budgets: [BudgetStatus], _ history: [LedgerRecord]) throws -> AuditFinding {
    func finding(_ level: AuditFinding.Level, _ detail: String) -> AuditFinding {
      AuditFinding(
        check: "claim", level: level, detail: "\(claim.budget): \(detail)",
        remedy: level == .error ? "Correct the claim, or find the charge that is missing." : "",
        hazard: "other releases of the same data")
    }
    guard let budget = budgets.first(where: { $0.name == claim.budget }) else {
      return finding(.error, "a claim about a budget that is not in the ledger")
    }
    guard claim.unit == budget.terms.unit else {
      return finding(.error, "the claim's unit is \(claim.unit), the budget's is \(budget.terms.unit)")
    }
    let ids = Set(history.filter { $0.budget == claim.budget }.compactMap(\.release))
    if let missing = claim.releases?.first(where: { !ids.contains($0) }) {
      return finding(.error, "release \(missing) was never charged")
    }
    guard let exact = Rational("\(claim.delta)"), let delta = try? Delta(exact) else {
      return finding(.error, "the claim's δ is no probability")
    }
    let total = try spent(charges(history, claim.budget), delta, budget.terms.adjacency)
    guard total <= claim.epsilon * (1 + 1e-9) else {
      return finding(
        .error,
        "the claim says ε \(NumberText.significant(claim.epsilon)), the charges compose to \(NumberText.significant(total, digits: 5))"
      )
    }
    return finding(
      .none,
      "ε \(NumberText.significant(claim.epsilon)) is claimed, \(NumberText.significant(total, digits: 5)) was spent")
  }
}
