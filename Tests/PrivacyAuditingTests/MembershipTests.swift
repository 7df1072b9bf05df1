import FederatedLearning
import Foundation
import PrivacyAuditing
import SecureRandom
import Testing

@Suite struct ROCCurveTests {
  @Test func `hull areas are the published ones`() throws {
    let curve = try ROCCurve(members: [0, 4, 6, 7], nonmembers: [1, 2, 3, 5])
    #expect(abs(curve.hullArea - 13.0 / 16) < 1e-12)
    let small = try ROCCurve(members: [1, 3], nonmembers: [0, 2])
    let rates = [0, 0.25, 0.5, 0.75, 1].map { small.hullTruePositiveRate(atFalsePositiveRate: $0) }
    #expect(zip(rates, [0.5, 0.75, 1, 1, 1]).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  /// Quantile-spaced normals: area Φ(μ/√2) and TPR Φ(μ − Φ⁻¹(1 − f)) for μ = 1.
  @Test func `a Gaussian shift has its closed-form area and rates`() throws {
    let count = 20_000
    let normal = (0..<count).map { inverseNormal((Double($0) + 0.5) / Double(count)) }
    let curve = try ROCCurve(members: normal.map { $0 + 1 }, nonmembers: normal)
    #expect(abs(curve.area - 0.760250) < 1e-3)
    #expect(abs(curve.truePositiveRate(atFalsePositiveRate: 0.001) - 0.0183) < 1e-3)
    #expect(abs(curve.advantage - 0.382925) < 1e-3)
    #expect(curve.interval(atFalsePositiveRate: 0.01).contains(0.0923))
    #expect(curve.advantageLowerBound(alpha: 0.05) < 0.3829)
    #expect(curve.advantageLowerBound(alpha: 0.05) > 0.3)
  }

  @Test func `equal scores are no evidence and a reversed attack proves nothing`() throws {
    let same = try ROCCurve(members: [1, 1, 1], nonmembers: [1, 1])
    #expect(same.area == 0.5 && same.advantage == 0)
    #expect(try ROCCurve(members: [0, 0], nonmembers: [1, 1]).advantage == 0)
    #expect(throws: AuditError.self) { try ROCCurve(members: [.nan], nonmembers: [0]) }
    #expect(throws: AuditError.self) { try ROCCurve(members: [], nonmembers: [0]) }
  }

  /// Randomised response: TPR = p, FPR = 1 − p with p = e^ε/(1 + e^ε), so the bound is met with equality at δ = 0.
  @Test(arguments: [0.1, 1.0, 4.0])
  func `the bound on the advantage is that of randomised response`(epsilon: Double) {
    let honest = exp(epsilon) / (1 + exp(epsilon))
    #expect(abs(ROCCurve.advantageBound(epsilon: epsilon, delta: 0) - (2 * honest - 1)) < 1e-12)
    #expect(ROCCurve.advantageBound(epsilon: 0, delta: 0.1) == 0.1)
    #expect(ROCCurve.advantageBound(epsilon: 1_000, delta: 0) == 1)
  }

  private func inverseNormal(_ p: Double) -> Double {
    var (low, high) = (-9.0, 9.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if 0.5 * erfc(-middle / 2.0.squareRoot()) < p { low = middle } else { high = middle }
    }
    return low
  }
}

/// The mean of n of the candidates x_i ~ N(0, I_d) is released.
///
/// The optimal attack is known: ⟨x, mean⟩ is about
/// N(0, d/n) without x and shifted by d/n with it, so its area is about Φ(√(d/n)/√2).
@Suite struct MeanOfGaussiansTests {
  private static let dimension = 60
  private static let count = 160

  private struct Game {
    let evidence: MembershipEvidence
    let included: [Bool]
    let optimal: [Double]
  }

  private func play(shadows: Int) throws -> Game {
    var random = SimulationGenerator(seed: 7, stream: "gaussians")
    let (d, n) = (MeanOfGaussiansTests.dimension, MeanOfGaussiansTests.count)
    let rows = (0..<n).map { _ in (0..<d).map { _ in random.normal() } }
    func train() -> (included: [Bool], mean: [Double]) {
      let included = (0..<n).map { _ in random.next() & 1 == 1 }
      var mean = [Double](repeating: 0, count: d)
      for (row, isIn) in zip(rows, included) where isIn { for j in 0..<d { mean[j] += row[j] } }
      let size = Double(included.count { $0 })
      return (included, mean.map { $0 / size })
    }
    /// The loss ½‖x − mean‖²: the probability the model gives to x is e^(−loss).
    func losses(_ mean: [Double]) -> [Double] {
      rows.map { row -> Double in
        var sum = 0.0
        for index in row.indices { sum += (row[index] - mean[index]) * (row[index] - mean[index]) }
        return sum / 2
      }
    }
    let target = train()
    let models = (0..<shadows).map { _ in train() }
    let evidence = try MembershipEvidence(
      labels: [Int](repeating: 0, count: n), target: ModelSignals(loss: losses(target.mean)),
      shadows: models.map { ShadowSignals(signals: ModelSignals(loss: losses($0.mean)), included: $0.included) })
    return Game(
      evidence: evidence, included: target.included,
      optimal: rows.map { zip($0, target.mean).reduce(0) { $0 + $1.0 * $1.1 } })
  }

