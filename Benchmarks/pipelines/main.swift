import CKernels
import ExactMath
import Foundation
import PrivacyAccounting
import PrivateStatistics
import TableFormats

// Rows a second from CSV text and from Arrow columns to released answers, and PipelineDP beside them in the same run.
// Usage: benchmark-pipelines [ROWS] [--growth] [--only WORDS] [--repeat TIMES] [--python PYTHON] [--json]
//   ROWS: 2,000,000 unless said, by a tenth as many users. --growth: also 10⁷ and 10⁸ streamed rows and up to 10⁶ groups.
//   WORDS: of the measurements only those whose names hold them; TIMES: each as often, for medians and profiles.
//   PYTHON: as Benchmarks/Peers/install-pipelines-peers makes it.

var rows = 2_000_000
var python: String?
var json = false
var growth = false
var only = ""
var times = 1
var words = CommandLine.arguments.dropFirst()
while let word = words.popFirst() {
  switch word {
  case "--python": python = words.popFirst()
  case "--json": json = true
  case "--growth": growth = true
  case "--only": only = words.popFirst() ?? ""
  case "--repeat": times = words.popFirst().flatMap(Int.init) ?? 1
  default:
    guard let count = Int(word), count >= 10 else {
      FileHandle.standardError.write(
        Data(
          "usage: benchmark-pipelines [ROWS] [--growth] [--only WORDS] [--repeat TIMES] [--python PYTHON] [--json]\n"
            .utf8))
      exit(64)
    }
    rows = count
  }
}

var report = Report()

@MainActor func measure(
  _ what: String, rows: Int, groups: Int, threads: Int = 1, bytes: Int, _ body: () throws -> Void
) rethrows {
  guard only.isEmpty || what.contains(only) else { return }
  for _ in 0..<max(1, times) {
    let before = Memory.forgetPeak()
    let processor = processorSeconds()
    let start = ContinuousClock.now
    try body()
    let time = ContinuousClock.now - start
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
    report.rows.append(
      Row(
        what: what, rows: rows, groups: groups, threads: threads, bytes: bytes, seconds: seconds,
        processorSeconds: processorSeconds() - processor, megabytes: max(0, Memory.peak - before)))
  }
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
if growth {
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
if let python {
  do {
    report.rows.append(try Peer.row(python: python, text: text, rows: rows))
  } catch {
    report.notes.append("PipelineDP: that Python could not run Benchmarks/Peers/pipelines_peers.py")
  }
} else {
  report.notes.append("PipelineDP: not measured; --python names a Python that has it")
}
report.notes.append(Memory.load)
if json {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  print(String(decoding: try encoder.encode(report), as: UTF8.self))
} else {
  report.printTable()
}
