import BenchmarkSupport
import Foundation

/// What people use today, run by a Python that has the packages.
final class Peers {
  private static let script = "Benchmarks/Peers/federated_peers.py"
  private let process: PeerProcess
  private let python: String
  private var found: [Row] = []

  /// Starts the script; it is looked for from the folder of the package.
  init(python: String) {
    self.python = python
    // numpy's two processes have one thread each; PyTorch is given two by the script.
    process = PeerProcess(
      python: python, arguments: [Peers.script],
      environment: ["OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAY_DEDUP_LOGS": "0"])
    // The first round warms up and is thrown away.
    round()
    for index in found.indices { (found[index].wall, found[index].processor) = ([], []) }
  }

  /// A round of every peer.
  func round() { process.round().forEach(note) }

  /// Who, what, seconds and processor seconds; or who, what and why not.
  private func note(_ fields: [String]) {
    guard fields.count >= 3 else { return }
    let index = found.firstIndex { $0.name == fields[1] && $0.by == fields[0] } ?? found.count
    if index == found.count { found.append(Row(fields[1], by: fields[0], per: "round")) }
    guard let seconds = Double(fields[2]) else {
      found[index].note = fields[2]
      return
    }
    found[index].wall.append(seconds)
    if fields.count > 3, let busy = Double(fields[3]) { found[index].processor.append(busy) }
  }

  /// A row for every peer, and a note where one is missing; Flower, which cannot be paused, runs by itself.
  func rows() -> [Row] {
    process.finish()
    let flower = Process()
    let output = Pipe()
    flower.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    flower.arguments = [python, Peers.script, "flower"]
    flower.standardOutput = output
    flower.standardError = FileHandle.nullDevice
    if (try? flower.run()) != nil {
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      for line in text.split(separator: "\n") { note(line.split(separator: "\t").map(String.init)) }
      flower.waitUntilExit()
    }
    if found.isEmpty {
      var row = Row("2NN, 10 of 100 clients", by: "numpy, PyTorch, pfl-research, Flower", per: "round")
      row.note = "that Python cannot be run, or not from the package's folder"
      return [row]
    }
    return found
  }
}
