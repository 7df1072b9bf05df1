public import FederatedLearning
import PrivacyAccounting

extension SimulationPlan {
  /// The same training without what some clients hold.
  ///
  /// A revoked client keeps its number and is drawn as before, so that nobody else's draws change; its update is zero,
  /// which is what an absent client contributes.
  ///
  /// - Throws: ``AuditError`` for a client that is not there, for all of them, and for data that are made as drawn.
  public func revoking(_ clients: Set<Int>) throws -> SimulationPlan {
    guard population == nil else {
      throw AuditError(.invalidSetting, "revoke: clients whose data are made as they are drawn cannot be revoked")
    }
    guard clients.allSatisfy({ (0..<clientCount).contains($0) }) else {
      throw AuditError(.invalidSetting, "revoke: there are the clients 0…\(clientCount - 1)")
    }
    guard clients.count < clientCount else { throw AuditError(.invalidSetting, "revoke: no client would be left") }
    guard !clients.isEmpty else { return self }
    var configuration = configuration
    configuration.partition = PartitionOptions()
    let without = Set(clients.flatMap { self.clients[$0] })
    return try SimulationPlan(
      configuration, population: CoinPopulation(self, without: without), test: data.test, model: model)
  }

  /// ε of the rounds that were done, whatever model is kept: rolling back takes nothing back.
  ///
  /// - Returns: `nil` without privacy.
  public func epsilonSpent(rounds: Int) throws -> Double? {
    guard let privacy else { return nil }
    guard rounds > 0 else { return 0 }
    return try AutomaticAccountant().epsilon(
      of: privacy.event(rounds: min(rounds, privacy.affordableRounds)), delta: privacy.delta,
      adjacency: privacy.adjacency
    ).upper
  }
}
