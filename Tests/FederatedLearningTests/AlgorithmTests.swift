import FederatedLearning
import Testing

/// Two clients with f_k(y) = ½ Σ a_k (y − b_k)², whose joint optimum (−0.6, 1.2) is far from averaging's fixed point.
///
/// The expected errors are evaluations of the published update rules in double precision, not of this code.
@Suite struct AlgorithmTests {
  static let curvature: [[Double]] = [[1, 4], [4, 1]]
  static let centre: [[Double]] = [[1, 1], [-1, 2]]

  /// Runs rounds with full participation and equal weights; sums pass through untouched.
  static func run<Scalar: BinaryFloatingPoint & Codable & Sendable>(
    _ algorithm: FederatedAlgorithm, rounds: Int, steps: [Int] = [10, 10], rate: Scalar = 0.1, as: Scalar.Type
  ) -> [Scalar] {
    var x: [Scalar] = [0, 0]
    var state: FederatedAlgorithm.State<Scalar> = algorithm.initial(count: 2)
    var memories: [[Scalar]] = [[], []]
    for _ in 0..<rounds {
      var update: [Scalar] = [0, 0]
      var second: [Scalar] = [0, 0]
      for client in 0..<2 {
        let correction = algorithm.correction(state: state, memory: memories[client])
        var y = x
        for _ in 0..<steps[client] {
          for i in 0..<2 {
            var gradient = Scalar(curvature[client][i]) * (y[i] - Scalar(centre[client][i]))
            gradient += Scalar(algorithm.proximal) * (y[i] - x[i]) + (correction?[i] ?? 0)
            y[i] -= rate * gradient
          }
        }
        let message = algorithm.clientStep(
          update: zip(y, x).map { $0 - $1 }, steps: steps[client], rate: rate, state: state, memory: &memories[client])
        for i in 0..<2 {
          update[i] += message.update[i] / 2
          second[i] += (message.second?[i] ?? 0) / 2
        }
      }
      let means = FederatedAlgorithm.RoundMeans(
        update: update, second: second, steps: Scalar(steps[0] + steps[1]) / 2, participation: 1, rate: rate)
      algorithm.serverUpdate(means, parameters: &x, state: &state)
    }
    return x
  }

  static func error<Scalar: BinaryFloatingPoint>(_ x: [Scalar]) -> Double {
    let d = [Double(x[0]) + 0.6, Double(x[1]) - 1.2]
    return (d[0] * d[0] + d[1] * d[1]).squareRoot()
  }

  @Test func `SCAFFOLD follows its published course to the optimum`() {
    let course: [(Int, Double)] = [
      (1, 0.4317906), (2, 0.2621384), (5, 0.0343097), (10, 4.67839e-4), (20, 4.196e-8),
    ]
    for (rounds, expected) in course {
      let reached = Self.error(Self.run(FederatedAlgorithm(.controlled(rate: 1)), rounds: rounds, as: Double.self))
      #expect(abs(reached - expected) < 1e-3 * expected, "after \(rounds) rounds")
    }
    #expect(Self.error(Self.run(FederatedAlgorithm(.controlled(rate: 1)), rounds: 50, as: Double.self)) < 1e-12)
    #expect(Self.error(Self.run(FederatedAlgorithm(.controlled(rate: 1)), rounds: 50, as: Float.self)) < 1e-5)
  }

  @Test func `averaging stops at its own fixed point and the proximal term moves it as published`() {
    let plain = FederatedAlgorithm(.averaging(.averaging(rate: 1)))
    #expect(abs(Self.error(Self.run(plain, rounds: 100, as: Double.self)) - 0.4379875618893588) < 1e-12)
    let proximal = FederatedAlgorithm(.averaging(.averaging(rate: 1)), proximal: 1)
    #expect(abs(Self.error(Self.run(proximal, rounds: 200, as: Double.self)) - 0.3540394246552807) < 1e-12)
  }

  @Test func `unequal work biases averaging and not FedNova`() {
    let steps = [10, 2]
    let plain = FederatedAlgorithm(.averaging(.averaging(rate: 1)))
    let biased = Self.run(plain, rounds: 4000, steps: steps, rate: 1e-3, as: Double.self)
    #expect(abs(biased[0] - 1.0 / 9) < 0.01 && abs(biased[1] - 22.0 / 21) < 0.01)
    let nova = FederatedAlgorithm(.normalized(rate: 1))
    let fair = Self.run(nova, rounds: 4000, steps: steps, rate: 1e-3, as: Double.self)
    #expect(abs(Self.error(fair) - 0.00292) < 1e-5)
    let coarse = Self.run(nova, rounds: 400, steps: steps, rate: 0.1, as: Double.self)
    #expect(abs(coarse[0] + 0.66176724) < 1e-8 && abs(coarse[1] - 1.48869485) < 1e-8)
  }

  @Test(arguments: ["scaffold", "fednova"])
  func `a simulation is the same on any number of threads and learns`(_ kind: String) throws {
    var configuration = SimulationTests.small("softmax")
    configuration.algorithm = AlgorithmOptions(kind: kind)
    configuration.rounds = 8
    let runs = try [1, 3].map { try SimulationTests.run(configuration, threads: $0) }
    #expect(runs[0].weightsSHA256 == runs[1].weightsSHA256)
    #expect(try #require(runs[0].finalAccuracy) > 0.6)
  }

  @Test func `FedNova is averaging when all clients take the same number of steps`() throws {
    var configuration = SimulationTests.small("softmax")
    configuration.partition = PartitionOptions(kind: "iid", clients: 20)
    configuration.client.batchSize = 0
    configuration.quantize = QuantizeOptions(bits: 30, range: 4)
    let plain = try SimulationTests.run(configuration)
    configuration.algorithm = AlgorithmOptions(kind: "fednova")
    let nova = try SimulationTests.run(configuration)
    for (x, y) in zip(plain.parameters, nova.parameters) { #expect(abs(x - y) < 1e-6) }
  }
}
