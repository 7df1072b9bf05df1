import BenchmarkSupport
import FederatedLearning
import SecureAggregation

/// One round of the simulator with 1,000 clients, three in ten of whom drop out, under every protocol.
///
/// Every opened sum is compared with the sum in the clear, and the weights with those of the plain run, bit for bit.
enum FederationBenchmark {
  static func run(_ kinds: [String], _ benchmark: Benchmark) throws {
    let plain = try simulate(AggregationOptions(kind: "plain", minContributors: 500))
    for kind in kinds {
      var options = AggregationOptions(kind: kind, minContributors: 500)
      if kind.hasSuffix("paillier") { options.keyBits = 2_048 }
      let result = try simulate(options)
      guard result.weightsSHA256 == plain.weightsSHA256, result.rounds.allSatisfy({ $0.sumMatches == true }) else {
        throw BenchmarkFailure(message: "\(kind): the weights differ from those of the plain run")
      }
      let round = result.rounds[0]
      let name = "1,000 clients of the simulator, 30 % lost, \(kind)"
      benchmark.add(
        BenchmarkRow(
          "\(name): a round", unit: "rounds", times: [round.seconds], clock: "wall",
          note: "\(round.contributors) of \(round.cohort) contributed, the plain weights"))
      for phase in result.phases {
        benchmark.add(
          BenchmarkRow(
            "\(name): \(phase.name)", unit: "rounds", times: [phase.seconds], clock: "wall", bytes: phase.uploadBytes,
            note: "\(phase.downloadBytes) bytes down"))
      }
    }
  }

  private static func simulate(_ aggregation: AggregationOptions) throws -> SimulationResult {
    var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 1)
    configuration.partition = PartitionOptions(kind: "iid", clients: 1_000)
    configuration.quantize = QuantizeOptions(bits: 16, range: 1)
    configuration.dropout = 0.3
    configuration.aggregation = aggregation
    var simulation = Simulation(try SimulationPlan(configuration), threads: 2, comparesSums: true)
    return try simulation.run()
  }
}
