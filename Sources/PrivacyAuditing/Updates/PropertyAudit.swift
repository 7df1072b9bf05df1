import FederatedLearning
import SecureRandom

/// Whether a property of a client's data shows in its update, in a secure sum, and in a sum with noise.
///
/// The property: half of the examples that the client trains on are of one class, or none are. The attacker has data like
/// the clients' (the test set), makes updates of both kinds from the model, and learns to tell them apart (Melis et al.
/// 2019). Then clients of both kinds take a step on training data, and he guesses. Differential privacy for clients
/// bounds what he can find out of a sum; a secure sum alone does not.
public struct PropertyAudit: Sendable, Hashable {
  /// One view of the attacker's.
  public struct Row: Sendable, Hashable {
    /// What is attacked.
    public let view: String
    /// Guesses, half of them of clients with the property.
    public let trials: Int
    /// Right ones.
    public let right: Int

    /// The exact 95 % interval of the share of right guesses.
    public var interval: ClosedRange<Double> {
      let low = BinomialConfidence.lowerBound(successes: right, trials: trials, error: 0.025)
      return low...max(low, BinomialConfidence.upperBound(successes: right, trials: trials, error: 0.025))
    }

    /// Whether more guesses are right than a coin's, at 1 − alpha.
    public func leaks(alpha: Double) -> Bool {
      BinomialConfidence.lowerBound(successes: right, trials: trials, error: alpha) > 0.5
    }
  }

  /// The class that the property is about.
  public let label: Int
  /// Examples of a step.
  public let batch: Int
  /// A single update, the sum, and with noise the sum with it; last the update with a client's own noise.
  public let rows: [Row]

  /// Attacks.
  ///
  /// - Parameters:
  ///   - plan: What is trained, a softmax or mlp model of data that were dealt out.
  ///   - label: The class.
  ///   - cohort: Clients of a sum.
  ///   - noise: The standard deviation of a sum's noise in a coordinate.
  ///   - ownNoise: That of the noise in a single update that the server sees, 0 without.
  ///   - trials: Guesses, and as many updates to learn from.
  ///   - seed: Draws examples.
  /// - Throws: ``AuditError`` for a model or class that is not there, or too few examples of either kind.
  init(
    _ plan: SimulationPlan, label: Int, cohort: Int, noise: Double, ownNoise: Double, trials: Int, seed: UInt64
  ) throws(AuditError) {
    guard let network = plan.model as? Network, plan.population == nil else {
      throw AuditError(.invalidSetting, "model.kind: must be softmax or mlp, on data that are dealt out")
    }
    let (known, clients) = (Pool(plan.data.test, label), Pool(plan.data.training, label))
    guard known.isUsable, clients.isUsable else {
      throw AuditError(.invalidSetting, "property: class \(label) has no examples, or no other has")
    }
    let sizes = plan.clients.map(\.count).filter { $0 > 0 }.sorted()
    let batch = max(2, min(plan.batchSize == 0 ? sizes[sizes.count / 2] : plan.batchSize, sizes[sizes.count / 2], 64))
    self.label = label
    self.batch = batch
    var random = SimulationGenerator(seed: seed, stream: "property audit")
    var weights = SimulationGenerator(seed: plan.configuration.seed, stream: "weights")
    let parameters = network.initialParameters(&weights)
    // The last layer sees the classes; more coordinates than this only cost time.
    let first =
      parameters.count <= 4_096
      ? 0 : parameters.count - (network.widths[network.widths.count - 2] + 1) * network.widths[network.widths.count - 1]
    var scratch = network.makeScratch(batch: batch)
    var grid = [Int32](repeating: 0, count: parameters.count)
    func update(_ pool: Pool, _ has: Bool) -> [Double] {
      var local = parameters
      _ = network.descend(
        &local, on: pool.data, examples: pool.batch(batch, has, &random)[...], rate: plan.learningRate,
        scratch: &scratch)
      for index in local.indices { local[index] -= parameters[index] }
      _ = plan.quantizer.quantize(local, into: &grid)
      return grid[first...].map { Double($0) * plan.quantizer.step }
    }
    let count = max(4, trials)
    var examples: (with: [[Double]], without: [[Double]]) = ([], [])
    for number in 0..<count {
      if number % 2 == 0 {
        examples.with.append(update(known, true))
      } else {
        examples.without.append(update(known, false))
      }
    }
    // The other clients of a sum are a background that the attacker knows by its mean.
    var background = [Double](repeating: 0, count: parameters.count - first)
    for index in 0..<background.count {
      background[index] =
        Double(cohort - 1) * examples.without.reduce(0) { $0 + $1[index] } / Double(examples.without.count)
    }
    let attack = try PropertyInference(with: examples.with, without: examples.without)
    var right = [0, 0, 0, 0]
    for number in 0..<count {
      let has = number % 2 == 0
      let victim = update(clients, has)
      right[0] += (attack.score(victim) > 0) == has ? 1 : 0
      let noised = ownNoise > 0 ? victim.map { $0 + ownNoise * random.normal() } : victim
      right[3] += (attack.score(noised) > 0) == has ? 1 : 0
      var sum = victim
      for _ in 1..<max(1, cohort) {
        let other = update(clients, false)
        for index in sum.indices { sum[index] += other[index] }
      }
      for index in sum.indices { sum[index] -= background[index] }
      right[1] += (attack.score(sum) > 0) == has ? 1 : 0
      guard noise > 0 else { continue }
      for index in sum.indices { sum[index] += noise * random.normal() }
      right[2] += (attack.score(sum) > 0) == has ? 1 : 0
    }
    let views = [
      "update on the grid", "secure sum of \(cohort) clients", "secure sum of \(cohort) clients with noise",
      "update with the client's own noise",
    ]
    let shown = [0, 1] + (noise > 0 ? [2] : []) + (ownNoise > 0 ? [3] : [])
    rows = shown.map { Row(view: views[$0], trials: count, right: right[$0]) }
  }

  /// Examples of a class and of the others.
  private struct Pool {
    let data: LabeledData
    let inside: [Int32]
    let outside: [Int32]

    init(_ data: LabeledData, _ label: Int) {
      self.data = data
      inside = data.labels.indices.filter { Int(data.labels[$0]) == label }.map(Int32.init)
      outside = data.labels.indices.filter { Int(data.labels[$0]) != label }.map(Int32.init)
    }

    var isUsable: Bool { !inside.isEmpty && !outside.isEmpty }

    func batch(_ size: Int, _ has: Bool, _ random: inout SimulationGenerator) -> [Int32] {
      (0..<size).map { place in
        let pool = has && place % 2 == 0 ? inside : outside
        return pool[Int(random.next() % UInt64(pool.count))]
      }
    }
  }
}
