import BigNumber
import SecureRandom

extension Encryptor {
  /// Encrypts a value and proves that its absolute value is small: Π_enc of Canetti, Gennaro, Goldfeder, Makriyannis
  /// and Peled (2021, figure 14), by hashing.
  ///
  /// An honest value is at most 2^`bits`; what an accepted proof shows is a bound of 2^(`bits` + 513), the slack
  /// of the protocol. For slots that is no substitute for headroom; it keeps one value far from half the modulus.
  ///
  /// - Parameters:
  ///   - bits: 1 to 62, with |value| ≤ 2^bits.
  ///   - parameters: Those of the verifier, whose proof was checked.
  ///   - context: What the proof is bound to.
  /// - Throws: ``PaillierError``: `valueOutOfRange`; `invalidParameter` for bits out of range or a modulus too short
  ///   for the slack; `keyShape` when the parameters' modulus shares a factor with the key's.
  public mutating func encryptInRange(
    _ value: Int64, bits: Int, parameters: RingPedersenParameters, context: String
  ) throws(PaillierError) -> (number: EncryptedNumber<Fresh>, proof: PaillierProof) {
    guard (1...62).contains(bits), bits + ProofSizes.slackBits + 4 < publicKey.bitWidth else {
      throw PaillierError(.invalidParameter, "bits", "the range is 1 to 62 bits, with the slack below the modulus")
    }
    guard value.magnitude <= 1 << UInt64(bits) else {
      throw PaillierError(.valueOutOfRange, "value", "the value is outside the range to be proven")
    }
    guard !parameters.sharesModulus(with: publicKey) else {
      throw PaillierError(.keyShape, "parameters", "one modulus must not serve two purposes")
    }
    var generator = SecureGenerator()
    let n = publicKey.core.modulus.copy()
    let hat = parameters.modulus
    let m = SignedNatural(Natural(UInt(value.magnitude)), isNegative: value < 0)
    let nonce = publicKey.core.randomUnit(using: &generator)
    let number = publicKey.core.encrypted(m, nonce)
    let alpha = SignedNatural.random(within: Natural.powerOfTwo(bits + ProofSizes.slackBits), using: &generator)
    let mu = SignedNatural.random(within: hat.shiftedLeft(by: bits), using: &generator)
    let gamma = SignedNatural.random(within: hat.shiftedLeft(by: bits + ProofSizes.slackBits), using: &generator)
    let mask = publicKey.core.randomUnit(using: &generator)
    let a = publicKey.core.encrypted(alpha, mask)
    guard let s = parameters.commit(m, mu), let c = parameters.commit(alpha, gamma) else {
      throw PaillierError(.keyShape, "parameters", "the parameters are no units")
    }
    let commitments = [s.proofBytes(), a.proofBytes(), c.proofBytes()]
    let e = RangeProof.challenge(commitments, number, bits, publicKey, parameters, context)
    let z1 = alpha + e * m
    let z3 = gamma + e * mu
    guard let power = nonce.power(e, modulo: n, isSecret: true) else {
      throw PaillierError(.keyShape, "n", "a nonce shares a factor with the modulus")
    }
    let z2 = (mask * power) % n
    return (
      try EncryptedNumber<Fresh>(publicKey, ciphertext: number, exponent: 0),
      PaillierProof(.range, commitments + [z1.bytes(), z2.proofBytes(), z3.bytes()])
    )
  }

