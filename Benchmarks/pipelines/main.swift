import BenchmarkSupport
import CKernels
import ExactMath
import Foundation
import PrivacyAccounting
import PrivateStatistics
import TableFormats

// Rows a second from CSV text and from Arrow columns to released answers, and PipelineDP beside them in the same run.

let benchmark = Benchmark(
  "pipelines",
  about: "Rows a second from CSV text and Arrow columns to released answers, beside PipelineDP. ROWS of CSV are "
    + "2,000,000 unless said, by a tenth as many users; Arrow has four times as many.",
  subjects: ["ROWS"],
  options: [.python, BenchmarkOption("growth", nil, "also up to 100,000,000 streamed rows and 1,000,000 groups")])
let rows =
  benchmark.words.first.map { word in
    guard let count = Int(word), (1_000...1_000_000_000).contains(count), benchmark.words.count == 1 else {
      benchmark.refuse("ROWS is one integer from 1,000 to 1,000,000,000")
    }
    return count
  } ?? (benchmark.isQuick ? 200_000 : 2_000_000)

@MainActor func measure(
  _ what: String, rows: Int, groups: Int, threads: Int = 1, bytes: Int, _ body: () throws -> Void
) rethrows {
  let name = "\(what), \(groups) groups, \(threads) thread\(threads == 1 ? "" : "s")"
  guard benchmark.wants(name) else { return }
  var wall: [Double] = []
  var processor: [Double] = []
  var most = 0
  for _ in 0..<benchmark.repetitions(rows > 10_000_000 ? 1 : 3) {
    let before = Memory.forgetPeak()
    let (start, began) = (BenchmarkClock.processor(), BenchmarkClock.wall())
    try body()
    wall.append(BenchmarkClock.wall() - began)
    processor.append(BenchmarkClock.processor() - start)
    most = max(most, Memory.peak - before)
  }
  var row = BenchmarkRow(name, size: rows, unit: "rows", times: processor, bytes: bytes)
  row.otherSeconds = wall.sorted()[wall.count / 2]
  row.megabytes = most
  benchmark.add(row)
}

func query(unit: PrivacyUnit, groups: Int) throws -> Query {
  try Query(
    privacyUnit: unit, epsilon: Epsilon(1), delta: Delta(0),
    bounds: unit == .rows ? nil : ContributionBounds(groupsPerUnit: 3, rowsPerGroup: 10),
    groupBy: groups == 1 ? [] : [GroupColumn(column: "group", keys: (0..<groups).map { "g\($0)" })],
    metrics: [
      Metric(name: "n", kind: .count), Metric(name: "s", kind: .sum, column: "value", range: 0...1_000),
    ])
}

/// Charges a budget made for it, adds noise and answers.
func release(_ accumulator: consuming Accumulator) throws {
  let limit = try BudgetLimit.pure(Epsilon(1))
  _ = try accumulator.release(charging: SharedBudget(PrivacyBudget(limit)), label: "benchmark")
}

/// From a table to answers.
func job(_ query: Query, _ source: consuming ByteSource, threads: Int) throws {
  var accumulator = try Accumulator(query, key: SamplingKey())
  var reader = try CSVReader(source, columns: query.columns)
  try accumulator.add(&reader, threads: threads)
  try release(accumulator)
}

let users = rows / 10
let text = Rows.csv(rows: rows, users: users, groups: 100)
var peers = benchmark.python.map { [Peer.row(python: $0, text: text, rows: rows)] } ?? []
try measure("CSV, three columns found", rows: rows, groups: 100, bytes: text.count) {
  var reader = try CSVReader(ByteSource(text, name: "memory"))
  while try reader.next() != nil {}
}
for (name, unit) in [("row", PrivacyUnit.rows), ("user", .column("user"))] {
  for threads in [1, 2] {
    try measure("CSV to answers, unit \(name)", rows: rows, groups: 100, threads: threads, bytes: text.count) {
      try job(query(unit: unit, groups: 100), ByteSource(text, name: "memory"), threads: threads)
    }
  }
}
let arrow = ArrowRows(rows: 4 * rows, batch: 1 << 16, users: users, groups: 100)
for (name, unit, groups) in [
  ("clamp and sum, unit row", PrivacyUnit.rows, 1), ("by group, unit row", .rows, 100),
  ("by group, unit user", .column("user"), 100),
] {
  let width = (unit == .rows ? 0 : 8) + (groups == 1 ? 0 : 4) + 8
  try measure("Arrow to answers, \(name)", rows: arrow.rows, groups: groups, bytes: arrow.rows * width) {
    let query = try query(unit: unit, groups: groups)
    var accumulator = try Accumulator(query, key: SamplingKey())
    var stream = unsafe ArrowArrayStream()
    unsafe arrow.open(&stream)
    unsafe try withUnsafeMutablePointer(to: &stream) { stream in
      unsafe try accumulator.add(ArrowStream(streamAt: stream, name: "arrow", columns: query.columns))
    }
    try release(accumulator)
  }
}
if benchmark.has("growth") {
  for groups in [100, 10_000, 1_000_000] {
    let text = Rows.csv(rows: rows, users: users, groups: groups)
    for (name, unit) in [("row", PrivacyUnit.rows), ("user", .column("user"))] {
      try measure("groups grow, unit \(name)", rows: rows, groups: groups, bytes: text.count) {
        let query = try query(unit: unit, groups: groups)
        var accumulator = try Accumulator(query, key: SamplingKey())
        var reader = try CSVReader(ByteSource(text, name: "memory"), columns: query.columns)
        try accumulator.add(&reader)
      }
    }
  }
  for count in [1_000_000, 10_000_000, 100_000_000] {
    // The rows come from this process too: the processor time includes making them.
    let pipe = RowPipe(rows: count, users: users, groups: 100)
    try measure("rows grow, streamed, unit user", rows: count, groups: 100, bytes: 18 * count) {
      try job(query(unit: .column("user"), groups: 100), ByteSource(path: pipe.path), threads: 1)
    }
  }
}
if let python = benchmark.python {
  // Once before our own and once after, so that a slow minute falls on both.
  peers.append(Peer.row(python: python, text: text, rows: rows))
  benchmark.add(Peer.together(peers))
} else {
  benchmark.note("PipelineDP: not measured; --python names a Python that has it")
}
benchmark.finish()
