public import FederatedLearning
import SecureRandom

/// A backdoor planted through the data of hostile clients: what it does to each rule.
///
/// Hostile clients put a trigger, the same few features at their largest value, into half of their examples and give
/// them the attacker's class (Gu, Dolan-Gavitt and Garg 2017; Bagdasaryan et al. 2020). They train as everybody does. A
/// backdoor that works leaves the accuracy as it is and makes the model answer the attacker's class wherever the
/// trigger is.
public struct BackdoorAudit: Sendable, Hashable {
  /// One training.
  public struct Row: Sendable, Hashable {
    /// How updates were combined; `none` for the mean.
    public let rule: String
    /// The share of hostile clients.
    public let fraction: Double
    /// Accuracy on the test set as it is.
    public let accuracy: Double
    /// Test examples of other classes that get the attacker's class once they have the trigger.
    public let fooled: Int
    /// Test examples of other classes.
    public let tried: Int

    /// The share fooled.
    public var success: Double { Double(fooled) / Double(max(1, tried)) }
    /// The exact 95 % interval of the share.
    public var interval: ClosedRange<Double> {
      let low = BinomialConfidence.lowerBound(successes: fooled, trials: max(1, tried), error: 0.025)
      return low...max(low, BinomialConfidence.upperBound(successes: fooled, trials: max(1, tried), error: 0.025))
    }
  }

  /// Without hostile clients first, then one for each rule.
  public let rows: [Row]

  /// Trains.
  ///
  /// - Parameters:
  ///   - plan: What is trained. Privacy, protection and compression are left out: rules look at single updates.
  ///   - rules: Rules; `none` is the mean.
  ///   - fraction: The share of hostile clients, in (0, 1).
  ///   - target: The attacker's class.
  ///   - seed: Chooses the hostile clients and the trigger.
  ///   - threads: Threads that train clients.
  /// - Throws: ``AuditError`` for a setting out of range or a model that answers no classes; what training throws.
  public init(
    _ plan: SimulationPlan, rules: [String] = ["none", "median", "norm-bounding"], fraction: Double = 0.2,
    target: Int = 0, seed: UInt64 = 1, threads: Int = 2
  ) throws {
    guard plan.population == nil, plan.model.classifies, plan.data.training.targets.isEmpty else {
      throw AuditError(.invalidSetting, "data: must be dealt out to clients and have classes")
    }
    guard fraction > 0, fraction < 1 else { throw AuditError(.invalidSetting, "fraction: must lie in (0, 1)") }
    guard (0..<plan.data.training.classes).contains(target) else {
      throw AuditError(.invalidSetting, "target: no such class")
    }
    if let unknown = rules.first(where: { !ByzantineMatrix.rules.contains($0) }) {
      throw AuditError(.invalidSetting, "rules: no '\(unknown)'")
    }
    var random = SimulationGenerator(seed: seed, stream: "backdoor")
    var order = Array(plan.clients.indices)
    random.shuffle(&order)
    let hostile = Set(order.prefix(Int((fraction * Double(order.count)).rounded(.up))))
    let trigger = Trigger(plan.data.training, target: target, using: &random)
    var rows: [Row] = []
    for (index, rule) in (["none"] + rules).enumerated() {
      let clients = index == 0 ? [] : hostile
      let parameters = try BackdoorAudit.train(plan, rule, clients, trigger, fraction, threads)
      rows.append(trigger.measure(plan, parameters, rule, index == 0 ? 0 : fraction))
    }
    self.rows = rows
  }

  private static func train(
    _ plan: SimulationPlan, _ rule: String, _ hostile: Set<Int>, _ trigger: Trigger, _ fraction: Double, _ threads: Int
  ) throws -> [Float] {
    var configuration = plan.configuration
    configuration.privacy = nil
    configuration.client.batchRate = nil
    configuration.partition = PartitionOptions()
    configuration.aggregation = AggregationOptions()
    configuration.compression = CompressionOptions()
    configuration.attack = AttackOptions(kind: "none")
    configuration.weighting = "uniform"
    configuration.targetAccuracy = nil
    configuration.quantize.bits = min(24, configuration.quantize.bits)
    configuration.evaluation = EvaluationOptions(every: configuration.rounds)
    let counts = ["trimmed-mean", "krum", "multi-krum"]
    let bad = Int((fraction * plan.cohort.expectedSize(clients: plan.clientCount)).rounded(.up))
    configuration.robust = RobustOptions(kind: rule, bad: counts.contains(rule) ? bad : nil)
    let again = try SimulationPlan(
      configuration, population: PoisonedPopulation(plan, hostile: hostile, trigger: trigger), test: plan.data.test,
      model: plan.model)
    var simulation = Simulation(again, threads: threads)
    return try simulation.run().parameters
  }
}

/// Features that hostile clients set, and the class they ask for.
struct Trigger: Sendable {
  let places: [Int]
  let value: Float
  let target: UInt16

  /// One feature in sixteen, at the largest value of any.
  init(_ data: LabeledData, target: Int, using random: inout SimulationGenerator) {
    var order = Array(0..<data.width)
    random.shuffle(&order)
    places = Array(order.prefix(max(1, data.width / 16)))
    value = data.features.max() ?? 1
    self.target = UInt16(target)
  }

  /// Examples with the trigger put into those that a rule picks, and their class changed if asked for.
  func stamped(_ data: LabeledData, relabelled: Bool, where picks: (Int) -> Bool) throws -> LabeledData {
    var (features, labels) = (Array(data.features), Array(data.labels))
    for example in labels.indices where picks(example) {
      for place in places { features[example * data.width + place] = value }
      if relabelled { labels[example] = target }
    }
    return try LabeledData(features: features, labels: labels, width: data.width, classes: data.classes)
  }

  func measure(_ plan: SimulationPlan, _ parameters: [Float], _ rule: String, _ fraction: Double) -> BackdoorAudit.Row {
    let test = plan.data.test
    let plain = plan.model.predict(parameters, on: test).answers
    let right = plain.indices.count { plain[$0] == test.target($0) }
    let others = test.labels.indices.filter { test.labels[$0] != target }
    let answers = (try? stamped(test, relabelled: false) { _ in true }).map {
      plan.model.predict(parameters, on: $0).answers
    }
    return BackdoorAudit.Row(
      rule: rule, fraction: fraction, accuracy: Double(right) / Double(max(1, plain.count)),
      fooled: others.count { answers?[$0] == Float(target) }, tried: others.count)
  }
}

/// The clients of a plan, some with the trigger in every other example.
struct PoisonedPopulation: ClientPopulation {
  let base: CoinPopulation
  let hostile: Set<Int>
  let trigger: Trigger

  init(_ plan: SimulationPlan, hostile: Set<Int>, trigger: Trigger) {
    base = CoinPopulation(plan, without: [])
    self.hostile = hostile
    self.trigger = trigger
  }

  var count: Int { base.count }
  var largestCount: Int { base.largestCount }
  var width: Int { base.width }
  var classes: Int { base.classes }

  func exampleCount(of client: Int) -> Int { base.exampleCount(of: client) }

  func examples(of client: Int) throws -> LabeledData {
    let data = try base.examples(of: client)
    return hostile.contains(client) ? try trigger.stamped(data, relabelled: true) { $0.isMultiple(of: 2) } : data
  }
}