  private func area(_ scores: [Double], _ included: [Bool]) throws -> Double {
    try ROCCurve(
      members: zip(scores, included).filter(\.1).map(\.0), nonmembers: zip(scores, included).filter { !$0.1 }.map(\.0)
    ).area
  }

  /// Draws are fixed by the seed.
  @Test func `attacks with shadow models come close to the optimal attack`() throws {
    let game = try play(shadows: 80)
    let best = try area(game.optimal, game.included)
    // About 80 of the rows are in: Φ(√(60/80)/√2) = 0.730.
    #expect(abs(best - 0.73) < 0.06)
    for attack in [MembershipAttack.liraOnline, .liraOffline, .rmia] {
      let scores = try #require(attack.scores(game.evidence))
      let found = try area(scores, game.included)
      #expect(found > best - 0.04, "\(attack): \(found), optimal \(best)")
    }
    // The loss alone is blurred by the size of the rows.
    let loss = try area(try #require(MembershipAttack.loss.scores(game.evidence)), game.included)
    #expect(loss < best)
    #expect(loss > 0.5)
  }

  @Test func `attacks say when the evidence does not hold what they need`() throws {
    let game = try play(shadows: 0)
    for attack in MembershipAttack.allCases {
      #expect((attack.scores(game.evidence) == nil) == (attack != .loss && attack != .perClass))
    }
    #expect(throws: AuditError.self) {
      try MembershipEvidence(labels: [0, 1], target: ModelSignals(loss: [0.1]))
    }
  }

  /// One release of a mean without noise tells enough that the bound on ε is above 0; with the sign of the coin
  /// reversed it proves nothing.
  @Test func `a leak is bounded from below and a guess is not`() throws {
    let game = try play(shadows: 80)
    let scores = try #require(MembershipAttack.liraOnline.scores(game.evidence))
    let finding = try MembershipFinding("lira", scores: scores, included: game.included, delta: 1e-5, alpha: 0.05)
    #expect(finding.cap > 3)
    #expect(finding.curve.advantage > 0.25)
    let reversed = try MembershipFinding(
      "lira", scores: scores.map(-), included: game.included, delta: 1e-5, alpha: 0.05)
    #expect(reversed.epsilonLowerBound == 0)
  }
}

@Suite struct ModelAuditTests {
  /// Few examples of random labels and many passes: the model knows them by heart.
  private func configuration() -> SimulationConfiguration {
    var configuration = SimulationConfiguration(data: "digits", model: .init(kind: "mlp"), rounds: 1)
    configuration.model.hidden = [32]
    configuration.partition = PartitionOptions(kind: "iid", clients: 1)
    configuration.client = ClientOptions(epochs: 60, batchSize: 10, learningRate: 0.2)
    configuration.quantize.range = 8
    return configuration
  }

  private func memorised() throws -> SimulationPlan {
    let digits = try DataSplit.digits()
    var random = SimulationGenerator(seed: 3, stream: "labels")
    let some = digits.training[0..<160]
    let labels = some.labels.map { _ in UInt16(random.next() % 10) }
    let data = try LabeledData(features: some.features, labels: labels, width: some.width, classes: 10)
    return try SimulationPlan(configuration(), data: DataSplit(training: data, test: digits.test))
  }

  @Test func `a model that learnt by heart is found out`() throws {
    let audit = try ModelAudit(memorised(), unit: .example, candidates: 160, shadows: 4)
    let report = try audit.run(alpha: 0.05)
    #expect(report.findings.count == MembershipAttack.allCases.count)
    #expect(report.members + report.nonmembers == 160)
    #expect((report.accuracy?.members ?? 0) > 0.95)
    #expect((report.accuracy?.nonmembers ?? 1) < 0.35)
    #expect(report.epsilonLowerBound > 2)
    #expect(report.certifiedEpsilon == nil)
    for finding in report.findings where finding.attack != "label-noise" && finding.attack != "entropy" {
      #expect(finding.curve.area > 0.8, "\(finding.attack): \(finding.curve.area)")
    }
  }

