private import BigNumber

/// The state of ciphertexts that carry noise of their own: just encrypted, re-randomised, or received.
public enum Fresh: Sendable {}

/// The state of ciphertexts that were computed.
///
/// Whoever knows the inputs can recognise them, so they have to be re-randomised before they leave the process.
public enum Derived: Sendable {}

/// A vector of integers, packed and encrypted, with the weight that was added up in it.
///
/// Two digits base n per ciphertext, all in one contiguous array. `State` is ``Fresh`` or ``Derived``; only fresh
/// vectors can be written out. There is no equality: equal vectors have unequal ciphertexts.
public struct EncryptedVector<State>: Sendable {
  /// The key it is encrypted for.
  public let publicKey: PaillierPublicKey
  /// How values are packed.
  public let plan: SlotPlan
  /// How many values it holds.
  public let count: Int
  /// The sum of the absolute weights of its summands: 1 for a vector as encrypted, k for a sum of k.
  public let totalWeight: Int
  /// The sum of the weights of its summands.
  public let netWeight: Int
  package var words: [UInt64]

  init(
    publicKey: PaillierPublicKey, plan: SlotPlan, count: Int, totalWeight: Int, netWeight: Int, words: [UInt64]
  ) {
    self.publicKey = publicKey
    self.plan = plan
    self.count = count
    self.totalWeight = totalWeight
    self.netWeight = netWeight
    self.words = words
  }

  /// How many ciphertexts it consists of.
  public var ciphertextCount: Int { words.count / (2 * publicKey.core.ring.limbs) }

  /// Whether every ciphertext is the number 1, which shows that its plaintext is 0 (a weight of 0 gives that).
  public var isTransparent: Bool {
    let stride = 2 * publicKey.core.ring.limbs
    return words.indices.allSatisfy { words[$0] == ($0 % stride == 0 ? 1 : 0) }
  }

  func checkCompatible<Other>(_ other: EncryptedVector<Other>) throws(PaillierError) {
    guard other.publicKey == publicKey else { throw .foreignKey }
    guard other.plan == plan else {
      throw PaillierError(.planMismatch, "plan", "the vectors were packed by different plans")
    }
    guard other.count == count else {
      throw PaillierError(.planMismatch, "count", "the vectors have different lengths")
    }
  }

  static func checkHeadroom(_ totalWeight: Int, _ plan: SlotPlan) throws(PaillierError) {
    guard totalWeight <= plan.maxTotalWeight else {
      throw PaillierError(.headroomExceeded, "summands", "the plan has no headroom for this many summands")
    }
  }
}

extension EncryptedVector {
  /// The sum of vectors, value by value.
  ///
  /// - Parameter threads: How many threads share the work; the ciphertexts are the same for any number.
  /// - Throws: ``PaillierError``: `foreignKey`, `planMismatch`, `headroomExceeded` before anything is computed;
  ///   `invalidParameter` for no vectors at all.
  public static func sum(
    _ vectors: [EncryptedVector], threads: Int = 1
  ) throws(PaillierError) -> EncryptedVector<Derived> {
    guard let first = vectors.first else {
      throw PaillierError(.invalidParameter, "vectors", "there is nothing to add up")
    }
    var total = 0
    var net = 0
    for vector in vectors {
      try first.checkCompatible(vector)
      total += vector.totalWeight
      net += vector.netWeight
      try checkHeadroom(total, first.plan)
    }
    let core = first.publicKey.core
    let stride = 2 * core.ring.limbs
    let correction = core.radixPower(vectors.count)
    let words = unsafe [UInt64].filledInParallel(count: first.ciphertextCount, stride: stride, threads: threads) {
      range, output in
      let scratch = core.ring.makeScratch()
      for index in range {
        let result = unsafe output + index * stride
        // Each product divides by R, k of them with the correction; the correction is R^k.
        unsafe result.update(from: correction.base, count: stride)
        for vector in vectors {
          unsafe vector.words.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe core.ring.multiply(result, result, base + index * stride, scratch.base)
          }
        }
      }
    }
    return EncryptedVector<Derived>(
      publicKey: first.publicKey, plan: first.plan, count: first.count, totalWeight: total, netWeight: net,
      words: words)
  }

  /// Multiplies in fresh noise, so that nobody can tell what the vector was computed from.
  ///
  /// - Throws: ``PaillierError`` with code `foreignKey` for another key's encryptor.
  public func rerandomized(
    using encryptor: inout Encryptor, threads: Int = 1
  ) throws(PaillierError) -> EncryptedVector<Fresh> {
    guard encryptor.publicKey == publicKey else { throw .foreignKey }
    let core = publicKey.core
    let stride = 2 * core.ring.limbs
    let source = encryptor.source
    let old = words
    let words = unsafe [UInt64].filledInParallel(count: ciphertextCount, stride: stride, threads: threads) {
      range, output in
      unsafe core.rerandomize(old, range, output, source)
    }
    return EncryptedVector<Fresh>(
      publicKey: publicKey, plan: plan, count: count, totalWeight: totalWeight, netWeight: netWeight, words: words)
  }
}

