import BigNumber

extension ThresholdKey {
  /// The public side as one line of JSON: a public key file that python-paillier can encrypt with, and in `"tacit"` what
  /// combining needs.
  public var json: String { jsonValue.serialized }

  var jsonValue: JSONValue {
    guard case .object(var members) = publicKey.jsonValue, case .object(var own)? = members["tacit"] else {
      preconditionFailure("a threshold key has a purpose")
    }
    own["threshold"] = .number("\(threshold)")
    own["parties"] = .number("\(parties)")
    own["base"] = .string(Base64URL.encode(verification.base.bytes()))
    own["keys"] = .array(
      (1...parties).map { .string(Base64URL.encode(verification.key(of: $0).value.bytes())) })
    members["tacit"] = .object(own)
    return .object(members)
  }

  /// Reads ``json``.
  ///
  /// - Throws: ``PaillierError``: `malformed`, `keySize`, `keyShape`, or `purpose` for a key that is not labelled for
  ///   decryption by several parties.
  public init(parsingJSON bytes: [UInt8], policy: KeySizePolicy = .standard) throws(PaillierError) {
    try self.init(JSONValue(parsing: bytes, source: "threshold key"), policy: policy)
  }

  init(_ json: JSONValue, policy: KeySizePolicy) throws(PaillierError) {
    let key = try PaillierPublicKey(json, policy: policy)
    guard key.purpose == .threshold else {
      throw PaillierError(.purpose, "purpose", "the key is not labelled for decryption by several parties")
    }
    let own = json["tacit"]
    let threshold = try KeyFile.count(own?["threshold"], "threshold")
    let parties = try KeyFile.count(own?["parties"], "parties")
    guard (1...ThresholdKey.maximumParties).contains(parties), (1...parties).contains(threshold),
      case .array(let values)? = own?["keys"], values.count == parties
    else { throw PaillierError(.malformed, "parties", "the threshold, the parties and their keys do not fit") }
    let square = key.core.modulus * key.core.modulus
    let base = try Self.unit(own?["base"], "base", key, square)
    var keys: [SharedNatural] = []
    for value in values { keys.append(SharedNatural(try Self.unit(value, "keys", key, square))) }
    self.init(
      publicKey: key, threshold: threshold, parties: parties, verification: VerificationKeys(base: base, keys: keys))
  }

  private static func unit(
    _ json: JSONValue?, _ name: String, _ key: PaillierPublicKey, _ square: borrowing Natural
  ) throws(PaillierError) -> Natural {
    let number = Natural(bytes: try KeyFile.bytes(json, name, limit: key.ciphertextByteCount))
    let one = Natural(1)
    guard one < number, number < square, Natural.greatestCommonDivisor(number, key.core.modulus) == one else {
      throw PaillierError(.malformed, name, "not a unit modulo the square of the modulus other than 1")
    }
    return number
  }
}

extension ThresholdShare {
  private static let keyType = "DAJ-share"

  /// Whether a file holds a share in clear.
  public static func isShareFile(_ bytes: [UInt8]) -> Bool {
    (try? JSONValue(parsing: bytes, source: "share"))?["kty"]?.text == keyType
  }

  /// The share, secret included, as one line of JSON.
  ///
  /// For writing to a protected file.
  public borrowing func exportSecretJSON() -> String {
    JSONValue.object([
      "kty": .string(Self.keyType), "party": .number("\(party)"), "pub": key.jsonValue,
      "share": .string(secret.value.withValue { Base64URL.encode($0.bytes()) }),
    ]).serialized
  }

  /// The share sealed under a passphrase, as ``PaillierPrivateKey/exportSealedJSON(passphrase:)`` does.
  ///
  /// - Throws: ``PaillierError`` with code `invalidParameter` for an empty passphrase.
  public borrowing func exportSealedJSON(passphrase: [UInt8]) throws(PaillierError) -> String {
    try exportSealedJSON(passphrase: passphrase, cost: SealedSecret.standardCost)
  }

  package borrowing func exportSealedJSON(passphrase: [UInt8], cost: Int) throws(PaillierError) -> String {
    try SealedSecret.seal(Array(exportSecretJSON().utf8), pub: key.jsonValue, passphrase: passphrase, cost: cost)
  }

  /// Reads a share, in clear or sealed; it is checked to be the one its party's verification key belongs to.
  ///
  /// - Parameter passphrase: For a sealed share.
  /// - Throws: ``PaillierError``: `malformed`, `sealing`, `purpose`, or `invalidShare` naming the party.
  public init(
    parsingJSON bytes: [UInt8], passphrase: [UInt8]? = nil, policy: KeySizePolicy = .standard
  ) throws(PaillierError) {
    var json = try JSONValue(parsing: bytes, source: "share")
    if json["kty"]?.text == SealedSecret.keyType {
      guard let passphrase else {
        throw PaillierError(.sealing, "passphrase", "the share is sealed under a passphrase")
      }
      json = try JSONValue(parsing: SealedSecret.open(json, passphrase: passphrase), source: "share")
    }
    guard json["kty"]?.text == Self.keyType, let pub = json["pub"] else {
      throw PaillierError(.malformed, "kty", "not a share of a key")
    }
    let key = try ThresholdKey(pub, policy: policy)
    let party = try KeyFile.count(json["party"], "party")
    guard (1...key.parties).contains(party) else {
      throw PaillierError(.malformed, "party", "there is no such party")
    }
    let share = Natural(bytes: try KeyFile.bytes(json["share"], "share", limit: key.publicKey.ciphertextByteCount))
    let bits = ThresholdKey.shareBits(key.publicKey, key.delta)
    let exponent = share * key.delta
    guard exponent.bitWidth <= bits,
      key.publicKey.core.securePower(key.verification.base, exponent, bits: bits)
        == key.verification.key(of: party).value
    else { throw PaillierError(.invalidShare, "party \(party)", "the share does not fit the party's verification key") }
    self.init(key: key, party: party, secret: SharedSecret(share))
  }
}

extension PartialDecryption {
  /// The part as one line of JSON.
  public var json: String {
    JSONValue.object([
      "kty": .string("DAJ-part"), "party": .number("\(party)"), "context": .string(context),
      "values": .array(values.map { .string(Base64URL.encode($0)) }),
      "proof": .array([proof.first, proof.second, proof.answer].map { .string(Base64URL.encode($0)) }),
    ]).serialized
  }

  /// Reads ``json``; what it claims is checked when it is combined.
  ///
  /// - Throws: ``PaillierError`` with code `malformed`.
  public init(parsingJSON bytes: [UInt8]) throws(PaillierError) {
    let json = try JSONValue(parsing: bytes, source: "part")
    guard json["kty"]?.text == "DAJ-part", case .array(let entries)? = json["values"],
      case .array(let fields)? = json["proof"], fields.count == 3
    else { throw PaillierError(.malformed, "kty", "not a part of a decryption with its proof") }
    var values: [[UInt8]] = []
    for entry in entries { values.append(try KeyFile.bytes(entry, "values", limit: KeySize.maximumBits)) }
    var proof: [[UInt8]] = []
    for field in fields { proof.append(try KeyFile.bytes(field, "proof", limit: KeySize.maximumBits)) }
    self.init(
      party: try KeyFile.count(json["party"], "party"), context: try KeyFile.text(json["context"], "context"),
      values: values, proof: ShareProof(first: proof[0], second: proof[1], answer: proof[2]))
  }
}
