/// Rows of python-paillier and HEU, measured between our own rounds by the interpreter that has them.
struct Peers {
  let python: String?

  func measure(bits: Int, into samples: inout Samples) {
    guard let python else { return }
    for line in lines(of: "'\(python)' Benchmarks/Peers/paillier_peers.py \(bits)") {
      let fields = line.split(separator: "\t")
      guard fields.count == 2 else { continue }
      samples.add(String(fields[0]), fields[1].split(separator: " ").compactMap { Double($0) })
    }
  }
}
