import SecureRandom

/// 32 bytes of public randomness for the order of a ring.
public enum Beacon {
  /// Fresh bytes from this process: right where all parties live in it, or for a party that everybody trusts to be fair.
  public static func draw() -> [UInt8] {
    var generator = SecureGenerator()
    return generator.bytes(32)
  }

  /// Bytes that no single party chose, from what every party committed to and then opened.
  ///
  /// Each party first sends the commitment of 32 random bytes; when all commitments are in, each opens its own. One
  /// honest party makes the result uniform, provided that a missing opening stops the round: going on without it would
  /// let the last to speak choose.
  ///
  /// - Throws: ``AggregationError``: `tooFew` without any; `forged` naming a party whose bytes are not what it committed
  ///   to, or that is missing.
  public static func combine(
    commitments: [Int: [UInt8]], openings: [Int: [UInt8]]
  ) throws(AggregationError) -> [UInt8] {
    guard !commitments.isEmpty else { throw AggregationError(.tooFew, "beacon", "has no parties") }
    var all: [UInt8] = []
    for party in Set(commitments.keys).union(openings.keys).sorted() {
      guard let opening = openings[party], opening.count == 32, commitments[party] == commitment(opening, of: party)
      else { throw AggregationError(.forged, "client \(party)", "did not open its part of the beacon") }
      all += bytes(of: party) + opening
    }
    return Digest.of("beacon", all)
  }

  /// What a party sends before it opens its 32 random bytes.
  public static func commitment(_ opening: [UInt8], of party: Int) -> [UInt8] {
    Digest.of("beacon part", bytes(of: party), opening)
  }
}
