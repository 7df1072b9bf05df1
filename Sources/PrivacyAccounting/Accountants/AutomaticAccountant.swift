/// The tightest answer among all accountants that have a rule for the event.
///
/// Every upper bound is valid by itself, so the smallest is; every lower bound is, so the largest is. Should two ever
/// contradict each other, the larger upper bound counts.
public struct AutomaticAccountant: Accountant {
  /// `auto`.
  public let name = "auto"
  /// The accountants that may be asked.
  ///
  /// Loss distributions come before the costly ones, which are left out where they
  /// cannot matter: no valid upper bound lies below a certified lower one.
  public let candidates: [any Accountant]

  /// Asks every accountant of the library.
  public init() {
    candidates = [
      GaussianAccountant(), PureAccountant(), AdvancedAccountant(), ShuffleAccountant(), ZCDPAccountant(),
      LossDistributionAccountant(), OptimalAccountant(exactOnly: true), RenyiAccountant(),
    ]
  }

  private init(_ candidates: [any Accountant]) {
    self.candidates = candidates
  }

  /// The same without loss distributions, which cost most by far.
  var withoutLossDistributions: AutomaticAccountant {
    AutomaticAccountant(candidates.filter { !($0 is LossDistributionAccountant) })
  }

  /// The tightest bounds on ε.
  public func epsilon(of event: PrivacyEvent, delta: Delta, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    try bestEpsilon(of: event, delta: delta, adjacency: adjacency).bounds
  }

  /// The tightest bounds on δ.
  public func delta(of event: PrivacyEvent, epsilon: Epsilon, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    try bestDelta(of: event, epsilon: epsilon, adjacency: adjacency).bounds
  }

  /// The tightest bounds on ε, and the name of the accountant that gave the upper one.
  public func bestEpsilon(
    of event: PrivacyEvent, delta: Delta, adjacency: Adjacency
  ) throws(AccountingError) -> (bounds: Bounds, accountant: String) {
    try best { accountant throws(AccountingError) in
      try accountant.epsilon(of: event, delta: delta, adjacency: adjacency)
    }
  }

  /// The tightest bounds on δ, and the name of the accountant that gave the upper one.
  public func bestDelta(
    of event: PrivacyEvent, epsilon: Epsilon, adjacency: Adjacency
  ) throws(AccountingError) -> (bounds: Bounds, accountant: String) {
    try best { accountant throws(AccountingError) in
      try accountant.delta(of: event, epsilon: epsilon, adjacency: adjacency)
    }
  }

  private func best(
    _ ask: (any Accountant) throws(AccountingError) -> Bounds
  ) throws(AccountingError) -> (bounds: Bounds, accountant: String) {
    var answers: [(bounds: Bounds, accountant: String)] = []
    var lower: Double?
    var refusal: AccountingError?
    for accountant in candidates {
      // What a costly accountant could gain is at most the width.
      if accountant is RenyiAccountant || accountant is OptimalAccountant, let lower,
        let least = answers.map(\.bounds.upper).filter({ $0 >= lower }).min(),
        least - lower <= 1e-3 * Swift.min(1, least)
      {
        continue
      }
      do throws(AccountingError) {
        let bounds = try ask(accountant)
        if let low = bounds.lower { lower = max(lower ?? 0, low) }
        answers.append((bounds, accountant.name))
      } catch {
        refusal = error
      }
    }
    // An upper bound below what another accountant certifies from below contradicts it, and is not believed.
    let credible = answers.filter { $0.bounds.upper >= lower ?? 0 }
    guard let best = credible.min(by: { $0.bounds.upper < $1.bounds.upper }) else {
      throw refusal ?? AccountingError(.unsupportedEvent, "no accountant was asked")
    }
    return (Bounds(lower: lower.map { min($0, best.bounds.upper) }, upper: best.bounds.upper), best.accountant)
  }
}
