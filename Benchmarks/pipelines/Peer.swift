import Foundation

/// The same job in PipelineDP, run by a Python that has it; the rows are in memory before its clock starts.
enum Peer {
  private struct NoFigure: Error {}

  static func row(python: String, text: [UInt8], rows: Int) throws -> Row {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("tacit-rows-\(getpid()).csv")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(text).write(to: file)
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, "Benchmarks/Peers/pipelines_peers.py", file.path, "100", "3", "10", "1000"]
    process.standardOutput = output
    try process.run()
    let answer = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let words = answer.split(whereSeparator: \.isWhitespace)
    guard words.count == 3, let seconds = Double(words[0]), let processor = Double(words[1]) else { throw NoFigure() }
    return Row(
      what: "PipelineDP \(words[2]), LocalBackend, unit user", rows: rows, groups: 100, threads: 1, bytes: text.count,
      seconds: seconds, processorSeconds: processor, megabytes: 0)
  }
}
