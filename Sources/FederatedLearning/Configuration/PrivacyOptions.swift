/// `privacy:` what the training claims.
public struct PrivacyOptions: Codable, Sendable, Hashable {
  /// `client`: everything one client holds; `example`: one example, by noise in every step of every client.
  public var unit: String?
  /// `add-remove` or `replace-one`.
  public var adjacency: String?
  /// `central`: noise by the server after the sum; `distributed`: a share by every client before protection; `local`:
  /// all of its noise by every client, so that nobody else need be trusted.
  public var placement: String?
  /// The bound on the L2 norm of an update; nil when it adapts.
  public var clip: ExactNumber?
  /// Whether the bound follows a quantile of the norms, `clip: adaptive` (Andrew and others 2021).
  public var adaptsClip = false
  /// The first bound of an adaptive clip; 0.1 unless given.
  public var initialClip: ExactNumber?
  /// The quantile of norms that an adaptive clip follows; 0.5 unless given.
  public var targetQuantile: Double?
  /// η of the adaptive clip's geometric steps; 0.2 unless given.
  public var clipLearningRate: Double?
  /// The standard deviation, in clients, of the noise on the number of updates within the clip; a twentieth of the
  /// expected cohort unless given.
  public var countNoise: ExactNumber?
  /// `gaussian`, a normal variate rounded to the grid; `discrete-gaussian`; or `skellam`.
  public var noise: String?
  /// `independent` noise every round; `tree`, the noise of running sums of DP-FTRL (Kairouz and others 2021); or
  /// `banded`, noise correlated over the last rounds (Choquette-Choo and others 2023).
  public var mechanism: String?
  /// Rounds after which a tree begins anew; the separation of the cohorts unless given.
  public var restart: Int?
  /// With distributed noise: how many of `aggregation.min_contributors` may work with the server or add no noise, and
  /// are not counted on; 0 unless given.
  public var colluding: Int?
  /// Rounds over which `banded` noise is correlated; the separation of the cohorts unless given.
  public var bands: Int?
  /// σ over the L2 sensitivity under the stated adjacency; instead of `epsilon`.
  public var noiseMultiplier: ExactNumber?
  /// The ε that all rounds together must not exceed; instead of `noise_multiplier`.
  public var epsilon: ExactNumber?
  /// With `noise_multiplier`: training ends before the round that would take ε beyond this.
  public var maxEpsilon: ExactNumber?
  /// δ.
  public var delta: ExactNumber?
  /// A durable budget that is charged before the first round; whoever runs the simulation opens it.
  public var ledger: LedgerOptions?
  /// `simulated` draws noise from the seed, for equality tests only.
  public var noiseSource: String?

  /// The privacy of a training with a fixed clip; see the properties.
  public init(
    placement: String = "central", clip: ExactNumber, epsilon: ExactNumber? = nil,
    noiseMultiplier: ExactNumber? = nil, delta: ExactNumber, noise: String = "discrete-gaussian",
    noiseSource: String? = nil
  ) {
    self.placement = placement
    self.clip = clip
    self.epsilon = epsilon
    self.noiseMultiplier = noiseMultiplier
    self.delta = delta
    self.noiseSource = noiseSource
    self.noise = noise
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case unit, adjacency, placement, clip, noise, mechanism, restart, bands, colluding, epsilon, delta, ledger
    case initialClip = "initial_clip"
    case targetQuantile = "target_quantile"
    case clipLearningRate = "clip_learning_rate"
    case countNoise = "count_noise"
    case noiseMultiplier = "noise_multiplier"
    case maxEpsilon = "max_epsilon"
    case noiseSource = "noise_source"
  }

  /// Reads the keys that are there.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ type: Value.Type, _ key: CodingKeys) throws -> Value? {
      try container.decodeIfPresent(type, forKey: key)
    }
    unit = try read(String.self, .unit)
    adjacency = try read(String.self, .adjacency)
    placement = try read(String.self, .placement)
    adaptsClip = (try? container.decode(String.self, forKey: .clip)) == "adaptive"
    clip = adaptsClip ? nil : try read(ExactNumber.self, .clip)
    initialClip = try read(ExactNumber.self, .initialClip)
    targetQuantile = try read(Double.self, .targetQuantile)
    clipLearningRate = try read(Double.self, .clipLearningRate)
    countNoise = try read(ExactNumber.self, .countNoise)
    noise = try read(String.self, .noise)
    mechanism = try read(String.self, .mechanism)
    restart = try read(Int.self, .restart)
    colluding = try read(Int.self, .colluding)
    bands = try read(Int.self, .bands)
    noiseMultiplier = try read(ExactNumber.self, .noiseMultiplier)
    epsilon = try read(ExactNumber.self, .epsilon)
    maxEpsilon = try read(ExactNumber.self, .maxEpsilon)
    delta = try read(ExactNumber.self, .delta)
    ledger = try read(LedgerOptions.self, .ledger)
    noiseSource = try read(String.self, .noiseSource)
  }

  /// Writes the keys that have a value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(unit, forKey: .unit)
    try container.encodeIfPresent(adjacency, forKey: .adjacency)
    try container.encodeIfPresent(placement, forKey: .placement)
    if adaptsClip {
      try container.encode("adaptive", forKey: .clip)
    } else {
      try container.encodeIfPresent(clip, forKey: .clip)
    }
    try container.encodeIfPresent(initialClip, forKey: .initialClip)
    try container.encodeIfPresent(targetQuantile, forKey: .targetQuantile)
    try container.encodeIfPresent(clipLearningRate, forKey: .clipLearningRate)
    try container.encodeIfPresent(countNoise, forKey: .countNoise)
    try container.encodeIfPresent(noise, forKey: .noise)
    try container.encodeIfPresent(mechanism, forKey: .mechanism)
    try container.encodeIfPresent(restart, forKey: .restart)
    try container.encodeIfPresent(colluding, forKey: .colluding)
    try container.encodeIfPresent(bands, forKey: .bands)
    try container.encodeIfPresent(noiseMultiplier, forKey: .noiseMultiplier)
    try container.encodeIfPresent(epsilon, forKey: .epsilon)
    try container.encodeIfPresent(maxEpsilon, forKey: .maxEpsilon)
    try container.encodeIfPresent(delta, forKey: .delta)
    try container.encodeIfPresent(ledger, forKey: .ledger)
    try container.encodeIfPresent(noiseSource, forKey: .noiseSource)
  }
}

/// `privacy.ledger:` where a training is charged.
public struct LedgerOptions: Codable, Sendable, Hashable {
  /// The ledger's file.
  public var file: String
  /// The budget's name.
  public var budget: String

  /// A budget in a ledger.
  public init(file: String, budget: String) {
    self.file = file
    self.budget = budget
  }
}

extension PrivacyOptions: OptionSection {
  static var common: [String] { CodingKeys.allCases.map(\.stringValue) }
  static var kinds: [(kind: String, options: [String])] { [] }
  var selected: String { "" }
}

extension LedgerOptions: OptionSection {
  static var common: [String] { ["file", "budget"] }
  static var kinds: [(kind: String, options: [String])] { [] }
  var selected: String { "" }
}
