private import ExactMath
private import PrivacyAccounting

/// Tries to refute a mechanism's privacy claim from its outputs alone.
///
/// For each adjacent pair the outputs under both data sets are compared through one event; the error probability is
/// divided evenly over the pairs (Bonferroni), so the reported bound is wrong with probability at most `alpha`.
public struct MechanismAudit: Sendable {
  /// What is to be refuted.
  public let claim: PrivacyClaim
  /// Total probability of refuting a true claim, in (0, 1).
  public let alpha: Double
  /// Outputs drawn per data set, at least 10.
  public let samples: Int
  /// The pairs tried.
  public let pairs: [AdjacentPair]
  /// How the event is chosen.
  public let choice: EventChoice

  /// An audit.
  ///
  /// - Throws: ``AuditError`` naming the setting that is out of range.
  public init(
    claim: PrivacyClaim, alpha: Double, samples: Int, pairs: [AdjacentPair],
    choice: EventChoice = .splitSample(fraction: 0.25)
  ) throws(AuditError) {
    guard alpha > 0, alpha < 1 else { throw AuditError(.invalidSetting, "alpha: must lie in (0, 1)") }
    guard (10...1_000_000_000).contains(samples) else {
      throw AuditError(.invalidSetting, "samples: must lie in 10…1000000000")
    }
    guard !pairs.isEmpty else { throw AuditError(.invalidSetting, "pairs: at least one is needed") }
    if case .splitSample(let fraction) = choice, !(fraction > 0 && fraction < 1) {
      throw AuditError(.invalidSetting, "fraction: must lie in (0, 1)")
    }
    self.claim = claim
    self.alpha = alpha
    self.samples = samples
    self.pairs = pairs
    self.choice = choice
  }

  /// Runs the audit.
  ///
  /// - Throws: ``AuditError`` when the target fails or answers anything but `samples` finite numbers.
  public func run(_ target: inout some AuditTarget) throws(AuditError) -> AuditReport {
    let delta = claim.delta.doubleRoundedUp
    let share = alpha / Double(pairs.count)
    var best: AuditWitness?
    for pair in pairs {
      let first = try draw(&target, pair.first)
      let second = try draw(&target, pair.second)
      let (event, judged) = choose(first, second, delta: delta, alpha: share)
      let counts = EventCounts(
        first: first[judged].count(where: event.contains), second: second[judged].count(where: event.contains),
        trials: judged.count)
      let bound = counts.epsilonLowerBound(delta: delta, alpha: share)
      if bound >= best?.epsilonLowerBound ?? 0 {
        best = AuditWitness(pair: pair, event: event, counts: counts, epsilonLowerBound: bound)
      }
    }
    let judged = judgedRange.count
    return AuditReport(
      claim: claim, alpha: alpha, samples: samples,
      epsilonLowerBound: best?.epsilonLowerBound ?? 0,
      cap: EventCounts.cap(trials: judged, delta: delta, alpha: share), witness: best)
  }

  private func draw(_ target: inout some AuditTarget, _ dataset: [Double]) throws(AuditError) -> [Double] {
    let outputs = try target.outputs(of: dataset, count: samples)
    guard outputs.count == samples else {
      throw AuditError(.targetFailed, "target: answered \(outputs.count) outputs where \(samples) were asked")
    }
    guard outputs.allSatisfy(\.isFinite) else {
      throw AuditError(.targetFailed, "target: answered a number that is not finite")
    }
    return outputs
  }

  private var judgedRange: Range<Int> {
    guard case .splitSample(let fraction) = choice else { return 0..<samples }
    return min(samples - 1, max(1, Int(fraction * Double(samples))))..<samples
  }

  private func choose(_ first: [Double], _ second: [Double], delta: Double, alpha: Double) -> (OutputEvent, Range<Int>)
  {
    switch choice {
    case .fixed(let event):
      return (event, judgedRange)
    case .splitSample:
      let judged = judgedRange
      let event = EventSearch.bestThreshold(
        first: Array(first[..<judged.lowerBound]), second: Array(second[..<judged.lowerBound]), delta: delta,
        alpha: alpha)
      return (event, judged)
    }
  }
}
