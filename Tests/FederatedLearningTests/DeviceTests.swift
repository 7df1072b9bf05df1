import ExactMath
import FederatedLearning
import Glibc
import SecureRandom
import Testing

/// Clients of which every third cannot be read.
private struct FailingPopulation: ClientPopulation {
  let base: SyntheticPopulation
  var count: Int { base.count }
  var largestCount: Int { base.largestCount }
  var width: Int { base.width }
  var classes: Int { base.classes }

  func exampleCount(of client: Int) -> Int { base.exampleCount(of: client) }

  func examples(of client: Int) throws -> LabeledData {
    if client % 3 == 0 { throw FederatedError(.data, "client", "is gone") }
    return try base.examples(of: client)
  }
}

@Suite struct DeviceTests {
  static func lazy(_ clients: Int, cohort: Int, rounds: Int = 2) -> SimulationConfiguration {
    var configuration = SimulationConfiguration(
      data: "synthetic:1,1;clients=\(clients);examples=12", model: ModelOptions(kind: "softmax"), rounds: rounds)
    configuration.cohort = CohortOptions(sampling: "fixed", size: cohort)
    configuration.quantize = QuantizeOptions(bits: 24, range: 8)
    configuration.client.learningRate = 0.01
    configuration.evaluation.every = 100
    return configuration
  }

  @Test func `clients that make their examples give the same model on any number of threads`() throws {
    let digests = try [1, 3].map { try SimulationTests.run(Self.lazy(500, cohort: 20), threads: $0).weightsSHA256 }
    #expect(Set(digests).count == 1)
    let population = try SyntheticPopulation(clients: 9, examples: 7, alpha: 1, beta: 1, seed: 4)
    #expect(try population.examples(of: 8).features == population.examples(of: 8).features)
    #expect(try population.examples(of: 8).features != population.examples(of: 7).features)
    #expect(try population.testSet().count == 180)
  }

  @Test func `a million clients cost what their cohort costs`() throws {
    // Time is the processor's, of the best round of three, so that a busy machine does not matter.
    func cost(_ clients: Int) throws -> Double {
      var simulation = Simulation(try SimulationPlan(Self.lazy(clients, cohort: 100, rounds: 3)), threads: 1)
      var best = Double.infinity
      var before = clock()
      _ = try simulation.run { _ in
        best = min(best, Double(clock() - before))
        before = clock()
        return true
      }
      return best
    }
    let (few, many) = (try cost(1_000), try cost(1_000_000))
    #expect(many < 2 * few + Double(CLOCKS_PER_SEC) / 50)
  }

  @Test func `a client that fails is a counted dropout and the round goes on`() throws {
    let base = try SyntheticPopulation(clients: 60, examples: 10, alpha: 1, beta: 1, seed: 4)
    var configuration = Self.lazy(60, cohort: 30)
    let plan = try SimulationPlan(configuration, population: FailingPopulation(base: base), test: base.testSet())
    var simulation = Simulation(plan)
    let result = try simulation.run()
    for record in result.rounds {
      #expect(record.failed > 0 && record.contributors + record.failed == 30 && record.loss != nil)
    }
    // A protected sum, too.
    configuration.aggregation = AggregationOptions(kind: "pairwise-graph")
    configuration.dropout = 0.4
    let masked = try SimulationPlan(configuration, population: FailingPopulation(base: base), test: base.testSet())
    var protected = Simulation(masked)
    #expect(try protected.run().rounds.allSatisfy { $0.failed > 0 })
  }

  @Test func `stragglers send part of their work or nothing`() throws {
    var configuration = SimulationTests.small("softmax")
    configuration.client.epochs = 6
    configuration.cohort = CohortOptions(sampling: "all")
    configuration.rounds = 12
    configuration.devices.stragglers = 0.5
    let partial = try SimulationTests.run(configuration)
    // 240 draws, of which a twelfth of the stragglers do all after all: 100 expected, deviation 7.6, six of them.
    let count = partial.rounds.reduce(0) { $0 + $1.partial }
    #expect(abs(count - 100) < 46 && partial.rounds.allSatisfy { $0.contributors == 20 })
    configuration.devices.stragglersSend = "nothing"
    let nothing = try SimulationTests.run(configuration)
    let dropped = nothing.rounds.reduce(0) { $0 + $1.dropped }
    #expect(abs(dropped - 120) < 48 && nothing.rounds.allSatisfy { $0.contributors + $0.dropped == 20 })
    #expect(partial.weightsSHA256 != nothing.weightsSHA256)
    configuration.devices.stragglers = 0
    let none = try SimulationTests.run(configuration)
    #expect(none.rounds.allSatisfy { $0.partial == 0 && $0.dropped == 0 })
  }

  @Test func `a round goes on when enough have reported or time is out`() throws {
    var configuration = SimulationTests.small("softmax")
    configuration.devices.spread = 1
    let waiting = try SimulationTests.run(configuration)
    configuration.devices.overSelection = 2
    let first = try SimulationTests.run(configuration)
    #expect(first.rounds.allSatisfy { $0.cohort == 16 && $0.contributors == 8 && $0.late == 8 })
    #expect(
      first.rounds.reduce(0) { $0 + $1.virtualSeconds } < waiting.rounds.reduce(0) { $0 + $1.virtualSeconds })
    configuration.devices.overSelection = 1
    configuration.devices.timeout = 5
    let timed = try SimulationTests.run(configuration)
    #expect(timed.rounds.allSatisfy { $0.virtualSeconds <= 5 && $0.late + $0.contributors == 8 })
    #expect(timed.rounds.contains { $0.late > 0 })
  }

  @Test func `who reports first may not matter under privacy`() {
    var configuration = PrivacyTests.configuration(sampling: CohortOptions(sampling: "fixed", size: 6))
    configuration.devices.overSelection = 1.5
    #expect(PrivacyTests.refusal(configuration).hasPrefix("devices.over_selection: may not be used with privacy"))
  }
}
