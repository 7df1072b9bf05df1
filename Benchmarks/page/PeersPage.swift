import BenchmarkSupport
import Reporting

/// The page of peers and its chart.
enum PeersPage {
  /// Seconds in three digits.
  static func time(_ seconds: Double?) -> String {
    guard let seconds else { return "–" }
    let (factor, unit) =
      seconds >= 1 ? (1.0, "s") : seconds >= 1e-3 ? (1e3, "ms") : seconds >= 1e-6 ? (1e6, "µs") : (1e9, "ns")
    return NumberText.significant(seconds * factor, digits: 3) + " " + unit
  }

  /// How we stand to a peer, losses in the same words as gains.
  static func verdict(_ ratio: Double?) -> String {
    guard let ratio else { return "–" }
    let digits = ratio >= 1 ? ratio : 1 / ratio
    let times = NumberText.significant(digits, digits: digits >= 10 ? 3 : 2)
    if digits < 1.05 { return "as fast" }
    return ratio >= 1 ? "\(times)× faster" : "**\(times)× slower**"
  }

  /// How many times as long each peer takes, a panel a subject.
  static func chart(_ comparisons: [Comparison]) -> Facets {
    var subjects: [String] = []
    for comparison in comparisons where !subjects.contains(comparison.subject) { subjects.append(comparison.subject) }
    let plots: [Plot] = subjects.compactMap { subject in
      var names: [String] = []
      var values: [Double] = []
      for comparison in comparisons where comparison.subject == subject {
        for other in comparison.others {
          guard let ratio = comparison.ratio(other.row) else { continue }
          names.append("\(short(other.by)): \(comparison.short)")
          values.append(ratio)
        }
      }
      if values.isEmpty { return nil }
      return Plot(
        title: subject,
        description: zip(names, values).map { "\($0): \(NumberText.significant($1, digits: 3))" }
          .joined(separator: "; "),
        x: .init("", categories: names),
        y: .init("times as long as Tacit", scale: .logarithmic, range: 0.01...10_000), series: [.bars("peer", values)],
        rules: [Plot.Rule("Tacit", at: 1)])
    }
    return Facets(
      title: "How many times as long others take",
      description: "Bars above the line at 1: Tacit is faster. Bars that end below it: the other is faster.",
      plots: plots, panelWidth: 260)
  }

  private static func short(_ by: String) -> String {
    let name = by.split(separator: " ").first.map(String.init) ?? by
    let shorter = [
      "python-paillier": "phe", "dp-accounting": "dp-acc.", "prv-accountant": "prv", "pfl-research": "pfl",
      "PipelineDP": "PDP",
    ]
    return shorter[name] ?? name
  }

  static func text(
    _ comparisons: [Comparison], runs: [String: BenchmarkRun], commands: [String], notes: [String], chart: String
  ) -> String {
    let run = runs.values.min { $0.date < $1.date }
    var text = """
      # Beside its peers

      Measured on \(run.map { String($0.date.prefix(10)) } ?? "–") on \(run?.processor ?? "–"), \
      \(run?.processors ?? 0) processors, \(run?.versions["system"] ?? "–"), Swift \(run?.versions["swift"] ?? "–"), at load \
      averages from \(runs.values.map(\.load).min() ?? 0) to \(runs.values.map(\.load).max() ?? 0), by `make peers`.
      This page is written by that command; how, and what is pinned, is in [Peers](Peers/README.md).

      Both sides do the same work in one run and take turns. Times are medians of processor time on one thread, unless
      said otherwise. A peer that is faster is a line that says so in bold; a peer that could not be installed or run is a
      line that says why.

      ![How many times as long others take, on a logarithmic axis](\(chart))

      ## In short


      """
    var brief = Table(columns: [.text(""), .number("Tacit"), .text("peer"), .number("its time"), .text("Tacit is")])
    for comparison in comparisons where comparison.isShort {
      guard let other = comparison.others.first else { continue }
      brief.add([
        comparison.title, time(comparison.ours?.secondsPerItem), other.by, time(other.row?.secondsPerItem),
        verdict(comparison.ratio(other.row)),
      ])
    }
    text += brief.markdown() + "\n## All of it\n\n"
    var table = Table(columns: [
      .text("what"), .text("by"), .number("time"), .text("quartiles"), .number("runs"), .text("Tacit is"),
      .text("remark"),
    ])
    for comparison in comparisons {
      table.add(line(comparison.title, "Tacit", comparison.ours, "", comparison.remark))
      for other in comparison.others {
        table.add(line("", other.by, other.row, verdict(comparison.ratio(other.row)), other.remark))
      }
    }
    text += table.markdown() + "\n## Versions\n\n"
    var versions: [String: String] = [:]
    for run in runs.values { versions.merge(run.versions.filter { !["swift", "system"].contains($0.key) }) { $1 } }
    let names = versions.sorted { $0.key.lowercased() < $1.key.lowercased() }.map { "\($0.key) \($0.value)" }
    text += wrapped((names.isEmpty ? "none" : names.joined(separator: ", ")) + ".") + "\n"
    if !notes.isEmpty { text += "\n## Not measured\n\n" + notes.map { "- \($0)\n" }.joined() }
    text += "\n## Commands\n\n```sh\n" + commands.map { $0 + "\n" }.joined() + "```\n"
    return text
  }

  private static func line(
    _ title: String, _ by: String, _ row: BenchmarkRow?, _ verdict: String, _ remark: String
  ) -> [String] {
    guard let row, row.seconds != nil else { return [title, by, "–", "", "0", "–", row?.note ?? "not measured"] }
    let size = Double(row.size)
    let quartiles = "\(time(row.lower.map { $0 / size })) to \(time(row.upper.map { $0 / size }))"
    return [title, by, time(row.secondsPerItem), quartiles, "\(row.repetitions)", verdict, remark]
  }

  /// Lines of at most 100 characters.
  private static func wrapped(_ text: String) -> String {
    var lines = [""]
    for word in text.split(separator: " ") {
      if lines[lines.count - 1].count + word.count > 99 { lines.append("") }
      lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
    }
    return lines.joined(separator: "\n")
  }
}
