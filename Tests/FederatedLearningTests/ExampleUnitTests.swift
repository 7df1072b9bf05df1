import ExactMath
import FederatedLearning
import PrivacyAccounting
import Testing

/// Privacy of single examples: noise in every step of every client.
@Suite struct ExampleUnitTests {
  static func configuration(rounds: Int = 2) -> SimulationConfiguration {
    var configuration = PrivacyTests.configuration(sampling: CohortOptions(sampling: "all"), rounds: rounds)
    configuration.partition.clients = 3
    configuration.client = ClientOptions(epochs: 1, batchSize: 48, learningRate: 0.5)
    configuration.client.batchRate = ExactNumber(Rational(1, 10))
    configuration.privacy?.unit = "example"
    configuration.privacy?.placement = nil
    return configuration
  }

  @Test func `a client's steps are charged as samples of its examples`() throws {
    var configuration = Self.configuration()
    configuration.client.epochs = 3
    let event = try PrivacyTests.event(configuration)
    #expect(event.hasPrefix("poisson(rate=0.1, gaussian(") || event.hasPrefix("poisson(rate=1/10, gaussian("))
    // Ten steps an epoch, three epochs, two rounds.
    #expect(event.hasSuffix("* 60"))
    // A client that returns only every third round takes its steps in one of two rounds.
    configuration.cohort = CohortOptions(sampling: "min-separation", size: 1)
    #expect(try PrivacyTests.event(configuration).hasSuffix("* 30"))
    // Replacing an example moves a sum twice as far and has no sampling theorem here.
    configuration.privacy?.adjacency = "replace-one"
    #expect(try !PrivacyTests.event(configuration).contains("poisson"))
    #expect(PrivacyPlan.Unit.example == (try SimulationPlan(configuration).privacy?.unit))
  }

  /// The model after one round of clients on quadratics, with noise from the seed.
  static func train(_ clients: [[[Float]]]) throws -> [Float] {
    var configuration = Quadratic.configuration("fedavg", rounds: 1, rate: 0.5)
    configuration.client.batchSize = 2
    configuration.client.batchRate = 1
    configuration.quantize = QuantizeOptions(bits: 20, range: 64)
    configuration.privacy = PrivacyOptions(
      clip: 1, noiseMultiplier: 1, delta: ExactNumber(Rational(1, 100_000)), noise: "gaussian",
      noiseSource: "simulated")
    configuration.privacy?.unit = "example"
    configuration.privacy?.placement = nil
    return try Quadratic.train(configuration, clients).parameters
  }

  @Test func `adding an example moves a step by at most the clip, whatever the example is`() throws {
    // One step of η = 1/2 over a batch of two: the clip of one is a quarter. The same noise is drawn with and without.
    let base = try Self.train([[Quadratic.first]])
    for example: [Float] in [[1, 1, 1e6, 1e6], [3e38, 1, -3e38, 0], [1e-3, 0, 0.5, 0], [7, 2, 0, -900]] {
      let more = try Self.train([[Quadratic.first, example]])
      let moved = zip(more, base).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
      #expect(moved <= 0.25 + 1e-4, "\(example)")
    }
    // A long gradient uses all of it.
    let far = try Self.train([[Quadratic.first, [1, 1, 1e6, 1e6]]])
    #expect(zip(far, base).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) } > 0.0624)
  }

  @Test func `noise of steps is of the size that is charged`() throws {
    var configuration = Self.configuration(rounds: 1)
    configuration.privacy?.noiseMultiplier = 50
    configuration.quantize = QuantizeOptions(bits: 20, range: 32)
    let noisy = try SimulationTests.run(configuration).parameters
    let variance = noisy.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(noisy.count)
    // Ten steps of 50·C·η/B, averaged over three clients. The signal is below a thousandth of it.
    let step = 50 * 0.5 / 48
    // 650 coordinates: the variance's relative deviation is 0.055; nine of them.
    #expect(abs(variance / (step * step * 10 / 3) - 1) < 0.5)
  }

  @Test func `private steps learn`() throws {
    var configuration = Self.configuration(rounds: 6)
    configuration.client.learningRate = 2
    let accuracy = try #require(try SimulationTests.run(configuration).finalAccuracy)
    #expect(accuracy > 0.7)
  }

  @Test func `a calibrated run stays within its epsilon`() throws {
    var configuration = Self.configuration(rounds: 3)
    configuration.privacy?.noiseMultiplier = nil
    configuration.privacy?.epsilon = 4
    let epsilon = try #require(try SimulationTests.run(configuration).epsilon)
    #expect(epsilon.upper <= 4 && epsilon.upper > 3.9)
  }

  @Test func `what cannot be proven for single examples is refused by name`() {
    let cases: [((inout SimulationConfiguration) -> Void, String)] = [
      ({ $0.client.batchRate = nil }, "client.batch_rate: must be a number above 0"),
      ({ $0.client.batchSize = 0 }, "client.batch_size: must be at least 1"),
      ({ $0.privacy?.unit = "client" }, "client.batch_rate: belongs to privacy.unit example"),
      ({ $0.privacy = nil }, "client.batch_rate: belongs to privacy.unit example"),
      (
        {
          $0.privacy?.unit = "row"
          $0.client.batchRate = nil
        }, "privacy.unit: has no value \"row\"; allowed: client, example"
      ),
      ({ $0.privacy?.placement = "central" }, "privacy.placement: must be local"),
      ({ $0.privacy?.mechanism = "tree" }, "privacy.mechanism: must be independent"),
      ({ $0.algorithm.kind = "scaffold" }, "algorithm.kind: scaffold"),
      ({ $0.algorithm.kind = "fedsgd" }, "privacy.unit: example may not be used with"),
      ({ $0.weighting = "examples" }, "weighting: must be uniform"),
      ({ $0.privacy?.adaptsClip = true }, "privacy.clip: must be a number above 0 with privacy.unit example"),
    ]
    for (change, expected) in cases {
      var configuration = Self.configuration()
      change(&configuration)
      let message = PrivacyTests.refusal(configuration)
      #expect(message.hasPrefix(expected), "\(message)")
    }
  }
}