  /// Encrypts a decimal integer and proves that the prover knows it, by hashing (Cramer, Damgård, Nielsen 2001).
  ///
  /// - Throws: ``PaillierError`` with code `valueOutOfRange` as ``encrypt(decimal:)``.
  public mutating func encryptWithKnowledge(
    decimal text: String, context: String
  ) throws(PaillierError) -> (number: EncryptedNumber<Fresh>, proof: PaillierProof) {
    let isNegative = text.hasPrefix("-")
    guard text.utf8.count <= KeySize.maximumBits / 3,
      let magnitude = Natural(decimal: isNegative ? text.dropFirst() : text[...]),
      magnitude <= publicKey.core.largestMagnitude
    else { throw PaillierError(.valueOutOfRange, "value", "not a decimal integer below a third of the modulus") }
    var generator = SecureGenerator()
    let n = publicKey.core.modulus.copy()
    let m = SignedNatural(magnitude, isNegative: isNegative)
    let nonce = publicKey.core.randomUnit(using: &generator)
    let number = publicKey.core.encrypted(m, nonce)
    let alpha = SignedNatural(Natural.random(below: n, using: &generator))
    let mask = publicKey.core.randomUnit(using: &generator)
    let a = publicKey.core.encrypted(alpha, mask)
    let e = KnowledgeProof.challenge(a, number, publicKey, context)
    let z1 = (alpha + SignedNatural(e.copy()) * m).residue(modulo: n)
    let z2 = (mask * nonce.securePower(e, modulo: n)) % n
    return (
      try EncryptedNumber<Fresh>(publicKey, ciphertext: number, exponent: 0),
      PaillierProof(.knowledge, [a.proofBytes(), z1.proofBytes(), z2.proofBytes()])
    )
  }
}

extension EncryptedNumber {
  /// Checks the proof of ``Encryptor/encryptInRange(_:bits:parameters:context:)`` for this ciphertext.
  public func verifyRange(
    _ proof: PaillierProof, bits: Int, parameters: RingPedersenParameters, context: String
  ) -> ProofVerdict {
    guard (1...62).contains(bits), bits + ProofSizes.slackBits + 4 < publicKey.bitWidth, exponent == 0,
      !parameters.sharesModulus(with: publicKey)
    else { return .refused }
    let core = publicKey.core
    let n = core.modulus.copy()
    let square = n * n
    let hat = parameters.modulus
    guard let fields = proof.fields(.range, count: 6), let s = fields.unit(0, modulo: hat),
      let a = fields.unit(1, modulo: square), let c = fields.unit(2, modulo: hat), let z1 = fields.signed(3),
      let z2 = fields.unit(4, modulo: n), let z3 = fields.signed(5),
      z1.magnitude.bitWidth <= bits + ProofSizes.slackBits + 1,
      z3.magnitude.bitWidth <= hat.bitWidth + bits + ProofSizes.slackBits + 1
    else { return .refused }
    let own = ciphertext
    let e = RangeProof.challenge(Array(proof.numbers[..<3]), own, bits, publicKey, parameters, context)
    guard
      let right = RingPedersenParameters.product(a.copy(), own.power(e, modulo: square), square),
      let left2 = parameters.open(z1, z3),
      let right2 = RingPedersenParameters.product(c.copy(), s.power(e, modulo: hat), hat)
    else { return .refused }
    let left = core.encrypted(z1, z2)
    return left == right && left2 == right2 ? .accepted : .refused
  }

  /// Checks the proof of ``Encryptor/encryptWithKnowledge(decimal:context:)`` for this ciphertext.
  public func verifyKnowledge(_ proof: PaillierProof, context: String) -> ProofVerdict {
    let core = publicKey.core
    let n = core.modulus.copy()
    let square = n * n
    guard exponent == 0, let fields = proof.fields(.knowledge, count: 3), let a = fields.unit(0, modulo: square),
      let z1 = fields.natural(1), z1 < n, let z2 = fields.unit(2, modulo: n)
    else { return .refused }
    let own = ciphertext
    let e = KnowledgeProof.challenge(a, own, publicKey, context)
    let left = core.encrypted(SignedNatural(z1), z2)
    return left == (a * own.power(e, modulo: square)) % square ? .accepted : .refused
  }
}

