import BigNumber
import Paillier
import SecureRandom
import Testing

/// Keys: their shape, their files, and what is refused.
@Suite struct KeyTests {
  @Test func `generated keys have the shape they claim`() throws {
    for _ in 0..<3 {
      let key = try PaillierPrivateKey.generate(try KeySize.insecure(bits: 384))
      #expect(key.publicKey.bitWidth == 384)
      #expect(holds(key.hasKnownFactors))
      #expect(key.publicKey.hasDamgardJurikNielsenShape)
      // Reading the file checks primality, equal length, distance, gcd(n, φ) and the stated factors again.
      let again = try PaillierPrivateKey(
        parsingJSON: Array(key.exportSecretJSON().utf8), policy: .insecureAnySize)
      #expect(holds(again.hasKnownFactors))
      #expect(again.publicKey.hasDamgardJurikNielsenShape)
      #expect(again.publicKey == key.publicKey)
    }
  }

  // Taking the next prime after a random number would draw a prime as often as the gap before it is long, and the mean
  // of those gaps would be near twice the average gap of 13.8. With 2000 draws the standard error is about 0.3, so a
  // false alarm has probability below 1e-9.
  @Test func `generated primes do not favour long gaps`() {
    var generator = SecureGenerator()
    var total = 0
    for _ in 0..<2000 {
      let prime = Natural.randomPrime(bits: 20, using: &generator)
      var gap = 2
      while !(prime - UInt(gap)).isProbablyPrime() { gap += 2 }
      total += gap
    }
    #expect(abs(Double(total) / 2000 - 13.8) < 2.5)
  }

  @Test func `sizes below 2048 bits are refused unless the call says insecure`() throws {
    #expect(refusal { () throws(PaillierError) in _ = try KeySize(bits: 2046) } == .keySize)
    #expect(refusal { () throws(PaillierError) in _ = try KeySize(bits: 2049) } == .keySize)
    #expect(refusal { () throws(PaillierError) in _ = try KeySize(bits: 1 << 20) } == .keySize)
    #expect(KeySize.standard.bits == 3072)
    let small = SharedKey.json
    #expect(refusal { () throws(PaillierError) in _ = try PaillierPrivateKey(parsingJSON: small) } == .keySize)
    #expect(refusal { () throws(PaillierError) in _ = try PaillierPublicKey(parsingJSON: small) } == .keySize)
  }

