import BenchmarkSupport

/// python-paillier and HEU, measured between our own rounds by an interpreter that has them.
final class Peers {
  private let process: PeerProcess

  /// Starts the script, which is looked for from the folder of the package and makes its keys.
  init(python: String, bits: Int) {
    process = PeerProcess(
      python: python, arguments: ["Benchmarks/Peers/paillier_peers.py", "\(bits)"],
      environment: ["OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"])
  }

  /// A round: who, what, and seconds of each repetition or why there are none.
  func measure(bits: Int, into samples: inout Samples) {
    for fields in process.round() where fields.count == 3 {
      let seconds = fields[2].split(separator: " ").compactMap { Double($0) }
      samples.add(fields[1], by: fields[0], seconds, note: seconds.isEmpty ? fields[2] : nil)
    }
    if samples.isEmpty { samples.add("Paillier", by: "python-paillier, HEU", [], note: "that Python cannot be run") }
  }

  /// Ends the Python.
  func finish() { process.finish() }
}
