import BenchmarkSupport

// The speed of exact noise beside what people use today, in one run, and what the time of a draw tells of it.

let benchmark = Benchmark(
  "noise",
  about:
    "Exact noise beside OpenDP and numpy, one thread; whether the time of a draw tells of it; bits below the grid.",
  options: [
    .python,
    BenchmarkOption("draws", "N", "draws timed one at a time, 1,000,000 unless given"),
    BenchmarkOption("grid-draws", "N", "draws looked at for bits below the grid, 1,000,000 unless given"),
  ])
let few = benchmark.isQuick ? 100_000 : 1_000_000
let draws = benchmark.integer("draws", within: 1_000...1_000_000_000) ?? few
let gridDraws = benchmark.integer("grid-draws", within: 1_000...1_000_000_000) ?? few

let measured = subjects().filter { benchmark.wants($0.name) || $0.unit == "bytes" }
let peers = benchmark.python.map { Peers(python: $0) }
let own = interleaved(measured, repetitions: benchmark.repetitions(9), peers)
for row in own { benchmark.add(row) }
for row in peers?.rows() ?? [] { benchmark.add(row) }
if peers == nil { benchmark.note("OpenDP and numpy: not measured; --python names a Python that has them") }

let secondsPerByte = own[0].secondsPerItem ?? 0
for (subject, row) in zip(measured, own) {
  guard let bytes = subject.bytes, let seconds = row.secondsPerItem else { continue }
  benchmark.figure("random bytes a draw, \(row.name)", bytes, "bytes")
  benchmark.figure("share of random bytes in the time, \(row.name)", 100 * bytes * secondsPerByte / seconds, "%")
}
let timing = "correlation of |noise| with time"
if benchmark.wants(timing) {
  for report in try timingReports(draws: draws) {
    benchmark.figure("\(timing), \(report.name)", report.correlation, target: report.target)
  }
}
let grid = "bits below the grid"
if benchmark.wants(grid) {
  for report in try gridReports(draws: gridDraws) {
    benchmark.figure("\(grid), \(report.name)", Double(report.bitsBelow.nonzeroBitCount), target: "0")
  }
}
benchmark.finish()
