private import Foundation
private import Glibc

/// A run of benchmarks from one command line.
///
/// Every benchmark has `--filter`, `--quick`, `--repetitions`, `--json`, `--compare`, `--tolerance` and `--help`; a
/// mistake on the command line is one line on standard error and exit code 64. Times are of the processor, all threads
/// together, unless a row says otherwise, so that a busy machine disturbs them least.
public final class Benchmark {
  /// Whether less is asked: fewer sizes and repetitions.
  public let isQuick: Bool
  /// Words that are no options: which of its subjects a benchmark is to measure.
  public let words: [String]

  private let line: BenchmarkCommandLine
  private let filter: String?
  private let json: String?
  private let compare: String?
  private let tolerance: Double
  private let asked: Int?
  private var run: BenchmarkRun
  private var isOpened = false

  /// Reads the command line.
  ///
  /// - Parameters:
  ///   - name: The benchmark, such as `noise`.
  ///   - about: What it measures, in a line or two.
  ///   - subjects: What may be named on the command line, as shown in the help; words are refused when this is empty.
  ///   - options: What only this benchmark has.
  public init(_ name: String, about: String, subjects: [String] = [], options: [BenchmarkOption] = []) {
    line = BenchmarkCommandLine(name: name, about: about, subjects: subjects, own: options)
    words = line.words
    isQuick = line.switches.contains("quick")
    filter = line.values["filter"]
    json = line.values["json"]
    compare = line.values["compare"]
    tolerance = line.values["tolerance"].map { Double($0) ?? .nan } ?? 1.5
    asked = line.integer("repetitions", within: 1...1_000)
    let hidden: Set<String> = ["json", "compare", "python"]
    run = BenchmarkRun(
      schema: BenchmarkRun.form, benchmark: name,
      arguments: words + line.switches.sorted().map { "--\($0)" }
        + line.values.filter { !hidden.contains($0.key) }.sorted { $0.key < $1.key }.map { "--\($0.key)=\($0.value)" },
      date: BenchmarkMachine.date, processor: BenchmarkMachine.processor, processors: BenchmarkMachine.processors,
      load: BenchmarkMachine.load, versions: BenchmarkMachine.versions,
      instructionCounts: BenchmarkClock.countsInstructions ? "counted" : "not available", rows: [], figures: [],
      growth: [], notes: [])
    if !(tolerance >= 1 && tolerance.isFinite) { refuse("--tolerance needs a number of at least 1") }
    if line.values["tolerance"] != nil && compare == nil { refuse("--tolerance needs --compare") }
  }

  /// Whether a switch was given.
  public func has(_ option: String) -> Bool { line.switches.contains(option) }

  /// The text of an option.
  public func text(_ option: String) -> String? { line.values[option] }

  /// An integer within bounds; anything else ends the process with code 64.
  public func integer(_ option: String, within range: ClosedRange<Int>) -> Int? { line.integer(option, within: range) }

  /// The Python that has the peers, when one was named.
  public var python: String? { line.values["python"] ?? ProcessInfo.processInfo.environment["TACIT_BENCHMARK_PYTHON"] }

  /// How often to measure: what was asked, or `count`, or a third of it in a quick run.
  public func repetitions(_ count: Int) -> Int { asked ?? (isQuick ? max(1, count / 3) : count) }

  /// Whether a subject is to be measured.
  public func wants(_ name: String) -> Bool { filter.map { name.contains($0) } ?? true }

  /// Refuses a value of the command line: one line and code 64.
  public func refuse(_ message: String) -> Never { line.refuse(message) }

  /// Ends a run that cannot go on: one line and code 1.
  public func fail(_ message: String) -> Never {
    try? FileHandle.standardError.write(contentsOf: Data("benchmark-\(run.benchmark): \(message)\n".utf8))
    exit(1)
  }

