private import Crypto
private import Foundation

/// The private key of a ledger's owner: Ed25519 (RFC 8032).
///
/// Whoever holds it may hand out capabilities and sign checkpoints. It cannot be copied or printed; its storage is wiped
/// when it goes away.
public struct LedgerOwnerKey: ~Copyable, Sendable {
  private let seed: SymmetricKey

  /// A fresh key.
  public init() {
    seed = SymmetricKey(data: Curve25519.Signing.PrivateKey().rawRepresentation)
  }

  /// Reads a private JSON Web Key (RFC 8037: `kty` "OKP", `crv` "Ed25519").
  ///
  /// - Throws: ``LedgerError`` when the text is no such key.
  public init(jwk: String) throws(LedgerError) {
    let key = try LedgerKeyFile(jwk)
    guard let text = key.d, let bytes = LedgerKeyFile.bytes(text),
      let secret = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes),
      LedgerKeyFile.text(secret.publicKey.rawRepresentation) == key.x
    else { throw LedgerError(.invalid, "owner-key: is not a private Ed25519 key") }
    seed = SymmetricKey(data: bytes)
  }

  /// The key as a private JSON Web Key, for a file that nobody else may read.
  public func secretText() -> String {
    let bytes = unsafe seed.withUnsafeBytes { unsafe Data($0) }
    return "{\"crv\":\"Ed25519\",\"d\":\"\(LedgerKeyFile.text(bytes))\",\"kty\":\"OKP\",\"x\":\"\(publicKey.x)\"}"
  }

  /// The key that checks what this one signs.
  public var publicKey: LedgerPublicKey {
    let bytes = (try? secret())?.publicKey.rawRepresentation ?? Data()
    return LedgerPublicKey(bytes: Array(bytes))
  }

  /// A signature over a list of fields.
  func sign(_ fields: [String]) throws(LedgerError) -> String {
    do {
      return LedgerKeyFile.text(try secret().signature(for: Data(LedgerDigest.bytes(fields))))
    } catch {
      throw LedgerError(.invalid, "owner-key: cannot sign")
    }
  }

  private func secret() throws -> Curve25519.Signing.PrivateKey {
    try unsafe Curve25519.Signing.PrivateKey(rawRepresentation: seed.withUnsafeBytes { unsafe Data($0) })
  }
}

/// The public half of a ledger owner's key.
public struct LedgerPublicKey: Sendable, Hashable {
  /// The 32 bytes of RFC 8032.
  let bytes: [UInt8]

  /// Reads a JSON Web Key, public or private.
  ///
  /// - Throws: ``LedgerError`` when the text is no Ed25519 key.
  public init(jwk: String) throws(LedgerError) {
    let key = try LedgerKeyFile(jwk)
    guard let data = LedgerKeyFile.bytes(key.x), (try? Curve25519.Signing.PublicKey(rawRepresentation: data)) != nil
    else { throw LedgerError(.invalid, "key: is not an Ed25519 key") }
    bytes = Array(data)
  }

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// The key as the history stores it.
  init?(text: String) {
    guard let data = LedgerKeyFile.bytes(text), (try? Curve25519.Signing.PublicKey(rawRepresentation: data)) != nil
    else { return nil }
    bytes = Array(data)
  }

  /// The bytes in base64url.
  var x: String { LedgerKeyFile.text(Data(bytes)) }

  /// The key as a public JSON Web Key.
  public var jwk: String { "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"\(x)\"}" }

  /// Whether a signature over a list of fields is this key's.
  func verifies(_ signature: String, of fields: [String]) -> Bool {
    guard let data = LedgerKeyFile.bytes(signature),
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: Data(bytes))
    else { return false }
    return key.isValidSignature(data, for: Data(LedgerDigest.bytes(fields)))
  }
}

/// The members of a JSON Web Key that matter here.
private struct LedgerKeyFile: Decodable {
  let kty: String
  let crv: String
  let x: String
  let d: String?

  init(_ text: String) throws(LedgerError) {
    guard text.utf8.count <= 4_096, let key = try? JSONDecoder().decode(LedgerKeyFile.self, from: Data(text.utf8)),
      key.kty == "OKP", key.crv == "Ed25519"
    else { throw LedgerError(.invalid, "key: is not an Ed25519 JSON Web Key") }
    self = key
  }

  /// base64url without padding.
  static func text(_ data: Data) -> String {
    data.base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
      .replacingOccurrences(of: "=", with: "")
  }

  static func bytes(_ text: String) -> Data? {
    guard !text.contains("+"), !text.contains("/"), !text.contains("=") else { return nil }
    let plain = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
    return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4))
  }
}
