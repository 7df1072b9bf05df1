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
    hexadecimal(Array(SHA256.hash(data: bytes(fields))))
  }

  /// 128 random bits in hexadecimal, so that no two ledgers have the same first entry.
  static func nonce() -> String {
    var generator = SystemRandomNumberGenerator()
    return hexadecimal((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
