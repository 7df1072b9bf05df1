import BenchmarkSupport
import FederatedLearning
import Foundation
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

/// A simulation that goes on by one round whenever it is asked.
final class Rounds {
  private var simulation: Simulation
  var row: Row

  init(_ row: Row, _ configuration: SimulationConfiguration, _ data: DataSplit?, threads: Int) throws {
    self.row = row
    var configuration = configuration
    configuration.rounds = 1_000_000
    configuration.evaluation.every = 1_000_001
    simulation = Simulation(
      try data.map { try SimulationPlan(configuration, data: $0) } ?? SimulationPlan(configuration), threads: threads)
    // Two rounds to warm up.
    for _ in 0..<2 { _ = try simulation.run { _ in false } }
  }

  func round() throws { try row.time { _ = try simulation.run { _ in false } } }
}

/// The 2NN of McMahan, Moore, Ramage, Hampson and Agüera y Arcas 2017: 784-200-200-10, ten of a hundred clients with 600 examples, one epoch, batches of 10.
func twoLayer() -> SimulationConfiguration {
  var configuration = SimulationConfiguration(
    data: "digits", model: ModelOptions(kind: "mlp", hidden: [200, 200]), rounds: 1)
  configuration.cohort = CohortOptions(sampling: "fixed", size: 10)
  return configuration
}

/// FLUTE's lr_mnist: softmax regression, a thousand clients of 60, ten a round, batches of 10, rate 0.03.
func softmax() -> SimulationConfiguration {
  var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 100)
  configuration.partition.clients = 1_000
  configuration.cohort = CohortOptions(sampling: "fixed", size: 10)
  configuration.client.learningRate = 0.03
  configuration.evaluation.every = 1_000
  return configuration
}

/// The 2NN by ourselves and by everyone else, a round each in turn.
func measureTwoLayer(_ repetitions: Int, _ peers: Peers?) throws -> [Row] {
  var ours: [Rounds] = []
  let test = try examples(100, seed: 2)
  for (name, zeros, target) in [("MNIST's share of zeros", UInt64(207), 0.07), ("no zeros", 0, nil as Double?)] {
    let data = try DataSplit(training: examples(60_000, seed: 1, zeros: zeros), test: test)
    for threads in [2, 1] {
      let label = "2NN, 10 of 100 clients, \(name), \(threads) thread\(threads == 1 ? "" : "s")"
      let row = Row(label, per: "round", target: threads == 2 ? target : nil)
      ours.append(try Rounds(row, twoLayer(), data, threads: threads))
    }
  }
  // Every client has one example: a step, a quantised update and the coordinator.
  var idle = twoLayer()
  idle.partition = PartitionOptions(kind: "iid", clients: 2_000)
  let few = try DataSplit(training: examples(2_000, seed: 1), test: test)
  ours.append(
    try Rounds(Row("2NN, ten clients of one example, 2 threads", per: "round"), idle, few, threads: 2)
  )
  for _ in 0..<repetitions {
    for subject in ours { try subject.round() }
    peers?.round()
  }
  return ours.map(\.row) + (peers?.rows() ?? [])
}

func measureSoftmax(_ repetitions: Int) throws -> [Row] {
  let data = try DataSplit(
    training: examples(60_000, seed: 1, zeros: 207), test: examples(100, seed: 2, zeros: 207))
  let plan = try SimulationPlan(softmax(), data: data)
  return try [2, 1].map { threads in
    let name = "softmax, 10 of 1,000 clients (FLUTE's lr_mnist), \(threads) thread\(threads == 1 ? "" : "s")"
    var row = Row(name, per: "100 rounds", target: threads == 2 ? 0.5 : nil)
    for _ in 0..<repetitions {
      try row.time {
        var simulation = Simulation(plan, threads: threads)
        _ = try simulation.run()
      }
    }
    return row
  }
}

/// A hundred updates of the size of the FedAvg paper's CNN.
func measureRobust(_ repetitions: Int) throws -> [Row] {
  var generator = SimulationGenerator(seed: 3, stream: "updates")
  let updates = (0..<100).map { _ in (0..<1_663_370).map { _ in Int32(truncatingIfNeeded: generator.next() >> 41) } }
  let rules: [(String, RobustRule, Double?)] = [
    ("Krum", .krum(bad: 20), 0.5), ("median", .median, 1), ("trimmed mean", .trimmedMean(bad: 20), nil),
  ]
  return try rules.map { name, rule, target in
    var row = Row("\(name), 100 updates of 1,663,370, 2 threads", per: "round", target: target)
    for _ in 0..<repetitions { try row.time { _ = try rule.combine(updates, threads: 2) } }
    return row
  }
}

/// Clients are made when they are drawn: neither time nor memory may depend on how many there are.
func measurePopulation(_ repetitions: Int) throws -> [Row] {
  try [1_000, 1_000_000].map { clients in
    var configuration = SimulationConfiguration(
      data: "synthetic:1,1;clients=\(clients);examples=20", model: ModelOptions(kind: "softmax"), rounds: 1)
    configuration.cohort = CohortOptions(sampling: "fixed", size: 1_000)
    configuration.client.learningRate = 0.01
    let row = Row("cohorts of 1,000 of \(clients) clients, 2 threads", per: "round")
    let subject = try Rounds(row, configuration, nil, threads: 2)
    for _ in 0..<repetitions { try subject.round() }
    subject.row.memory = BenchmarkClock.mostMegabytes()
    return subject.row
  }
}

/// A run that writes a checkpoint after every round.
func measureCheckpoints() throws -> [Row] {
  var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 1)
  configuration.cohort = CohortOptions(sampling: "fixed", size: 1)
  configuration.evaluation.every = 1_000_000
  return try [300, 3_000].map { rounds in
    configuration.rounds = rounds
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let plan = try SimulationPlan(configuration)
    var row = Row("softmax on digits, \(rounds) rounds with a checkpoint each", per: "run")
    try row.time {
      var simulation = Simulation(plan, threads: 1)
      _ = try simulation.run(checkpoints: CheckpointFolder(folder))
    }
    return row
  }
}
