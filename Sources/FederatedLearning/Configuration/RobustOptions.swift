/// `robust:` how updates are combined when some may be hostile.
public struct RobustOptions: Codable, Sendable, Hashable {
  /// `none`, `median`, `trimmed-mean`, `mean-around-median`, `krum`, `multi-krum`, `bulyan`, `minimum-diameter`,
  /// `geometric-median`, `centered-clipping`, `norm-bounding` or `trust`.
  public var kind = "none"
  /// The most bad updates of a round.
  public var bad: Int?
  /// Steps, for `geometric-median` (8) and `centered-clipping` (3).
  public var iterations: Int?
  /// The clipping norm, for `centered-clipping` and `norm-bounding`.
  public var radius: Double?
  /// `none`, `nearest-neighbor-mixing` or `bucketing`: done to updates before they are combined.
  public var preparation: String?
  /// Updates a bucket, for `bucketing`.
  public var bucketSize: Int?
  /// Training examples that the server holds, for `trust`; 100 unless given.
  public var rootExamples: Int?

  /// A rule; see the properties.
  public init(kind: String = "none", bad: Int? = nil, radius: Double? = nil, preparation: String? = nil) {
    self.kind = kind
    self.bad = bad
    self.radius = radius
    self.preparation = preparation
  }

  enum CodingKeys: String, CodingKey {
    case kind, iterations, radius, preparation
    case bad = "f"
    case bucketSize = "bucket_size"
    case rootExamples = "root_examples"
  }
}

/// `attack:` what hostile clients do.
public struct AttackOptions: Codable, Sendable, Hashable {
  /// `none`, `sign-flip`, `bit-flip`, `label-flip`, `scaled`, `backdoor`, `gaussian`, `ipm`, `alie`, `min-max`, `min-sum` or `mimic`.
  public var kind = "none"
  /// The share of all clients that are hostile.
  public var fraction: Double?
  /// How strong, for `sign-flip` (1), `scaled` (10), `backdoor` (10) and `ipm` (1); the deviation of `gaussian` (1), as a share of
  /// quantize.range.
  public var scale: Double?
  /// The number of deviations of `alie`; from the numbers of clients unless given.
  public var deviations: Double?

  /// An attack; see the properties.
  public init(kind: String = "none", fraction: Double? = nil, scale: Double? = nil) {
    self.kind = kind
    self.fraction = fraction
    self.scale = scale
  }

  enum CodingKeys: String, CodingKey {
    case kind, fraction, scale
    case deviations = "z"
  }
}

extension RobustOptions: OptionSection {
  static var common: [String] { ["preparation", "bucket_size"] }
  static var kinds: [(kind: String, options: [String])] {
    [
      ("none", []), ("median", []), ("trimmed-mean", ["f"]), ("mean-around-median", ["f"]), ("krum", ["f"]),
      ("multi-krum", ["f"]), ("bulyan", ["f"]), ("minimum-diameter", ["f"]), ("geometric-median", ["iterations", "f"]),
      ("centered-clipping", ["radius", "iterations", "f"]), ("norm-bounding", ["radius"]),
      ("trust", ["root_examples"]),
    ]
  }
  var selected: String { kind }
  var drawnIn: [String] { preparation == "nearest-neighbor-mixing" ? ["f"] : [] }
}

extension AttackOptions: OptionSection {
  static var common: [String] { ["fraction"] }
  static var kinds: [(kind: String, options: [String])] {
    [
      ("none", []), ("sign-flip", ["scale"]), ("bit-flip", []), ("label-flip", []), ("scaled", ["scale"]),
      ("backdoor", ["scale"]), ("gaussian", ["scale"]), ("ipm", ["scale"]), ("alie", ["z"]), ("min-max", []),
      ("min-sum", []), ("mimic", []),
    ]
  }
  var selected: String { kind }
}
