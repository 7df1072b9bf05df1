import ExactMath
import FederatedLearning
import PrivacyAccounting
import SecureAggregation
import Testing

@Suite struct SimulationTests {
  static func run(_ configuration: SimulationConfiguration, threads: Int = 2) throws -> SimulationResult {
    var simulation = Simulation(try SimulationPlan(configuration), threads: threads)
    return try simulation.run()
  }

  static func small(_ kind: String = "mlp") -> SimulationConfiguration {
    var configuration = SimulationConfiguration(
      data: "digits", model: ModelOptions(kind: kind, hidden: kind == "mlp" ? [12, 7] : nil), rounds: 3)
    configuration.partition = PartitionOptions(kind: "dirichlet", clients: 20, alpha: 0.3)
    configuration.cohort = CohortOptions(sampling: "fixed", size: 8)
    configuration.quantize = QuantizeOptions(bits: 24, range: 4)
    configuration.seed = 11
    return configuration
  }

  @Test func `one, two and five threads give identical bytes`() throws {
    for kind in ["softmax", "mlp"] {
      let digests = try [1, 2, 5].map { try Self.run(Self.small(kind), threads: $0).weightsSHA256 }
      #expect(Set(digests).count == 1)
    }
  }

  @Test func `threads change neither losses nor accuracies`() throws {
    let one = try Self.run(Self.small(), threads: 1)
    let three = try Self.run(Self.small(), threads: 3)
    #expect(one.rounds.map(\.loss) == three.rounds.map(\.loss))
    #expect(one.rounds.map(\.accuracy) == three.rounds.map(\.accuracy))
    #expect(one.rounds.map(\.testLoss) == three.rounds.map(\.testLoss))
  }

  @Test func `another seed gives another model`() throws {
    var other = Self.small()
    other.seed = 12
    let (a, b) = (try Self.run(Self.small()), try Self.run(other))
    #expect(a.weightsSHA256 != b.weightsSHA256)
  }

  @Test func `all clients, one full batch and rate one is central gradient descent`() throws {
    var federated = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 4)
    federated.partition = PartitionOptions(kind: "dirichlet", clients: 13, alpha: 0.5)
    federated.algorithm = AlgorithmOptions(kind: "fedsgd")
    federated.client.learningRate = 0.2
    federated.quantize = QuantizeOptions(bits: 31, range: 1)
    var central = federated
    central.partition = PartitionOptions(kind: "iid", clients: 1)
    let (a, b) = (try Self.run(federated), try Self.run(central))
    for (x, y) in zip(a.parameters, b.parameters) { #expect(abs(x - y) < 1e-5) }
    #expect(a.rounds.map(\.accuracy) == b.rounds.map(\.accuracy))
  }

  @Test func `a simulated private run sums to the same bytes in the clear and encrypted`() throws {
    var plain = SimulationConfiguration.digitsDemonstration(epsilon: 8)
    plain.rounds = 2
    plain.partition = PartitionOptions(kind: "shards", clients: 12, shardsPerClient: 2)
    plain.privacy?.noiseSource = "simulated"
    var encrypted = plain
    encrypted.aggregation = AggregationOptions(kind: "paillier", keyBits: 2048, minContributors: 12)
    let (a, b) = (try Self.run(plain), try Self.run(encrypted))
    #expect(a.weightsSHA256 == b.weightsSHA256)
    #expect(a.noiseIsSimulated && b.noiseIsSimulated)
    #expect(a.rounds.map(\.loss) == b.rounds.map(\.loss))
  }

  @Test func `secret noise differs from run to run`() throws {
    var configuration = SimulationConfiguration.digitsDemonstration(epsilon: 8)
    configuration.rounds = 1
    let (a, b) = (try Self.run(configuration), try Self.run(configuration))
    #expect(a.weightsSHA256 != b.weightsSHA256)
  }

  @Test func `a calibrated training stays within its epsilon and uses most of it`() throws {
    for epsilon in [1, 8] {
      var configuration = SimulationConfiguration.digitsDemonstration(epsilon: Rational(epsilon))
      configuration.rounds = 3
      configuration.evaluation.every = 1
      let result = try Self.run(configuration)
      let bounds = try #require(result.epsilon)
      let upper = bounds.upper
      #expect(upper <= Double(epsilon))
      #expect(upper > 0.9 * Double(epsilon))
      let path = result.rounds.compactMap { $0.epsilon?.upper }
      #expect(path == path.sorted() && path.count == 3)
      // ε is a measurement like accuracy: taken where the model is evaluated, and at the end.
      configuration.evaluation.every = 10
      #expect(try Self.run(configuration).rounds.map { $0.epsilon != nil } == [false, false, true])
    }
  }

