public import PrivacyAccounting

/// What a private training does each round and claims in the end.
public struct PrivacyPlan: Sendable {
  /// The law of the noise.
  public enum Noise: String, Sendable, Hashable, CaseIterable {
    /// A normal variate, exactly sampled and rounded to the grid.
    case gaussian
    /// Discrete Gaussian.
    case discreteGaussian = "discrete-gaussian"
    /// Skellam, whose sums are Skellam.
    case skellam
  }

  /// Who adds the noise.
  public enum Placement: String, Sendable, Hashable, CaseIterable {
    /// The server, after the sum.
    case central
    /// Every client a share, before its contribution is protected.
    case distributed
    /// Every client all of its own protection, so that what leaves it is private by itself.
    case local
  }

  /// Whose data a claim is about.
  public enum Unit: String, Sendable, Hashable, CaseIterable {
    /// Everything that one client holds.
    case client
    /// One example of one client: clients add noise to every step of their own (DP-SGD; Abadi and others 2016), and
    /// what they send is private by itself.
    case example
  }

  /// How often one unit's data can enter what is released.
  public enum Participation: Sendable, Hashable {
    /// In every round; a sampler's amplification is part of the round's event.
    case everyRound
    /// At most once in so many successive rounds.
    case separated(by: Int)
    /// At most once in every tree of so many rounds.
    case tree(rounds: Int)
  }

  /// Whose data the claim is about.
  public let unit: Unit
  /// How many releases a round is: the steps of a client when the unit is an example, else one.
  public let releasesPerRound: Int
  /// The weights of past rounds' noise, nil when rounds have noise of their own or a tree's.
  public let factorization: BandedFactorization?
  /// Who adds the noise.
  public let placement: Placement
  /// Which pairs of client sets are compared.
  public let adjacency: Adjacency
  /// δ.
  public let delta: Delta
  /// The law of the noise.
  public let noise: Noise
  /// σ² of one draw in squared grid steps: of the whole noise when central, of a client's own when not.
  public let variance: NoiseScale
  /// The clients whose shares are promised; 1 unless distributed.
  public let promisedClients: Int
  /// What one round is charged as, or one tree of rounds.
  public let roundEvent: PrivacyEvent
  /// How often a client takes part.
  public let participation: Participation
  /// How the clip follows the norms, nil when it is fixed.
  public let adaptiveClip: AdaptiveClip?
  /// How many rounds may be trained: fewer than asked for when `max_epsilon` ends the training before.
  public let affordableRounds: Int
  /// The ε that all rounds together were calibrated to stay within, nil when the noise was given.
  public internal(set) var target: Epsilon?
  /// Whether noise comes from the seed; then no ε may be claimed.
  public let isSimulated: Bool

  /// Twelve standard deviations of the largest possible noise: the sum leaves its ring with probability below 1e-32
  /// a coordinate.
  let noiseMargin: Int64

  /// Everything that the first `rounds` rounds release about one unit.
  ///
  /// A client that returns only after b rounds is in at most ⌈rounds/b⌉ of them, and the rounds without it do not
  /// depend on its data; a tree that begins anew every b rounds sees it at most once.
  public func event(rounds: Int) throws -> PrivacyEvent {
    try PrivacyPlan.event(roundEvent, participation, rounds: rounds, releases: releasesPerRound)
  }

  static func event(
    _ roundEvent: PrivacyEvent, _ participation: Participation, rounds: Int, releases: Int
  ) throws -> PrivacyEvent {
    switch participation {
    case .everyRound: try .repeated(roundEvent, count: rounds * releases)
    case .separated(let length), .tree(let length):
      try .repeated(roundEvent, count: (rounds + length - 1) / length * releases)
    }
  }
}
