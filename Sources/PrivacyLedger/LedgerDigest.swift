private import Crypto

/// The one way lists of fields become bytes: each led by its length, so that no two lists share an encoding.
enum LedgerDigest {
  static func bytes(_ fields: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    for field in fields {
      let text = Array(field.utf8)
      bytes += (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
      bytes += text
    }
    return bytes
  }

  /// SHA-256 of the fields, in hexadecimal.
  static func hash(_ fields: [String]) -> String {
    let digits = Array("0123456789abcdef")
    return String(SHA256.hash(data: bytes(fields)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
