import ExactMath
public import FederatedLearning
private import Glibc
import PrivacyAccounting
import SecureRandom

/// Trains models of a simulation's configuration on examples or clients chosen by coins, and attacks the first.
///
/// Every candidate is in or out of the attacked model by a fair coin of its own, which is what makes the bound on ε
/// valid; shadow models are trained the same way with other coins.
public struct ModelAudit: Sendable {
  /// What is added or removed.
  public enum Unit: String, Sendable, Hashable, CaseIterable {
    /// One training example.
    case example
    /// Everything that a client holds.
    case client
  }

  /// What an audit found.
  public struct Report: Sendable {
    /// What was added or removed.
    public let unit: Unit
    /// Candidates in the attacked model.
    public let members: Int
    /// Candidates left out of it.
    public let nonmembers: Int
    /// The certified ε of the training, `nil` when it claims none for this unit.
    public let certifiedEpsilon: Double?
    /// The δ of bounds.
    public let delta: Double
    /// The error that all bounds share.
    public let alpha: Double
    /// One for each attack that the model allowed.
    public let findings: [MembershipFinding]
    /// Accuracy on candidates that were in and on those that were not, `nil` for a model of numbers.
    public let accuracy: (members: Double, nonmembers: Double)?
    /// How far single members show in the answers to the test set, `nil` where a candidate is no example or the model
    /// shows no probabilities.
    public let shapley: ShapleyLeak.Summary?
    /// Guesses of each hidden feature that was asked for.
    public let attributes: [AttributeAudit]

    /// The largest bound of any attack.
    public var epsilonLowerBound: Double { findings.map(\.epsilonLowerBound).max() ?? 0 }
    /// The largest bound that any attack could have shown.
    public var cap: Double { findings.map(\.cap).max() ?? 0 }
  }

  private let plan: SimulationPlan
  private let unit: Unit
  private let attacks: [MembershipAttack]
  private let shadows: Int
  private let hidden: [Int]
  private let threads: Int
  private let seed: UInt64
  /// For each candidate the places of its examples.
  private let candidates: [[Int32]]

  /// An audit of a plan's training.
  ///
  /// - Parameters:
  ///   - plan: What is trained; its examples must have been dealt out.
  ///   - unit: What a candidate is.
  ///   - candidates: The most candidates; the others are always in.
  ///   - attacks: Which; those that the model does not allow are left out.
  ///   - shadows: How many models the attacker trains, used by attacks that need them.
  ///   - hidden: Features that an attacker guesses from the others and the model's answers.
  ///   - seed: Fixes coins and noisy copies.
  ///   - threads: Threads that train clients.
  /// - Throws: ``AuditError`` naming the setting at fault.
  public init(
    _ plan: SimulationPlan, unit: Unit, candidates: Int, attacks: [MembershipAttack] = MembershipAttack.allCases,
    shadows: Int = 16, hidden: [Int] = [], seed: UInt64 = 1, threads: Int = 2
  ) throws(AuditError) {
    guard plan.population == nil else {
      throw AuditError(.invalidSetting, "data: must be dealt out to clients, not made as they are drawn")
    }
    guard shadows >= 0, shadows <= 1_000 else { throw AuditError(.invalidSetting, "shadows: must lie in 0…1000") }
    guard plan.privacy.map({ $0.adjacency == .addOrRemove }) ?? true else {
      throw AuditError(.invalidSetting, "privacy.adjacency: candidates are added or removed; use add-remove")
    }
    let all: [[Int32]] =
      unit == .client ? plan.clients.filter { !$0.isEmpty } : plan.clients.flatMap { $0 }.sorted().map { [$0] }
    guard all.count >= 10, candidates >= 10 else {
      throw AuditError(.invalidSetting, "candidates: at least ten are needed")
    }
    guard hidden.isEmpty || unit == .example && plan.model is Network else {
      throw AuditError(.invalidSetting, "attribute: needs candidates that are examples and a softmax or mlp model")
    }
    if let wrong = hidden.first(where: { !(0..<plan.data.training.width).contains($0) }) {
      throw AuditError(
        .invalidSetting, "attribute: no feature \(wrong); there are 0…\(plan.data.training.width - 1)")
    }
    var generator = SimulationGenerator(seed: seed, stream: "candidates")
    var order = Array(all.indices)
    generator.shuffle(&order)
    self.candidates = order.prefix(candidates).map { all[$0] }
    self.plan = plan
    self.unit = unit
    self.attacks = attacks
    self.shadows = attacks.contains(where: \.needsShadows) ? shadows : 0
    self.hidden = hidden
    self.threads = threads
    self.seed = seed
  }

