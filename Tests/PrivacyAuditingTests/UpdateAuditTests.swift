import FederatedLearning
import Foundation
import PrivacyAuditing
import SecureRandom
import Testing

private func error(_ read: [Double], _ truth: [Double]) -> Double {
  zip(read, truth).map { abs($0 - $1) }.max() ?? .infinity
}

@Suite struct GradientInversionTests {
  private func model(_ hidden: [Int], inputs: Int = 20, classes: Int = 4) throws -> (Network, DenseNetwork) {
    let network = Network(inputs: inputs, hidden: hidden, classes: classes)
    var random = SimulationGenerator(seed: 2, stream: "weights")
    let parameters = network.initialParameters(&random).enumerated().map { Double($1) + 0.01 * sin(Double($0)) }
    return (network, try DenseNetwork(network, parameters: parameters))
  }

  private func example(_ seed: UInt64, _ count: Int = 20) -> [Double] {
    var random = SimulationGenerator(seed: seed, stream: "example")
    return (0..<count).map { _ in random.uniformUnit() }
  }

  /// The gradient by finite differences, which knows nothing of the derivation.
  @Test func `gradients are those of the loss`() throws {
    let (_, dense) = try model([6])
    let x = example(1)
    let (gradient, input) = dense.gradients(x, label: 2)
    for index in stride(from: 0, to: gradient.count, by: 7) {
      var (up, down) = (dense, dense)
      up.parameters[index] += 1e-6
      down.parameters[index] -= 1e-6
      #expect(abs((up.loss(x, label: 2) - down.loss(x, label: 2)) / 2e-6 - gradient[index]) < 1e-7)
    }
    for index in x.indices {
      var (up, down) = (x, x)
      up[index] += 1e-6
      down[index] -= 1e-6
      #expect(abs((dense.loss(up, label: 2) - dense.loss(down, label: 2)) / 2e-6 - input[index]) < 1e-7)
    }
  }

  @Test(arguments: [[], [12], [12, 8]])
  func `one example is read exactly from its gradient`(hidden: [Int]) throws {
    let (network, dense) = try model(hidden)
    for seed in 1...20 as ClosedRange<UInt64> {
      let x = example(seed)
      let label = Int(seed % 4)
      let found = try #require(
        GradientInversion(network).reconstruct(gradient: dense.gradients(x, label: label).parameters))
      #expect(error(found.features, x) < 1e-12)
      #expect(found.label == label)
      #expect(found.disagreement < 1e-12)
    }
  }

  @Test(arguments: [[], [12]])
  func `one example is read from the float32 update as sent`(hidden: [Int]) throws {
    let network = Network(inputs: 20, hidden: hidden, classes: 4)
    var random = SimulationGenerator(seed: 2, stream: "weights")
    let global = network.initialParameters(&random)
    var scratch = network.makeScratch(batch: 1)
    for seed in 1...20 as ClosedRange<UInt64> {
      let x = example(seed)
      let data = try LabeledData(features: x.map { Float($0) }, labels: [1], width: 20, classes: 4)
      var local = global
      _ = network.descend(&local, on: data, examples: [0], rate: 0.1, scratch: &scratch)
      let update = zip(local, global).map { Double($0 - $1) }
      let found = try #require(GradientInversion(network).reconstruct(update: update, rate: 0.1))
      #expect(error(found.features, x) < 1e-5)
      #expect(found.label == 1)
    }
  }

  @Test func `a sum of examples contradicts itself and nothing reads nothing`() throws {
    let (network, dense) = try model([])
    let a = dense.gradients(example(1), label: 0).parameters
    let b = dense.gradients(example(2), label: 1).parameters
    let mixture = try #require(GradientInversion(network).reconstruct(gradient: zip(a, b).map(+)))
    #expect(mixture.disagreement > 0.05)
    #expect(GradientInversion(network).reconstruct(gradient: a.map { _ in 0 }) == nil)
    #expect(GradientInversion(network).reconstruct(gradient: a.map { _ in .nan }) == nil)
  }

  /// Examples alone in their bin are read exactly; with 64 bins and 8 examples 7.2 are expected to be.
  @Test func `a malicious server reads most of a sum`() throws {
    let (_, dense) = try model([64, 8])
    let typical = (100..<400).map { example(UInt64($0)) }
    let imprint = GradientInversion.Imprint(units: 64, typical: typical)
    let planted = imprint.planted(in: dense)
    let rows = (1...8).map { example(UInt64($0)) }
    var sum = [Double](repeating: 0, count: dense.parameters.count)
    for (index, row) in rows.enumerated() {
      for (place, value) in planted.gradients(row, label: index % 4).parameters.enumerated() { sum[place] += value }
    }
    let found = imprint.harvest(gradient: sum)
    let recovered = rows.count { row in found.contains { error($0, row) < 1e-6 } }
    #expect(recovered >= 5)
    // The honest model gives none of them away.
    var honest = [Double](repeating: 0, count: dense.parameters.count)
    for (index, row) in rows.enumerated() {
      for (place, value) in dense.gradients(row, label: index % 4).parameters.enumerated() { honest[place] += value }
    }
    let little = imprint.harvest(gradient: honest)
    #expect(rows.count { row in little.contains { error($0, row) < 1e-6 } } < recovered)
  }

  @Test func `optimisation finds the example from the gradient alone`() throws {
    let (_, dense) = try model([12])
    let x = example(9)
    let seen = dense.gradients(x, label: 3).parameters
    let found = GradientMatching(dense).reconstruct(gradient: seen, label: 3)
    #expect(found.residual < 1e-4)
    #expect(error(found.features, x) < 1e-2)
  }
}

