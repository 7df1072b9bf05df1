import CKernels
import Foundation

// Speed of Paillier beside GMP's own arithmetic and, where a Python that has them is named, python-paillier and HEU.
// One thread, processor time; rounds of ours and of the peers take turns, and medians are over all of them.
// Usage: benchmark-paillier [BITS ...] [--python PYTHON] [--rounds N] [--json]
//   BITS: 2048 and 3072 unless said. PYTHON: as Benchmarks/Peers/install-paillier-peers makes it.

var sizes: [Int] = []
var python: String?
var rounds = 3
var json = false
var words = CommandLine.arguments.dropFirst()
while let word = words.popFirst() {
  switch word {
  case "--python": python = words.popFirst()
  case "--rounds": rounds = words.popFirst().flatMap { Int($0) } ?? rounds
  case "--json": json = true
  default:
    guard let bits = Int(word) else {
      FileHandle.standardError.write(
        Data("usage: benchmark-paillier [BITS ...] [--python PYTHON] [--rounds N] [--json]\n".utf8))
      exit(64)
    }
    sizes.append(bits)
  }
}
if sizes.isEmpty { sizes = [2048, 3072] }

let processor = lines(of: "sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1").first.map(String.init) ?? "processor"
var report = Report(
  date: ISO8601DateFormatter().string(from: Date()), processor: processor,
  accelerated: tacit_montgomery_is_accelerated() == 1, limit: .measure())
let peers = Peers(python: python)
for bits in sizes {
  let subjects = try Subjects(bits: bits)
  var others = Samples()
  for _ in 0..<max(rounds, 1) {
    try subjects.measure()
    peers.measure(bits: bits, into: &others)
  }
  report.rows += subjects.samples.rows(bits: bits, report.limit) + others.rows(bits: bits, report.limit)
  report.ratios += try subjects.ratios()
}
if python == nil { report.notes.append("python-paillier, HEU: not measured; --python names a Python that has them") }
report.notes.append("load average: \(lines(of: "cat /proc/loadavg").first ?? "?")")
if json {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  print(String(decoding: try encoder.encode(report), as: UTF8.self))
} else {
  report.printTable()
}
