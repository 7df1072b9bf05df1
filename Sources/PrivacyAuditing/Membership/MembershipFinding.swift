/// What one attack found out about membership.
public struct MembershipFinding: Sendable, Hashable {
  /// The attack's name.
  public let attack: String
  /// The trade-off of its thresholds.
  public let curve: ROCCurve
  /// A lower bound for the ε of the training at the claim's δ, wrong with probability at most the given alpha.
  ///
  /// Valid when every candidate was in or out by its own fair coin, whatever the attack does (Steinke, Nasr and
  /// Jagielski 2023): the numbers of guesses are fixed beforehand and share the error.
  public let epsilonLowerBound: Double
  /// The largest bound that this many candidates could show.
  public let cap: Double
  /// The guesses behind the bound.
  public let guesses: Int
  /// How many of them were right.
  public let right: Int

  /// Measures scores against the truth.
  ///
  /// - Parameters:
  ///   - attack: The attack's name.
  ///   - scores: One for each candidate, higher for members.
  ///   - included: Whether each was a member, by a fair coin of its own.
  ///   - delta: The δ of the claim.
  ///   - alpha: Probability that the bound is wrong, in (0, 1).
  /// - Throws: ``AuditError`` when there are no members, no non-members, or a score is not a number.
  public init(
    _ attack: String, scores: [Double], included: [Bool], delta: Double, alpha: Double
  ) throws(AuditError) {
    guard scores.count == included.count else {
      throw AuditError(.targetFailed, "scores: one for each candidate is needed")
    }
    self.attack = attack
    curve = try ROCCurve(
      members: zip(scores, included).filter(\.1).map(\.0), nonmembers: zip(scores, included).filter { !$0.1 }.map(\.0))
    // Low rates show large ε, many guesses show small ones; which will serve is not known beforehand.
    let count = scores.count
    let plans = [(20, 20), (5, 5), (2, 2), (20, 0), (5, 0)]
    let share = alpha / Double(plans.count)
    var best = (bound: 0.0, cap: 0.0, guesses: 0, right: 0)
    for (index, plan) in plans.enumerated() {
      let inside = max(1, count / plan.0)
      let outside = plan.1 == 0 ? 0 : min(count - inside, max(1, count / plan.1))
      let audit = try OneRunAudit(scores: scores, included: included, guessIn: inside, guessOut: outside)
      let perfect = try OneRunAudit(canaries: count, guesses: audit.guesses, right: audit.guesses)
      let bound = audit.epsilonLowerBound(delta: delta, alpha: share)
      best.cap = max(best.cap, perfect.epsilonLowerBound(delta: delta, alpha: share))
      if index == 0 || bound > best.bound {
        (best.bound, best.guesses, best.right) = (bound, audit.guesses, audit.right)
      }
    }
    (epsilonLowerBound, cap, guesses, right) = (best.bound, best.cap, best.guesses, best.right)
  }
}