@Suite struct UpdateAuditTests {
  private func plan(_ privacy: PrivacyOptions?, hidden: [Int] = []) throws -> SimulationPlan {
    var configuration = SimulationConfiguration(
      data: "digits", model: .init(kind: hidden.isEmpty ? "softmax" : "mlp"), rounds: 2)
    if !hidden.isEmpty { configuration.model.hidden = hidden }
    configuration.partition = PartitionOptions(kind: "iid", clients: 20)
    configuration.privacy = privacy
    return try SimulationPlan(configuration)
  }

  /// 60 trials at chance 1/20: more than 17 hits have probability below 1e-9.
  @Test func `single updates give all away and protected sums only what guessing does`() throws {
    let plan = try plan(PrivacyOptions(clip: 0.1, epsilon: 1, delta: 1e-5))
    let report = try UpdateAudit(plan, trials: 60).run()
    #expect(report.rows.count == 5)
    #expect(report.rows[0].largestError < 1e-12)
    #expect(report.rows[1].largestError < 1e-5)
    #expect(report.rows[0].identified == 60 && report.rows[2].identified == 60)
    #expect(report.rows[3].exact == 0)
    #expect(report.rows[4].exact == 0 && report.rows[4].identified <= 17)
    #expect(report.rows[4].identifiedInterval.contains(0.05))
    #expect(report.noise > 0 && report.showsSingleUpdates)
  }

  @Test func `a hidden layer is attacked by imprint and by optimisation`() throws {
    let report = try UpdateAudit(plan(nil, hidden: [32]), trials: 10).run()
    #expect(report.rows.count == 4)
    #expect(report.rows[1].largestError < 1e-4)
    #expect(report.imprints.count == 1 && report.imprints[0].recovered >= 1)
    #expect((report.matchingCosine ?? 0) > 0.9)
  }
}

@Suite struct CanaryAuditTests {
  /// Equal deviations are a Gaussian mechanism: σ = 4.2247 and 1.5439 give ε = 1 and 3 at δ = 1e-6.
  @Test(arguments: [(4.2247, 1.0), (1.5439, 3.0), (0.5411, 10.0)])
  func `two normal laws have the epsilon of the Gaussian mechanism`(sigma: Double, epsilon: Double) {
    #expect(abs(NormalPair(mean: 1 / sigma, deviation: 1).epsilon(delta: 1e-6) - epsilon) < 1e-3)
  }

