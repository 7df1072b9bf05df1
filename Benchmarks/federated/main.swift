// Times of federated rounds on this machine: swift run -c release benchmark-federated [two-layer|softmax|all]
//
// Data are random numbers of MNIST's shape, since time does not depend on pixels. Every figure is the median over
// rounds after two to warm up, from sampling a cohort to the applied update.

import FederatedLearning
import SecureRandom

/// Examples of MNIST's shape.
func examples(_ count: Int, seed: UInt64) throws -> LabeledData {
  var generator = SimulationGenerator(seed: seed, stream: "benchmark")
  let features = (0..<count * 784).map { _ in Float(generator.next() >> 56) / 255 }
  let labels = (0..<count).map { _ in UInt16(generator.uniform(below: 10)) }
  return try LabeledData(features: features, labels: labels, width: 784, classes: 10)
}

/// Runs a simulation and prints the median time of a round.
func measure(_ name: String, _ configuration: SimulationConfiguration, _ data: DataSplit, threads: Int) throws {
  let plan = try SimulationPlan(configuration, data: data)
  var simulation = Simulation(plan, threads: threads)
  let result = try simulation.run()
  let times = result.rounds.dropFirst(2).map(\.seconds).sorted()
  let median = times[times.count / 2]
  let total = result.rounds.reduce(0) { $0 + $1.seconds }
  print(
    "\(name), \(threads) thread\(threads == 1 ? "" : "s"): \(rounded(median * 1e3)) ms a round, best \(rounded(times[0] * 1e3)) ms, \(configuration.rounds) rounds in \(rounded(total)) s"
  )
}

/// Three significant digits or so.
func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

let wanted = CommandLine.arguments.dropFirst().first ?? "all"
let test = try examples(100, seed: 2)

if wanted == "two-layer" || wanted == "all" {
  // The 2NN of McMahan et al. 2017: 784-200-200-10, ten of a hundred clients with 600 examples, one epoch, batches of 10.
  let data = try DataSplit(training: examples(60_000, seed: 1), test: test)
  var configuration = SimulationConfiguration(
    data: "digits", model: ModelOptions(kind: "mlp", hidden: [200, 200]), rounds: 12)
  configuration.cohort = CohortOptions(sampling: "fixed", size: 10)
  configuration.evaluation.every = 1_000
  for threads in [1, 2] { try measure("2NN, 10 of 100 clients", configuration, data, threads: threads) }
  configuration.client.learningRate = 1e-30
  configuration.partition.clients = 60_000
  for threads in [2] { try measure("2NN, ten clients of one example", configuration, data, threads: threads) }
}

if wanted == "softmax" || wanted == "all" {
  // FLUTE's lr_mnist: softmax regression, a thousand clients of 60, ten a round, batches of 10, a hundred rounds.
  let data = try DataSplit(training: examples(60_000, seed: 1), test: test)
  var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 100)
  configuration.partition.clients = 1_000
  configuration.cohort = CohortOptions(sampling: "fixed", size: 10)
  configuration.client.learningRate = 0.03
  configuration.evaluation.every = 1_000
  for threads in [1, 2] { try measure("softmax, 10 of 1000 clients", configuration, data, threads: threads) }
}
