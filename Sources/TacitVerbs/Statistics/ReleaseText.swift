import ExactMath
import PrivacyAccounting
import PrivateStatistics

/// A released table as text.
struct ReleaseText {
  private let table: ReleasedTable
  private let query: Query

  init(_ table: ReleasedTable, _ query: Query) {
    self.table = table
    self.query = query
  }

  func text(_ format: ReleaseCommand.Format) throws -> String {
    switch format {
    case .csv: csv
    case .jsonl: try rows.map { try jsonText($0) + "\n" }.joined()
    case .json: try jsonText(document) + "\n"
    case .html: ReleaseReport(table, query).html
    }
  }

  private var columns: [String] {
    table.groupColumns + table.names.flatMap { [$0, $0 + "_low", $0 + "_high"] }
  }

  private var csv: String {
    var lines = [columns.map(quoted).joined(separator: ",")]
    for row in table.rows {
      let values = shown(row.values)
      lines.append((row.keys.map(quoted) + values.flatMap { [$0.text, $0.low, $0.high] }).joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A row's answers with the digits that their intervals support; JSON has them all.
  ///
  /// Answers that are rounded to a declared multiple stay as they are.
  func shown(_ values: [ReleasedValue]) -> [ReleasedValue] {
    let exact = query.metrics.flatMap { metric in
      metric.outputNames.map { _ in metric.postProcessing.multiple != nil }
    }
    return zip(values, exact).map { $1 ? $0 : $0.shown }
  }

  /// RFC 4180: quotes where the text could be misread.
  private func quoted(_ text: String) -> String {
    guard text.contains(where: { [",", "\"", "\n", "\r", "\r\n"].contains($0) }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// A field of a row of JSON.
  private enum Field: Encodable {
    case text(String)
    case number(Double)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let text): try container.encode(text)
      case .number(let number): try container.encode(JSONNumber(number))
      }
    }
  }

  private var rows: [[String: Field]] {
    table.rows.map { row in
      var fields: [String: Field] = [:]
      for (column, key) in zip(table.groupColumns, row.keys) { fields[column] = .text(key) }
      for (name, value) in zip(table.names, row.values) {
        fields[name] = .number(value.value)
        fields[name + "_low"] = .number(value.lowValue)
        fields[name + "_high"] = .number(value.highValue)
      }
      return fields
    }
  }

  /// Bytes that an answer is unlikely to exceed in any format.
  static func room(for query: Query) -> Int {
    guard let explanation = Explanation(query) else { return 4_096 }
    // Groups of undeclared keys are not known yet; a million of them is a large answer.
    return 4_096 + (explanation.groups ?? 1 << 20) * (64 + explanation.metrics.count * 256)
  }

  /// What intervals are about, and what is not in them.
  static let meaning =
    "the answer about the bounded table, with values clamped to their ranges and contributions beyond the bounds left "
    + "out; what clamping and bounding change is a bias that no interval holds and that cannot be told without the data"

  private struct Document: Encodable {
    let adjacency: String
    let claim: String
    let confidence: Double
    let delta: String
    let dropped: [String: Field]?
    let epsilon: String
    let event: String
    let intervals_cover: String
    let metrics: [MetricReport]
    let privacy_unit: String
    let rows: [[String: Field]]
    let selection: SelectionReport?
  }

  private var document: Document {
    let explanation = Explanation(query)
    return Document(
      adjacency: query.adjacency.description, claim: query.claim, confidence: 0.95, delta: query.delta.description,
      dropped: table.dropped.map {
        ["units": .number($0.value), "units_low": .number($0.lowValue), "units_high": .number($0.highValue)]
      },
      epsilon: query.epsilon.description, event: explanation?.event.description ?? "",
      intervals_cover: ReleaseText.meaning,
      metrics: explanation?.metrics.map(MetricReport.init) ?? [], privacy_unit: query.privacyUnit.text, rows: rows,
      selection: explanation?.selection.map(SelectionReport.init))
  }
}

extension Query {
  /// What a release promises, in one line.
  var claim: String {
    let unit = privacyUnit == .rows ? "one row" : "all rows with one value of \(privacyUnit.text)"
    return "(\(epsilon.value.decimalDescription), \(delta.value.decimalDescription))-differential privacy for \(unit), "
      + "\(adjacency.description) neighbours, exact integer noise"
  }
}

/// How groups of undeclared keys are chosen, for JSON.
struct SelectionReport: Encodable {
  let event: String
  let kind: String
  let minimum_units: Int
  let named_half_of_the_time_at_units: Int

  init(_ plan: Explanation.SelectionPlan) {
    event = plan.event.description
    kind = plan.kind.rawValue
    minimum_units = plan.minimumUnits
    named_half_of_the_time_at_units = plan.typicalUnits
  }
}

/// What is public about one metric's noise, for JSON.
struct MetricReport: Encodable {
  let name: String
  let kind: String
  let epsilon: String
  let noise: [Noise]
  let expected_error: Double?
  let expected_error_rule: String?
  let half_width_95: Double?
  let post_processing_bias: Double?

  /// One family of noisy integers.
  struct Noise: Encodable {
    let of: String
    let law: String
    let scale: String
    let step: String
    let draws: Int?
  }

  init(_ metric: Explanation.MetricNoise) {
    name = metric.name
    kind = metric.kind.rawValue
    epsilon = metric.epsilon.decimalDescription
    expected_error = metric.expectedError
    expected_error_rule = metric.errorRule
    half_width_95 = metric.halfWidth
    post_processing_bias = metric.bias
    noise = metric.parts.map {
      Noise(
        of: $0.role, law: $0.law, scale: $0.scale.decimalDescription,
        step: $0.step.decimalDescription, draws: $0.draws)
    }
  }
}