  /// By numeric integration of both hockey-stick divergences on a fine grid.
  @Test(arguments: [(1.0, 1.3), (0.5, 0.8), (0.0, 1.5)])
  func `unequal deviations have the epsilon that integration finds`(mean: Double, deviation: Double) {
    let delta = 1e-3
    let epsilon = NormalPair(mean: mean, deviation: deviation).epsilon(delta: delta)
    func density(_ x: Double, _ m: Double, _ s: Double) -> Double {
      exp(-(x - m) * (x - m) / (2 * s * s)) / (s * (2 * Double.pi).squareRoot())
    }
    var (forward, backward) = (0.0, 0.0)
    for x in stride(from: -15.0, to: 15, by: 1e-3) {
      let (p, q) = (density(x, mean, deviation), density(x, 0, 1))
      forward += max(0, p - exp(epsilon) * q) * 1e-3
      backward += max(0, q - exp(epsilon) * p) * 1e-3
    }
    #expect(abs(max(forward, backward) - delta) < 1e-6)
  }

  private func plan(multiplier: Double, rounds: Int = 1, seed: UInt64 = 1) throws -> SimulationPlan {
    var configuration = SimulationConfiguration(data: "digits", model: .init(kind: "mlp"), rounds: rounds)
    configuration.model.hidden = [64]
    configuration.partition = PartitionOptions(kind: "iid", clients: 10)
    configuration.privacy = PrivacyOptions(
      clip: 1, noiseMultiplier: ExactNumber(floatLiteral: multiplier), delta: 1e-6, noiseSource: "simulated")
    configuration.weighting = "uniform"
    configuration.seed = seed
    return try SimulationPlan(configuration)
  }

  /// σ = 0.5411 is ε = 10; noise from seeds, since single estimates scatter by half and more.
  @Test func `canaries estimate the epsilon of a training and never disprove a true one`() throws {
    let estimates = try (UInt64(1)...15).map { seed in
      let report = try CanaryAudit(plan(multiplier: 0.5411, seed: seed), canaries: 60).run(alpha: 1e-9)
      #expect(report.certifiedEpsilon > 9.9 && report.certifiedEpsilon < 11)
      #expect(!report.isRefuted)
      #expect(report.inserted > 10 && report.inserted < 50)
      #expect(report.mean > 1)
      return report.epsilonEstimate
    }
    #expect((7...13).contains(estimates.sorted()[7]), "\(estimates.sorted())")
  }

  @Test func `much noise hides canaries`() throws {
    let report = try CanaryAudit(plan(multiplier: 20), canaries: 60).run(alpha: 1e-9)
    #expect(report.finding.epsilonLowerBound == 0)
    #expect(abs(report.mean) < 1)
    var configuration = try plan(multiplier: 1).configuration
    configuration.privacy = nil
    let bare = try SimulationPlan(configuration)
    #expect(throws: AuditError.self) { try CanaryAudit(bare) }
  }
}

@Suite struct ByzantineMatrixTests {
  @Test func `attacks break the mean and not the rules`() throws {
    var configuration = SimulationConfiguration(data: "digits", model: .init(kind: "softmax"), rounds: 6)
    configuration.partition = PartitionOptions(kind: "iid", clients: 20)
    let digits = try DataSplit.digits()
    let plan = try SimulationPlan(
      configuration, data: DataSplit(training: digits.training[0..<400], test: digits.test[0..<200]))
    let matrix = try ByzantineMatrix(
      plan, attacks: ["none", "sign-flip"], rules: ["none", "median", "krum"], fraction: 0.45)
    #expect(matrix.cells.count == 6)
    let accuracy = matrix.cells.map { $0.accuracy ?? -1 }
    #expect(accuracy[0] > 0.7)
    #expect(accuracy[4] > accuracy[3])
    // Krum needs two honest updates more than twice the bad ones.
    #expect(matrix.cells[5].refusal != nil && matrix.cells[5].accuracy == nil)
    #expect(throws: AuditError.self) { try ByzantineMatrix(plan, attacks: ["unheard-of"]) }
    #expect(throws: AuditError.self) { try ByzantineMatrix(plan, rules: ["unheard-of"]) }
  }
}