extension PaillierPrivateKey {
  /// Decrypts a vector to the sums of its slots.
  ///
  /// - Parameters:
  ///   - vector: A vector under this key.
  ///   - minimumSummands: Refuses vectors in which fewer summands were added up, so that a key holder who should see
  ///     sums only does not open single contributions by mistake.
  ///   - checkedTwice: Computes everything a second time, differently blinded, and compares: catches faults of the
  ///     machine that would hand a factor of n to whoever sees the wrong result, for twice the time.
  ///   - threads: How many threads share the work.
  /// - Throws: ``PaillierError``: `foreignKey`; `headroomExceeded` below `minimumSummands`; `decryptionFailed` for
  ///   everything that depends on the plaintext (a carry, a broken checksum, a ciphertext that is no unit).
  public borrowing func decrypt<State>(
    _ vector: EncryptedVector<State>, minimumSummands: Int = 0, checkedTwice: Bool = false, threads: Int = 1
  ) throws(PaillierError) -> [Int64] {
    guard vector.publicKey == publicKey else { throw .foreignKey }
    guard vector.totalWeight >= minimumSummands else {
      throw PaillierError(.headroomExceeded, "minimumSummands", "the vector holds fewer summands than required")
    }
    let plan = vector.plan
    let limbs = publicKey.core.ring.limbs
    let negativeWeight = UInt64((vector.totalWeight - vector.netWeight) / 2)
    let lift = negativeWeight &* plan.valueMask
    let messages = core.decryptWords(vector.words, lift: lift, plan, twice: checkedTwice, threads: threads)

    var result: [Int64] = []
    result.reserveCapacity(vector.count)
    var valid = true
    for index in 0..<vector.ciphertextCount {
      let wanted = min(plan.valuesPerCiphertext, vector.count - index * plan.valuesPerCiphertext)
      let good = unsafe messages.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return false }
        let words = unsafe base + index * (limbs + 1)
        return unsafe words[limbs] == 1
          && plan.unpack(
            words, wordCount: limbs, lift: lift, netWeight: Int64(vector.netWeight), count: wanted, into: &result)
      }
      valid = valid && good
    }
    guard valid else { throw .decryptionFailed }
    return result
  }
}

extension PrivateKeyCore {
  /// The plaintexts of ciphertexts with `lift` added to every slot: for each the words, then a word that is 1 when
  /// decryption worked.
  func decryptWords(_ words: [UInt64], lift: UInt64, _ plan: SlotPlan, twice: Bool, threads: Int) -> [UInt64] {
    let core = publicKey.core
    let limbs = core.ring.limbs
    let liftWords = LimbBuffer(count: limbs)
    unsafe plan.everySlot(lift, into: liftWords.base)
    let lifted = SecretNatural(unsafe Natural(limbs: liftWords.base, count: limbs))
    let count = words.count / (2 * limbs)
    return unsafe [UInt64].filledInParallel(count: count, stride: limbs + 1, threads: threads) { range, output in
      let pair = core.ring.makePair()
      for index in range {
        for offset in 0..<(2 * limbs) { unsafe pair.base[offset] = words[index * 2 * limbs + offset] }
        guard let residue = unsafe decryptResidue(pair.base, twice: twice) else { continue }
        let raised = lifted.withValue { (residue + $0) % core.modulus }
        let target = unsafe output + index * (limbs + 1)
        unsafe raised.export(to: target, count: limbs)
        unsafe target[limbs] = 1
      }
    }
  }
}
