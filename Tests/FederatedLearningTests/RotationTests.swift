import ExactMath
import FederatedLearning
import PrivacyAccounting
import SecureAggregation
import Testing

/// Distributed noise on randomly rotated updates, through the whole simulator.
@Suite struct RotationTests {
  static func configuration(
    _ noise: String = "discrete-gaussian", bits: Int = 10, multiplier: Rational = Rational(1), clients: Int = 12
  ) -> SimulationConfiguration {
    var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 1)
    configuration.partition = PartitionOptions(kind: "iid", clients: clients)
    configuration.quantize = QuantizeOptions(bits: bits)
    configuration.privacy = PrivacyOptions(
      placement: "distributed", clip: ExactNumber(Rational(1)), noiseMultiplier: ExactNumber(multiplier),
      delta: ExactNumber(Rational(1, 100_000)), noise: noise, noiseSource: "simulated")
    configuration.aggregation = AggregationOptions(kind: "plain", minContributors: 8)
    return configuration
  }

  static func run(_ configuration: SimulationConfiguration, threads: Int = 2) throws -> SimulationResult {
    var simulation = Simulation(try SimulationPlan(configuration), threads: threads, comparesSums: true)
    return try simulation.run()
  }

  @Test func `rotated noisy sums train to the same weights in the clear, encrypted and under masks`() throws {
    for noise in ["discrete-gaussian", "skellam"] {
      var plain = Self.configuration(noise, clients: 10)
      plain.rounds = 2
      plain.dropout = 0.1
      plain.aggregation.minContributors = 6
      let expected = try Self.run(plain)
      #expect(expected.rounds.allSatisfy { $0.sumMatches == true && !$0.abandoned })
      #expect(try Self.run(plain, threads: 1).weightsSHA256 == expected.weightsSHA256)
      for kind in ["pairwise", "pairwise-graph", "paillier"] where kind != "paillier" || noise == "skellam" {
        var other = plain
        other.aggregation = AggregationOptions(
          kind: kind, keyBits: kind == "paillier" ? 2048 : nil, minContributors: 6)
        #expect(try Self.run(other).weightsSHA256 == expected.weightsSHA256)
      }
      var unrotated = plain
      unrotated.quantize.rotation = "none"
      #expect(try Self.run(unrotated).weightsSHA256 != expected.weightsSHA256)
    }
  }

  /// By hand: 650 parameters are padded to 1,024 and 10 bits are 512 steps, so the bound of Kairouz, Liu and Steinke
  /// is 512² + 1,024/4 + 512 + 32/2 = 262,928; rounding to the nearest keeps 512².
  @Test func `the accountant is told the bound of conditional rounding and the padded dimension`() throws {
    for (rotation, squared, dimension) in [(nil, 262_928, 1_024), ("none", 262_144, 650)] as [(String?, Int, Int)] {
      for (adjacency, factor) in [("add-remove", 1), ("replace-one", 4)] {
        var configuration = Self.configuration(multiplier: Rational(3, 2))
        configuration.quantize.rotation = rotation
        configuration.privacy?.adjacency = adjacency
        let plan = try SimulationPlan(configuration)
        guard
          case .distributedDiscreteGaussian(let sigma, let clients, let sensitivity, let coordinates)? =
            plan.privacy?.roundEvent
        else {
          Issue.record("another event")
          continue
        }
        #expect(sensitivity.squared == Rational(squared * factor))
        #expect(coordinates.value == dimension && clients.value == 8 && plan.shape.count == dimension)
        // σ² of eight shares is at least (3/2)² times that, by less than a step² a share.
        let total = sigma.squared * Rational(8)
        let wanted = Rational(9, 4) * Rational(squared * factor)
        #expect(!(total < wanted) && total < wanted + Rational(8))
      }
    }
  }

  /// With little noise a rotation changes next to nothing, which it would if it were undone with other signs.
  @Test func `a rotation is undone by the server`() throws {
    var rotated = Self.configuration(bits: 20, multiplier: Rational(1, 100))
    rotated.client = ClientOptions(epochs: 5, batchSize: 0, learningRate: 1)
    var direct = rotated
    direct.quantize.rotation = "none"
    var start = rotated
    start.client.learningRate = 1e-30
    let (a, b) = (try Self.run(rotated).parameters, try Self.run(direct).parameters)
    func distance(_ other: [Float]) -> Double {
      zip(a, other).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
    }
    // Noise of 1/100 of the clip in each of 650 coordinates of a sum over 12 clients, twice: 0.03. The updates are
    // 0.1 or more.
    let moved = zip(b, try Self.run(start).parameters).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    #expect(distance(b) < 0.06 && moved.squareRoot() > 0.12)
  }

  @Test func `an adaptive clip is rotated with its updates, and its count is not`() throws {
    var configuration = Self.configuration()
    configuration.rounds = 3
    configuration.privacy?.clip = nil
    configuration.privacy?.adaptsClip = true
    configuration.privacy?.countNoise = ExactNumber(Rational(3))
    let plan = try SimulationPlan(configuration)
    #expect(plan.shape.count == 1_025)
    var masked = configuration
    masked.aggregation.kind = "pairwise"
    let (a, b) = (try Self.run(configuration), try Self.run(masked))
    #expect(a.weightsSHA256 == b.weightsSHA256 && Set(a.rounds.compactMap(\.clip)).count == 3)
  }

  @Test func `the ring of rotated sums is smaller and says how likely it wraps`() throws {
    let rotated = try SimulationPlan(Self.configuration(clients: 100))
    var other = Self.configuration(clients: 100)
    other.quantize.rotation = "none"
    let direct = try SimulationPlan(other)
    #expect(rotated.shape.ringBits < direct.shape.ringBits)
    let bound = try #require(rotated.wrapProbability)
    #expect(bound > 0 && bound <= 1e-9)
    #expect(direct.wrapProbability == nil)
    for noise in DistributedNoisePlan.Noise.allCases {
      var before = 0.0
      for bits in stride(from: 24, through: 8, by: -1) {
        let wraps = DistributedNoisePlan.wrapBound(
          ringBits: bits, clients: 100, dimension: 1_024, clipSteps: 512, noise: noise, shareVariance: 2_600)
        #expect(wraps >= before && wraps <= 1)
        before = wraps
        let extent = DistributedNoisePlan.extent(
          clients: 100, dimension: 1_024, clipSteps: 512, noise: noise, shareVariance: 2_600, probability: wraps)
        #expect(wraps == 1 || extent < Double(1 << (bits - 1)))
      }
      #expect(before == 1)
    }
  }

  @Test func `colluding clients are not counted on`() throws {
    var configuration = Self.configuration()
    let trusting = try #require(try SimulationPlan(configuration).privacy)
    configuration.privacy?.colluding = 3
    let plan = try SimulationPlan(configuration)
    let careful = try #require(plan.privacy)
    #expect(plan.shape.minimumContributors == 8 && careful.promisedClients == 5 && trusting.promisedClients == 8)
    // Five carry what eight did.
    let ratio = (careful.variance.squared / trusting.variance.squared).doubleValue
    #expect(abs(ratio - 1.6) < 0.001)
  }

  @Test func `a rotation where it does not belong is refused by its key`() throws {
    func refusal(_ change: (inout SimulationConfiguration) -> Void) -> String {
      var configuration = Self.configuration()
      change(&configuration)
      do {
        _ = try SimulationPlan(configuration)
        return "accepted"
      } catch { return "\(error)" }
    }
    let misspelt = refusal { $0.quantize.rotation = "hadamar" }
    #expect(misspelt.contains("quantize.rotation: has no value") && misspelt.contains("did you mean hadamard?"))
    let misplaced = refusal {
      $0.quantize.rotation = "hadamard"
      $0.privacy?.placement = "central"
      $0.aggregation.minContributors = nil
    }
    #expect(misplaced.contains("quantize.rotation: hadamard belongs to"))
    let all = refusal { $0.privacy?.colluding = 8 }
    #expect(all.contains("privacy.colluding: must be from 0 to"))
    let central = refusal {
      $0.privacy?.colluding = 1
      $0.privacy?.placement = "central"
      $0.aggregation.minContributors = nil
    }
    #expect(central.contains("privacy.colluding: belongs to"))
  }
}
