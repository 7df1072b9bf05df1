/// The tightest answer among all accountants that have a rule for the event.
///
/// Every upper bound is valid by itself, so the smallest is; every lower bound is, so the largest is.
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
    var best: (bounds: Bounds, accountant: String)?
    var lower: Double?
    var refusal: AccountingError?
    for accountant in candidates {
      // What a costly accountant could gain is at most the width.
      if accountant is RenyiAccountant || accountant is OptimalAccountant, let lower, let best,
        best.bounds.upper - lower <= 1e-3 * Swift.min(1, best.bounds.upper)
      {
        continue
      }
      do throws(AccountingError) {
        let bounds = try ask(accountant)
        if let low = bounds.lower { lower = max(lower ?? 0, low) }
        if best.map({ bounds.upper < $0.bounds.upper }) ?? true { best = (bounds, accountant.name) }
      } catch {
        refusal = error
      }
    }
    guard let best else { throw refusal ?? AccountingError(.unsupportedEvent, "no accountant was asked") }
    return (Bounds(lower: lower.map { min($0, best.bounds.upper) }, upper: best.bounds.upper), best.accountant)
  }
}
