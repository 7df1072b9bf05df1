import BigNumber
import Paillier
import SecureRandom
import Testing

/// The key holder's noise has exactly the distribution of r^n.
@Suite struct KeyHolderNoiseTests {
  /// Keys too small for any reader: p = 7 = 2·3·1 + 1 and q = 11 = 2·5·1 + 1.
  private func tinyKey(knownFactors: Bool) throws -> PaillierPrivateKey {
    try PaillierPrivateKey(
      checkedPrimes: Natural(7), Natural(11), cofactors: knownFactors ? (3, 5) : (0, 0),
      damgardJurikNielsenShape: true, keyIdentifier: "")
  }

  @Test(arguments: [true, false]) func `for p = 7 and q = 11 every n-th residue is met, equally often`(
    known: Bool
  ) throws {
    let key = try tinyKey(knownFactors: known)
    let core = key.publicKey.core
    var expected: [UInt: Int] = [:]
    for r: UInt in 1..<77 where r % 7 != 0 && r % 11 != 0 {
      expected[Natural(r).power(Natural(77), modulo: Natural(5929)).lowWord, default: 0] += 1
    }
    #expect(expected.count == 60, "r to the n-th power is one to one")

    var generator = SecureGenerator()
    let source = try KeyHolderNoise(key, tableBytes: 0, variableTime: false, using: &generator)
    let scratch = core.ring.makeScratch()
    let pair = core.ring.makePair()
    var counts: [UInt: Int] = [:]
    let draws = 60_000
    for _ in 0..<draws {
      unsafe source.draw(pair.base, using: &generator, scratch.base)
      unsafe core.ring.multiply(pair.base, pair.base, core.ring.unit, scratch.base)
      counts[unsafe core.number(pair.base).lowWord, default: 0] += 1
    }
    #expect(Set(counts.keys) == Set(expected.keys))
    // Each count is binomial with mean 1000 and standard deviation below 32; 250 off has probability below 1e-12.
    for count in counts.values { #expect(abs(count - 1000) < 250) }
  }

  @Test func `the bijection holds on whole groups: powers of the lifted generators are the n-th residues`() {
    // Enumerates {G_p^i mod p², G_q^j mod q²} by CRT for p = 7, q = 11 with generators 3 and 2.
    let (p, q): (UInt, UInt) = (7, 11)
    let n = p * q
    var residues: Set<UInt> = []
    for r in 1..<n where r % p != 0 && r % q != 0 {
      residues.insert(Natural(r).power(Natural(n), modulo: Natural(n * n)).lowWord)
    }
    let first = Natural(3).power(Natural(p), modulo: Natural(p * p))
    let second = Natural(2).power(Natural(q), modulo: Natural(q * q))
    var products: Set<UInt> = []
    for i in 0..<(p - 1) {
      for j in 0..<(q - 1) {
        let u = first.power(Natural(i), modulo: Natural(p * p)).lowWord
        let v = second.power(Natural(j), modulo: Natural(q * q)).lowWord
        products.insert((0..<(n * n)).first { $0 % (p * p) == u && $0 % (q * q) == v } ?? 0)
      }
    }
    #expect(products == residues)
  }

  @Test(arguments: [false, true]) func `what the key holder encrypts decrypts, with and without known factors`(
    known: Bool
  ) throws {
    let generated = try SharedKey.key()
    let exported = try JSONValue(parsing: Array(generated.exportSecretJSON().utf8), source: "key")
    var stripped = exported
    if case .object(var members) = exported, !known {
      members["tacit"] = nil
      stripped = .object(members)
    }
    let key = try PaillierPrivateKey(parsingJSON: Array(stripped.serialized.utf8), policy: .insecureAnySize)
    #expect(key.hasKnownFactors == known)
    for variableTime in [false, true] {
      var encryptor = try Encryptor(key, variableTime: variableTime)
      for value in ["0", "1", "-1", "123456789", "-99999999999999999999"] {
        #expect(try key.decryptDecimal(try encryptor.encrypt(decimal: value)) == value)
      }
    }
  }
}
