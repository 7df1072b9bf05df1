import BigNumber
import Paillier
import Testing

/// Threshold keys, shares and parts on disk.
@Suite struct ThresholdFileTests {
  @Test func `keys, shares and parts survive their files, and decrypt together`() throws {
    let dealing = try ThresholdDealing.generate(try KeySize.insecure(bits: 256), threshold: 2, parties: 3)
    let key = try ThresholdKey(parsingJSON: Array(dealing.key.json.utf8), policy: .insecureAnySize)
    #expect(key.json == dealing.key.json)
    #expect(key.publicKey.purpose == .threshold)
    // Whoever encrypts needs the public part only, and reads it from the same file.
    let publicKey = try PaillierPublicKey(parsingJSON: Array(key.json.utf8), policy: .insecureAnySize)
    #expect(publicKey == key.publicKey)
    let plan = try SlotPlan(valueBits: 8, maxSummands: 2, for: publicKey)
    var encryptor = try Encryptor(publicKey)
    let bytes = try encryptor.encrypt([4, -5], plan).serialized()
    let vector = try EncryptedVector<Fresh>(parsing: bytes, key: publicKey)
    var parts: [PartialDecryption] = []
    for party in [3, 1] {
      let clear = try dealing.share(of: party)
      let file =
        party == 3
        ? clear.exportSecretJSON() : try clear.exportSealedJSON(passphrase: [1, 2], cost: 14)
      let share = try ThresholdShare(parsingJSON: Array(file.utf8), passphrase: [1, 2], policy: .insecureAnySize)
      #expect(share.party == party)
      let part = try share.decryptPart(vector, context: "c")
      parts.append(try PartialDecryption(parsingJSON: Array(part.json.utf8)))
    }
    #expect(try key.combine(parts, vector, context: "c") == [4, -5])
  }

  @Test func `a share that is changed, of another party or sealed is refused`() throws {
    let dealing = try ThresholdDealing.generate(try KeySize.insecure(bits: 256), threshold: 2, parties: 3)
    let first = try dealing.share(of: 1)
    let json = try JSONValue(parsing: Array(first.exportSecretJSON().utf8), source: "x")
    guard case .object(let members) = json else { return }
    let second = try dealing.share(of: 2)
    let other = try JSONValue(parsing: Array(second.exportSecretJSON().utf8), source: "x")
    for (name, value, code) in [
      ("share", other["share"], PaillierError.Code.invalidShare), ("party", .number("2"), .invalidShare),
      ("party", .number("4"), .malformed), ("party", .number("0"), .malformed), ("party", .number("1e0"), .malformed),
      ("share", .string(""), .invalidShare), ("share", .string("="), .malformed), ("pub", nil, .malformed),
      ("kty", .string("DAJ"), .malformed),
    ] {
      var changed = members
      changed[name] = value
      let bytes = Array(JSONValue.object(changed).serialized.utf8)
      #expect(
        refusal { () throws(PaillierError) in
          _ = try ThresholdShare(parsingJSON: bytes, policy: .insecureAnySize)
        } == code, "\(name)")
    }
    let sealed = Array(try first.exportSealedJSON(passphrase: [7], cost: 14).utf8)
    for passphrase in [nil, [8]] as [[UInt8]?] {
      #expect(
        refusal { () throws(PaillierError) in
          _ = try ThresholdShare(parsingJSON: sealed, passphrase: passphrase, policy: .insecureAnySize)
        } == .sealing)
    }
  }

  @Test func `a key without the label, with impossible counts or with numbers that are no units is refused`() throws {
    let dealing = try ThresholdDealing.generate(try KeySize.insecure(bits: 256), threshold: 2, parties: 2)
    let json = try JSONValue(parsing: Array(dealing.key.json.utf8), source: "x")
    guard case .object(let members) = json, case .object(let own)? = json["tacit"] else { return }
    let changes: [(name: String, value: JSONValue?, code: PaillierError.Code)] = [
      ("purpose", nil, .purpose), ("purpose", .string("other"), .purpose),
      ("threshold", .number("3"), .malformed), ("threshold", .number("0"), .malformed),
      ("parties", .number("3"), .malformed), ("parties", .number("21"), .malformed), ("keys", nil, .malformed),
      ("base", .string("AQ"), .malformed), ("base", .string("AA"), .malformed),
      ("keys", .array([.string("AA"), .string("AA")]), .malformed),
    ]
    for (name, value, code) in changes {
      var changed = own
      changed[name] = value
      var document = members
      document["tacit"] = .object(changed)
      let bytes = Array(JSONValue.object(document).serialized.utf8)
      #expect(
        refusal { () throws(PaillierError) in _ = try ThresholdKey(parsingJSON: bytes, policy: .insecureAnySize) }
          == code, "\(name)")
    }
    #expect(
      refusal { () throws(PaillierError) in
        _ = try ThresholdKey(parsingJSON: SharedKey.json, policy: .insecureAnySize)
      } != nil)
  }
}
