private import Foundation

/// A Python that measures peers, asked for one round at a time, so that its rounds fall between our own.
///
/// It gets an empty line for each round and answers lines, the last of them `end`.
public final class PeerProcess {
  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()
  private var pending = ""
  private var isRunning = false

  /// Starts a Python; one that cannot be run answers nothing.
  ///
  /// - Parameters:
  ///   - python: Its path, or a name to look up.
  ///   - arguments: What follows it on the command line.
  ///   - environment: Variables to set beside our own.
  public init(python: String, arguments: [String], environment: [String: String]) {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python] + arguments
    process.standardInput = requests
    process.standardOutput = answers
    process.standardError = FileHandle.nullDevice
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    isRunning = (try? process.run()) != nil
  }

  /// The fields of each line of a round, which tabs separate; none when the process has ended.
  public func round() -> [[String]] {
    guard isRunning else { return [] }
    try? requests.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
    var lines: [[String]] = []
    while let line = readLine(), line != "end" { lines.append(line.split(separator: "\t").map(String.init)) }
    return lines
  }

  /// Closes its input and waits until it has ended.
  public func finish() {
    try? requests.fileHandleForWriting.close()
    if isRunning { process.waitUntilExit() }
  }

  private func readLine() -> String? {
    while !pending.contains("\n") {
      let data = answers.fileHandleForReading.availableData
      if data.isEmpty {
        isRunning = false
        return nil
      }
      pending += String(decoding: data, as: UTF8.self)
    }
    let parts = pending.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    pending = parts.count > 1 ? String(parts[1]) : ""
    return String(parts[0])
  }
}
