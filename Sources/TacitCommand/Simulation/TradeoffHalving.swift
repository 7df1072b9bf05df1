import ExactMath
import FederatedLearning
import PrivacyAccounting

/// What half of an ε takes, told from the accounting alone: nothing is trained.
struct TradeoffHalving: Encodable {
  /// How many times the clients leave the noise on the mean of updates what it was.
  let clients: Double
  /// The rounds, of those asked for, that half of the ε pays for at the noise of the whole.
  let rounds: Int
  /// The rounds asked for.
  let asked: Int

  enum CodingKeys: String, CodingKey { case clients, rounds }

  /// Nil where half of the ε cannot be reached or the unit is an example, whose noise is inside the clients.
  ///
  /// The noise on a sum has a deviation s(ε) and the mean of n clients one of s(ε)/n, so s(ε/2)/s(ε) times the clients
  /// leave it as it was. Where every client adds all the noise by itself the mean of n has s(ε)/√n, which squares the
  /// ratio.
  init?(_ whole: PrivacyPlan, half: PrivacyPlan?, epsilon: Rational, rounds asked: Int) {
    guard let half, whole.unit == .client else { return nil }
    let ratio = half.variance.variance.doubleValue / whole.variance.variance.doubleValue
    clients = whole.placement == .local ? ratio : ratio.squareRoot()
    let target = (epsilon / 2).doubleValue
    func fits(_ count: Int) -> Bool {
      let found = try? AutomaticAccountant().epsilon(
        of: whole.event(rounds: count), delta: whole.delta, adjacency: whole.adjacency)
      return found.map { $0.upper <= target } ?? false
    }
    // ε grows with the rounds.
    var (low, high) = (0, asked)
    while low < high {
      let middle = (low + high + 1) / 2
      if fits(middle) { low = middle } else { high = middle - 1 }
    }
    rounds = low
    self.asked = asked
  }
}
