import ArgumentParser
import PrivacyAuditing
import Reporting
import TacitVerbs

/// `tacit audit certificate`.
struct AuditCertificateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certificate", abstract: "Measure how often the auditors refute claims that are exactly true.",
    discussion: """
      Mechanisms of exactly known privacy are audited again and again at the claim they just keep. The rate of false \
      alarms must not exceed alpha, by an exact test at 99 % shared over the rows of the table.
      Exit codes: 0 as rare as claimed, 1 not.
      """)

  @Option(
    name: [.long, .customLong("choice")],
    help: "One auditor (\(CertifiedAuditor.all.map(\.name).joined(separator: ", "))); all when none is given.")
  var auditor: [String] = []
  @Option(help: "The error the auditors claim.")
  var alpha = 0.05
  @Option(help: "Outputs per data set and audit, or canaries.")
  var samples = 500
  @Option(help: "Audits per mechanism.")
  var runs = 2_000
  @Option(help: "Fixes every draw.")
  var seed: UInt64 = 1
  @Flag(help: "Print one JSON document.")
  var json = false

  private struct Row: Encodable {
    let auditor: String
    let refutes: String
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
    let alpha: Double
    let samples: Int
    let seed: UInt64
    let rows: [Row]
    let passes: Bool
    let seconds: Double
  }

  func run() throws {
    let auditors = try auditor.isEmpty ? CertifiedAuditor.all : auditor.map(named)
    let start = ContinuousClock().now
    let certificate: CalibrationCertificate
    let line = json ? nil : ProgressLine("per cent", total: 100, whenRedirected: .lines(everySeconds: 30))
    defer { line?.finish() }
    do {
      certificate = try CalibrationCertificate(
        auditors, alpha: alpha, samples: samples, runs: runs, seed: seed
      ) { done, rows in line?.update(100 * done / rows, note: "\(done) of \(rows) rows") }
      line?.finish()
    } catch {
      throw CommandFailure("--\(error.message)", code: .usage)
    }
    let seconds = AuditClock.seconds(since: start)
    if json {
      let rows = certificate.rows.map { row in
        Row(
          auditor: row.auditor, refutes: auditors.first { $0.name == row.auditor }?.refutes ?? "", name: row.name,
          epsilon: row.epsilon, delta: row.delta, runs: row.runs, false_alarms: row.falseAlarms, limit: row.limit,
          mean_bound: row.meanBound, passes: row.passes)
      }
      try emitJSON(
        Document(
          alpha: alpha, samples: samples, seed: seed, rows: rows, passes: certificate.passes, seconds: seconds))
    } else {
      var table = Table(columns: [
        .text("auditor"), .text("mechanism"), .number("exact ε"), .number("mean bound"), .number("false alarms"),
        .number("must be below"),
      ])
      for row in certificate.rows {
        table.add([
          row.auditor, row.name, NumberText.fixed(row.epsilon, decimals: 4),
          NumberText.fixed(row.meanBound, decimals: 4), "\(row.falseAlarms) of \(row.runs)", "\(row.limit)",
        ])
      }
      StandardOutput.write(table.fitted(width: AuditTerminal.style.width, style: AuditTerminal.style) + "\n")
      let worst = certificate.rows.map(\.falseAlarms).max() ?? 0
      StandardOutput.write(
        "\(certificate.rows.count) rows in \(NumberText.duration(seconds)), at most \(worst) false alarms a row: "
          + (certificate.passes ? "as rare as claimed\n" : "MORE THAN CLAIMED\n"))
    }
    if !certificate.passes { throw ExitCode(CommandFailure.Code.failed.rawValue) }
  }

  private func named(_ name: String) throws -> CertifiedAuditor {
    guard let found = CertifiedAuditor.all.first(where: { $0.name == name }) else {
      throw CommandFailure(
        "--auditor: no '\(name)'; there are \(CertifiedAuditor.all.map(\.name).joined(separator: ", "))", code: .usage)
    }
    return found
  }
}

/// The time an audit took.
enum AuditClock {
  static func seconds(since start: ContinuousClock.Instant) -> Double {
    let parts = (ContinuousClock().now - start).components
    return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
  }
}
