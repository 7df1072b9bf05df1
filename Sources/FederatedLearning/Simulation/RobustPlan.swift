import SecureRandom

/// Hostile clients of a simulation, and the rule that combines updates in spite of them.
public struct RobustPlan: Sendable {
  /// How updates are combined.
  public let rule: RobustRule
  /// Whether an update counts once for every example of its client; only without a robust rule.
  public let isWeighted: Bool
  /// What is done to updates before.
  public let preparation: RobustPreparation?
  /// What hostile clients send; nil when there are none.
  public let attack: UpdateAttack?
  /// The hostile clients.
  public let attackers: Set<Int>
  /// How many training examples the server holds for itself, 0 for none.
  public let rootExamples: Int

  /// The hostile clients, from the seed alone.
  static func attackers(count: Int, of clients: Int, seed: UInt64) -> Set<Int> {
    var generator = SimulationGenerator(seed: seed, stream: "attackers")
    var order = Array(0..<clients)
    if count > 0 { generator.shuffle(&order) }
    return Set(order.prefix(count))
  }
}
