import Foundation

/// What people use today, run by a Python that has the packages: one process, asked for a round at a time, so that its
/// rounds fall between our own.
final class Peers {
  private static let script = "Benchmarks/Peers/federated_peers.py"
  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()
  private let python: String
  private var found: [Row] = []
  private var pending = ""
  private var isRunning = false

  /// Starts the script; it is looked for from the folder of the package.
  init(python: String) {
    self.python = python
    start(process, [Peers.script])
    // The first round warms up and is thrown away.
    round()
    for index in found.indices { (found[index].wall, found[index].processor) = ([], []) }
  }

  private func start(_ process: Process, _ arguments: [String]) {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python] + arguments
    process.standardInput = requests
    process.standardOutput = answers
    process.standardError = FileHandle.nullDevice
    // numpy's two processes have one thread each; PyTorch is given two by the script.
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAY_DEDUP_LOGS": "0"]) { $1 }
    isRunning = (try? process.run()) != nil
  }

  /// A round of every peer.
  func round() {
    guard isRunning else { return }
    try? requests.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
    while let line = readLine(), line != "end" { note(line) }
  }

  private func note(_ line: String) {
    let fields = line.split(separator: "\t").map(String.init)
    guard fields.count >= 2 else { return }
    let index = found.firstIndex { $0.name == fields[0] } ?? found.count
    if index == found.count { found.append(Row(fields[0], per: "round")) }
    guard let seconds = Double(fields[1]) else {
      found[index].note = fields[1]
      return
    }
    found[index].wall.append(seconds)
    if fields.count > 2, let busy = Double(fields[2]) { found[index].processor.append(busy) }
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

  /// A row for every peer, and a note where one is missing; Flower, which cannot be paused, runs by itself.
  func rows() -> [Row] {
    try? requests.fileHandleForWriting.close()
    if isRunning { process.waitUntilExit() }
    let flower = Process()
    let output = Pipe()
    flower.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    flower.arguments = [python, Peers.script, "flower"]
    flower.standardOutput = output
    flower.standardError = FileHandle.nullDevice
    if (try? flower.run()) != nil {
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      for line in text.split(separator: "\n") { note(String(line)) }
      flower.waitUntilExit()
    }
    if found.isEmpty {
      var row = Row("numpy, PyTorch, pfl-research, Flower", per: "round")
      row.note = "absent: this Python cannot be run, or not from the package's folder"
      return [row]
    }
    return found
  }
}