  /// Trains and attacks.
  ///
  /// - Parameters:
  ///   - alpha: Probability that any bound is wrong.
  ///   - delta: The δ of bounds when the plan has no privacy.
  ///   - progress: Told of models trained and models in all.
  /// - Throws: what training throws.
  public func run(alpha: Double, delta: Double = 1e-5, progress: (Int, Int) -> Void = { _, _ in }) throws -> Report {
    var coins = SimulationGenerator(seed: seed, stream: "coins")
    func draw() -> [Bool] { candidates.map { _ in coins.next() & 1 == 1 } }
    let included = draw()
    let bound = plan.privacy?.delta.value.doubleRoundedUp ?? delta
    var parameters = try train(included, number: 0)
    let target = signals(parameters)
    let shown = try shown(parameters, included)
    progress(1, shadows + 1)
    var models: [ShadowSignals] = []
    for number in 0..<shadows {
      let coin = draw()
      parameters = try train(coin, number: number + 1)
      models.append(ShadowSignals(signals: signals(parameters), included: coin))
      progress(number + 2, shadows + 1)
    }
    let labels = candidates.map { Int(plan.data.training.labels[Int($0[0])]) }
    let evidence = try MembershipEvidence(labels: labels, target: target, shadows: models)
    let scored = attacks.compactMap { attack in attack.scores(evidence).map { (attack, $0) } }
    let findings = try scored.map { attack, scores in
      try MembershipFinding(
        attack.rawValue, scores: scores, included: included, delta: bound, alpha: alpha / Double(max(1, scored.count)))
    }
    let claims = plan.privacy.map { $0.unit.rawValue == unit.rawValue } ?? false
    let certified = try (claims ? plan.privacy : nil).map { privacy in
      try AutomaticAccountant().epsilon(
        of: privacy.event(rounds: min(plan.configuration.rounds, privacy.affordableRounds)), delta: privacy.delta,
        adjacency: privacy.adjacency
      ).upper
    }
    func share(_ wanted: Bool) -> Double {
      let answers = zip(target.isRight, included).filter { $0.1 == wanted }.map(\.0)
      return Double(answers.count { $0 }) / Double(max(1, answers.count))
    }
    return Report(
      unit: unit, members: included.count { $0 }, nonmembers: included.count { !$0 }, certifiedEpsilon: certified,
      delta: bound, alpha: alpha, findings: findings,
      accuracy: plan.model.classifies ? (share(true), share(false)) : nil, shapley: shown.shapley,
      attributes: shown.attributes)
  }

