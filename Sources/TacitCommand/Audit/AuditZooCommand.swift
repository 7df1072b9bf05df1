import ArgumentParser
import ExactMath
import PrivacyAccounting
import PrivacyAuditing
import Reporting
import TacitVerbs

/// `tacit audit zoo`.
struct AuditZooCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zoo", abstract: "Audit mechanisms known to be broken and their correct twins.",
    discussion: """
      Shows what the auditor can see: every broken member must be refuted, no correct one may be.
      Exit codes: 0 all found out, 1 a broken one escaped or a correct one was refuted.
      """)

  @Argument(help: "Names of members; all when none is given.")
  var names: [String] = []
  @Option(help: "Probability that any correct member is refuted.")
  var alpha = 1e-6
  @Flag(help: "List the members and end.")
  var list = false
  @Flag(help: "Print one JSON document.")
  var json = false

  private struct Row: Encodable {
    let name: String
    let broken: Bool
    let reason: String
    let claimed_epsilon: String
    let delta: String
    let refuted: Bool
    let epsilon_lower_bound: Double
    let cap: Double
    let samples: Int
    let event: String?
    let right: Bool
  }

  private struct Document: Encodable {
    let members: [Row]
    let alpha: Double
    let right: Int
    let wrong: Int
    let seconds: Double
  }

  func run() throws {
    let members = try chosen()
    if list {
      for member in members { StandardOutput.write("\(member.name): \(member.truth), \(member.reason)\n") }
      return
    }
    guard alpha > 0, alpha < 1 else { throw CommandFailure("--alpha: must lie in (0, 1)", code: .usage) }
    let clock = ContinuousClock()
    let start = clock.now
    var table = Table(columns: [
      .text("mechanism and event"), .text("truth"), .number("claimed ε"), .number("proved ε"),
    ])
    let findings = try ProgressLine.during("auditing") { try Zoo.audit(members, alpha: alpha) }
    let elapsed = (clock.now - start).components
    let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    let wrong = findings.count { !$0.isRight }
    if json {
      try emitJSON(
        Document(
          members: findings.map(row), alpha: alpha, right: findings.count - wrong, wrong: wrong, seconds: seconds))
    } else {
      for finding in findings {
        let event = finding.report.witness.map { ": \($0.event)" } ?? ""
        table.add([
          finding.member.name + event, "\(finding.member.truth)" + (finding.isRight ? "" : ", NOT FOUND OUT"),
          finding.member.claim.epsilon.decimalDescription,
          NumberText.fixed(finding.report.epsilonLowerBound, decimals: 3),
        ])
      }
      StandardOutput.write(table.fitted(width: AuditTerminal.style.width, style: AuditTerminal.style) + "\n")
      StandardOutput.write(
        "\(findings.count - wrong) of \(findings.count) found out in \(NumberText.duration(seconds))\n")
    }
    if wrong > 0 { throw ExitCode(CommandFailure.Code.failed.rawValue) }
  }

  private func chosen() throws -> [ZooMember] {
    if names.isEmpty { return Zoo.members }
    return try names.map { name in
      guard let member = Zoo.members.first(where: { $0.name == name }) else {
        throw CommandFailure("no member '\(name)'; see tacit audit zoo --list", code: .usage)
      }
      return member
    }
  }

  private func row(_ finding: Zoo.Finding) -> Row {
    Row(
      name: finding.member.name, broken: finding.member.truth == .broken, reason: finding.member.reason,
      claimed_epsilon: finding.member.claim.epsilon.decimalDescription,
      delta: finding.member.claim.delta.decimalDescription, refuted: finding.report.verdict == .refuted,
      epsilon_lower_bound: finding.report.epsilonLowerBound, cap: finding.report.cap,
      samples: finding.report.samples, event: finding.report.witness?.event.description, right: finding.isRight)
  }
}