  /// Measures one subject at several sizes and fits how its time grows.
  ///
  /// Each size runs once to warm up, then until ten repetitions or half a second, at least three times, then once more to
  /// count allocations and instructions.
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
    guard wants(name) else { return }
    var measured: [BenchmarkRow] = []
    for size in isQuick ? [sizes[0], sizes[sizes.count / 2]] : sizes {
      let row = try measure(name, size: size, unit: unit, bytes: bytes?(size), prepare(size))
      if let row { measured.append(row) }
    }
    fit(name, measured)
  }

  /// Measures one subject once to warm up, then until enough repetitions or half a second, then its counts.
  ///
  /// - Parameters:
  ///   - name: The subject.
  ///   - size: Items of a repetition.
  ///   - unit: What an item is.
  ///   - bytes: Bytes made or read, where that is a question.
  ///   - target: The seconds aimed at.
  ///   - note: What was computed, known after it ran.
  ///   - body: The work.
  /// - Returns: The row; nil when it is not wanted.
  @discardableResult
  public func measure(
    _ name: String, size: Int = 1, unit: String, bytes: Int? = nil, target: Double? = nil,
    note: (() -> String?)? = nil, _ body: () throws -> Void
  ) rethrows -> BenchmarkRow? {
    guard wants(name) else { return nil }
    try body()
    var times: [Double] = []
    var wall: [Double] = []
    let enough = isQuick ? 0.1 : 0.5
    while times.count < (asked ?? 3) || (asked == nil && times.count < 10 && times.reduce(0, +) < enough) {
      let (start, began) = (BenchmarkClock.processor(), BenchmarkClock.wall())
      try body()
      times.append(max(BenchmarkClock.processor() - start, 1e-9))
      wall.append(BenchmarkClock.wall() - began)
    }
    var row = BenchmarkRow(
      name, size: size, unit: unit, times: times, bytes: bytes, target: target, note: note?())
    row.otherSeconds = wall.sorted()[wall.count / 2]
    if (row.seconds ?? 0) < 2 { (row.allocations, row.instructions) = try BenchmarkClock.counts(name, body) }
    add(row)
    return row
  }

  /// Adds a row that was measured otherwise.
  public func add(_ row: BenchmarkRow) {
    guard wants(row.name) else { return }
    run.rows.append(row)
    if row.by != "Tacit", let at = row.by.lastIndex(of: " ") {
      run.versions[String(row.by[..<at])] = String(row.by[row.by.index(after: at)...])
    }
    say(BenchmarkText.row(row))
  }

  /// Adds a number that is no time.
  public func figure(_ name: String, _ value: Double, _ unit: String = "", target: String? = nil) {
    guard wants(name), value.isFinite else { return }
    run.figures.append(BenchmarkFigure(name: name, value: value, unit: unit, target: target))
    say("\(name): \(BenchmarkText.rounded(value)) \(unit)" + (target.map { " (wanted: \($0))" } ?? ""))
  }

  /// Adds a sentence.
  public func note(_ text: String) {
    run.notes.append(text)
    say(text)
  }

  /// A heading of the text form.
  public func section(_ title: String) { say("\n\(title)") }

  /// Fits how the time of rows of growing size grows.
  public func fit(_ name: String, _ rows: [BenchmarkRow]) {
    let points = rows.compactMap { row in row.seconds.map { (x: Glibc.log(Double(row.size)), y: Glibc.log($0)) } }
    guard points.count >= 2 else { return }
    let count = Double(points.count)
    let x = points.reduce(0) { $0 + $1.x } / count
    let y = points.reduce(0) { $0 + $1.y } / count
    let along = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    guard along > 0 else { return }
    let exponent = points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) } / along
    run.growth.append(BenchmarkGrowth(name: name, exponent: exponent))
    say("\(name): time grows as size^\(BenchmarkText.rounded(exponent))")
  }

  /// Writes and compares as asked, and ends the process.
  public func finish() -> Never {
    if run.rows.isEmpty && run.figures.isEmpty && run.notes.isEmpty { refuse("nothing is called like that") }
    if let json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      guard let data = try? encoder.encode(run) else { fail("the run cannot be written as JSON") }
      do {
        if json == "-" {
          try FileHandle.standardOutput.write(contentsOf: data + Data("\n".utf8))
        } else {
          try data.write(to: URL(fileURLWithPath: json), options: .atomic)
        }
      } catch { fail("cannot write \(json)") }
    }
    guard let compare else { exit(0) }
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: compare)),
      let earlier = try? JSONDecoder().decode(BenchmarkRun.self, from: data), earlier.schema == BenchmarkRun.form
    else { fail("\(compare): is not a run that --json kept") }
    let common = run.common(with: earlier)
    if common == 0 { fail("\(compare): has none of the rows of this run") }
    let slower = run.slower(than: earlier, tolerance: tolerance)
    for line in slower { say("SLOWER \(line)") }
    say(
      slower.isEmpty
        ? "none of \(common) rows takes more than \(tolerance) times as long as on \(earlier.date), \(earlier.processor)"
        : "\(slower.count) of \(common) rows take more than \(tolerance) times as long as on \(earlier.date)")
    exit(slower.isEmpty ? 0 : 1)
  }

  /// Allocations and, where they are counted, instructions of one run of `body` after one that warms up.
  ///
  /// Under callgrind the instructions are written under `name`.
  public func counts(
    _ name: String, _ body: () throws -> Void
  ) rethrows -> (allocations: Int?, instructions: Int?) {
    try body()
    return try BenchmarkClock.counts(name, body)
  }

  private func say(_ text: String) {
    guard json != "-" else { return }
    if !isOpened {
      isOpened = true
      say("\(run.processor), load \(run.load), instruction counts \(run.instructionCounts)")
      say(BenchmarkText.line(["subject", "size", "median", "quartiles", "variation", "items/s"]))
    }
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }
}