  /// Each crafted key breaks one rule.
  @Test(arguments: [
    ("p = q", "4294967291", "4294967291", PaillierError.Code.keyShape),
    ("unequal lengths", "65537", "4294967291", .keyShape),
    ("p not prime", "4294967289", "4294967279", .keyShape),
    ("a Carmichael number as p", "3215031751", "4294967291", .keyShape),
    ("q divides p - 1", "7", "3", .keyShape),
    ("even", "4294967292", "4294967291", .keyShape),
    ("one", "1", "3", .keyShape),
    ("zero", "0", "3", .keyShape),
  ]) func `a key with one defect is refused`(name: String, p: String, q: String, code: PaillierError.Code) {
    let (first, second) = (decimal(p).bytes(), decimal(q).bytes())
    #expect(
      refusal { () throws(PaillierError) in
        _ = try PaillierPrivateKey(p: first, q: second, policy: .insecureAnySize)
      } == code)
  }

  @Test func `primes that are close together are refused`() throws {
    var generator = SecureGenerator()
    let p = Natural.randomPrime(bits: 512, using: &generator)
    var q = p + 2
    while !q.isProbablyPrime() { q = q + 2 }
    let (first, second) = (p.bytes(), q.bytes())
    #expect(
      refusal { () throws(PaillierError) in
        _ = try PaillierPrivateKey(p: first, q: second, policy: .insecureAnySize)
      } == .keyShape)
  }

  @Test func `public keys refuse even, prime and square moduli`() {
    for modulus in ["340282366920938463463374607431768211456", "18446744073709551557", "18446744030759878681"] {
      let bytes = decimal(modulus).bytes()
      #expect(
        refusal { () throws(PaillierError) in _ = try PaillierPublicKey(modulus: bytes, policy: .insecureAnySize) }
          == .keyShape)
    }
  }

  @Test func `a file whose parts contradict each other is refused`() throws {
    let json = try JSONValue(parsing: SharedKey.json, source: "key")
    let other = try JSONValue(parsing: SharedKey.foreignJSON, source: "key")
    guard case .object(let members) = json else { return }
    for (name, replacement) in [
      ("p", other["p"]), ("q", other["q"]), ("pub", other["pub"]), ("kty", .string("RSA")), ("pub", nil), ("p", nil),
      ("p", .string("=")), ("p", .string("A")), ("p", .number("3")), ("kid", .number("1")),
      ("tacit", .object(["a": .string("Aw"), "b": .string("Aw")])), ("tacit", .object(["a": .string("Aw")])),
    ] {
      var changed = members
      changed[name] = replacement
      let bytes = Array(JSONValue.object(changed).serialized.utf8)
      #expect(
        refusal { () throws(PaillierError) in
          _ = try PaillierPrivateKey(parsingJSON: bytes, policy: .insecureAnySize)
        } != nil, "\(name) was replaced")
    }
  }

  @Test func `readers take any member order, unknown members and leading zero bytes, and refuse duplicates`() throws {
    let json = try JSONValue(parsing: SharedKey.json, source: "key")
    let n = try #require(json["pub"]?["n"]?.text)
    let reordered = """
      {"x":[1,{"y":null}],"n":"\(n)","kty":"DAJ","kid":"\\u00e4\\"","alg":"PAI-GN1"}
      """.replacing("\\u00e4", with: "a")
    let key = try PaillierPublicKey(parsingJSON: Array(reordered.utf8), policy: .insecureAnySize)
    #expect(key.id == (try SharedKey.key()).publicKey.id)
    #expect(key.keyIdentifier == "a\"")
    #expect(!key.hasDamgardJurikNielsenShape)
    let padded = try PaillierPublicKey(modulus: [0, 0] + key.modulusBytes, policy: .insecureAnySize)
    #expect(padded == key)
    for bad in [
      "{\"kty\":\"DAJ\",\"kty\":\"DAJ\",\"alg\":\"PAI-GN1\",\"n\":\"\(n)\"}", "{\"kty\":\"DAJ\",\"alg\":\"PAI-GN1\"}",
      "{\"kty\":\"DAJ\",\"alg\":\"PAI-GN1\",\"n\":\"\(n)=\"}", "{\"kty\":\"DAJ\",\"n\":\"\(n)\"}", "[]", "", "{",
      "{\"kty\":\"DAJ\",\"alg\":\"PAI-GN1\",\"n\":\"\(n)\"} x",
      "{\"kty\":\"DAJ\",\"alg\":\"PAI-GN1\",\"n\":\"\(n)\",\"tacit\":{\"profile\":\"subgroup\"}}",
    ] {
      #expect(
        refusal { () throws(PaillierError) in
          _ = try PaillierPublicKey(parsingJSON: Array(bad.utf8), policy: .insecureAnySize)
        } == .malformed)
    }
  }

  @Test func `printing, dumping and interpolating a private key shows no digit of it`() throws {
    let key = try SharedKey.key()
    let json = try JSONValue(parsing: SharedKey.json, source: "key")
    // The key itself is noncopyable and cannot be printed at all; its public key can.
    var text = ""
    dump(key.publicKey, to: &text)
    text += "\(key.publicKey)" + String(reflecting: key.publicKey)
    for name in ["p", "q"] {
      let secret = try #require(json[name]?.text)
      #expect(!text.contains(secret))
    }
    #expect(key.publicKey.json == json["pub"]?.serialized)
  }

  @Test func `a public key does not show that it was derived from a private one`() throws {
    let key = try SharedKey.key()
    let copy = try PaillierPublicKey(
      modulus: key.publicKey.modulusBytes, damgardJurikNielsenShape: true, policy: .insecureAnySize)
    #expect(copy.json == key.publicKey.json)
  }
}
