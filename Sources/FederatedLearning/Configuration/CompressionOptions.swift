/// `compression:` what clients do to send fewer bits.
public struct CompressionOptions: Codable, Sendable, Hashable {
  /// `none`, `top-k`, `stochastic` or `rotated`.
  public var kind = "none"
  /// The share of values sent, for `top-k`; 0.01 unless given.
  public var fraction: Double?
  /// Bits of a value, for `stochastic` and `rotated`; 8 unless given.
  public var bits: Int?

  /// A compression; see the properties.
  public init(kind: String = "none", fraction: Double? = nil, bits: Int? = nil) {
    self.kind = kind
    self.fraction = fraction
    self.bits = bits
  }
}

extension CompressionOptions: OptionSection {
  static var kinds: [(kind: String, options: [String])] {
    [("none", []), ("top-k", ["fraction"]), ("stochastic", ["bits"]), ("rotated", ["bits"])]
  }
  var selected: String { kind }
}
