import FederatedLearning
import SecureRandom
import Testing

/// ½ Σ a_i (w_i − b_i)² for an example that holds a and b: losses whose optima are known in closed form.
struct Quadratic: DifferentiableModel {
  let parameterCount = 2
  let classifies = false

  func initialParameters(_ generator: inout SimulationGenerator) -> [Float] { [0, 0] }

  func loss(_ w: Span<Float>, _ x: Span<Float>, target: Float, gradient: inout MutableSpan<Float>) -> Float {
    var sum: Float = 0
    for index in 0..<2 {
      let error = w[index] - x[2 + index]
      gradient[index] += x[index] * error
      sum += x[index] * error * error / 2
    }
    return sum
  }

  func answer(_ w: Span<Float>, _ x: Span<Float>) -> Float { w[0] }

  /// a₁ = (1, 4), b₁ = (1, 1) and a₂ = (4, 1), b₂ = (−1, 2).
  static let first: [Float] = [1, 4, 1, 1]
  static let second: [Float] = [4, 1, -1, 2]

  /// One client for each list of examples.
  static func split(_ clients: [[[Float]]]) throws -> DataSplit {
    let owners = clients.enumerated().flatMap { client, rows in rows.map { _ in Int32(client) } }
    let data = try LabeledData(
      features: clients.flatMap { $0.flatMap { $0 } }, targets: [Float](repeating: 0, count: owners.count), width: 4)
    return try DataSplit(training: data, test: data, owners: owners)
  }

  /// A simulation of every client in every round, on the finest grid.
  static func configuration(
    _ kind: String, rounds: Int, epochs: Int = 1, rate: Double = 0.1
  ) -> SimulationConfiguration {
    var configuration = SimulationConfiguration(data: "", model: ModelOptions(), rounds: rounds)
    configuration.partition.kind = "natural"
    configuration.algorithm = AlgorithmOptions(kind: kind)
    configuration.client = ClientOptions(epochs: epochs, batchSize: 0, learningRate: rate)
    configuration.quantize = QuantizeOptions(bits: 31, range: 4)
    configuration.evaluation.every = rounds
    return configuration
  }

  static func train(
    _ configuration: SimulationConfiguration, _ clients: [[[Float]]] = [[first], [second]], threads: Int = 1
  ) throws -> SimulationResult {
    let plan = try SimulationPlan(configuration, data: split(clients), model: Quadratic())
    var simulation = Simulation(plan, threads: threads)
    return try simulation.run()
  }
}

/// What every algorithm owes on quadratics: in double precision with sums that pass through, and as shipped, in single
/// precision over the integer grid.
@Suite struct QuadraticLawTests {
  static let optimum: [Double] = [-0.6, 1.2]

  static func distance(_ x: [Float], _ y: [Double]) -> Double {
    zip(x, y).map { abs(Double($0) - $1) }.max() ?? .infinity
  }

  static let optimizers: [ServerOptimizer] = [
    .averaging(rate: 1), .momentum(rate: 1, beta: 0.9), .adagrad(rate: 0.1, beta1: 0, tau: 1e-3),
    .adagrad(rate: 0.1, beta1: 0.9, tau: 1e-3), .adam(rate: 0.1, beta1: 0.9, beta2: 0.99, tau: 1),
    .yogi(rate: 0.1, beta1: 0.9, beta2: 0.99, tau: 1),
  ]

  @Test(arguments: optimizers)
  func `every server optimiser finds the optimum when clients take one full step`(_ rule: ServerOptimizer) {
    let x = AlgorithmTests.run(
      FederatedAlgorithm(.averaging(rule)), rounds: 4000, steps: [1, 1], rate: 0.1, as: Double.self)
    #expect(AlgorithmTests.error(x) < 1e-12)
    // A proximal term has no gradient where local work begins, so one step is untouched by it.
    let proximal = AlgorithmTests.run(
      FederatedAlgorithm(.averaging(rule), proximal: 0.7), rounds: 4000, steps: [1, 1], rate: 0.1, as: Double.self)
    #expect(proximal == x)
  }

