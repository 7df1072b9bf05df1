import Foundation

/// One measurement.
struct Row: Encodable {
  var what: String
  var rows: Int
  var groups: Int
  var threads: Int
  /// Bytes of text or columns.
  var bytes: Int
  var seconds: Double
  /// Seconds of processor time of the whole process.
  var processorSeconds: Double
  /// The most memory that was resident beyond what was there before.
  var megabytes: Int

  var rowsPerSecond: Double { Double(rows) / seconds }
  var nanosecondsPerRow: Double { processorSeconds / Double(rows) * 1e9 }
  var megabytesPerProcessorSecond: Double { Double(bytes) / processorSeconds / 1e6 }

  private enum Key: String, CodingKey {
    case what, rows, groups, threads, bytes, seconds, processorSeconds, megabytes
    case rowsPerSecond, nanosecondsPerRow, megabytesPerProcessorSecond
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(what, forKey: .what)
    try container.encode(rows, forKey: .rows)
    try container.encode(groups, forKey: .groups)
    try container.encode(threads, forKey: .threads)
    try container.encode(bytes, forKey: .bytes)
    try container.encode(seconds, forKey: .seconds)
    try container.encode(processorSeconds, forKey: .processorSeconds)
    try container.encode(megabytes, forKey: .megabytes)
    try container.encode(rowsPerSecond, forKey: .rowsPerSecond)
    try container.encode(nanosecondsPerRow, forKey: .nanosecondsPerRow)
    try container.encode(megabytesPerProcessorSecond, forKey: .megabytesPerProcessorSecond)
  }
}

/// Everything of one run.
struct Report: Encodable {
  var date = ISO8601DateFormatter().string(from: Date())
  var rows: [Row] = []
  var notes: [String] = []

  func printTable() {
    func cell(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    func number(_ value: Double) -> String { String(format: value < 10 ? "%.2f" : "%.0f", value) }
    let heads = ["rows", "groups", "threads", "s", "M rows/s", "CPU ns/row", "MB/CPU s", "MB"]
    let width = 1 + (rows.map(\.what.count).max() ?? 0)
    print("".padding(toLength: width, withPad: " ", startingAt: 0) + heads.map { cell($0, 11) }.joined())
    for row in rows {
      let cells = [
        "\(row.rows)", "\(row.groups)", "\(row.threads)", number(row.seconds), number(row.rowsPerSecond / 1e6),
        number(row.nanosecondsPerRow), number(row.megabytesPerProcessorSecond), "\(row.megabytes)",
      ]
      print(row.what.padding(toLength: width, withPad: " ", startingAt: 0) + cells.map { cell($0, 11) }.joined())
    }
    for note in notes { print(note) }
  }
}

/// Memory of the process, and the machine's load, as Linux counts them.
enum Memory {
  private static func kilobytes(_ field: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(field) }) else { return 0 }
    return Int(line.filter(\.isNumber)) ?? 0
  }

  /// Forgets the peak so far; returns what is resident now, in megabytes.
  static func forgetPeak() -> Int {
    try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    return kilobytes("VmRSS:") / 1024
  }

  /// How busy the machine is, in words.
  static var load: String {
    let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? "?"
    return "load average: \(load.filter { !$0.isNewline })"
  }

  /// The most megabytes resident since.
  static var peak: Int { kilobytes("VmHWM:") / 1024 }
}

/// Seconds of processor time that the whole process has used.
func processorSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
