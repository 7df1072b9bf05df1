import BigNumber
import Paillier
import Testing

/// Published numbers.
@Suite struct KnownAnswerTests {
  private func standardKey() throws -> PaillierPrivateKey {
    try PaillierPrivateKey(p: hexadecimal(StandardExample.p).bytes(), q: hexadecimal(StandardExample.q).bytes())
  }

  private func encrypt(_ m: String, _ r: String, _ key: PaillierPublicKey) throws -> EncryptedNumber<Fresh> {
    EncryptedNumber(
      publicKey: key, exponent: 0,
      words: try key.core.encrypt(residue: hexadecimal(m), insecureNonce: hexadecimal(r)))
  }

  @Test func `ISO 18033-6: the ciphertexts of the example come out, and add up`() throws {
    let key = try standardKey()
    #expect(key.publicKey.core.modulus.hexadecimal == StandardExample.n)
    #expect(!key.publicKey.hasDamgardJurikNielsenShape, "gcd(p-1, q-1) of the example is 6")
    let first = try encrypt(StandardExample.m0, StandardExample.r0, key.publicKey)
    let second = try encrypt(StandardExample.m1, StandardExample.r1, key.publicKey)
    #expect(first.ciphertext.hexadecimal == StandardExample.c1)
    #expect(second.ciphertext.hexadecimal == StandardExample.c2)
    #expect(try first.adding(second).ciphertext.hexadecimal == StandardExample.c1c2)
  }

  @Test func `ISO 18033-6: the example decrypts`() throws {
    let key = try standardKey()
    for (c, m) in [
      (StandardExample.c1, StandardExample.m0), (StandardExample.c2, StandardExample.m1),
      (StandardExample.c1c2, StandardExample.m1m2),
    ] {
      let number = try EncryptedNumber<Fresh>(key.publicKey, ciphertext: hexadecimal(c), exponent: 0)
      #expect(try key.decryptResidue(number).hexadecimal == m)
    }
  }

  @Test func `the key of the example has no short noise, and its holder's noise decrypts`() throws {
    let key = try standardKey()
    #expect(
      refusal { () throws(PaillierError) in _ = try Encryptor(key.publicKey, noise: .damgardJurikNielsen) } == .profile)
    var holder = try Encryptor(key)
    #expect(try key.decryptDecimal(try holder.encrypt(decimal: "-12345678901234567890")) == "-12345678901234567890")
  }

  /// data61/python-paillier, `phe/tests/paillier_test.py`, testRawEncryptDecryptRegression0 and testEncryptRegression.
  @Test(arguments: [("10100", "74384", "935906717"), ("1", "1", "126870")])
  func `python-paillier: regression values`(m: String, r: String, c: String) throws {
    let key = try PaillierPrivateKey(
      p: Natural(293).bytes(), q: Natural(433).bytes(), policy: .insecureAnySize)
    let words = try key.publicKey.core.encrypt(residue: decimal(m), insecureNonce: decimal(r))
    let number = EncryptedNumber<Derived>(publicKey: key.publicKey, exponent: 0, words: words)
    #expect(number.ciphertext.decimal == c)
    #expect(try key.decryptResidue(number).decimal == m)
  }

  /// The 256-bit key of python-paillier's `docs/serialisation.rst`, with lambda and mu instead of primes.
  @Test func `python-paillier: a key file with lambda gives back the primes`() throws {
    let json = """
      {"kty":"DAJ","key_ops":["decrypt"],"lambda":"haFTvA70KcI5XXReJUlQWRQdYHxaUS8baGQGug9dewA",
       "mu":"Dzq1_tz2qDX_-S4shia9Rw34Z9ix9b-fhPi3In76NaI","kid":"k",
       "pub":{"kty":"DAJ","alg":"PAI-GN1","key_ops":["encrypt"],"n":"haFTvA70KcI5XXReJUlQWoZus12aSJJ5EXAvu93xR7k","kid":"k"}}
      """
    let key = try PaillierPrivateKey(parsingJSON: Array(json.utf8), policy: .insecureAnySize)
    let exported = try JSONValue(parsing: Array(key.exportSecretJSON().utf8), source: "key")
    let primes: Set<String> = try Set([
      #require(exported["p"]?.text), #require(exported["q"]?.text),
    ])
    // 234647812847554350601848866599174148897 and 257588802642126538095121149994760386969 in base64url.
    let (p, q) = ("sIeGYNEcNGzpHymiA_wTIQ", "wcnMgG7bLvC_7P9fype5mQ")
    #expect(primes == [p, q])
    var encryptor = try Encryptor(key.publicKey, noise: .exact)
    #expect(try key.decryptDecimal(try encryptor.encrypt(decimal: "77")) == "77")
  }
}