  @Test func `FedNova and SCAFFOLD find the optimum too, where averaging of ten steps cannot`() {
    let nova = AlgorithmTests.run(
      FederatedAlgorithm(.normalized(rate: 1)), rounds: 400, steps: [1, 1], rate: 0.1, as: Double.self)
    #expect(AlgorithmTests.error(nova) < 1e-12)
    let controlled = AlgorithmTests.run(
      FederatedAlgorithm(.controlled(rate: 1)), rounds: 60, rate: 0.1, as: Double.self)
    #expect(AlgorithmTests.error(controlled) < 1e-12)
    let plain = AlgorithmTests.run(
      FederatedAlgorithm(.averaging(.averaging(rate: 1))), rounds: 4000, rate: 0.1, as: Double.self)
    #expect(AlgorithmTests.error(plain) > 0.4)
  }

  @Test(arguments: [
    "fedavg", "fedsgd", "fedprox", "fedavgm", "fedadagrad", "fedadam", "fedyogi", "fednova", "scaffold", "fedbuff",
  ])
  func `the shipped path finds the optimum within 1e-5`(_ kind: String) throws {
    var configuration = Quadratic.configuration(kind, rounds: 1200, epochs: kind == "scaffold" ? 10 : 1)
    if ["fedadagrad", "fedadam", "fedyogi"].contains(kind) {
      configuration.algorithm.serverLearningRate = 0.1
      configuration.algorithm.tau = kind == "fedadagrad" ? 1e-3 : 1
    }
    if kind == "fedbuff" {
      configuration.cohort = CohortOptions(sampling: "fixed", size: 2)
      configuration.algorithm.buffer = 2
    }
    let reached = try Quadratic.train(configuration).parameters
    #expect(Self.distance(reached, Self.optimum) < 1e-5)
  }

  // Σ w b/Σ w with w = 1 − (1 − ηa)^K for averaging, w = (1 − (1 − η(a + μ))^K)·a/(a + μ) with a proximal term, and
  // w = (1 − (1 − ηa)^{K_k})/K_k for FedNova with K = 10 and 2.
  @Test func `the shipped path stops where the closed form of several local steps says`() throws {
    let plain = try Quadratic.train(Quadratic.configuration("fedavg", rounds: 200, epochs: 10)).parameters
    #expect(Self.distance(plain, [-0.20825202, 1.39587399]) < 1e-5)
    var proximal = Quadratic.configuration("fedprox", rounds: 200, epochs: 10)
    proximal.algorithm.mu = 1
    #expect(Self.distance(try Quadratic.train(proximal).parameters, [-0.28333751, 1.35833124]) < 1e-5)
    var nova = Quadratic.configuration("fednova", rounds: 300)
    nova.client.batchSize = 1
    nova.weighting = "uniform"
    let uneven = [
      [[Float]](repeating: Quadratic.first, count: 10), [[Float]](repeating: Quadratic.second, count: 2),
    ]
    #expect(Self.distance(try Quadratic.train(nova, uneven).parameters, [-0.66176724, 1.48869485]) < 1e-5)
  }

  // The gradient of two equal examples is twice that of one, halved by the mean: powers of two, so bits agree.
  @Test(arguments: ["fedavg", "fedprox", "fedavgm", "fedyogi", "fednova"])
  func `a client that is there twice equals one that counts twice`(_ kind: String) throws {
    let configuration = Quadratic.configuration(kind, rounds: 20, epochs: 3)
    let twice = try Quadratic.train(configuration, [[Quadratic.first], [Quadratic.first], [Quadratic.second]])
    let doubled = try Quadratic.train(configuration, [[Quadratic.first, Quadratic.first], [Quadratic.second]])
    #expect(twice.weightsSHA256 == doubled.weightsSHA256)
    let once = try Quadratic.train(configuration, [[Quadratic.first], [Quadratic.second]])
    #expect(once.weightsSHA256 != doubled.weightsSHA256)
  }

  @Test func `an update that is not finite counts as zero and is reported`() throws {
    let broken: [Float] = [3e38, 3e38, -3e38, -3e38]
    let result = try Quadratic.train(
      Quadratic.configuration("fedavg", rounds: 1), [[Quadratic.first], [broken], [Quadratic.second]])
    #expect(result.rounds[0].rejected == 1 && result.rounds[0].contributors == 3)
    // One step from zero: 0.1·(a₁b₁ + a₂b₂)/3.
    #expect(Self.distance(result.parameters, [-0.1, 0.2]) < 1e-6)
    let sound = try Quadratic.train(Quadratic.configuration("fedavg", rounds: 1))
    #expect(sound.rounds[0].rejected == 0)
  }
}