  @Test func `too few contributors leave the model as it was`() throws {
    var configuration = Self.small()
    configuration.dropout = 0.9
    configuration.aggregation.minContributors = 8
    let result = try Self.run(configuration)
    let abandoned = result.rounds.filter(\.abandoned).count
    #expect(abandoned == 3)
    let untouched = Simulation(try SimulationPlan(configuration), threads: 1)
    #expect(result.weightsSHA256 == Simulation.digest(untouched.parameters))
  }

  @Test func `dropouts are a function of the seed and lower the number of contributors`() throws {
    var configuration = Self.small("softmax")
    configuration.dropout = 0.5
    let (a, b) = (try Self.run(configuration, threads: 1), try Self.run(configuration, threads: 2))
    #expect(a.weightsSHA256 == b.weightsSHA256)
    #expect(a.rounds.map(\.contributors).reduce(0, +) < 24)
    #expect(a.rounds.allSatisfy { $0.cohort == 8 })
  }
}

@Suite struct DemonstrationTests {
  @Test func `the demonstration reaches its accuracy without privacy and keeps it at epsilon 8`() throws {
    let reached = try SimulationTests.run(.digitsDemonstration(epsilon: nil)).finalAccuracy
    let open = try #require(reached)
    #expect(open >= 0.93)
    // One noisy run; its standard deviation is about 0.02, so 0.10 is far away.
    let kept = try SimulationTests.run(.digitsDemonstration(epsilon: 8)).finalAccuracy
    let noisy = try #require(kept)
    #expect(noisy >= open - 0.10)
  }
}

@Suite struct ReleaseTests {
  @Test func `an empty private round releases noise like any other`() throws {
    var configuration = SimulationTests.small("softmax")
    configuration.cohort = CohortOptions(sampling: "poisson", rate: ExactNumber(Rational(1, 1_000_000_000)))
    configuration.quantize = QuantizeOptions(bits: 16)
    configuration.privacy = PrivacyOptions(
      clip: 1, noiseMultiplier: 1, delta: ExactNumber(Rational(1, 100_000)), noiseSource: "simulated")
    configuration.rounds = 1
    let result = try SimulationTests.run(configuration)
    #expect(result.rounds[0].contributors == 0 && !result.rounds[0].abandoned)
    let moved = result.parameters.filter { $0 != 0 }.count
    #expect(moved > 600)
  }

  @Test func `adding a client moves the private sum by at most the sensitivity that is charged`() throws {
    // One step of one client: the sum is that client's update, and its norm is what the event says.
    var configuration = SimulationConfiguration.digitsDemonstration(epsilon: 8)
    configuration.partition = PartitionOptions(kind: "shards", clients: 1, shardsPerClient: 1)
    configuration.client.learningRate = 100
    let plan = try SimulationPlan(configuration)
    let event = try #require(plan.privacy).roundEvent.description
    // 128 steps; 1,610 parameters of orientations in 2,048 coordinates: 128² + 2,048/4 + 128 + ⌈46/2⌉ = 17,047.
    #expect(event.contains("squared-sensitivity=17047,"))
    configuration.quantize.rotation = "none"
    let nearest = try #require(SimulationPlan(configuration).privacy).roundEvent.description
    #expect(nearest.contains("sensitivity=\(plan.quantizer.radius)"))
    configuration.privacy?.adjacency = "replace-one"
    let replaced = try #require(SimulationPlan(configuration).privacy).roundEvent.description
    #expect(replaced.contains("sensitivity=\(2 * plan.quantizer.radius)"))
  }

  @Test func `opened sums are compared with clear ones when asked, plain and encrypted`() throws {
    var configuration = SimulationConfiguration.digitsDemonstration(epsilon: 8, encrypted: true)
    configuration.rounds = 1
    configuration.partition = PartitionOptions(kind: "shards", clients: 5, shardsPerClient: 1)
    for kind in ["plain", "paillier"] {
      configuration.aggregation = AggregationOptions(
        kind: kind, keyBits: kind == "plain" ? nil : 2048, minContributors: 5)
      var simulation = Simulation(try SimulationPlan(configuration), threads: 2, comparesSums: true)
      let result = try simulation.run()
      #expect(result.rounds.map(\.sumMatches) == [true])
    }
  }
}
