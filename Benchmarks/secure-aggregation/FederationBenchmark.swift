import FederatedLearning
import Foundation
import SecureAggregation

/// One round of the simulator with 1,000 clients, three in ten of whom drop out, under every protocol.
///
/// Every opened sum is compared with the sum in the clear, and the weights with those of the plain run, bit for bit.
enum FederationBenchmark {
  static func run(_ kinds: [String]) throws {
    print("\n1,000 clients of the simulator, 30 % lost, softmax regression on digits, two threads")
    let plain = try simulate(AggregationOptions(kind: "plain", minContributors: 500))
    for kind in kinds {
      var options = AggregationOptions(kind: kind, minContributors: 500)
      if kind.hasSuffix("paillier") { options.keyBits = 2_048 }
      let result = try simulate(options)
      guard result.weightsSHA256 == plain.weightsSHA256, result.rounds.allSatisfy({ $0.sumMatches == true }) else {
        throw BenchmarkFailure(message: "\(kind): the weights differ from those of the plain run")
      }
      let round = result.rounds[0]
      print(
        "\(kind): \(round.contributors) of \(round.cohort) contributed, the plain weights, "
          + String(format: "%.1f s", round.seconds))
      for phase in result.phases {
        print(
          "  " + phase.name.padding(toLength: 14, withPad: " ", startingAt: 0),
          String(format: "%9.3f s %12d bytes up %14d down", phase.seconds, phase.uploadBytes, phase.downloadBytes))
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
