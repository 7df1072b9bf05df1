import BenchmarkSupport
import Foundation

/// The same job in PipelineDP, run by a Python that has it; the rows are in memory before its clock starts.
enum Peer {
  /// One row of several runs.
  static func together(_ rows: [BenchmarkRow]) -> BenchmarkRow {
    let first = rows[0]
    var row = BenchmarkRow(
      first.name, by: first.by, size: first.size, unit: first.unit, times: rows.compactMap(\.seconds),
      bytes: first.bytes, note: first.note)
    row.otherSeconds = rows.compactMap(\.otherSeconds).min()
    return row
  }

  static func row(python: String, text: [UInt8], rows: Int) -> BenchmarkRow {
    func row(_ by: String, _ times: [Double], _ note: String? = nil) -> BenchmarkRow {
      BenchmarkRow(
        "rows in memory to answers, unit user, 100 groups, 1 thread", by: by, size: rows, unit: "rows", times: times,
        bytes: text.count, note: note)
    }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("tacit-rows-\(getpid()).csv")
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, "Benchmarks/Peers/pipelines_peers.py", file.path, "100", "3", "10", "1000"]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? Data(text).write(to: file)) != nil, (try? process.run()) != nil else {
      return row("PipelineDP", [], "that Python cannot be run")
    }
    let answer = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let words = answer.split(whereSeparator: \.isWhitespace)
    guard words.count == 3, let seconds = Double(words[0]), let processor = Double(words[1]) else {
      return row("PipelineDP", [], "not installed in that Python, or it failed")
    }
    var found = row("PipelineDP LocalBackend \(words[2])", [processor])
    found.otherSeconds = seconds
    return found
  }
}
