import ExactMath
import FederatedLearning
import Foundation
import SecureRandom
import Testing

/// What holds for every simulation, whatever it trains.
@Suite struct SimulationLawTests {
  /// Digits owned by twelve clients whose numbers are dealt by a permutation.
  static func split(_ numbers: [Int32]) throws -> DataSplit {
    let digits = try DataSplit.digits()
    let training = digits.training[0..<360]
    return try DataSplit(
      training: training, test: digits.test, owners: (0..<360).map { numbers[($0 * $0 + $0 / 7) % numbers.count] })
  }

  @Test(arguments: ["fedavg", "fedprox", "fedyogi", "scaffold", "fednova", "median", "trimmed-mean", "multi-krum"])
  func `permuting clients changes nothing`(_ kind: String) throws {
    var configuration = SimulationTests.small("softmax")
    configuration.partition = PartitionOptions(kind: "natural")
    configuration.cohort = CohortOptions()
    configuration.client = ClientOptions(epochs: 3, batchSize: 0, learningRate: 0.3)
    configuration.evaluation.every = 3
    if ["median", "trimmed-mean", "multi-krum"].contains(kind) {
      configuration.robust = RobustOptions(kind: kind, bad: kind == "median" ? nil : 3)
      configuration.weighting = "uniform"
    } else {
      configuration.algorithm = AlgorithmOptions(kind: kind)
    }
    func digest(_ numbers: [Int32]) throws -> String {
      var simulation = Simulation(try SimulationPlan(configuration, data: Self.split(numbers)), threads: 2)
      return try simulation.run().weightsSHA256
    }
    let straight = try digest((0..<12).map { $0 })
    #expect(try digest((0..<12).reversed()) == straight)
    #expect(try digest([5, 3, 11, 0, 8, 1, 10, 2, 9, 4, 7, 6]) == straight)
  }

  /// Everything that a round can do, in one small simulation each.
  static let variants: [String] = [
    "softmax", "mlp", "cnn", "fedadam", "scaffold", "fednova", "fedprox", "fedbuff", "krum", "bulyan", "mixing",
    "alie", "top-k", "rotated", "adaptive", "tree", "banded", "example", "local", "distributed", "pairwise",
    "stragglers", "fedper", "backdoor", "bit-flip",
  ]

  static func variant(_ name: String) -> SimulationConfiguration {
    var configuration = SimulationTests.small(
      ["mlp", "cnn"].contains(name) ? name : name == "fedper" ? "mlp" : "softmax")
    configuration.evaluation.every = 3
    func makePrivate(_ sampling: CohortOptions) {
      configuration = PrivacyTests.configuration(sampling: sampling, rounds: 3)
    }
    switch name {
    case "cnn":
      configuration.model = ModelOptions(kind: "cnn", hidden: [6])
      configuration.model.channels = [2, 3]
      configuration.cohort.size = 3
    case "fedadam", "scaffold", "fednova", "fedprox": configuration.algorithm = AlgorithmOptions(kind: name)
    case "fedbuff":
      configuration.algorithm = AlgorithmOptions(kind: name)
      configuration.algorithm.buffer = 3
      configuration.devices.spread = 1
    case "krum", "bulyan":
      configuration.weighting = "uniform"
      configuration.robust = RobustOptions(kind: name, bad: 1)
    case "mixing":
      configuration.weighting = "uniform"
      configuration.robust = RobustOptions(kind: "geometric-median", bad: 2)
      configuration.robust.preparation = "nearest-neighbor-mixing"
    case "fedper": configuration.personalization = PersonalizationOptions(kind: name)
    case "alie", "backdoor", "bit-flip": configuration.attack = AttackOptions(kind: name, fraction: 0.25)
    case "top-k", "rotated": configuration.compression = CompressionOptions(kind: name)
    case "adaptive":
      configuration = PrivacyTests.adaptive(rounds: 3)
    case "tree", "banded":
      makePrivate(CohortOptions(sampling: "min-separation", size: 20))
      configuration.privacy?.mechanism = name
    case "example": configuration = ExampleUnitTests.configuration(rounds: 3)
    case "local":
      makePrivate(CohortOptions(sampling: "fixed", size: 8))
      configuration.privacy?.placement = name
    case "distributed":
      makePrivate(CohortOptions(sampling: "fixed", size: 8))
      configuration.privacy?.placement = name
      configuration.privacy?.noise = "skellam"
      configuration.quantize.bits = 10
    case "pairwise": configuration.aggregation = AggregationOptions(kind: name)
    case "stragglers":
      configuration.client.epochs = 3
      configuration.devices = DeviceOptions(stragglers: 0.5)
      configuration.dropout = 0.2
    default: break
    }
    return configuration
  }

