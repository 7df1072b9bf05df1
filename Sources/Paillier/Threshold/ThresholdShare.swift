import BigNumber

/// One party's share of a decryption key.
///
/// Wiped when released, neither printable nor Codable.
@safe
public struct ThresholdShare: ~Copyable, Sendable {
  /// The public side of the key.
  public let key: ThresholdKey
  /// Which party this is, from 1.
  public let party: Int
  let secret: SharedSecret

  init(key: ThresholdKey, party: Int, secret: SharedSecret) {
    self.key = key
    self.party = party
    self.secret = secret
  }

  /// This party's part of the decryption of a vector, with one proof that all of it is right.
  ///
  /// - Parameters:
  ///   - minimumSummands: Refuses vectors in which fewer summands were added up.
  ///   - context: Anything the parties agree on, such as a round's name. A proof is valid in its context only.
  ///   - threads: How many threads share the work.
  /// - Throws: ``PaillierError``: `foreignKey`; `headroomExceeded` below `minimumSummands`.
  public borrowing func decryptPart<State>(
    _ vector: EncryptedVector<State>, minimumSummands: Int = 0, context: String = "", threads: Int = 1
  ) throws(PaillierError) -> PartialDecryption {
    guard vector.publicKey == key.publicKey else { throw .foreignKey }
    guard vector.totalWeight >= minimumSummands else {
      throw PaillierError(.headroomExceeded, "minimumSummands", "the vector holds fewer summands than required")
    }
    let core = key.publicKey.core
    let bits = ThresholdKey.shareBits(key.publicKey, key.delta)
    let exponent = SecretNatural(secret.value.withValue { $0 * key.delta })
    let ciphertexts = vector.words
    let words = unsafe [UInt64].filledInParallel(
      count: vector.ciphertextCount, stride: 2 * core.ring.limbs, threads: threads
    ) { range, output in
      let scratch = core.ring.makeScratch()
      let squared = core.ring.makePair()
      let secretWords = LimbBuffer(count: (bits + 63) / 64)
      exponent.withValue { unsafe $0.export(to: secretWords.base, count: secretWords.count) }
      for index in range {
        unsafe core.squareRadix(ciphertexts, index, into: squared.base, scratch.base)
        let result = unsafe output + index * 2 * core.ring.limbs
        unsafe core.ring.power(
          result, squared.base, exponent: secretWords.base, bits: bits, variableTime: false, scratch.base)
        unsafe core.ring.multiply(result, result, core.ring.unit, scratch.base)
      }
    }
    let values = (0..<vector.ciphertextCount).map { core.ciphertext(words, $0).bytes() }
    let statement = ShareStatement(key, party, context, ciphertexts: ciphertexts, values: values, valueWords: words)
    return PartialDecryption(
      party: party, context: context, values: values, proof: ShareProof(statement, exponent: exponent))
  }
}

/// What one party contributes to a decryption.
///
/// It says nothing about the plaintext by itself.
public struct PartialDecryption: Sendable {
  /// The party, from 1.
  public let party: Int
  /// The context its proof is bound to.
  public let context: String
  /// For each ciphertext c its power c^(2Δs), big-endian.
  package var values: [[UInt8]]
  /// That every value is the power by the one exponent behind the party's verification key.
  package var proof: ShareProof

  package init(party: Int, context: String, values: [[UInt8]], proof: ShareProof) {
    self.party = party
    self.context = context
    self.values = values
    self.proof = proof
  }
}

extension PublicKeyCore {
  /// The canonical number of ciphertext `index` of a vector.
  func ciphertext(_ words: [UInt64], _ index: Int) -> Natural {
    number(Array(words[(index * 2 * ring.limbs)..<((index + 1) * 2 * ring.limbs)]))
  }

  /// c² in Montgomery form.
  func squareRadix(_ words: [UInt64], _ index: Int, into result: Limbs, _ scratch: Limbs) {
    unsafe words.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe ring.multiply(result, base + index * 2 * ring.limbs, ring.radixSquared, scratch)
    }
    unsafe ring.square(result, result, scratch)
  }
}
