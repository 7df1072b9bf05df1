import BigNumber
import Paillier
import Testing

/// Every proof convinces for its statement and for no other, and not with any field changed.
@Suite struct ProofTests {
  /// One set of parameters for the suite: safe primes are expensive.
  private static let shared: (json: [UInt8], proof: PaillierProof)? = {
    do throws(PaillierError) {
      let made = try RingPedersenParameters.generate(try KeySize.insecure(bits: 256), context: "bank")
      return (Array(made.parameters.json.utf8), made.proof)
    } catch { return nil }
  }()

  private func parameters() throws -> RingPedersenParameters {
    try RingPedersenParameters(parsingJSON: try #require(Self.shared).json, policy: .insecureAnySize)
  }

  /// A key long enough for the slack of range proofs.
  private static let longJSON: [UInt8] = {
    do throws(PaillierError) {
      return Array(try PaillierPrivateKey.generate(try KeySize.insecure(bits: 768)).exportSecretJSON().utf8)
    } catch { return [] }
  }()

  private func longKey() throws -> PaillierPrivateKey {
    try PaillierPrivateKey(parsingJSON: Self.longJSON, policy: .insecureAnySize)
  }

  /// Changed proofs: each field in several bits, each field dropped, doubled, emptied, negated; fields swapped;
  /// another kind.
  private func mutations(_ proof: PaillierProof, fields: [Int]) -> [PaillierProof] {
    var result: [PaillierProof] = []
    for field in fields {
      let bytes = proof.numbers[field]
      for (offset, bit) in [(0, 0), (0, 1), (1, 0), (bytes.count / 2, 3), (bytes.count - 1, 0), (bytes.count - 1, 7)] {
        guard offset < bytes.count else { continue }
        var changed = proof
        changed.numbers[field][offset] ^= 1 << UInt8(bit)
        result.append(changed)
      }
      let replacements: [[UInt8]] = [
        [], [0], [1], [0, 0], bytes + [0], Array(bytes.dropLast()), [0, 1],
        Array(bytes[..<1]) + [0] + Array(bytes[1...]),
      ]
      for replacement in replacements {
        guard replacement != bytes else { continue }
        var changed = proof
        changed.numbers[field] = replacement
        result.append(changed)
      }
      var dropped = proof
      dropped.numbers.remove(at: field)
      result.append(dropped)
      var doubled = proof
      doubled.numbers.insert(bytes, at: field)
      result.append(doubled)
      if field + 1 < proof.numbers.count, proof.numbers[field + 1] != bytes {
        var swapped = proof
        swapped.numbers.swapAt(field, field + 1)
        result.append(swapped)
      }
    }
    let other = PaillierProof.Kind(rawValue: proof.kind.rawValue + "x")
    result.append(PaillierProof(other, proof.numbers))
    return result
  }

  @Test func `the modulus of an honest key is proven, with no field, key or context exchangeable`() throws {
    let key = try SharedKey.key()
    let proof = try key.proveModulus(context: "a to b")
    let publicKey = key.publicKey
    #expect(publicKey.verifyModulus(proof, context: "a to b") == .accepted)
    #expect(
      publicKey.verifyModulus(try PaillierProof(parsingJSON: Array(proof.json.utf8)), context: "a to b") == .accepted)
    #expect(publicKey.verifyModulus(proof, context: "a to c") == .refused)
    let foreign = try SharedKey.foreignKey().publicKey
    #expect(foreign.verifyModulus(proof, context: "a to b") == .refused)
    let relabelled = try PaillierPublicKey(
      modulus: publicKey.modulusBytes, purpose: .threshold, policy: .insecureAnySize)
    #expect(relabelled.verifyModulus(proof, context: "a to b") == .refused)
    // w, the first two rounds and the last one stand for all.
    for changed in mutations(proof, fields: [0, 1, 2, 3, 4, 5, 6, 382, 383, 384]) {
      #expect(publicKey.verifyModulus(changed, context: "a to b") == .refused)
    }
  }