  @Test(arguments: variants)
  func `one, two and eight threads and a resumed run give identical bytes`(_ name: String) throws {
    let plan = try SimulationPlan(Self.variant(name))
    func run(_ threads: Int) throws -> SimulationResult {
      var simulation = Simulation(plan, threads: threads)
      return try simulation.run()
    }
    let whole = try run(1)
    #expect(try run(2).weightsSHA256 == whole.weightsSHA256)
    #expect(try run(8).weightsSHA256 == whole.weightsSHA256)
    for stop in 1...2 {
      var first = Simulation(plan, threads: 8)
      _ = try first.run { $0.round < stop }
      var second = Simulation(plan, threads: 2)
      second.resume(from: try Checkpoint(first.checkpoint().encoded(), of: plan))
      let result = try second.run()
      #expect(result.weightsSHA256 == whole.weightsSHA256)
      #expect(result.rounds.map(\.loss) == whole.rounds.map(\.loss))
    }
  }

  /// A private run and the same without privacy on the same grid, whose updates stay within the clip.
  static func pair(bits: Int) -> (noisy: SimulationConfiguration, open: SimulationConfiguration) {
    var open = SimulationTests.small("softmax")
    open.partition = PartitionOptions(kind: "iid", clients: 12)
    open.cohort = CohortOptions()
    open.rounds = 1
    open.client.learningRate = 0.01
    open.weighting = "uniform"
    open.quantize = QuantizeOptions(bits: bits, range: 1)
    var noisy = open
    noisy.weighting = nil
    noisy.quantize = QuantizeOptions(bits: bits)
    noisy.privacy = PrivacyOptions(
      clip: 1, noiseMultiplier: ExactNumber(Rational(1, 1_000_000_000_000)), delta: ExactNumber(Rational(1, 100_000)),
      noiseSource: "simulated")
    return (noisy, open)
  }

  @Test func `privacy with the least noise is no privacy`() throws {
    var (noisy, open) = Self.pair(bits: 30)
    (noisy.rounds, open.rounds) = (4, 4)
    let (a, b) = (try SimulationTests.run(noisy), try SimulationTests.run(open))
    // One grid step of deviation over twelve clients, 2^-29/12: forty of them in every one of four rounds, and rounding.
    for (x, y) in zip(a.parameters, b.parameters) { #expect(abs(x - y) < 1e-7) }
    #expect(a.rounds.allSatisfy { $0.clipped == 0 })
  }

  @Test func `a private model less its noise is the model without privacy`() throws {
    var (noisy, open) = Self.pair(bits: 16)
    noisy.privacy?.noiseMultiplier = ExactNumber(Rational(1, 2))
    let plan = try SimulationPlan(noisy)
    let share = try NoiseShare(try #require(plan.privacy), seed: noisy.seed)
    var draws = [Int64](repeating: 0, count: plan.model.parameterCount)
    share.fill(&draws, round: 1, party: nil)
    let (a, b) = (try SimulationTests.run(noisy), try SimulationTests.run(open))
    open.seed = noisy.seed
    let step = 1.0 / Double(1 << 15) / 12
    for (index, draw) in draws.enumerated() {
      // Sums are whole numbers below 2^24, so single precision gives them back.
      let sum = (Double(b.parameters[index]) / step).rounded()
      #expect(a.parameters[index] == Float((sum + Double(draw)) * step))
    }
    #expect(draws.contains { abs($0) > 1000 })
  }
}
