import ArgumentParser
import ExactMath
import PrivacyAccounting
import PrivateStatistics
import Reporting

/// `tacit explain`: what a release will charge and how exact it will be, before any data.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say what a query will charge, its noise and its expected error, before touching data.")

  @Argument(help: "The query, YAML or JSON.")
  var query: String

  @Option(
    name: .long,
    help: "Answer running totals over this group_by column, whose declared keys are steps of time.")
  var continual: String?

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  private struct Totals: Encodable {
    let column: String
    let levels: Int
    let most_terms: Int
    let steps: Int

    init(_ plan: Explanation.ContinualPlan) {
      column = plan.column
      levels = plan.levels
      most_terms = plan.mostTerms
      steps = plan.steps
    }
  }

  private struct Level: Encodable {
    let column: String
    let deviation_over_raw: Double
    let groups: Int

    init(_ plan: Explanation.LevelPlan) {
      column = plan.column
      deviation_over_raw = plan.deviation
      groups = plan.groups
    }
  }

  private struct Document: Encodable {
    let adjacency: String
    let certificate: String?
    let claim: String
    let continual: Totals?
    let delta: String
    let dropped_event: String?
    let epsilon: String
    let event: String
    let groups: Int?
    let hierarchy: [Level]?
    let metrics: [MetricReport]
    let privacy_unit: String
    let selection: SelectionReport?
    let warnings: [String]
  }

  func run() throws {
    let question = try QueryFile.read(query, continual: continual)
    // The same plan that a release would make, with the same refusals.
    _ = try refusing { try Accumulator(question, key: SamplingKey()).query }
    guard let explanation = Explanation(question) else { throw CommandFailure("\(query): no noise can be planned") }
    let document = Document(
      adjacency: question.adjacency.description, certificate: explanation.certificate?.description,
      claim: question.claim, continual: explanation.continual.map(Totals.init), delta: question.delta.description,
      dropped_event: explanation.dropped?.description,
      epsilon: question.epsilon.description, event: explanation.event.description, groups: explanation.groups,
      hierarchy: explanation.levels.isEmpty ? nil : explanation.levels.map(Level.init),
      metrics: explanation.metrics.map(MetricReport.init), privacy_unit: question.privacyUnit.text,
      selection: explanation.selection.map(SelectionReport.init), warnings: explanation.warnings)
    if json { try emitJSON(document) } else { StandardOutput.write(text(document)) }
  }

  /// A short number as it is, a long one to six digits; the JSON document has it exactly.
  private func short(_ number: String) -> String {
    number.count <= 8 ? number : Rational(number).map { NumberText.significant($0.doubleValue, digits: 6) } ?? number
  }

  private func text(_ document: Document) -> String {
    var lines = [
      "unit of privacy: \(document.privacy_unit), adjacency \(document.adjacency)",
      "charge: epsilon \(document.epsilon), delta \(document.delta) at most: \(document.event)",
      "groups: \(document.groups.map { "\($0)" } ?? "those of the table that selection lets be named")",
    ]
    if let totals = document.continual {
      lines.append(
        "running totals over \(totals.column): a tree of partial sums of \(totals.steps) steps; one step is in up to "
          + "\(totals.levels) noisy sums, a total adds up at most \(totals.most_terms); errors below are the largest")
    }
    for level in document.hierarchy ?? [] {
      lines.append(
        "hierarchy, \(level.column): \(level.groups) \(level.groups == 1 ? "group" : "groups"), their errors at most "
          + "\(NumberText.significant(level.deviation_over_raw)) of one noisy number's; errors below are the largest")
    }
    if let selection = document.selection {
      lines.append(
        "selection (\(selection.kind)): \(selection.event); a group of \(selection.named_half_of_the_time_at_units) units "
          + "is named about half of the time")
    }
    if let event = document.dropped_event { lines.append("units with dropped rows: \(event)") }
    for metric in document.metrics {
      lines.append("\(metric.name) (\(metric.kind)): epsilon \(metric.epsilon)")
      for noise in metric.noise {
        lines.append(
          "  \(noise.of): \(noise.law) of scale \(short(noise.scale)) steps of \(short(noise.step)), "
            + (noise.draws.map { "\($0) draws" } ?? "\(noise.of == "tree" ? "a tree" : "a draw") for each group"))
      }
      if let error = metric.expected_error, let width = metric.half_width_95 {
        let (error, width) = (NumberText.significant(error), NumberText.significant(width, digits: 6))
        lines.append("  expected error (standard deviation) \(error), 95 % within ±\(width)")
      }
      if let rule = metric.expected_error_rule { lines.append("  expected error (standard deviation) \(rule)") }
      if let bias = metric.post_processing_bias {
        lines.append("  post-processing moves the mean by at most \(NumberText.significant(bias))")
      }
    }
    lines += document.warnings.map { "warning: \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }
}