  /// What the attacked model shows of members beyond membership; the attacker's own records are the test set.
  private func shown(
    _ parameters: [Float], _ included: [Bool]
  ) throws -> (shapley: ShapleyLeak.Summary?, attributes: [AttributeAudit]) {
    guard unit == .example, let network = plan.model as? Network else { return (nil, []) }
    let dense = try DenseNetwork(network, parameters: parameters.map(Double.init))
    func record(_ data: LabeledData, _ place: Int) -> AttributeAudit.Record {
      let features = data.features[place * data.width..<(place + 1) * data.width].map(Double.init)
      return AttributeAudit.Record(
        features: features, label: Int(data.labels[place]), answer: dense.probabilities(features))
    }
    let records = candidates.map { record(plan.data.training, Int($0[0])) }
    let members = zip(records, included).filter(\.1).map(\.0)
    let others = zip(records, included).filter { !$0.1 }.map(\.0)
    // A few hundred of each side are enough for shares, and time grows with their product.
    let known = (0..<min(plan.data.test.count, 1_000)).map { record(plan.data.test, $0) }
    let values = try ShapleyLeak.values(
      training: members.map(\.answer), labels: members.map(\.label), test: known.map(\.answer),
      testLabels: known.map(\.label))
    return (
      ShapleyLeak.Summary(values),
      try hidden.map { place in
        try AttributeAudit(hidden: place, known: known, members: members, others: others) {
          $0.map(dense.probabilities)
        }
      }
    )
  }

  /// One training with the candidates whose coin says so.
  private func train(_ included: [Bool], number: Int) throws -> [Float] {
    let without = Set(zip(candidates, included).filter { !$0.1 }.flatMap(\.0))
    var configuration = plan.configuration
    configuration.partition = PartitionOptions()
    configuration.targetAccuracy = nil
    configuration.privacy?.ledger = nil
    configuration.evaluation = EvaluationOptions(every: configuration.rounds)
    // The attacker knows neither the weights that training started from nor the batches.
    configuration.seed = plan.configuration.seed &+ UInt64(number)
    let again = try SimulationPlan(
      configuration, population: CoinPopulation(plan, without: without), test: plan.data.test, model: plan.model)
    var simulation = Simulation(again, threads: threads)
    return try simulation.run().parameters
  }

  private func signals(_ parameters: [Float]) -> ModelSignals {
    let data = plan.data.training
    let network = plan.model as? Network
    let dense = network.flatMap { try? DenseNetwork($0, parameters: parameters.map(Double.init)) }
    var random = SimulationGenerator(seed: seed, stream: "noisy copies")
    var result = ModelSignals(loss: [])
    for candidate in candidates {
      var (loss, right, kept) = (0.0, 0, 0.0)
      var probabilities: [Double] = []
      for place in candidate {
        let label = Int(data.labels[Int(place)])
        let input = data.features[Int(place) * data.width..<(Int(place) + 1) * data.width].map(Double.init)
        if let dense {
          let p = dense.probabilities(input)
          loss += dense.loss(input, label: label)
          right += ModelAudit.answer(p) == label ? 1 : 0
          if candidate.count == 1 { probabilities = p }
          if attacks.contains(.labelNoise) {
            kept += ModelAudit.robustness(dense, input, label, &random)
          }
        } else {
          let one = plan.model.predict(parameters, on: data[Int(place)..<Int(place) + 1])
          loss += one.meanLoss
          right += one.answers.first == data.target(Int(place)) ? 1 : 0
        }
      }
      let count = Double(candidate.count)
      result.loss.append(loss / count)
      if plan.model.classifies { result.isRight.append(2 * right > candidate.count) }
      if dense != nil, unit == .example { result.probabilities.append(probabilities) }
      if dense != nil, attacks.contains(.labelNoise) { result.robustness.append(kept / count) }
    }
    return result
  }

  private static func answer(_ p: [Double]) -> Int { p.indices.max { p[$0] < p[$1] } ?? 0 }

  /// The share of copies with noise of growing size that keep the right answer.
  private static func robustness(
    _ model: DenseNetwork, _ input: [Double], _ label: Int, _ random: inout SimulationGenerator
  ) -> Double {
    let copies = 12
    let spread = max(1e-6, (input.reduce(0) { $0 + $1 * $1 } / Double(input.count)).squareRoot())
    var kept = 0
    for copy in 0..<copies {
      let scale = spread * Double(1 + copy % 4) / 2
      let noisy = input.map { $0 + scale * (random.uniformUnit() + random.uniformUnit() - 1) }
      if answer(model.probabilities(noisy)) == label { kept += 1 }
    }
    return Double(kept) / Double(copies)
  }
}
