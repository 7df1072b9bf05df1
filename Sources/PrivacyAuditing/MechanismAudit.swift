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
    switch choice {
    case .splitSample(let fraction), .multiSplit(_, let fraction):
      guard fraction > 0, fraction < 1 else { throw AuditError(.invalidSetting, "fraction: must lie in (0, 1)") }
    case .bonferroni(let events):
      guard !events.isEmpty else { throw AuditError(.invalidSetting, "events: at least one is needed") }
    case .fixed, .uniformBands: break
    }
    if case .multiSplit(let splits, _) = choice, !(2...100).contains(splits) {
      throw AuditError(.invalidSetting, "splits: must lie in 2…100")
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
    let (report, failure) = attempt(&target)
    if let failure { throw failure }
    return report
  }

  /// Runs the audit and keeps what was found before the target failed.
  ///
  /// - Returns: What the pairs tried prove, and why there were not more of them; a bound from fewer pairs than planned
  ///   is still wrong with probability at most `alpha`.
  public func attempt(_ target: inout some AuditTarget) -> (report: AuditReport, failure: AuditError?) {
    let judge = Judge(choice: choice, claim: claim, alpha: alpha / Double(pairs.count))
    var best: AuditWitness?
    var failure: AuditError?
    do throws(AuditError) {
      for pair in pairs {
        let first = try MechanismAudit.checked(target.outputs(of: pair.first, count: samples), count: samples)
        let second = try MechanismAudit.checked(target.outputs(of: pair.second, count: samples), count: samples)
        let witness = judge.witness(pair, first, second)
        if witness.epsilonLowerBound >= best?.epsilonLowerBound ?? 0 { best = witness }
      }
    } catch {
      failure = error
    }
    let report = AuditReport(
      claim: claim, alpha: alpha, samples: samples, epsilonLowerBound: best?.epsilonLowerBound ?? 0,
      cap: judge.cap(samples: samples), witness: best)
    return (report, failure)
  }

  /// Outputs as they were asked for, or an error of the target.
  static func checked(_ outputs: [Double], count: Int) throws(AuditError) -> [Double] {
    guard outputs.count == count else {
      throw AuditError(.targetFailed, "target: answered \(outputs.count) outputs where \(count) were asked")
    }
    guard outputs.allSatisfy(\.isFinite) else {
      throw AuditError(.targetFailed, "target: answered a number that is not finite")
    }
    return outputs
  }
}
