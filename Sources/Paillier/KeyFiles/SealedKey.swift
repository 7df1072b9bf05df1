private import Crypto
import SecureRandom

/// The form of sealed secrets: scrypt (RFC 7914) stretches the passphrase, ChaCha20-Poly1305 (RFC 8439) seals.
///
/// The JSON object says `"kty":"DAJ-sealed"`, the public key in clear, scrypt's cost, the salt and the nonce; everything
/// but the sealed bytes is authenticated with them.
enum SealedSecret {
  static let keyType = "DAJ-sealed"
  /// log2 of scrypt's N: 128 MiB and some tenths of a second.
  static let standardCost = 17
  /// The smallest and the largest cost a reader accepts: 16 MiB to 512 MiB.
  static let costs = 14...19

  static func seal(_ secret: [UInt8], pub: JSONValue, passphrase: [UInt8], cost: Int) throws(PaillierError) -> String {
    guard !passphrase.isEmpty else {
      throw PaillierError(.invalidParameter, "passphrase", "a passphrase is not empty")
    }
    var generator = SecureGenerator()
    let salt = (0..<32).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    let nonce = (0..<12).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    var members: [String: JSONValue] = [
      "kty": .string(keyType), "pub": pub, "kdf": .string("scrypt"), "cost": .number("\(cost)"),
      "enc": .string("ChaCha20-Poly1305"), "salt": .string(Base64URL.encode(salt)),
      "nonce": .string(Base64URL.encode(nonce)),
    ]
    let header = Array(JSONValue.object(members).serialized.utf8)
    do {
      let key = key(passphrase, salt, cost)
      let box = try ChaChaPoly.seal(
        secret, using: key, nonce: try ChaChaPoly.Nonce(data: nonce), authenticating: header)
      members["sealed"] = .string(Base64URL.encode(Array(box.ciphertext) + Array(box.tag)))
    } catch {
      throw PaillierError(.sealing, "passphrase", "the key cannot be sealed")
    }
    return JSONValue.object(members).serialized
  }

  static func open(_ json: JSONValue, passphrase: [UInt8]) throws(PaillierError) -> [UInt8] {
    guard case .object(var members) = json, json["kty"]?.text == keyType, json["kdf"]?.text == "scrypt",
      json["enc"]?.text == "ChaCha20-Poly1305", members.count == 8
    else { throw PaillierError(.malformed, "sealed key", "not a sealed key of a form that is known") }
    guard case .number(let digits)? = json["cost"], let cost = Int(digits), costs.contains(cost) else {
      throw PaillierError(.malformed, "cost", "scrypt's cost is from \(costs.lowerBound) to \(costs.upperBound)")
    }
    guard let salt = json["salt"]?.text.flatMap(Base64URL.decode), salt.count == 32,
      let nonce = json["nonce"]?.text.flatMap(Base64URL.decode), nonce.count == 12,
      let sealed = json["sealed"]?.text.flatMap(Base64URL.decode), sealed.count > 16, sealed.count <= 1 << 16
    else {
      throw PaillierError(.malformed, "sealed key", "the salt, the nonce or the sealed bytes are not well formed")
    }
    members["sealed"] = nil
    let header = Array(JSONValue.object(members).serialized.utf8)
    do {
      let box = try ChaChaPoly.SealedBox(
        nonce: try ChaChaPoly.Nonce(data: nonce), ciphertext: sealed.dropLast(16), tag: sealed.suffix(16))
      return Array(try ChaChaPoly.open(box, using: key(passphrase, salt, cost), authenticating: header))
    } catch {
      throw PaillierError(.sealing, "passphrase", "the passphrase is wrong or the file was changed")
    }
  }

  private static func key(_ passphrase: [UInt8], _ salt: [UInt8], _ cost: Int) -> SymmetricKey {
    SymmetricKey(data: Scrypt.key(passphrase: passphrase, salt: salt, cost: cost, count: 32))
  }
}

extension PaillierPrivateKey {
  /// Whether a file holds a sealed private key or a sealed share.
  public static func isSealed(_ bytes: [UInt8]) -> Bool {
    (try? JSONValue(parsing: bytes, source: "key file"))?["kty"]?.text == SealedSecret.keyType
  }

  /// The whole key sealed under a passphrase, one line of JSON; its public part stays readable.
  ///
  /// To change the passphrase, read the key with the old one, seal it with the new one, and destroy the old file: a
  /// copy of it still opens with the old passphrase. If that may have leaked, make a new key.
  ///
  /// - Parameter passphrase: Any bytes but none; those of a key file of 32 random bytes are as good as it gets.
  /// - Throws: ``PaillierError``: `invalidParameter` for an empty passphrase.
  public borrowing func exportSealedJSON(passphrase: [UInt8]) throws(PaillierError) -> String {
    try exportSealedJSON(passphrase: passphrase, cost: SealedSecret.standardCost)
  }

  /// The same with another cost of scrypt, log2 N.
  package borrowing func exportSealedJSON(passphrase: [UInt8], cost: Int) throws(PaillierError) -> String {
    try SealedSecret.seal(
      Array(exportSecretJSON().utf8), pub: publicKey.jsonValue, passphrase: passphrase, cost: cost)
  }

  /// Opens a sealed key.
  ///
  /// - Throws: ``PaillierError``: `sealing` for a wrong passphrase and for a file that was changed, which look the
  ///   same; else as ``init(parsingJSON:policy:)``.
  public init(
    parsingSealedJSON bytes: [UInt8], passphrase: [UInt8], policy: KeySizePolicy = .standard
  ) throws(PaillierError) {
    // The public key in clear is authenticated with the rest, so it is that of the sealed key.
    let json = try JSONValue(parsing: bytes, source: "key file")
    let secret = try SealedSecret.open(json, passphrase: passphrase)
    try self.init(parsingJSON: secret, policy: policy)
  }
}
