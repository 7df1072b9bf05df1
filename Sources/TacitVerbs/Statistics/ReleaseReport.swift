import ExactMath
import PrivacyAccounting
import PrivateStatistics
import Reporting

/// A released table as a page with error bars; it holds nothing but the release.
struct ReleaseReport {
  private let table: ReleasedTable
  private let query: Query
  /// More groups than this make no readable picture.
  private static let mostBars = 60

  init(_ table: ReleasedTable, _ query: Query) {
    self.table = table
    self.query = query
  }

  /// The page.
  var html: String {
    var report = Report(title: "Private statistics", summary: query.claim)
    if let explanation = Explanation(query) {
      report.claims(
        "Claim",
        [
          Report.Claim("unit of privacy", query.privacyUnit.text), Report.Claim("adjacency", "\(query.adjacency)"),
          Report.Claim("epsilon", query.epsilon.value.decimalDescription),
          Report.Claim("delta", query.delta.value.decimalDescription), Report.Claim("event", "\(explanation.event)"),
        ])
      if !explanation.warnings.isEmpty { report.list(explanation.warnings) }
    }
    for (index, name) in table.names.enumerated() { add(name, index, to: &report) }
    if let dropped = table.dropped {
      report.paragraph(
        "Units with rows left out as unusable: \(dropped.text), 95 % from \(dropped.low) to \(dropped.high).")
    }
    report.paragraph("Bars and intervals are 95 % intervals of the noise; clamping and bounding are not in them.")
    return report.html()
  }

  private func add(_ name: String, _ index: Int, to report: inout Report) {
    report.section(name)
    let rows = table.rows.map { ($0.keys.joined(separator: ", "), $0.values[index]) }
    if rows.count <= ReleaseReport.mostBars, rows.allSatisfy({ $0.1.lowValue.isFinite && $0.1.highValue.isFinite }) {
      var plot = Plot(
        title: name, description: "\(name) for each group with its 95 % interval",
        x: Plot.Axis(query.groupBy.map(\.column).joined(separator: ", "), categories: rows.map(\.0)),
        y: Plot.Axis(name))
      plot.add(
        .bars(name, rows.map(\.1.value), intervals: rows.map { min($0.1.lowValue, $0.1.highValue)...$0.1.highValue }))
      report.plot(plot)
    }
    var text = Table(columns: [.text("group"), .number("value"), .number("95 % low"), .number("95 % high")])
    for (group, value) in rows { text.add([group, value.text, value.low, value.high]) }
    report.table(text)
  }
}
