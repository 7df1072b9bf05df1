public import FederatedLearning

/// Accuracy under every attack with every rule: one training for each cell, all else alike.
public struct ByzantineMatrix: Sendable, Hashable {
  /// One training.
  public struct Cell: Sendable, Hashable {
    /// What hostile clients did; `none` when there were none.
    public let attack: String
    /// How updates were combined; `none` for the mean.
    public let rule: String
    /// The final accuracy, `nil` when the pair was refused or the model predicts numbers.
    public let accuracy: Double?
    /// The final test loss, `nil` when the pair was refused.
    public let loss: Double?
    /// Why it was refused.
    public let refusal: String?
  }

  /// Every attack that the simulator knows.
  public static let attacks = [
    "none", "sign-flip", "label-flip", "scaled", "gaussian", "ipm", "alie", "min-max", "min-sum", "mimic",
  ]
  /// The rules that are trained unless others are asked for; `none` is the mean.
  public static let rules = [
    "none", "median", "trimmed-mean", "krum", "multi-krum", "geometric-median", "centered-clipping", "norm-bounding",
  ]

  /// Rules that are trained when asked for by name.
  public static let furtherRules = ["mean-around-median", "bulyan", "minimum-diameter", "trust"]

  /// The attacks, in the order of rows.
  public let attacks: [String]
  /// The rules, in the order of columns.
  public let rules: [String]
  /// The cells, row after row.
  public let cells: [Cell]
  /// The share of hostile clients.
  public let fraction: Double

  /// Trains every cell.
  ///
  /// - Parameters:
  ///   - plan: What is trained. Privacy, protection and compression are left out: rules look at single updates.
  ///   - attacks: Rows.
  ///   - rules: Columns.
  ///   - fraction: The share of hostile clients, in [0, 1).
  ///   - threads: Threads that train clients.
  ///   - progress: Told of each cell.
  /// - Throws: ``AuditError`` for a name that is not known, or data that are made as they are drawn.
  public init(
    _ plan: SimulationPlan, attacks: [String] = ByzantineMatrix.attacks, rules: [String] = ByzantineMatrix.rules,
    fraction: Double = 0.2, threads: Int = 2, progress: (Cell) -> Void = { _ in }
  ) throws {
    guard plan.population == nil else {
      throw AuditError(.invalidSetting, "data: must be dealt out to clients, not made as they are drawn")
    }
    if let unknown = attacks.first(where: { !ByzantineMatrix.attacks.contains($0) }) {
      throw AuditError(.invalidSetting, "attacks: no '\(unknown)'")
    }
    if let unknown = rules.first(where: { !(ByzantineMatrix.rules + ByzantineMatrix.furtherRules).contains($0) }) {
      throw AuditError(.invalidSetting, "rules: no '\(unknown)'")
    }
    guard fraction >= 0, fraction < 1 else { throw AuditError(.invalidSetting, "fraction: must lie in [0, 1)") }
    var configuration = plan.configuration
    configuration.privacy = nil
    configuration.client.batchRate = nil
    configuration.aggregation = AggregationOptions()
    configuration.compression = CompressionOptions()
    configuration.weighting = "uniform"
    configuration.targetAccuracy = nil
    configuration.quantize.bits = min(24, configuration.quantize.bits)
    configuration.evaluation = EvaluationOptions(every: configuration.rounds)
    if ["scaffold", "fednova", "fedbuff"].contains(configuration.algorithm.kind) {
      configuration.algorithm = AlgorithmOptions()
    }
    let cohort = plan.cohort.expectedSize(clients: plan.clientCount)
    let bad = Int((fraction * cohort).rounded(.up))
    var cells: [Cell] = []
    for attack in attacks {
      for rule in rules {
        configuration.attack = AttackOptions(kind: attack, fraction: attack == "none" ? nil : fraction)
        let counts = ["trimmed-mean", "mean-around-median", "krum", "multi-krum", "bulyan", "minimum-diameter"]
        configuration.robust = RobustOptions(kind: rule, bad: counts.contains(rule) ? bad : nil)
        let cell = ByzantineMatrix.train(configuration, plan.data, attack, rule, threads)
        cells.append(cell)
        progress(cell)
      }
    }
    self.attacks = attacks
    self.rules = rules
    self.cells = cells
    self.fraction = fraction
  }

  private static func train(
    _ configuration: SimulationConfiguration, _ data: DataSplit, _ attack: String, _ rule: String, _ threads: Int
  ) -> Cell {
    do {
      var simulation = Simulation(try SimulationPlan(configuration, data: data), threads: threads)
      let last = try simulation.run().rounds.last
      return Cell(attack: attack, rule: rule, accuracy: last?.accuracy, loss: last?.testLoss, refusal: nil)
    } catch {
      return Cell(attack: attack, rule: rule, accuracy: nil, loss: nil, refusal: "\(error)")
    }
  }
}