extension PaillierPrivateKey {
  /// Decrypts a number and proves the result: that c·(1 + n)^(-m) is an n-th residue (Guillou and Quisquater 1988).
  ///
  /// Nothing but the plaintext becomes known.
  ///
  /// - Throws: ``PaillierError`` as `decryptDecimal(_:)`.
  public borrowing func decryptWithProof<State>(
    _ number: EncryptedNumber<State>, context: String
  ) throws(PaillierError) -> (value: String, proof: PaillierProof) {
    let value = try decryptDecimal(number)
    let key = publicKey
    let n = key.core.modulus.copy()
    let m = try decryptResidue(number)
    let phi = core.p.withValue { p in core.q.withValue { q in (p - 1) * (q - 1) } }
    guard let exponent = n.inverse(modulo: phi) else { throw .decryptionFailed }
    // (1 + n)^m is 1 modulo n, so the residue's root is that of c modulo n.
    let root = (number.ciphertext % n).securePower(exponent, modulo: n)
    var generator = SecureGenerator()
    let mask = key.core.randomUnit(using: &generator)
    let a = key.core.encrypted(SignedNatural(Natural()), mask)
    let e = DecryptionProof.challenge(a, number.ciphertext, m, key, context)
    let z = (mask * root.securePower(e, modulo: n)) % n
    return (value, PaillierProof(.decryption, [a.proofBytes(), z.proofBytes()]))
  }
}

extension EncryptedNumber {
  /// Checks the proof of ``PaillierPrivateKey/decryptWithProof(_:context:)`` that this number decrypts to `value`.
  public func verifyDecryption(_ proof: PaillierProof, value: String, context: String) -> ProofVerdict {
    let core = publicKey.core
    let n = core.modulus.copy()
    let square = n * n
    let isNegative = value.hasPrefix("-")
    guard value.utf8.count <= KeySize.maximumBits / 3,
      let magnitude = Natural(decimal: isNegative ? value.dropFirst() : value[...]),
      magnitude <= core.largestMagnitude, let fields = proof.fields(.decryption, count: 2),
      let a = fields.unit(0, modulo: square), let z = fields.unit(1, modulo: n)
    else { return .refused }
    let m = SignedNatural(magnitude, isNegative: isNegative).residue(modulo: n)
    let own = ciphertext
    // c·(1 - m·n), the inverse of (1 + n)^m.
    let residue = (own * ((n - m) * n + 1)) % square
    let e = DecryptionProof.challenge(a, own, m, publicKey, context)
    return z.power(n, modulo: square) == (a * residue.power(e, modulo: square)) % square ? .accepted : .refused
  }
}

extension PublicKeyCore {
  /// A uniform unit below n.
  func randomUnit(using generator: inout SecureGenerator) -> Natural {
    let one = Natural(1)
    while true {
      let unit = Natural.random(below: modulus, using: &generator)
      if Natural.greatestCommonDivisor(unit, modulus) == one { return unit }
    }
  }

  /// (1 + n)^m·r^n mod n².
  func encrypted(_ m: borrowing SignedNatural, _ r: borrowing Natural) -> Natural {
    let square = modulus * modulus
    return ((m.residue(modulo: modulus) * modulus + 1) * r.power(modulus, modulo: square)) % square
  }
}

private enum RangeProof {
  static func challenge(
    _ commitments: [[UInt8]], _ ciphertext: borrowing Natural, _ bits: Int, _ key: PaillierPublicKey,
    _ parameters: RingPedersenParameters, _ context: String
  ) -> SignedNatural {
    var transcript = Transcript(.range, context: context)
    transcript.absorb(key)
    transcript.absorb(parameters)
    transcript.absorb([UInt8(bits)])
    transcript.absorb(ciphertext)
    for commitment in commitments { transcript.absorb(commitment) }
    return transcript.signedChallenge()
  }
}

private enum KnowledgeProof {
  static func challenge(
    _ a: borrowing Natural, _ ciphertext: borrowing Natural, _ key: PaillierPublicKey, _ context: String
  ) -> Natural {
    var transcript = Transcript(.knowledge, context: context)
    transcript.absorb(key)
    transcript.absorb(ciphertext)
    transcript.absorb(a)
    return transcript.challenge(bits: min(256, key.bitWidth / 2 / 8 * 8 - 8))
  }
}

private enum DecryptionProof {
  static func challenge(
    _ a: borrowing Natural, _ ciphertext: borrowing Natural, _ m: borrowing Natural, _ key: PaillierPublicKey,
    _ context: String
  ) -> Natural {
    var transcript = Transcript(.decryption, context: context)
    transcript.absorb(key)
    transcript.absorb(ciphertext)
    transcript.absorb(m)
    transcript.absorb(a)
    return transcript.challenge(bits: min(256, key.bitWidth / 2 / 8 * 8 - 8))
  }
}