  @Test func `a smooth modulus, and one with a prime that is 1 modulo 4, cannot be proven`() throws {
    // 13 = 1 modulo 4.
    let wrong = try PaillierPrivateKey(
      p: Natural(13).bytes(), q: Natural(11).bytes(), policy: .insecureAnySize)
    #expect(refusal { () throws(PaillierError) in _ = try wrong.proveModulus(context: "") } == .keyShape)
    // An honest proof moved to a smooth modulus of the same length (many factors near 2^16, as in CVE-2023-33241).
    var smooth = Natural(1)
    for factor in [65537, 65539, 65543, 65551, 65557, 65563, 65579, 65581] as [UInt] { smooth = smooth * factor }
    let honest = try SharedKey.key()
    let rest = honest.publicKey.core.modulus / smooth
    var filler = rest.isOdd ? rest.copy() : rest + 1
    while !filler.isProbablyPrime() { filler = filler + 2 }
    let modulus = smooth * filler
    let key = try PaillierPublicKey(modulus: modulus.bytes(), policy: .insecureAnySize)
    #expect(key.verifyModulus(try honest.proveModulus(context: ""), context: "") == .refused)
    let ring = try parameters()
    #expect(
      key.verifyFactors(try honest.proveFactors(for: ring, context: ""), parameters: ring, context: "") == .refused)
  }

  @Test func `ring-Pedersen parameters are proven, with no field or context exchangeable`() throws {
    let ring = try parameters()
    let proof = try #require(Self.shared).proof
    #expect(ring.verify(proof, context: "bank", policy: .insecureAnySize) == .accepted)
    #expect(ring.verify(proof, context: "bank") == .refused, "256 bits are no parameters outside tests")
    #expect(ring.verify(proof, context: "Bank", policy: .insecureAnySize) == .refused)
    for changed in mutations(proof, fields: [0, 1, 127, 128, 129, 255]) {
      #expect(ring.verify(changed, context: "bank", policy: .insecureAnySize) == .refused)
    }
    // s and t exchanged: t need not be a power of s, and the challenge depends on both.
    let json = try JSONValue(parsing: Array(ring.json.utf8), source: "x")
    guard case .object(var members) = json else { return }
    (members["s"], members["t"]) = (members["t"], members["s"])
    let swapped = try RingPedersenParameters(
      parsingJSON: Array(JSONValue.object(members).serialized.utf8), policy: .insecureAnySize)
    #expect(swapped.verify(proof, context: "bank", policy: .insecureAnySize) == .refused)
    for (name, value) in [("s", "AQ"), ("t", "AA"), ("n", "BA"), ("kty", "x"), ("s", "=")] {
      var changed = members
      changed[name] = .string(value)
      let bytes = Array(JSONValue.object(changed).serialized.utf8)
      #expect(
        refusal { () throws(PaillierError) in
          _ = try RingPedersenParameters(parsingJSON: bytes, policy: .insecureAnySize)
        } != nil)
    }
  }

  @Test func `the absence of small factors is proven, with no field, key, verifier or context exchangeable`() throws {
    let key = try SharedKey.key()
    let ring = try parameters()
    let proof = try key.proveFactors(for: ring, context: "a to b")
    let publicKey = key.publicKey
    #expect(publicKey.verifyFactors(proof, parameters: ring, context: "a to b") == .accepted)
    #expect(publicKey.verifyFactors(proof, parameters: ring, context: "a to B") == .refused)
    let foreign = try SharedKey.foreignKey().publicKey
    #expect(foreign.verifyFactors(proof, parameters: ring, context: "a to b") == .refused)
    let other = try RingPedersenParameters.generate(try KeySize.insecure(bits: 192), context: "")
    #expect(publicKey.verifyFactors(proof, parameters: other.parameters, context: "a to b") == .refused)
    for changed in mutations(proof, fields: Array(0..<11)) {
      #expect(publicKey.verifyFactors(changed, parameters: ring, context: "a to b") == .refused)
    }
  }

  @Test func `parameters that share the key's modulus are refused by prover and verifier`() throws {
    let key = try SharedKey.key()
    let n = try #require(try JSONValue(parsing: Array(key.publicKey.json.utf8), source: "x")["n"]?.text)
    let json = "{\"kty\":\"ring-pedersen\",\"n\":\"\(n)\",\"s\":\"BA\",\"t\":\"CQ\"}"
    let shared = try RingPedersenParameters(parsingJSON: Array(json.utf8), policy: .insecureAnySize)
    #expect(
      refusal { () throws(PaillierError) in _ = try key.proveFactors(for: shared, context: "") } == .keyShape)
    let ring = try parameters()
    let honest = try key.proveFactors(for: ring, context: "")
    #expect(key.publicKey.verifyFactors(honest, parameters: shared, context: "") == .refused)
  }

  /// Honest code run by a prover whose primes are 2^770 apart in size: its first answer is beyond the bound.
  @Test func `the honest prover of a key with a small factor is refused by the range of its answers`() throws {
    let small = Natural(4_294_967_291)
    // Primality is not what this proof is about: any large odd number will do.
    let large = Natural.powerOfTwo(1800) + 1
    let key = try PaillierPrivateKey(
      checkedPrimes: small, large, cofactors: (0, 0), damgardJurikNielsenShape: false, keyIdentifier: "")
    let ring = try parameters()
    let proof = try key.proveFactors(for: ring, context: "")
    #expect(key.publicKey.verifyFactors(proof, parameters: ring, context: "") == .refused)
  }

  @Test func `a proven range convinces for its ciphertext, width, verifier and context only`() throws {
    let key = try longKey()
    let ring = try parameters()
    var encryptor = try Encryptor(key.publicKey)
    for value: Int64 in [0, 1, -1, 65536, -65536] {
      let made = try encryptor.encryptInRange(value, bits: 16, parameters: ring, context: "round 1")
      #expect(try key.decryptDecimal(made.number) == "\(value)")
      #expect(made.number.verifyRange(made.proof, bits: 16, parameters: ring, context: "round 1") == .accepted)
      #expect(made.number.verifyRange(made.proof, bits: 17, parameters: ring, context: "round 1") == .refused)
      #expect(made.number.verifyRange(made.proof, bits: 16, parameters: ring, context: "round 2") == .refused)
    }
    let made = try encryptor.encryptInRange(7, bits: 16, parameters: ring, context: "")
    let other = try encryptor.encrypt(decimal: "7")
    #expect(other.verifyRange(made.proof, bits: 16, parameters: ring, context: "") == .refused)
    for changed in mutations(made.proof, fields: Array(0..<6)) {
      #expect(made.number.verifyRange(changed, bits: 16, parameters: ring, context: "") == .refused)
    }
    // The number may not be doubled after the fact.
    let doubled = try made.number.adding(made.number)
    #expect(doubled.verifyRange(made.proof, bits: 16, parameters: ring, context: "") == .refused)
    #expect(
      code { () throws(PaillierError) in
        _ = try encryptor.encryptInRange(65537, bits: 16, parameters: ring, context: "")
      } == .valueOutOfRange)
    for bits in [0, 63] {
      #expect(
        code { () throws(PaillierError) in
          _ = try encryptor.encryptInRange(0, bits: bits, parameters: ring, context: "")
        } == .invalidParameter)
    }
    var short = try Encryptor(try SharedKey.key().publicKey)
    #expect(
      code { () throws(PaillierError) in
        _ = try short.encryptInRange(0, bits: 8, parameters: ring, context: "")
      } == .invalidParameter)
  }

  private func code(_ body: () throws(PaillierError) -> Void) -> PaillierError.Code? { refusal(body) }

  @Test func `knowledge of a plaintext is proven for one ciphertext and context`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key.publicKey)
    for value in ["0", "5", "-123456789012345678901234567890"] {
      let made = try encryptor.encryptWithKnowledge(decimal: value, context: "c")
      #expect(try key.decryptDecimal(made.number) == value)
      #expect(made.number.verifyKnowledge(made.proof, context: "c") == .accepted)
      #expect(made.number.verifyKnowledge(made.proof, context: "d") == .refused)
      let sum = try made.number.adding(try encryptor.encrypt(decimal: "0"))
      #expect(sum.verifyKnowledge(made.proof, context: "c") == .refused, "a copied ciphertext needs its own proof")
      for changed in mutations(made.proof, fields: [0, 1, 2]) {
        #expect(made.number.verifyKnowledge(changed, context: "c") == .refused)
      }
    }
  }

  @Test func `a decryption is proven for one value, ciphertext and context`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key.publicKey)
    for value in ["0", "41", "-41"] {
      let number = try encryptor.encrypt(decimal: value)
      let opened = try key.decryptWithProof(number, context: "c")
      #expect(opened.value == value)
      #expect(number.verifyDecryption(opened.proof, value: value, context: "c") == .accepted)
      #expect(number.verifyDecryption(opened.proof, value: "42", context: "c") == .refused)
      #expect(number.verifyDecryption(opened.proof, value: "x", context: "c") == .refused)
      #expect(number.verifyDecryption(opened.proof, value: value, context: "C") == .refused)
      let other = try encryptor.encrypt(decimal: value)
      #expect(other.verifyDecryption(opened.proof, value: value, context: "c") == .refused)
      for changed in mutations(opened.proof, fields: [0, 1]) {
        #expect(number.verifyDecryption(changed, value: value, context: "c") == .refused)
      }
    }
  }
}
