import ExactMath
import Glibc
import PrivacyAccounting
import PrivateStatistics
import TableFormats

// Rows a second from CSV text in memory to exact integers, one thread. Run with `-c release`.

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let elapsed = try clock.measure(body)
  return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
}

/// Seconds of processor time that the whole process has used.
func processorSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func report(_ what: String, rows: Int, bytes: Int, _ time: Double) {
  let millions = (Double(rows) / time / 1e4).rounded() / 100
  let megabytes = (Double(bytes) / time / 1e6).rounded()
  print("\(what): \(millions) M rows/s, \(megabytes) MB/s, \((time * 1000).rounded() / 1000) s")
}

let rows = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 2_000_000 : 2_000_000
let users = rows / 10
var text: [UInt8] = Array("user,group,value\n".utf8)
text.reserveCapacity(rows * 20)
var state: UInt64 = 88_172_645_463_325_252
@MainActor func draw(_ bound: Int) -> Int {
  state ^= state << 13
  state ^= state >> 7
  state ^= state << 17
  return Int(state % UInt64(bound))
}
for _ in 0..<rows {
  text += Array("\(draw(users)),g\(draw(100)),\(draw(10_000)).\(draw(100))\n".utf8)
}

let scan = try seconds {
  var reader = try CSVReader(ByteSource(text, name: "memory"))
  while try reader.next() != nil {}
}
report("scan of three columns", rows: rows, bytes: text.count, scan)

let groups = [try GroupColumn(column: "group", keys: (0..<100).map { "g\($0)" })]
let metrics = [
  try Metric(name: "n", kind: .count), try Metric(name: "s", kind: .sum, column: "value", range: 0...1_000),
]
let byRow = try Query(privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta(0), groupBy: groups, metrics: metrics)
let byUser = try Query(
  privacyUnit: .column("user"), epsilon: Epsilon(1), delta: Delta(0),
  bounds: ContributionBounds(groupsPerUnit: 3, rowsPerGroup: 10), groupBy: groups, metrics: metrics)
for (name, query) in [("count and sum, unit row", byRow), ("count and sum, unit user", byUser)] {
  for threads in [1, 2] {
    let before = processorSeconds()
    let time = try seconds {
      var accumulator = try Accumulator(query, key: SamplingKey())
      var reader = try CSVReader(ByteSource(text, name: "memory"), columns: query.columns)
      try accumulator.add(&reader, threads: threads)
    }
    report("\(name), threads \(threads)", rows: rows, bytes: text.count, time)
    let used = processorSeconds() - before
    print("  processor time \((used * 1000).rounded() / 1000) s, \((used / Double(rows) * 1e9).rounded()) ns a row")
  }
}
