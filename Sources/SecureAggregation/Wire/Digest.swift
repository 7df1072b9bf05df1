private import Crypto

/// SHA-256 under a label, every part led by its length, so that no two lists of parts hash the same bytes.
enum Digest {
  static let count = 32

  static func of(_ label: String, _ parts: [UInt8]...) -> [UInt8] {
    var hash = SHA256()
    absorb(Array("tacit secure aggregation v1: ".utf8) + Array(label.utf8), into: &hash)
    for part in parts { absorb(part, into: &hash) }
    return Array(hash.finalize())
  }

  private static func absorb(_ bytes: [UInt8], into hash: inout SHA256) {
    let length = UInt64(bytes.count)
    hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(56 - 8 * $0)) })
    hash.update(data: bytes)
  }
}

/// A running hash of everything a party sent and received, in order.
///
/// Two parties that saw the same messages hold the same ``value``; a log of values is evidence of who saw what.
public struct Transcript: Sendable, Hashable {
  /// The hash so far.
  public private(set) var value: [UInt8]

  init(_ plan: [UInt8]) { value = Digest.of("transcript", plan) }

  mutating func add(_ message: [UInt8]) { value = Digest.of("transcript step", value, Digest.of("message", message)) }
}
