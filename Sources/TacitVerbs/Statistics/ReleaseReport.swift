import ExactMath
import PrivacyAccounting
import PrivateStatistics
import Reporting

/// A released table as a page with error bars; it holds nothing but the release.
struct ReleaseReport {
  private let table: ReleasedTable
  private let query: Query
  /// Each row's answers with the digits that their intervals support.
  private let shown: [[ReleasedValue]]
  /// More groups than this make no readable picture.
  private static let mostBars = 60
  /// With more groups than this, bars of several answers side by side are no longer told apart.
  private static let mostSeries = 4

  init(_ table: ReleasedTable, _ query: Query) {
    self.table = table
    self.query = query
    let text = ReleaseText(table, query)
    shown = table.rows.map { text.shown($0.values) }
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
    var first = 0
    for metric in query.metrics {
      let names = metric.outputNames
      let answers = first..<(first + names.count)
      first += names.count
      if names.count > 1, metric.kind != .regression {
        add(metric, answers, to: &report)
      } else {
        for index in answers { add(table.names[index], index, to: &report) }
      }
    }
    if let dropped = table.dropped {
      report.paragraph(
        "Units with rows left out as unusable: \(dropped.text), 95 % from \(dropped.low) to \(dropped.high).")
    }
    report.paragraph("Bars and intervals hold, with 95 % chance, \(ReleaseText.meaning).")
    return report.html()
  }

  private var groupLabel: String { query.groupBy.map(\.column).joined(separator: ", ") }

  private func label(_ row: ReleasedTable.Row) -> String {
    row.keys.isEmpty ? "all rows" : row.keys.filter { !$0.isEmpty }.joined(separator: ", ")
  }

  /// The end points that can be drawn; `nil` for an interval without ends.
  private func drawn(_ value: ReleasedValue) -> ClosedRange<Double>? {
    guard value.lowValue.isFinite, value.highValue.isFinite else { return nil }
    return min(value.lowValue, value.highValue)...value.highValue
  }

  /// One answer for each group.
  private func add(_ name: String, _ index: Int, to report: inout Report) {
    report.section(name)
    let values = table.rows.map { $0.values[index] }
    let intervals = values.map(drawn)
    if values.count <= ReleaseReport.mostBars, intervals.contains(where: { $0 != nil }) {
      var plot = Plot(
        title: name, description: "\(name) for each group with its 95 % interval",
        x: Plot.Axis(groupLabel, categories: table.rows.map(label)), y: Plot.Axis(name))
      plot.add(
        .bars(name, zip(values, intervals).map { $1 == nil ? .nan : $0.value }, intervals: intervals))
      report.plot(plot)
    }
    let open = intervals.count { $0 == nil }
    if open > 0 {
      report.note("\(open) of \(values.count) intervals have no ends: the noise allows any value, and no bar is drawn.")
    }
    var text = Table(columns: [.text("group"), .number("value"), .number("95 % low"), .number("95 % high")])
    for (row, values) in zip(table.rows, shown) {
      text.add([label(row), values[index].text, values[index].low, values[index].high])
    }
    report.table(text)
  }

  /// The bins of a histogram, the shares of a quantile metric or the columns of a vector: one picture.
  private func add(_ metric: Metric, _ answers: Range<Int>, to report: inout Report) {
    report.section(metric.name)
    let edges = metric.edges.map(\.decimalDescription)
    let names =
      edges.isEmpty
      ? answers.map { String(table.names[$0].dropFirst(metric.name.count + 1)) }
      : zip(edges, edges.dropFirst()).map { "\($0) to \($1)" }
    let rows = table.rows.map { Array($0.values[answers]) }
    if rows.count <= ReleaseReport.mostSeries, names.count <= ReleaseReport.mostBars {
      var plot = Plot(
        title: metric.name, description: "\(metric.name) for each group, side by side, with 95 % intervals",
        x: Plot.Axis(metric.column ?? "", categories: names), y: Plot.Axis(metric.name))
      for (row, values) in zip(table.rows, rows) {
        plot.add(.bars(label(row), values.map(\.value), intervals: values.map(drawn)))
      }
      report.plot(plot)
    } else if rows.count <= ReleaseReport.mostBars, names.count <= ReleaseReport.mostBars {
      report.figure(
        .heatMap(
          HeatMap(
            title: metric.name, description: "\(metric.name): a row for each group; intervals are in the table below",
            columns: names, rows: table.rows.map(label), values: rows.map { $0.map(\.value) },
            decimals: metric.kind == .histogram ? 0 : 2)))
    }
    var text = Table(
      columns: [.text("group"), .text("of"), .number("value"), .number("95 % low"), .number("95 % high")])
    for (row, values) in zip(table.rows, shown) {
      for (name, value) in zip(names, values[answers]) {
        text.add([label(row), name, value.text, value.low, value.high])
      }
    }
    report.table(text)
  }
}