/// The table that a benchmark prints.
enum BenchmarkText {
  static func row(_ row: BenchmarkRow) -> String {
    let name = row.by == "Tacit" ? row.name : "\(row.by): \(row.name)"
    guard let seconds = row.seconds, let lower = row.lower, let upper = row.upper else {
      return line([name, row.note ?? "not measured"])
    }
    var text = line([
      name, "\(row.size) \(row.unit)", time(seconds), "\(time(lower)) to \(time(upper))",
      "\(rounded((row.variation ?? 0) * 100)) %", row.itemsPerSecond.map(count) ?? "",
    ])
    if row.clock != "processor" { text += ", \(row.clock)" }
    if let rate = row.bytesPerSecond { text += ", \(rounded(rate / 1e6)) MB/s" }
    if let count = row.allocations { text += ", \(count) allocations" }
    if let count = row.instructions { text += ", \(count) instructions" }
    if let most = row.megabytes { text += ", \(most) MiB" }
    if let target = row.target { text += ", target \(time(target))\(seconds > target ? " missed" : "")" }
    if let note = row.note { text += ", \(note)" }
    return text
  }

  static func line(_ cells: [String]) -> String {
    zip(cells, [62, 20, 11, 23, 11, 0]).map { cell, width in
      cell + String(repeating: " ", count: max(1, width - cell.count))
    }.joined()
  }

  static func rounded(_ value: Double) -> Double {
    guard value != 0 else { return 0 }
    if value.magnitude >= 1_000 { return value.rounded() }
    let scale = pow(10, (3 - log10(value.magnitude).rounded(.up)))
    return (value * scale).rounded() / scale
  }

  static func count(_ value: Double) -> String {
    if value >= 1e9 { return "\(rounded(value / 1e9)) G" }
    if value >= 1e6 { return "\(rounded(value / 1e6)) M" }
    return value >= 1e3 ? "\(rounded(value / 1e3)) k" : "\(rounded(value))"
  }

  static func time(_ seconds: Double) -> String {
    if seconds >= 1 { return "\(rounded(seconds)) s" }
    if seconds >= 1e-3 { return "\(rounded(seconds * 1e3)) ms" }
    if seconds >= 1e-6 { return "\(rounded(seconds * 1e6)) µs" }
    return "\(rounded(seconds * 1e9)) ns"
  }
}
