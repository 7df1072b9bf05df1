import BigNumber

extension ThresholdKey {
  /// Decrypts a vector from the parts of ``threshold`` or more parties; each party's proof is checked first.
  ///
  /// - Parameter context: The context the parties were given.
  /// - Throws: ``PaillierError``: `foreignKey`; `invalidParameter` for too few parties; `invalidShare` naming the first
  ///   party whose part is missing something, doubled, or not proven; `decryptionFailed` for the rest.
  public func combine<State>(
    _ partials: [PartialDecryption], _ vector: EncryptedVector<State>, context: String = ""
  ) throws(PaillierError) -> [Int64] {
    guard vector.publicKey == publicKey else { throw .foreignKey }
    guard partials.count >= threshold else {
      throw PaillierError(.invalidParameter, "parties", "fewer parties than the threshold")
    }
    var seen: Set<Int> = []
    for partial in partials {
      guard (1...parties).contains(partial.party), seen.insert(partial.party).inserted else {
        throw PaillierError(.invalidShare, "party \(partial.party)", "not one of the parties, or twice")
      }
      guard isProven(partial, vector.words, context) else {
        throw PaillierError(.invalidShare, "party \(partial.party)", "the part of the decryption is not proven")
      }
    }
    let chosen = Array(partials.prefix(threshold))
    let plan = vector.plan
    let core = publicKey.core
    let limbs = core.ring.limbs
    let lift = UInt64((vector.totalWeight - vector.netWeight) / 2) &* plan.valueMask
    let liftWords = LimbBuffer(count: limbs)
    unsafe plan.everySlot(lift, into: liftWords.base)
    let lifted = unsafe Natural(limbs: liftWords.base, count: limbs)
    var result: [Int64] = []
    for index in 0..<vector.ciphertextCount {
      guard let residue = combine(chosen, index) else { throw .decryptionFailed }
      let message = LimbBuffer(count: limbs)
      unsafe ((residue + lifted) % core.modulus).export(to: message.base, count: limbs)
      let wanted = min(plan.valuesPerCiphertext, vector.count - index * plan.valuesPerCiphertext)
      guard
        unsafe plan.unpack(
          message.base, wordCount: limbs, lift: lift, netWeight: Int64(vector.netWeight), count: wanted, into: &result)
      else { throw .decryptionFailed }
    }
    return result
  }

  /// Whether a contribution is proven for these ciphertexts in this context.
  func isProven(_ partial: PartialDecryption, _ words: [UInt64], _ context: String) -> Bool {
    let core = publicKey.core
    let square = core.modulus * core.modulus
    let stride = 2 * core.ring.limbs
    guard partial.values.count == words.count / stride, partial.context == context else { return false }
    var valueWords: [UInt64] = []
    valueWords.reserveCapacity(words.count)
    let pair = core.ring.makePair()
    for bytes in partial.values {
      guard bytes.count <= publicKey.ciphertextByteCount else { return false }
      let value = Natural(bytes: bytes)
      guard core.isUnit(value, square) else { return false }
      unsafe core.split(value, into: pair.base)
      for index in 0..<stride { unsafe valueWords.append(pair.base[index]) }
    }
    let statement = ShareStatement(
      self, partial.party, context, ciphertexts: words, values: partial.values, valueWords: valueWords)
    return partial.proof.holds(for: statement)
  }

  /// The plaintext residue of one ciphertext: the product of the parts to twice the Lagrange coefficients at 0, times
  /// Δ, is (1 + n)^(4Δ²m).
  private func combine(_ partials: [PartialDecryption], _ index: Int) -> Natural? {
    let core = publicKey.core
    let square = core.modulus * core.modulus
    var product = Natural(1)
    for partial in partials {
      var numerator = Natural(delta)
      var denominator = Natural(1)
      var isNegative = false
      for other in partials where other.party != partial.party {
        numerator = numerator * UInt(other.party)
        denominator = denominator * UInt(abs(partial.party - other.party))
        if other.party < partial.party { isNegative.toggle() }
      }
      let exponent = (numerator / denominator) * 2
      let value = Natural(bytes: partial.values[index])
      if isNegative {
        guard let inverse = value.inverse(modulo: square) else { return nil }
        product = (product * inverse.power(exponent, modulo: square)) % square
      } else {
        product = (product * value.power(exponent, modulo: square)) % square
      }
    }
    let digits = product.quotientAndRemainder(dividingBy: core.modulus)
    let one = Natural(1)
    guard digits.remainder == one, let scale = ((Natural(delta) * Natural(delta)) * 4).inverse(modulo: core.modulus)
    else { return nil }
    return (digits.quotient * scale) % core.modulus
  }
}
