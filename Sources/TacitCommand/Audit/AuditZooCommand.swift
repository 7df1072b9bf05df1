import ArgumentParser
import ExactMath
import PrivacyAccounting
import PrivacyAuditing
import Reporting

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
      .text("mechanism"), .text("truth"), .text("claimed ε"), .text("proved ε"), .text("event"),
    ])
    let findings = try Zoo.audit(members, alpha: alpha)
    let elapsed = (clock.now - start).components
    let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    let wrong = findings.count { !$0.isRight }
    if json {
      try emitJSON(
        Document(
          members: findings.map(row), alpha: alpha, right: findings.count - wrong, wrong: wrong, seconds: seconds))
    } else {
      for finding in findings {
        table.add([
          finding.member.name, "\(finding.member.truth)" + (finding.isRight ? "" : ", NOT FOUND OUT"),
          finding.member.claim.epsilon.decimalDescription,
          NumberText.fixed(finding.report.epsilonLowerBound, decimals: 3),
          finding.report.witness?.event.description ?? "",
        ])
      }
      StandardOutput.write(table.terminal() + "\n")
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

/// `tacit audit certificate`.
struct AuditCertificateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certificate", abstract: "Measure how often the auditor refutes claims that are exactly true.",
    discussion: """
      Mechanisms of exactly known privacy are audited again and again at the claim they just keep. The rate of false \
      alarms must not exceed alpha, by an exact test at 99 % shared over the rows.
      Exit codes: 0 as rare as claimed, 1 not.
      """)

  /// How events are chosen.
  enum Choice: String, ExpressibleByArgument, CaseIterable {
    case split, multiSplit = "multi-split", bands, bonferroni

    var events: EventChoice {
      switch self {
      case .split: .splitSample(fraction: 0.25)
      case .multiSplit: .multiSplit(splits: 5, fraction: 0.25)
      case .bands: .uniformBands
      case .bonferroni: .bonferroni([.atLeast(1), .atLeast(2), .atMost(0)])
      }
    }
  }

  @Option(help: "split, multi-split, bands or bonferroni.")
  var choice: Choice = .split
  @Option(help: "The error the auditor claims.")
  var alpha = 0.05
  @Option(help: "Outputs per data set and audit.")
  var samples = 500
  @Option(help: "Audits per mechanism.")
  var runs = 2_000
  @Option(help: "Fixes every draw.")
  var seed: UInt64 = 1
  @Flag(help: "Print one JSON document.")
  var json = false

  private struct Row: Encodable {
    let name: String
    let epsilon: Double
    let delta: Double
    let runs: Int
    let false_alarms: Int
    let limit: Int
    let mean_bound: Double
    let passes: Bool
  }

  private struct Document: Encodable {
    let choice: String
    let alpha: Double
    let samples: Int
    let seed: UInt64
    let rows: [Row]
    let passes: Bool
  }

  func run() throws {
    let certificate: CalibrationCertificate
    do {
      certificate = try CalibrationCertificate(choice.events, alpha: alpha, samples: samples, runs: runs, seed: seed)
    } catch {
      throw CommandFailure("--\(error.message)", code: .usage)
    }
    if json {
      let rows = certificate.rows.map {
        Row(
          name: $0.name, epsilon: $0.epsilon, delta: $0.delta, runs: $0.runs, false_alarms: $0.falseAlarms,
          limit: $0.limit, mean_bound: $0.meanBound, passes: $0.passes)
      }
      try emitJSON(
        Document(
          choice: choice.rawValue, alpha: alpha, samples: samples, seed: seed, rows: rows, passes: certificate.passes))
    } else {
      var table = Table(columns: [
        .text("mechanism"), .text("exact ε"), .text("mean bound"), .text("false alarms"), .text("must be below"),
      ])
      for row in certificate.rows {
        table.add([
          row.name, NumberText.fixed(row.epsilon, decimals: 4), NumberText.fixed(row.meanBound, decimals: 4),
          "\(row.falseAlarms) of \(row.runs)", "\(row.limit)",
        ])
      }
      StandardOutput.write(table.terminal() + "\n")
    }
    if !certificate.passes { throw ExitCode(CommandFailure.Code.failed.rawValue) }
  }
}
