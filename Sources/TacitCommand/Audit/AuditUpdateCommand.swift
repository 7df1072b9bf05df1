import ArgumentParser
import FederatedLearning
import PrivacyAuditing
import Reporting
import TacitVerbs

/// `tacit audit update`.
struct AuditUpdateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update",
    abstract: "Read training examples out of a federation's updates, before and after protection.",
    discussion: """
      Clients take one step with one example each; the attacker inverts a gradient, the update as it is sent, the sum \
      that a secure sum shows, and that sum with the configuration's noise. What is read is compared and thrown away.
      Then a property is guessed from the same views: whether half of the examples that a client trained on are of \
      one class, or none (--property). A leak of the property is a warning.
      Exit codes: 0 the configured protection leaves what guessing finds, 1 it does not.
      """)

  @Argument(help: "A simulation, YAML or JSON, with a softmax or mlp model.")
  var config: String
  @Option(help: "Trials.")
  var trials = 200
  @Option(help: "The class whose presence in a client's data is guessed, from 0.")
  var property = 0
  @Option(help: "Fixes cohorts.")
  var seed: UInt64 = 1
  @OptionGroup var form: AuditOutputOptions

  private struct Row: Encodable {
    let view: String
    let trials: Int
    let median_error: JSONNumber
    let largest_error: JSONNumber
    let exact: Int
    let exact_interval: [Double]
    let identified: Int
    let identified_interval: [Double]
    let chance: Double
  }

  private struct Property: Encodable {
    struct View: Encodable {
      let view: String
      let trials: Int
      let right: Int
      let share: Double
      let interval: [Double]
      let leaks: Bool
    }
    let label: Int
    let batch: Int
    let chance = 0.5
    let views: [View]
  }

  private struct Imprint: Encodable {
    let view: String
    let examples: Int
    let recovered: Int
  }

  private struct Document: Encodable {
    let leaks: Bool
    let views: [Row]
    let malicious_server: [Imprint]
    let matching_cosine: Double?
    let property: Property
    let cohort: Int
    let noise: Double
    let findings: [AuditFinding]
    let seconds: Double
  }

  func run() throws {
    let start = ContinuousClock().now
    let plan = try SimulationFile.plan(config)
    let report: UpdateAudit.Report
    do {
      report = try ProgressLine.during("reading updates") {
        try UpdateAudit(plan, trials: trials, property: property, seed: seed).run()
      }
    } catch let error as AuditError {
      throw CommandFailure(error.message, code: .usage)
    }
    // What the server of this configuration really sees.
    let seen = report.showsSingleUpdates ? report.rows[2] : report.rows[report.rows.count - 1]
    let leaks = seen.leaks(alpha: 0.001)
    var findings = [
      AuditFinding(
        check: "gradient-inversion", level: leaks ? .error : .none,
        detail: "\(seen.view): \(seen.exact) of \(seen.trials) examples read exactly, \(seen.identified) identified "
          + "where guessing gives \(NumberText.fixed(seen.chance * Double(seen.trials), decimals: 1))",
        remedy: leaks
          ? "Sum updates securely (aggregation: pairwise or paillier) and add noise (privacy:); either alone is not enough."
          : "", hazard: "trust assumptions must hold")
    ]
    for imprint in report.imprints {
      findings.append(
        AuditFinding(
          check: "malicious-server", level: imprint.recovered > 0 ? .warning : .none,
          detail: "\(imprint.view): \(imprint.recovered) of \(imprint.examples) examples read out of the sum",
          remedy: imprint.recovered > 0
            ? "Clients must pin the model's hash; noise stops it, a secure sum does not." : "",
          hazard: "trust assumptions must hold"))
    }
    findings.append(guess(report))
    let seconds = AuditClock.seconds(since: start)
    let result = AuditResult(
      title: "Audit of updates", findings: findings, tables: [table(report), table(report.property)],
      seconds: seconds)
    try form.write(
      result,
      document: Document(
        leaks: leaks, views: report.rows.map(row),
        malicious_server: report.imprints.map {
          Imprint(view: $0.view, examples: $0.examples, recovered: $0.recovered)
        }, matching_cosine: report.matchingCosine, property: document(report.property), cohort: report.cohort,
        noise: report.noise, findings: findings,
        seconds: seconds))
    if leaks { throw ExitCode(CommandFailure.Code.failed.rawValue) }
  }

  /// What the server of this configuration finds out about a property of a client's.
  private func guess(_ report: UpdateAudit.Report) -> AuditFinding {
    let rows = report.property.rows
    let seen = report.showsSingleUpdates ? rows[0] : rows[rows.count - 1]
    let leaks = seen.leaks(alpha: 0.001)
    return AuditFinding(
      check: "property-inference", level: leaks ? .warning : .none,
      detail: "\(seen.view): \(seen.right) of \(seen.trials) clients are told apart by whether they hold class "
        + "\(report.property.label), where guessing gives \(seen.trials / 2)",
      remedy: leaks
        ? "Noise for whole clients (privacy: with unit client) bounds it; a secure sum over a larger cohort dilutes it."
        : "", hazard: "trust assumptions must hold")
  }

  private func document(_ audit: PropertyAudit) -> Property {
    Property(
      label: audit.label, batch: audit.batch,
      views: audit.rows.map {
        Property.View(
          view: $0.view, trials: $0.trials, right: $0.right, share: Double($0.right) / Double($0.trials),
          interval: [$0.interval.lowerBound, $0.interval.upperBound], leaks: $0.leaks(alpha: 0.001))
      })
  }

  private func table(_ audit: PropertyAudit) -> Table {
    var table = Table(
      caption: "does the client hold class \(audit.label)? (half of \(audit.batch) examples, or none)",
      columns: [.text("the attacker sees"), .number("right"), .number("share (95 %)"), .number("chance")])
    for row in audit.rows {
      table.add([
        row.view, "\(row.right) of \(row.trials)",
        AuditResult.share(Double(row.right) / Double(row.trials), row.interval), "0.500",
      ])
    }
    return table
  }

  private func row(_ row: UpdateAudit.Row) -> Row {
    Row(
      view: row.view, trials: row.trials, median_error: JSONNumber(row.medianError),
      largest_error: JSONNumber(row.largestError), exact: row.exact,
      exact_interval: [row.exactInterval.lowerBound, row.exactInterval.upperBound], identified: row.identified,
      identified_interval: [row.identifiedInterval.lowerBound, row.identifiedInterval.upperBound], chance: row.chance)
  }

  private func table(_ report: UpdateAudit.Report) -> Table {
    var table = Table(
      caption:
        "examples read out of updates; guessing identifies \(NumberText.fixed(1 / Double(report.cohort), decimals: 3))",
      columns: [
        .text("the attacker sees"), .number("median, max error"), .number("read exactly"),
        .number("identified (95 %)"),
      ])
    for row in report.rows {
      table.add([
        row.view,
        "\(NumberText.significant(row.medianError, digits: 3)), \(NumberText.significant(row.largestError, digits: 3))",
        "\(row.exact) of \(row.trials)",
        AuditResult.share(Double(row.identified) / Double(row.trials), row.identifiedInterval),
      ])
    }
    return table
  }
}
