// Times of federated rounds on this machine: swift run -c release benchmark-federated [two-layer|softmax|robust|population|all]
//
// Data are random numbers of MNIST's shape, either with no zeros at all or with MNIST's share of them (81 %): zeros cost
// nothing, so the first is the arithmetic's worst case and the second what images cost. Every wall time is the median
// over rounds after two to warm up, from sampling a cohort to the applied update; the processor's time is the mean over
// all rounds.

import FederatedLearning
import Glibc
import SecureRandom

/// Examples of MNIST's shape, of whose pixels about `zeros` in 256 are zero.
func examples(_ count: Int, seed: UInt64, zeros: UInt64 = 0) throws -> LabeledData {
  var generator = SimulationGenerator(seed: seed, stream: "benchmark")
  let features = (0..<count * 784).map { _ in
    let draw = generator.next() >> 48
    return draw & 255 < zeros ? 0 : Float(draw >> 8 | 1) / 255
  }
  let labels = (0..<count).map { _ in UInt16(generator.uniform(below: 10)) }
  return try LabeledData(features: features, labels: labels, width: 784, classes: 10)
}

/// Runs a simulation and prints the median time of a round.
func measure(_ name: String, _ configuration: SimulationConfiguration, _ data: DataSplit, threads: Int) throws {
  let plan = try SimulationPlan(configuration, data: data)
  var simulation = Simulation(plan, threads: threads)
  let before = clock()
  let result = try simulation.run()
  let busy = Double(clock() - before) / Double(CLOCKS_PER_SEC) / Double(configuration.rounds)
  let times = result.rounds.dropFirst(2).map(\.seconds).sorted()
  let median = times[times.count / 2]
  let total = result.rounds.reduce(0) { $0 + $1.seconds }
  print(
    "\(name), \(threads) thread\(threads == 1 ? "" : "s"): \(rounded(median * 1e3)) ms a round, best \(rounded(times[0] * 1e3)) ms, processor \(rounded(busy * 1e3)) ms, \(configuration.rounds) rounds in \(rounded(total)) s"
  )
}

/// Three significant digits or so.
func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

let wanted = CommandLine.arguments.dropFirst().first ?? "all"
let test = try examples(100, seed: 2)

if wanted == "two-layer" || wanted == "all" {
  // The 2NN of McMahan et al. 2017: 784-200-200-10, ten of a hundred clients with 600 examples, one epoch, batches of 10.
  var configuration = SimulationConfiguration(
    data: "digits", model: ModelOptions(kind: "mlp", hidden: [200, 200]), rounds: 12)
  configuration.cohort = CohortOptions(sampling: "fixed", size: 10)
  configuration.evaluation.every = 1_000
  for (name, zeros) in [("no zeros", UInt64(0)), ("MNIST's zeros", 207)] {
    let data = try DataSplit(training: examples(60_000, seed: 1, zeros: zeros), test: test)
    for threads in [1, 2] { try measure("2NN, 10 of 100 clients, \(name)", configuration, data, threads: threads) }
  }
  // Nearly all of 2,000 clients have nothing to train on: what is left is the coordinator.
  let few = try DataSplit(training: examples(2_000, seed: 1), test: test)
  configuration.partition = PartitionOptions(kind: "dirichlet", clients: 2_000, alpha: 0.001)
  configuration.partition.minimumExamples = 0
  configuration.rounds = 50
  try measure("2NN, ten clients, nearly all empty", configuration, few, threads: 2)
}

if wanted == "softmax" || wanted == "all" {
  // FLUTE's lr_mnist: softmax regression, a thousand clients of 60, ten a round, batches of 10, a hundred rounds.
  let data = try DataSplit(training: examples(60_000, seed: 1, zeros: 207), test: test)
  var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 100)
  configuration.partition.clients = 1_000
  configuration.cohort = CohortOptions(sampling: "fixed", size: 10)
  configuration.client.learningRate = 0.03
  configuration.evaluation.every = 1_000
  for threads in [1, 2] { try measure("softmax, 10 of 1000 clients", configuration, data, threads: threads) }
}

if wanted == "robust" || wanted == "all" {
  // A hundred updates of the size of the FedAvg paper's CNN.
  var generator = SimulationGenerator(seed: 3, stream: "updates")
  let updates = (0..<100).map { _ in (0..<1_663_370).map { _ in Int32(truncatingIfNeeded: generator.next() >> 41) } }
  for (name, rule) in [
    ("Krum", RobustRule.krum(bad: 20)), ("median", .median), ("trimmed mean", .trimmedMean(bad: 20)),
  ] {
    // The best of three, wall time and processor time.
    var best = (wall: Double.infinity, busy: Double.infinity)
    for _ in 0..<3 {
      let (start, before) = (ContinuousClock.now, clock())
      _ = try rule.combine(updates, threads: 2)
      let (seconds, attoseconds) = (ContinuousClock.now - start).components
      best.wall = min(best.wall, Double(seconds) + Double(attoseconds) * 1e-18)
      best.busy = min(best.busy, Double(clock() - before) / Double(CLOCKS_PER_SEC))
    }
    print("\(name), 100 updates of 1.66 M, 2 threads: \(rounded(best.wall)) s, processor \(rounded(best.busy)) s")
  }
}

if wanted == "population" || wanted == "all" {
  // Clients are made when they are drawn: the time of a round and the memory must not depend on how many there are.
  for clients in [1_000, 1_000_000] {
    var configuration = SimulationConfiguration(
      data: "synthetic:1,1;clients=\(clients);examples=20", model: ModelOptions(kind: "softmax"), rounds: 10)
    configuration.cohort = CohortOptions(sampling: "fixed", size: 1_000)
    configuration.client.learningRate = 0.01
    configuration.evaluation.every = 1_000
    let plan = try SimulationPlan(configuration)
    var simulation = Simulation(plan, threads: 2)
    let before = clock()
    let result = try simulation.run()
    let busy = Double(clock() - before) / Double(CLOCKS_PER_SEC) / 10
    let times = result.rounds.dropFirst(2).map(\.seconds).sorted()
    var usage = rusage()
    unsafe getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    print(
      "\(clients) clients, cohorts of 1000, 2 threads: \(rounded(times[times.count / 2] * 1e3)) ms a round, processor \(rounded(busy * 1e3)) ms, most memory \(usage.ru_maxrss / 1024) MiB"
    )
  }
}