  /// The bound exceeds the certified ε with probability at most 1e-9, and so does the advantage its bound.
  @Test func `a private training keeps its epsilon under every attack`() throws {
    let digits = try DataSplit.digits()
    var configuration = SimulationConfiguration(data: "digits", model: .init(kind: "softmax"), rounds: 3)
    configuration.partition = PartitionOptions(kind: "iid", clients: 80)
    configuration.privacy = PrivacyOptions(clip: 0.5, epsilon: 1, delta: 1e-5)
    configuration.weighting = "uniform"
    let plan = try SimulationPlan(
      configuration, data: DataSplit(training: digits.training[0..<400], test: digits.test))
    let report = try ModelAudit(plan, unit: .client, candidates: 80, shadows: 4).run(alpha: 1e-9)
    let certified = try #require(report.certifiedEpsilon)
    #expect(certified <= 1 && certified > 0.5)
    #expect(report.epsilonLowerBound <= certified)
    let bound = ROCCurve.advantageBound(epsilon: certified, delta: report.delta)
    for finding in report.findings { #expect(finding.curve.advantageLowerBound(alpha: 1e-9) <= bound) }
  }

  @Test func `what cannot be audited is refused by name`() throws {
    let plan = try memorised()
    #expect(throws: AuditError.self) { try ModelAudit(plan, unit: .client, candidates: 100) }
    #expect(throws: AuditError.self) { try ModelAudit(plan, unit: .example, candidates: 5) }
    #expect(throws: AuditError.self) { try ModelAudit(plan, unit: .example, candidates: 50, shadows: -1) }
  }
}

@Suite struct ReconstructionTests {
  /// Ridge-free least squares by gradient descent to convergence on rows that determine it.
  @Test func `the one row that is not known follows from a fitted line`() throws {
    var random = SimulationGenerator(seed: 5, stream: "rows")
    let rows = (0..<30).map { _ in
      (features: (0..<4).map { _ in random.normal() }, target: random.normal())
    }
    var (weights, intercept) = ([Double](repeating: 0, count: 4), 0.0)
    for _ in 0..<20_000 {
      var (slope, offset) = ([Double](repeating: 0, count: 4), 0.0)
      for row in rows {
        let r = zip(weights, row.features).reduce(intercept) { $0 + $1.0 * $1.1 } - row.target
        for index in slope.indices { slope[index] += r * row.features[index] }
        offset += r
      }
      for index in slope.indices { weights[index] -= 0.02 * slope[index] }
      intercept -= 0.02 * offset
    }
    let found = try #require(
      MissingRow.find(.linear, weights: weights, intercept: intercept, known: Array(rows.dropFirst())))
    for (a, b) in zip(found.features, rows[0].features) { #expect(abs(a - b) < 1e-8) }
    #expect(abs(found.target - rows[0].target) < 1e-8)
    // Without a residual nothing is seen.
    #expect(MissingRow.find(.linear, weights: [1], intercept: 0, known: []) == nil)
  }

  @Test func `the row behind a logistic fit and its label follow`() throws {
    var random = SimulationGenerator(seed: 6, stream: "rows")
    let rows = (0..<60).map { _ -> (features: [Double], target: Double) in
      let x = [random.normal(), random.normal()]
      return (x, random.uniformUnit() < 1 / (1 + exp(-x[0])) ? 1 : 0)
    }
    let ridge = 0.5
    var (weights, intercept) = ([0.0, 0.0], 0.0)
    for _ in 0..<20_000 {
      var (slope, offset) = (weights.map { ridge * $0 }, 0.0)
      for row in rows {
        let score = zip(weights, row.features).reduce(intercept) { $0 + $1.0 * $1.1 }
        let r = 1 / (1 + exp(-score)) - row.target
        for index in slope.indices { slope[index] += r * row.features[index] }
        offset += r
      }
      for index in slope.indices { weights[index] -= 0.05 * slope[index] }
      intercept -= 0.05 * offset
    }
    let found = try #require(
      MissingRow.find(.logistic, weights: weights, intercept: intercept, ridge: ridge, known: Array(rows.dropFirst())))
    for (a, b) in zip(found.features, rows[0].features) { #expect(abs(a - b) < 1e-8) }
    #expect(found.target == rows[0].target)
  }

  @Test func `linear and softmax models are stolen by one question more than features`() throws {
    let network = Network(inputs: 5, classes: 3)
    let parameters = (0..<network.parameterCount).map { sin(Double($0) * 1.7) }
    let model = try DenseNetwork(network, parameters: parameters)
    var questions = 0
    let stolen = try #require(
      ModelExtraction.linear(inputs: 5, isSoftmax: true) { x -> [Double] in
        questions += 1
        return model.probabilities(x)
      })
    #expect(questions == 6)
    for output in 0..<3 {
      for index in 0..<5 {
        #expect(abs(stolen[output][index] - (parameters[index * 3 + output] - parameters[index * 3])) < 1e-12)
      }
      #expect(abs(stolen[output][5] - (parameters[15 + output] - parameters[15])) < 1e-12)
    }
    let line = ModelExtraction.linear(inputs: 2, isSoftmax: false) { x in [3 * x[0] - 2 * x[1] + 1] }
    #expect(line == [[3, -2, 1]])
  }

  /// Class 1 shows x₀ = 1, and that is what both attacks on the softmax model see.
  @Test func `a model shows its classes and the attribute that decides`() throws {
    let model = try DenseNetwork(Network(inputs: 2, classes: 2), parameters: [-4, 4, 0, 0, 2, -2])
    let values = [(value: 0.0, prior: 0.7), (value: 1.0, prior: 0.3)]
    #expect(AttributeInference.baseline(values) == 0)
    let guess = AttributeInference.guess([0, 0.5], hidden: 0, values: values, label: 1) { model.probabilities($0) }
    #expect(guess == 1)
    let typical = ModelInversion.typical(model, label: 1, domain: 0...1)
    #expect(typical[0] == 1 && typical[1] == 0.5)
  }
}
