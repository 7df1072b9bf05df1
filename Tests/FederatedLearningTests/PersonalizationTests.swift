import FederatedLearning
import Foundation
import Testing

@Suite struct PersonalizationTests {
  /// Clients with two digits each.
  static func shards(_ options: PersonalizationOptions) -> SimulationConfiguration {
    var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 4)
    configuration.partition = PartitionOptions(kind: "shards", clients: 30, shardsPerClient: 2)
    configuration.cohort = CohortOptions(sampling: "fixed", size: 10)
    configuration.quantize = QuantizeOptions(bits: 24, range: 4)
    configuration.personalization = options
    configuration.seed = 5
    return configuration
  }

  static func tuned(_ rate: Double, clients: Int? = nil) -> SimulationConfiguration {
    shards(PersonalizationOptions(kind: "fine-tune", epochs: 3, learningRate: rate, clients: clients))
  }

  @Test func `training further at rate zero changes no accuracy`() throws {
    let gain = try #require(SimulationTests.run(Self.tuned(0)).personalization)
    #expect(gain.clients == 30)
    #expect(gain.before == gain.after)
  }

  @Test func `the shared model is the one without personalization`() throws {
    let without = try SimulationTests.run(Self.shards(PersonalizationOptions()))
    let with = try SimulationTests.run(Self.tuned(0.1))
    #expect(without.personalization == nil)
    #expect(with.weightsSHA256 == without.weightsSHA256)
    #expect(with.rounds.map(\.accuracy) == without.rounds.map(\.accuracy))
  }

  @Test func `clients of two digits gain by training further`() throws {
    let gain = try #require(SimulationTests.run(Self.tuned(0.1)).personalization)
    let (before, after) = (try #require(gain.before), try #require(gain.after))
    #expect(after > before + 0.05)
    #expect(0 <= before && after <= 1)
  }

  @Test func `threads change no personal accuracy`() throws {
    let one = try SimulationTests.run(Self.tuned(0.1), threads: 1).personalization
    #expect(try SimulationTests.run(Self.tuned(0.1), threads: 3).personalization == one)
  }

  @Test func `no more clients are measured than asked for, and those with few examples are left out`() throws {
    #expect(try SimulationTests.run(Self.tuned(0.1, clients: 7)).personalization?.clients == 7)
    var lonely = Self.tuned(0.1)
    lonely.partition = PartitionOptions(kind: "iid", clients: 1000)
    let gain = try #require(SimulationTests.run(lonely).personalization)
    #expect(gain.clients == 0 && gain.before == nil && gain.after == nil)
    var lazy = DeviceTests.lazy(2000, cohort: 5)
    lazy.personalization = PersonalizationOptions(kind: "fine-tune", clients: 20)
    #expect(try SimulationTests.run(lazy).personalization?.clients == 20)
  }

  @Test func `a run that was stopped is not measured, and one that goes on from its checkpoint is`() throws {
    let plan = try SimulationPlan(Self.tuned(0.1))
    var whole = Simulation(plan)
    let expected = try whole.run().personalization
    var first = Simulation(plan)
    #expect(try first.run { $0.round < 2 }.personalization == nil)
    var second = Simulation(plan)
    second.resume(from: try first.checkpoint())
    #expect(try second.run().personalization == expected)
  }

  @Test func `options are refused by name`() throws {
    for (options, key) in [
      (PersonalizationOptions(kind: "fine-tune", epochs: 0), "personalization.epochs"),
      (PersonalizationOptions(kind: "fine-tune", learningRate: -1), "personalization.learning_rate"),
      (PersonalizationOptions(kind: "fine-tune", learningRate: .nan), "personalization.learning_rate"),
      (PersonalizationOptions(kind: "fine-tune", clients: 0), "personalization.clients"),
    ] {
      let error = #expect(throws: FederatedError.self) { try SimulationPlan(Self.shards(options)) }
      #expect("\(try #require(error))".contains(key))
    }
    for (section, words) in [
      (#"{"kind": "fine-tun"}"#, "fine-tune"), (#"{"kind": "none", "epochs": 2}"#, "does not belong to kind none"),
      (#"{"kind": "fine-tune", "epoch": 2}"#, "did you mean epochs"),
    ] {
      let text = #"{"data": "digits", "model": {"kind": "softmax"}, "rounds": 1, "personalization": \#(section)}"#
      let error = #expect(throws: (any Error).self) {
        try JSONDecoder().decode(SimulationConfiguration.self, from: Data(text.utf8))
      }
      #expect("\(try #require(error))".contains(words))
    }
  }
}
