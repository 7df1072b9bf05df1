private import Foundation
private import Glibc

/// A run of benchmarks from one command line.
///
/// | option | what it does |
/// |---|---|
/// | `--filter TEXT` | only subjects whose name contains the text |
/// | `--quick` | fewer sizes and repetitions |
/// | `--json FILE` | keeps the run |
/// | `--compare FILE` | compares with a kept run: exit code 1 when a size takes more than the tolerance times as long |
/// | `--tolerance X` | for `--compare`; 1.5 unless given |
///
/// Times are of the processor, all threads together, so that a busy machine disturbs them least.
public final class Benchmark {
  /// Whether less is asked: fewer sizes and repetitions.
  public let isQuick: Bool

  private var filter: String?
  private var json: String?
  private var compare: String?
  private var tolerance = 1.5
  private var rows: [BenchmarkRow] = []
  private var growth: [BenchmarkGrowth] = []

  /// Reads the command line; a mistake in it ends the process with code 64.
  public init() {
    var words = CommandLine.arguments.dropFirst()
    var quick = false
    while let word = words.popFirst() {
      switch word {
      case "--quick": quick = true
      case "--filter": filter = words.popFirst()
      case "--json": json = words.popFirst()
      case "--compare": compare = words.popFirst()
      case "--tolerance": tolerance = words.popFirst().flatMap { Double($0) } ?? .nan
      default: Benchmark.refuse("unknown option \(word)")
      }
    }
    isQuick = quick
    if !(tolerance >= 1) { Benchmark.refuse("--tolerance needs a number of at least 1") }
    let heads = ["subject", "size", "median", "quartiles", "variation", "items/s"]
    print(Benchmark.line(heads))
  }

  /// Measures one subject at several sizes and fits how its time grows.
  ///
  /// Each size runs once to warm up, then until ten repetitions or half a second, at least three times.
  ///
  /// - Parameters:
  ///   - name: The subject.
  ///   - unit: What a size counts.
  ///   - sizes: Ascending; quick runs take the first and the middle one.
  ///   - bytes: Bytes made or read at a size, where that is a question.
  ///   - prepare: Makes what is measured at a size; its time is not counted.
  public func sweep(
    _ name: String, unit: String, sizes: [Int], bytes: ((Int) -> Int)? = nil,
    prepare: (Int) throws -> () throws -> Void
  ) throws {
    if let filter, !name.contains(filter) { return }
    var measured: [BenchmarkRow] = []
    for size in isQuick ? [sizes[0], sizes[sizes.count / 2]] : sizes {
      let body = try prepare(size)
      try body()
      var times: [Double] = []
      while times.count < 3 || (times.count < 10 && times.reduce(0, +) < (isQuick ? 0.1 : 0.5)) {
        let start = Benchmark.processorSeconds()
        try body()
        times.append(max(Benchmark.processorSeconds() - start, 1e-9))
      }
      let row = BenchmarkRow(name: name, size: size, unit: unit, bytes: bytes?(size), times: times)
      measured.append(row)
      show(row)
    }
    rows += measured
    if let exponent = Benchmark.exponent(measured) {
      growth.append(BenchmarkGrowth(name: name, exponent: exponent))
      print("\(name): time grows as size^\(Benchmark.rounded(exponent))")
    }
  }

  /// Writes and compares as asked, and ends the process.
  public func finish() -> Never {
    let run = BenchmarkRun(
      date: Benchmark.today(), processor: Benchmark.processor(), rows: rows, growth: growth)
    if rows.isEmpty { Benchmark.refuse("no subject is called like that") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    if let json {
      guard let data = try? encoder.encode(run), (try? data.write(to: URL(fileURLWithPath: json))) != nil else {
        Benchmark.fail("cannot write \(json)")
      }
    }
    guard let compare else { exit(0) }
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: compare)),
      let earlier = try? JSONDecoder().decode(BenchmarkRun.self, from: data)
    else { Benchmark.fail("\(compare): is not a run that --json kept") }
    let slower = run.slower(than: earlier, tolerance: tolerance)
    for line in slower { print("SLOWER \(line)") }
    print(
      slower.isEmpty
        ? "nothing takes more than \(tolerance) times as long as on \(earlier.date), \(earlier.processor)"
        : "\(slower.count) of \(rows.count) sizes are slower than \(tolerance) times \(earlier.date), \(earlier.processor)"
    )
    exit(slower.isEmpty ? 0 : 1)
  }

  private func show(_ row: BenchmarkRow) {
    let quartiles = "\(Benchmark.time(row.lower)) to \(Benchmark.time(row.upper))"
    let rate = "\(Benchmark.rounded(row.throughput))"
    print(
      Benchmark.line([
        row.name, "\(row.size) \(row.unit)", Benchmark.time(row.seconds), quartiles,
        "\(Benchmark.rounded(row.variation * 100)) %", rate,
      ]))
  }

  private static func line(_ cells: [String]) -> String {
    zip(cells, [44, 18, 11, 23, 11, 0]).map { cell, width in
      cell + String(repeating: " ", count: max(1, width - cell.count))
    }.joined()
  }

  /// The least-squares slope of log time over log size.
  private static func exponent(_ rows: [BenchmarkRow]) -> Double? {
    guard rows.count >= 2 else { return nil }
    let points = rows.map { (x: Glibc.log(Double($0.size)), y: Glibc.log($0.seconds)) }
    let count = Double(points.count)
    let x = points.reduce(0) { $0 + $1.x } / count
    let y = points.reduce(0) { $0 + $1.y } / count
    let along = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    return along > 0 ? points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) } / along : nil
  }

  private static func processorSeconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static func processor() -> String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }

  private static func today() -> String { String(Date().ISO8601Format().prefix(10)) }

  private static func rounded(_ value: Double) -> Double {
    value.magnitude >= 100 ? value.rounded() : (value * 100).rounded() / 100
  }

  private static func time(_ seconds: Double) -> String {
    if seconds >= 1 { return "\(rounded(seconds)) s" }
    if seconds >= 1e-3 { return "\(rounded(seconds * 1e3)) ms" }
    return "\(rounded(seconds * 1e6)) µs"
  }

  private static func refuse(_ message: String) -> Never {
    try? FileHandle.standardError.write(
      contentsOf: Data("benchmark: \(message); there are --filter, --quick, --json, --compare and --tolerance\n".utf8))
    exit(64)
  }

  private static func fail(_ message: String) -> Never {
    try? FileHandle.standardError.write(contentsOf: Data("benchmark: \(message)\n".utf8))
    exit(1)
  }
}
