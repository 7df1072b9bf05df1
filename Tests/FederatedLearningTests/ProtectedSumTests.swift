import ExactMath
import FederatedLearning
import PrivacyAccounting
import SecureAggregation
import Testing

@Suite struct ProtectedSumTests {
  static func run(_ configuration: SimulationConfiguration) throws -> SimulationResult {
    var simulation = Simulation(try SimulationPlan(configuration), threads: 2, comparesSums: true)
    return try simulation.run()
  }

  static func base(clients: Int) -> SimulationConfiguration {
    var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 2)
    configuration.partition = PartitionOptions(kind: "iid", clients: clients)
    configuration.quantize = QuantizeOptions(bits: 12, range: 1)
    configuration.dropout = 0.3
    return configuration
  }

  @Test func `masked sums train to the weights of plain ones when three in ten clients drop out`() throws {
    var plain = Self.base(clients: 60)
    plain.aggregation = AggregationOptions(kind: "plain", minContributors: 20)
    let expected = try Self.run(plain)
    // Of 60 clients at most 28 are lost in these two rounds of this seed, so every client keeps its threshold.
    #expect(expected.rounds.allSatisfy { $0.cohort - $0.contributors < 24 && $0.contributors < 60 })
    for options in [
      AggregationOptions(kind: "pairwise", minContributors: 20),
      AggregationOptions(kind: "pairwise-graph", minContributors: 20, neighbours: 48),
    ] {
      var masked = plain
      masked.aggregation = options
      let result = try Self.run(masked)
      #expect(result.weightsSHA256 == expected.weightsSHA256)
      #expect(result.rounds.allSatisfy { $0.sumMatches == true && !$0.abandoned })
      #expect(result.phases.map(\.name) == ["keys", "shares", "masked-input", "confirmation", "unmask"])
    }
  }

  @Test func `a round that loses too many clients is abandoned and changes nothing`() throws {
    var masked = Self.base(clients: 20)
    masked.rounds = 1
    masked.aggregation = AggregationOptions(kind: "pairwise", minContributors: 2, threshold: 19)
    let result = try Self.run(masked)
    #expect(result.rounds.map(\.abandoned) == [true])
  }

  @Test func `distributed noise of either law sums to the same bytes under masks, and states its event`() throws {
    for noise in ["discrete-gaussian", "skellam"] {
      var plain = SimulationConfiguration.digitsDemonstration(epsilon: Rational(8))
      plain.rounds = 2
      plain.quantize = QuantizeOptions(bits: 6)
      plain.partition = PartitionOptions(kind: "shards", clients: 12, shardsPerClient: 2)
      plain.privacy?.noise = noise
      plain.privacy?.noiseSource = "simulated"
      plain.aggregation = AggregationOptions(kind: "plain", minContributors: 8)
      var masked = plain
      masked.aggregation = AggregationOptions(kind: "pairwise", minContributors: 8)
      let (a, b) = (try Self.run(plain), try Self.run(masked))
      #expect(a.weightsSHA256 == b.weightsSHA256)
      let epsilon = try #require(a.epsilon)
      #expect(epsilon.upper <= 8 && epsilon.upper > 4)
      #expect("\(try #require(a.event))".contains(noise == "skellam" ? "skellam" : "distributed"))
    }
  }

  @Test func `options of a protocol are checked before anything is trained`() throws {
    for (options, key) in [
      (AggregationOptions(kind: "pairwise", threshold: 5), "threshold"),
      (AggregationOptions(kind: "pairwise-graph", neighbours: 7), "neighbours"),
      (AggregationOptions(kind: "pairwise-graph", threshold: 9), "threshold"),
      (AggregationOptions(kind: "threshold-paillier", keyBits: 2048, threshold: 4, parties: 3), "threshold"),
      (AggregationOptions(kind: "threshold-paillier", keyBits: 2048, parties: 30), "parties"),
    ] {
      var configuration = Self.base(clients: 20)
      configuration.aggregation = options
      #expect(performing: { _ = try SimulationPlan(configuration) }, throws: { "\($0)".contains(key) })
    }
  }
}
