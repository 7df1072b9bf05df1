import ExactMath
import Glibc
import PrivacyAccounting
import PrivateStatistics
import TableFormats

// Rows a second from CSV text in memory to exact integers, and the peer's figure beside them. Run with `-c release`:
//   benchmark-pipelines [ROWS]           the job of a tenth as many users, 100 groups, count and bounded sum
//   benchmark-pipelines ROWS linear      ROWS and ten times as many, and a million groups

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

func report(_ what: String, rows: Int, bytes: Int, _ time: Double, processor: Double) {
  let millions = (Double(rows) / time / 1e4).rounded() / 100
  let megabytes = (Double(bytes) / time / 1e6).rounded()
  let each = (processor / Double(rows) * 1e9).rounded()
  print(
    "\(what): \(millions) M rows/s, \(megabytes) MB/s, \((time * 1000).rounded() / 1000) s, \(each) ns of processor a row"
  )
}

/// A table of `rows` rows by `rows / 10` users in `groups` groups, the same every time.
func table(rows: Int, groups: Int) -> [UInt8] {
  let users = max(1, rows / 10)
  var text: [UInt8] = Array("user,group,value\n".utf8)
  text.reserveCapacity(rows * 20)
  var state: UInt64 = 88_172_645_463_325_252
  func draw(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(bound))
  }
  for _ in 0..<rows { text += Array("\(draw(users)),g\(draw(groups)),\(draw(10_000)).\(draw(100))\n".utf8) }
  return text
}

func query(unit: PrivacyUnit, groups: Int) throws -> Query {
  try Query(
    privacyUnit: unit, epsilon: Epsilon(1), delta: Delta(0),
    bounds: unit == .rows ? nil : ContributionBounds(groupsPerUnit: 3, rowsPerGroup: 10),
    groupBy: [GroupColumn(column: "group", keys: (0..<groups).map { "g\($0)" })],
    metrics: [
      Metric(name: "n", kind: .count), Metric(name: "s", kind: .sum, column: "value", range: 0...1_000),
    ])
}

func measure(_ what: String, _ query: Query, _ text: [UInt8], rows: Int, threads: Int) throws {
  let before = processorSeconds()
  let time = try seconds {
    var accumulator = try Accumulator(query, key: SamplingKey())
    var reader = try CSVReader(ByteSource(text, name: "memory"), columns: query.columns)
    try accumulator.add(&reader, threads: threads)
  }
  report(
    "\(what), threads \(threads)", rows: rows, bytes: text.count, time, processor: processorSeconds() - before)
}

/// The most memory that the process has used, in megabytes.
func peakMegabytes() -> Int {
  var usage = rusage()
  unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss / 1024
}

let arguments = CommandLine.arguments
let rows = arguments.count > 1 ? Int(arguments[1]) ?? 2_000_000 : 2_000_000
let isLinear = arguments.count > 2 && arguments[2] == "linear"
for (rows, groups) in isLinear ? [(rows, 100), (10 * rows, 100), (rows, 1_000_000)] : [(rows, 100)] {
  let text = table(rows: rows, groups: groups)
  print("\(rows) rows, \(rows / 10) users, \(groups) groups, \(text.count / 1_000_000) MB of CSV")
  let held = peakMegabytes()
  let before = processorSeconds()
  let scan = try seconds {
    var reader = try CSVReader(ByteSource(text, name: "memory"))
    while try reader.next() != nil {}
  }
  report("scan of three columns", rows: rows, bytes: text.count, scan, processor: processorSeconds() - before)
  for (name, unit) in [("count and sum, unit row", PrivacyUnit.rows), ("count and sum, unit user", .column("user"))] {
    for threads in [1, 2] {
      try measure(name, query(unit: unit, groups: groups), text, rows: rows, threads: threads)
    }
  }
  print("memory beyond the text: at most \(peakMegabytes() - held) MB")
  if !isLinear {
    switch Peer.seconds(text) {
    case .success(let time):
      print("PipelineDP, LocalBackend: \((Double(rows) / time / 1e4).rounded() / 100) M rows/s, \(time) s")
    case .failure(let absence): print("PipelineDP: no figure, \(absence.reason)")
    }
  }
}
