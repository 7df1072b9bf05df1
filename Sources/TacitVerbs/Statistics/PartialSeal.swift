import Crypto

/// Seals partial aggregates for transport and storage: ChaCha20-Poly1305 with a fresh 96-bit nonce for each file.
///
/// Layout: `TACITSEA`, version (1 byte), nonce (12 bytes), ciphertext, tag (16 bytes); mark and version are
/// authenticated too. A flipped bit, another key or a cut file is refused, without saying which.
///
/// Reference: RFC 8439.
struct PartialSeal {
  private static let header = Array("TACITSEA".utf8) + [1]
  private let key: SymmetricKey

  /// Reads a key of 64 hexadecimal digits.
  init(reading path: String) throws {
    let text = try Input.readText(path, limit: 1 << 10).filter { !$0.isWhitespace }
    let digits = text.utf8.map { UInt8(ascii: "0") <= $0 ? Character(Unicode.Scalar($0)).hexDigitValue : nil }
    guard digits.count == 64, !digits.contains(nil) else {
      throw CommandFailure("\(path): must be 64 hexadecimal digits")
    }
    let nibbles = digits.compactMap { $0.map { UInt8($0) } }
    key = SymmetricKey(data: stride(from: 0, to: 64, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] })
  }

  /// Whether a file begins like a sealed one.
  static func isSealed(_ bytes: [UInt8]) -> Bool { bytes.starts(with: header) }

  /// The bytes, sealed.
  func sealed(_ bytes: [UInt8]) throws -> [UInt8] {
    let box = try ChaChaPoly.seal(bytes, using: key, authenticating: PartialSeal.header)
    return PartialSeal.header + box.combined
  }

  /// The bytes of a sealed file.
  func opened(_ bytes: [UInt8], name: String) throws -> [UInt8] {
    guard PartialSeal.isSealed(bytes) else { throw CommandFailure("\(name): is not sealed") }
    do {
      let box = try ChaChaPoly.SealedBox(combined: bytes.dropFirst(PartialSeal.header.count))
      return Array(try ChaChaPoly.open(box, using: key, authenticating: PartialSeal.header))
    } catch {
      throw CommandFailure("\(name): does not open under this key, or is damaged")
    }
  }
}
