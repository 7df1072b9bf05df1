import BenchmarkSupport
import FederatedLearning
import Foundation

// Simulations on several ranks. By itself this measures what one rank of a large job does; under mpirun, built with the
// trait MPI, also all-reduces and rounds of a fixed amount of work (strong scaling) and of a fixed amount a rank (weak
// scaling). Every rank has one thread. Times are of the wall.

let benchmark = Benchmark(
  "ranks",
  about: "Rounds shared by MPI ranks, and what a thousand would take. Runs by itself; or under mpirun, in a build with "
    + "--traits MPI.",
  options: [
    BenchmarkOption("latency", "MICROSECONDS", "of a message in the predicted network, 20 unless given"),
    BenchmarkOption("gigabits", "N", "a second in the predicted network, 10 unless given"),
  ])
let latency = Double(benchmark.integer("latency", within: 1...1_000_000) ?? 20) * 1e-6
let gigabits = Double(benchmark.integer("gigabits", within: 1...100_000) ?? 10)
#if MPI
  let started = try MPICollective()
  let job: any Collective = started
#else
  let job: any Collective = LocalCollective()
#endif
// One rank speaks.
if job.rank > 0 { dup2(unsafe open("/dev/null", O_WRONLY), 1) }

let processors = ProcessInfo.processInfo.activeProcessorCount
let crowded = job.size > processors ? "\(job.size) ranks share \(processors) processors" : nil
let places = "\(job.size) rank\(job.size == 1 ? "" : "s")"

/// Softmax regression, 610 parameters, on clients with twenty examples that are made when they are drawn.
func small(cohort: Int, of clients: Int) -> SimulationConfiguration {
  var configuration = SimulationConfiguration(
    data: "synthetic:1,1;clients=\(clients);examples=20", model: ModelOptions(kind: "softmax"), rounds: 1)
  configuration.cohort = CohortOptions(sampling: "fixed", size: cohort)
  configuration.client.learningRate = 0.01
  return configuration
}

/// What a round of it exchanges: 610 sums, the weight, seven counts and the mark of the model.
let exchanged = 8 * 619.0

/// The seconds of rounds after one that warms up.
func seconds(_ configuration: SimulationConfiguration, _ ranks: any Collective, rounds: Int) throws -> [Double] {
  var configuration = configuration
  configuration.rounds = rounds + 1
  configuration.evaluation.every = rounds + 1
  var simulation = Simulation(try SimulationPlan(configuration), threads: 1, ranks: ranks)
  return try simulation.run().rounds.dropFirst().map(\.seconds)
}

var cost = RankCost()
cost.latency = latency
cost.bandwidth = gigabits * 1e9 / 8
let repetitions = benchmark.repetitions(3)

// What one rank of many does, without the others: every client of the cohort is drawn and dealt by all ranks.
if job.rank == 0 {
  let share = benchmark.isQuick ? 500 : 10_000
  var points: [(x: Double, y: Double)] = []
  for ranks in benchmark.isQuick ? [1, 100] : [1, 10, 100, 1_000] {
    let cohort = share * ranks
    let times = try seconds(small(cohort: cohort, of: cohort), LoneRank(size: ranks), rounds: repetitions)
    var row = BenchmarkRow(
      "one rank of \(ranks), \(share) of \(cohort) clients", size: share, unit: "clients", times: times, clock: "wall")
    row.megabytes = BenchmarkClock.mostMegabytes()
    benchmark.add(row)
    if let median = row.seconds { points.append((Double(cohort), median)) }
  }
  let line = RankCost.line(points)
  (cost.dealing, cost.client) = (line.slope, line.start / Double(share))
  benchmark.figure("training a client", cost.client * 1e6, "µs")
  benchmark.figure("drawing and dealing a client of the cohort, on every rank", cost.dealing * 1e9, "ns")
}

if job.size > 1 {
  var points: [(x: Double, y: Double)] = []
  for words in [8, 1 << 10, 1 << 15, 199_210, 1 << 20, 1 << 23] {
    var values = [Int64](repeating: 1, count: words)
    var times: [Double] = []
    for turn in 0..<(benchmark.isQuick ? 20 : 60) {
      let start = BenchmarkClock.wall()
      try job.sum(&values)
      if turn >= 5 { times.append(BenchmarkClock.wall() - start) }
    }
    let row = BenchmarkRow(
      "all-reduce, \(places)", size: words, unit: "words", times: times, clock: "wall", bytes: 8 * words, note: crowded)
    benchmark.add(row)
    if let median = row.seconds { points.append((8 * Double(words), median)) }
  }
  // What this machine's own exchange takes: the smallest tells the latency, the rest the rate.
  cost.latency = points[0].y / (2 * log2(Double(job.size)).rounded(.up))
  cost.bandwidth = 2 * Double(job.size - 1) / Double(job.size) / RankCost.line(points).slope
}

// The same work for any number of ranks, and the same work for each rank.
let fixed = benchmark.isQuick ? 400 : 4_000
for (name, cohort) in [("strong scaling", fixed), ("weak scaling", fixed / 2 * job.size)] {
  let configuration = small(cohort: cohort, of: 1_000_000)
  let times = try seconds(configuration, job, rounds: max(3, repetitions))
  var note = crowded
  if job.rank == 0, job.size > 1 {
    let predicted = cost.round(clients: Double(cohort), bytes: exchanged, ranks: Double(min(job.size, processors)))
    note = "predicted \(Int((predicted * 1e3).rounded())) ms" + (crowded.map { ", \($0)" } ?? "")
  }
  benchmark.add(
    BenchmarkRow(
      "\(name), \(places), softmax", size: cohort, unit: "clients", times: times, clock: "wall", note: note))
}

if job.rank == 0 {
  (cost.latency, cost.bandwidth) = (latency, gigabits * 1e9 / 8)
  benchmark.section("Predicted, for \(Int(latency * 1e6)) µs a message and \(Int(gigabits)) gigabits a second")
  for ranks in [1.0, 10, 100, 1_000, 10_000] {
    let value = cost.round(clients: 1e7, bytes: exchanged, ranks: ranks)
    benchmark.figure("a round of 10,000,000 clients on \(Int(ranks)) ranks, softmax", value, "s")
  }
  for parameters in [199_210.0, 11e6, 1e9] {
    benchmark.figure(
      "all-reduce of \(Int(parameters)) parameters on 1,000 ranks",
      cost.allReduce(bytes: 8 * parameters, ranks: 1_000), "s")
  }
  benchmark.figure("ranks on which dealing takes as long as training", cost.client / max(cost.dealing, 1e-12))
}
#if MPI
  started.finish()
#endif
if job.rank > 0 { exit(0) }
benchmark.finish()
