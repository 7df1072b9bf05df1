import BenchmarkSupport
import FederatedLearning
import SecureRandom

/// Clients with nothing to train on: what is left of a round is the coordinator.
private struct EmptyClients: ClientPopulation {
  let count = 100
  let largestCount = 1
  let width = 784
  let classes = 10

  func exampleCount(of client: Int) -> Int { 0 }
  func examples(of client: Int) throws -> LabeledData { throw FederatedError(.data, "client", "has no examples") }
}

/// Rounds of the 2NN in which nobody trains.
func measureIdle(_ repetitions: Int) throws -> [Row] {
  var configuration = twoLayer()
  configuration.rounds = 1_000_000
  configuration.evaluation.every = 1_000_001
  // Weighted alike, so that the server has a mean to apply.
  configuration.weighting = "uniform"
  let plan = try SimulationPlan(configuration, population: EmptyClients(), test: examples(10, seed: 2))
  return try [2, 1].map { threads in
    let name = "2NN, ten empty clients, 199,210 parameters, \(threads) thread\(threads == 1 ? "" : "s")"
    var row = Row(name, per: "round", target: threads == 2 ? 0.001 : nil)
    // The rounds of one run: a run has a beginning and an end of its own.
    let before = BenchmarkClock.processor()
    let records = try idleRounds(plan, threads: threads, count: 20 + max(80, repetitions))
    row.wall = records.dropFirst(20).map(\.seconds)
    row.processor = [(BenchmarkClock.processor() - before) / Double(records.count)]
    return row
  }
}

private func idleRounds(_ plan: SimulationPlan, threads: Int, count: Int) throws -> [RoundRecord] {
  var simulation = Simulation(plan, threads: threads)
  return try simulation.run { $0.round < count }.rounds
}

/// A round of the 2NN on one thread beside the same descent in a bare loop: what the coordinator takes beyond it.
///
/// The loop copies the model, shuffles and descends, for ten clients of 600 examples; rounds and loops take turns, and
/// what is compared is the processor's time.
func measureOverhead(_ repetitions: Int, _ benchmark: Benchmark) throws -> [Row] {
  let data = try DataSplit(training: examples(60_000, seed: 1, zeros: 207), test: examples(10, seed: 2))
  let rounds = try Rounds(Row("2NN, a round on 1 thread", per: "round"), twoLayer(), data, threads: 1)
  let model = Network(inputs: 784, hidden: [200, 200], classes: 10)
  var generator = SimulationGenerator(seed: 1, stream: "bare loop")
  let global = model.initialParameters(&generator)
  var local = global
  var scratch = model.makeScratch(batch: 10)
  var bare = Row("2NN, the same descent in a bare loop", per: "round")
  for turn in 0..<max(9, repetitions) {
    try rounds.round()
    bare.time {
      for client in 0..<10 {
        let first = (turn * 10 + client) % 100 * 600
        var order = (first..<first + 600).map { Int32($0) }
        for index in local.indices { local[index] = global[index] }
        generator.shuffle(&order)
        for start in stride(from: 0, to: 600, by: 10) {
          _ = model.descend(
            &local, on: data.training, examples: order[start..<start + 10], rate: 0.1, scratch: &scratch)
        }
      }
    }
  }
  if let whole = median(rounds.row.processor), let least = median(bare.processor) {
    benchmark.figure(
      "overhead: the coordinator beyond the bare loop, processor time", (whole / least - 1) * 100, "%", target: "2 %")
  }
  return [rounds.row, bare]
}
