import BenchmarkSupport
import FederatedLearning

// Times of federated rounds on this machine, beside what people use today, in one run; and published results run again.
//
// Data of the speed rows are random numbers of MNIST's shape, with MNIST's share of zeros (81 %) and with none at all:
// zeros cost nothing, so the second is the arithmetic's worst case. Times are of the wall, with the processor's beside
// them.

let speeds = ["two-layer", "overhead", "softmax", "robust", "population", "checkpoints"]
let tables = ["fedavg", "fedprox", "robust"]
let benchmark = Benchmark(
  "federated",
  about: "Federated rounds beside numpy, PyTorch, pfl-research and Flower. `published` runs tables of papers again: "
    + "published [\(tables.joined(separator: "|"))], where fedavg needs --data.",
  subjects: speeds + ["published"],
  options: [
    .python,
    BenchmarkOption("seeds", "LIST", "published: seeds with commas between, 1,2,3 unless given"),
    BenchmarkOption("rounds", "N", "published: rounds, 40 unless given"),
    BenchmarkOption("data", "IMAGES,LABELS[;TEST_IMAGES,TEST_LABELS]", "published fedavg: files in IDX form"),
    BenchmarkOption("target", "X", "published fedavg: the accuracy to reach, 0.8 unless given"),
  ])

if benchmark.words.first == "published" {
  let wanted = Array(benchmark.words.dropFirst())
  if let bad = wanted.first(where: { !tables.contains($0) }) { benchmark.refuse("no table is called \(bad)") }
  let seeds = (benchmark.text("seeds") ?? (benchmark.isQuick ? "1" : "1,2,3")).split(separator: ",").map { text in
    guard let seed = UInt64(text) else { benchmark.refuse("--seeds needs integers with commas between") }
    return seed
  }
  let rounds = benchmark.integer("rounds", within: 1...100_000) ?? (benchmark.isQuick ? 4 : 40)
  guard let target = Double(benchmark.text("target") ?? "0.8"), target > 0, target < 1 else {
    benchmark.refuse("--target needs a number between 0 and 1")
  }
  let published = Published(seeds: seeds, rounds: rounds)
  let show = { (line: Published.Line) in line.report(to: benchmark) }
  if wanted.isEmpty || wanted.contains("fedavg") {
    if let paths = benchmark.text("data") {
      // A plan reads the files as `tacit simulate` would.
      var reader = twoLayer()
      reader.data = "idx:" + paths
      let data = try SimulationPlan(reader).data
      try published.averaging(data, target: target, show)
    } else {
      benchmark.note("FedAvg 2NN: left out, no --data IMAGES,LABELS was given")
    }
  }
  if wanted.isEmpty || wanted.contains("fedprox") { try published.proximal(show) }
  if wanted.isEmpty || wanted.contains("robust") { try published.robust(show) }
  benchmark.finish()
}

if let bad = benchmark.words.first(where: { !speeds.contains($0) && $0 != "all" }) {
  benchmark.refuse("no subject is called \(bad)")
}
let repetitions = benchmark.repetitions(9)

@MainActor func add(_ name: String, _ measure: () throws -> [Row]) throws {
  let words = benchmark.words
  guard words.isEmpty || words.contains(name) || words.contains("all") else { return }
  for row in try measure() { row.report(to: benchmark) }
}

try add("two-layer") {
  let peers = benchmark.python.map { Peers(python: $0) }
  if peers == nil {
    benchmark.note("numpy, PyTorch, pfl-research, Flower: not measured; --python names a Python that has them")
  }
  return try measureTwoLayer(repetitions, peers)
}
try add("overhead") { try measureIdle(repetitions) + measureOverhead(repetitions, benchmark) }
try add("softmax") { try measureSoftmax(repetitions) }
try add("robust") { try measureRobust(min(3, repetitions)) }
try add("population") { try measurePopulation(repetitions) }
try add("checkpoints") { try measureCheckpoints() }
benchmark.finish()
