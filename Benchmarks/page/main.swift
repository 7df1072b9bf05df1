import BenchmarkSupport
import Foundation
import Reporting

// Makes the page of peers from the runs that scripts/peers kept: benchmark-page RUNS PAGE CHART
//
// RUNS holds what the benchmarks wrote with --json, and `lines`, where a line `command TEXT` is what was run and
// `note TEXT` what went wrong.

let words = CommandLine.arguments.dropFirst()
guard words.count == 3, let folder = words.first, let page = words.dropFirst().first, let chart = words.last,
  !words.contains("--help")
else {
  let text = "usage: benchmark-page RUNS PAGE.md CHART.svg: what scripts/peers ends with\n"
  if words.contains("--help") {
    print(text, terminator: "")
    exit(0)
  }
  try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  exit(64)
}
var runs: [String: BenchmarkRun] = [:]
for name in ["noise", "accounting", "paillier", "pipelines", "federated"] {
  let file = URL(fileURLWithPath: folder).appendingPathComponent("\(name).json")
  guard let data = try? Data(contentsOf: file) else { continue }
  guard let run = try? JSONDecoder().decode(BenchmarkRun.self, from: data), run.schema == BenchmarkRun.form else {
    try? FileHandle.standardError.write(contentsOf: Data("benchmark-page: \(file.path): is no run\n".utf8))
    exit(1)
  }
  runs[name] = run
}
let lines = ((try? String(contentsOfFile: folder + "/lines", encoding: .utf8)) ?? "").split(separator: "\n")
let said = { (kind: String) in lines.filter { $0.hasPrefix(kind + " ") }.map { String($0.dropFirst(kind.count + 1)) } }
let comparisons = Comparison.all.map { $0.measured(runs) }
try Data(PeersPage.chart(comparisons).svg(width: 900).utf8).write(to: URL(fileURLWithPath: chart))
let text = PeersPage.text(
  comparisons, runs: runs, commands: said("command"), notes: said("note"),
  chart: URL(fileURLWithPath: chart).lastPathComponent)
try Data(text.utf8).write(to: URL(fileURLWithPath: page))
print("\(page): \(comparisons.count { $0.ours?.seconds != nil }) of \(comparisons.count) comparisons measured")
