import FederatedLearning
import Foundation
import SecureAggregation
import Testing

/// Layers that stay with their client.
@Suite struct PersonalLayersTests {
  /// A network of 64-10-10 on clients of two digits each: 650 shared parameters and 110 that stay.
  static func shards(_ kind: String = "fedper", rounds: Int = 4) -> SimulationConfiguration {
    var configuration = PersonalizationTests.shards(PersonalizationOptions(kind: kind))
    configuration.model = ModelOptions(kind: "mlp", hidden: [10])
    configuration.rounds = rounds
    return configuration
  }

  @Test func `the head of the shared model never moves and the body does`() throws {
    let plan = try SimulationPlan(Self.shards())
    var simulation = Simulation(plan)
    let before = simulation.parameters
    let result = try simulation.run()
    #expect(plan.sharedCount == 650 && before.count == 760)
    #expect(result.parameters[650...] == before[650...])
    #expect(result.parameters[..<650] != before[..<650])
    // A client that took part has a head of its own on the same body; one that does not exist has none.
    var models: [[Float]] = []
    for client in 0..<30 { models.append(simulation.personalParameters(of: client) ?? []) }
    let own = try #require(models.first { $0 != result.parameters })
    #expect(own[..<650] == result.parameters[..<650])
    let nobody = simulation.personalParameters(of: 30)
    #expect(nobody == nil)
    #expect(result.rounds.allSatisfy { $0.wireBytes == 10 * ((plan.shape.count * plan.shape.ringBits + 7) / 8) })
    #expect(plan.shape.count == 651)
  }

  @Test func `a federation of one client trains as it would alone`() throws {
    let digits = try DataSplit.digits()
    var alone = Self.shards("none", rounds: 5)
    alone.partition = PartitionOptions(kind: "iid", clients: 1)
    alone.cohort = CohortOptions()
    alone.quantize = QuantizeOptions(bits: 31, range: 8)
    alone.client.batchSize = 0
    var personal = alone
    personal.personalization = PersonalizationOptions(kind: "fedper")
    let plan = try SimulationPlan(personal, data: digits)
    // The same examples; a step over all of them does not depend on their order but for rounding.
    let kept = plan.clients[0].map { Int($0) }
    #expect(kept.count == digits.training.count - digits.training.count / 5)
    let training = try LabeledData(
      features: kept.flatMap { digits.training.features[$0 * 64..<($0 + 1) * 64] },
      labels: kept.map { digits.training.labels[$0] }, width: 64, classes: 10)
    var first = Simulation(plan)
    _ = try first.run()
    var second = Simulation(try SimulationPlan(alone, data: DataSplit(training: training, test: digits.test)))
    _ = try second.run()
    let (own, shared, whole) = (first.personalParameters(of: 0) ?? [], first.parameters, second.parameters)
    #expect(own.count == whole.count && zip(own, whole).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(own != shared)
  }

  @Test func `clients that contradict each other agree on a body and keep their own heads`() throws {
    // Half of the clients call class y what the others call 9 − y: one model for all is right half the time at most.
    let digits = try DataSplit.digits()
    let owners = (0..<digits.training.count).map { Int32($0 % 10) }
    let labels = zip(digits.training.labels, owners).map { $1 < 5 ? $0 : 9 - $0 }
    let training = try LabeledData(features: digits.training.features, labels: labels, width: 64, classes: 10)
    let split = try DataSplit(training: training, test: digits.test, owners: owners)
    func accuracy(_ kind: String) throws -> Double {
      var configuration = Self.shards(kind, rounds: 15)
      configuration.model.hidden = [32]
      configuration.partition = PartitionOptions(kind: "natural")
      configuration.cohort = CohortOptions()
      configuration.client = ClientOptions(epochs: 3, batchSize: 10, learningRate: 0.1)
      if kind == "fine-tune" { configuration.personalization.learningRate = 0 }
      var simulation = Simulation(try SimulationPlan(configuration, data: split))
      return try #require(simulation.run().personalization?.after)
    }
    // What a client holds back for fine-tuning was trained on in the rounds, which flatters the shared model.
    let (own, shared) = (try accuracy("fedper"), try accuracy("fine-tune"))
    #expect(own > 0.8 && shared < own - 0.1, "own \(own), shared \(shared)")
  }

  @Test func `what clients hold back is trained on by nobody`() throws {
    let plan = try SimulationPlan(Self.shards())
    let trained = plan.clients.flatMap { $0 }
    let all = try SimulationPlan(Self.shards("none")).clients
    #expect(Set(trained).count == trained.count)
    for (kept, whole) in zip(plan.clients, all) {
      #expect(Set(kept).isSubset(of: Set(whole)))
      #expect(kept.count == whole.count - (whole.count < 5 ? 0 : whole.count / 5))
    }
    let result = try SimulationTests.run(Self.shards())
    let gain = try #require(result.personalization)
    #expect(gain.clients == 30)
    #expect(result.rounds.last?.accuracy == gain.after)
  }

  @Test func `noise of a private training never reaches a head, and resuming finds the heads again`() throws {
    var configuration = PrivacyTests.configuration(sampling: CohortOptions(sampling: "fixed", size: 8), rounds: 3)
    configuration.model = ModelOptions(kind: "mlp", hidden: [10])
    configuration.personalization = PersonalizationOptions(kind: "fedper")
    configuration.privacy?.noiseSource = "simulated"
    let plan = try SimulationPlan(configuration)
    var whole = Simulation(plan)
    let start = whole.parameters
    let result = try whole.run()
    #expect(result.parameters[650...] == start[650...])
    var first = Simulation(plan, threads: 3)
    _ = try first.run { $0.round < 2 }
    var second = Simulation(plan, threads: 1)
    second.resume(from: try Checkpoint(first.checkpoint().encoded(), of: plan))
    #expect(try second.run().weightsSHA256 == result.weightsSHA256)
    for client in 0..<plan.clientCount {
      let (found, expected) = (second.personalParameters(of: client), whole.personalParameters(of: client))
      #expect(found == expected)
    }
    var other = configuration
    other.personalization.layers = nil
    other.personalization.clients = 3
    var third = Simulation(try SimulationPlan(other))
    third.resume(from: try Checkpoint(first.checkpoint().encoded(), of: third.plan))
    other.personalization = PersonalizationOptions()
    let without = try SimulationPlan(other)
    #expect(throws: FederatedError.self) { try Checkpoint(first.checkpoint().encoded(), of: without) }
  }

  @Test func `what does not go with personal layers is refused by name`() throws {
    for (key, change) in [
      ("personalization.layers", { $0.personalization.layers = 2 }),
      ("personalization.layers", { $0.personalization.layers = 0 }),
      ("personalization.clients", { $0.personalization.clients = 0 }),
      ("personalization.kind", { $0.model = ModelOptions(kind: "softmax") }),
      ("personalization.kind", { $0.algorithm = AlgorithmOptions(kind: "scaffold") }),
      ("personalization.kind", { $0.compression = CompressionOptions(kind: "top-k") }),
      ("cohort.sampling", { $0.cohort.sampling = "with-replacement" }),
      (
        "personalization.kind",
        {
          $0.data = "synthetic:1,1;clients=100;examples=20"; $0.partition = PartitionOptions()
        }
      ),
    ] as [(String, (inout SimulationConfiguration) -> Void)] {
      var configuration = Self.shards()
      change(&configuration)
      let error = #expect(throws: FederatedError.self) { try SimulationPlan(configuration) }
      #expect("\(try #require(error))".contains(key))
    }
  }
}
