import FederatedLearning
import Foundation

// Times of federated rounds on this machine, beside what people use today, in one run; and published results run again.
//
//     benchmark-federated [two-layer|overhead|softmax|robust|population|checkpoints|all] [--json] [--repetitions 9] [--python PATH]
//     benchmark-federated published [fedavg|fedprox|robust|all] [--json] [--seeds 1,2,3] [--rounds 40]
//                         [--data IMAGES,LABELS[;TEST_IMAGES,TEST_LABELS]] [--target 0.8]
//
// Data of the speed rows are random numbers of MNIST's shape, with MNIST's share of zeros (81 %) and with none at all:
// zeros cost nothing, so the second is the arithmetic's worst case. Every number is the median over repetitions of wall
// time, the best of it, and the median of the processor's time, which other programs disturb less. The Python of an
// environment made by Benchmarks/Peers/install-federated-peers is given by --python or TACIT_BENCHMARK_PYTHON.

/// The value after `--name`.
func option(_ name: String) -> String? {
  guard let index = CommandLine.arguments.firstIndex(of: "--" + name), index + 1 < CommandLine.arguments.count else {
    return nil
  }
  return CommandLine.arguments[index + 1]
}

/// One document on standard output.
func emit(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
  print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// A line on standard output, at once: long runs are followed through pipes.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

let emitsJSON = CommandLine.arguments.contains("--json")
let words = CommandLine.arguments.dropFirst().prefix { !$0.hasPrefix("--") }
let repetitions = max(1, option("repetitions").flatMap { Int($0) } ?? 9)

if words.first == "published" {
  let wanted = words.dropFirst().first ?? "all"
  let seeds = option("seeds")?.split(separator: ",").compactMap { UInt64($0) } ?? [1, 2, 3]
  let published = Published(seeds: seeds, rounds: max(1, option("rounds").flatMap { Int($0) } ?? 40))
  var lines: [Published.Line] = []
  let show = { (line: Published.Line) in
    lines.append(line)
    if !emitsJSON { say(line.text) }
  }
  if wanted == "fedavg" || wanted == "all" {
    if let paths = option("data") {
      // A plan reads the files as `tacit simulate` would.
      var reader = twoLayer()
      reader.data = "idx:" + paths
      let data = try SimulationPlan(reader).data
      try published.averaging(data, target: option("target").flatMap { Double($0) } ?? 0.8, show)
    } else {
      FileHandle.standardError.write(Data("FedAvg 2NN: left out, no --data IMAGES,LABELS was given\n".utf8))
    }
  }
  if wanted == "fedprox" || wanted == "all" { try published.proximal(show) }
  if wanted == "robust" || wanted == "all" { try published.robust(show) }
  if emitsJSON { try emit(lines) }
} else {
  let wanted = words.first ?? "all"
  var rows: [Row] = []
  func add(_ name: String, _ measure: () throws -> [Row]) rethrows {
    guard wanted == name || wanted == "all" else { return }
    let measured = try measure()
    rows += measured
    if !emitsJSON { for row in measured { say(row.line) } }
  }
  try add("two-layer") {
    let python = option("python") ?? ProcessInfo.processInfo.environment["TACIT_BENCHMARK_PYTHON"]
    return try measureTwoLayer(repetitions, python.map { Peers(python: $0) })
  }
  try add("overhead") { try measureIdle(repetitions) + measureOverhead(repetitions) }
  try add("softmax") { try measureSoftmax(repetitions) }
  try add("robust") { try measureRobust(min(3, repetitions)) }
  try add("population") { try measurePopulation(repetitions) }
  try add("checkpoints") { try measureCheckpoints() }
  if emitsJSON { try emit(rows) }
}
