private import ExactMath

/// The evidence behind an audit's bound.
public struct AuditWitness: Sendable, Hashable {
  /// The neighbouring data sets.
  public let pair: AdjacentPair
  /// The event that tells them apart.
  public let event: OutputEvent
  /// How often it happened under each.
  public let counts: EventCounts
  /// The ε proved by this pair alone.
  public let epsilonLowerBound: Double
}

/// What an audit found, and what it could have found.
public struct AuditReport: Sendable, Hashable {
  /// The outcome of an audit.
  public enum Verdict: Sendable, Hashable {
    /// The claim is false, with error probability at most alpha.
    case refuted
    /// The claim stands, and the audit had enough samples to refute a mechanism that leaks everything.
    case notRefuted
    /// Even a mechanism that leaks everything would not have been refuted with this many samples.
    case inconclusive
  }

  /// What was to be refuted.
  public let claim: PrivacyClaim
  /// Probability of a false refutation.
  public let alpha: Double
  /// Outputs drawn per data set.
  public let samples: Int
  /// The ε proved; 0 when nothing is.
  public let epsilonLowerBound: Double
  /// The largest ε this run could have proved.
  public let cap: Double
  /// The strongest pair found.
  public let witness: AuditWitness?

  /// The outcome; inconclusive if and only if the cap lies below the claimed ε.
  public var verdict: Verdict {
    if cap < claim.epsilon.doubleRoundedUp { return .inconclusive }
    return epsilonLowerBound > claim.epsilon.doubleRoundedUp ? .refuted : .notRefuted
  }

  /// What to do about the finding.
  public var remedy: String {
    switch verdict {
    case .refuted:
      "The mechanism leaks more than it claims: compare its noise scale with the sensitivity under the stated adjacency."
    case .notRefuted:
      "None needed for this claim; an audit bounds ε from below only and is no proof of privacy."
    case .inconclusive:
      "Draw more samples: the claimed ε lies beyond what this many can show."
    }
  }
}
