import BigNumber

extension EncryptedVector {
  /// The sum with public values: one summand of weight 1 more, without any noise of its own.
  ///
  /// - Throws: ``PaillierError``: `planMismatch` for another count, `valueOutOfRange`, `headroomExceeded`.
  public func adding(plain values: [Int64]) throws(PaillierError) -> EncryptedVector<Derived> {
    guard values.count == count else {
      throw PaillierError(.planMismatch, "count", "the vectors have different lengths")
    }
    let range = plan.valueRange
    guard values.allSatisfy({ range.contains($0) }) else {
      throw PaillierError(.valueOutOfRange, "values", "a value does not fit its slot")
    }
    let (total, overflow) = totalWeight.addingReportingOverflow(1)
    guard !overflow else { throw PaillierError(.headroomExceeded, "summands", "the plan has no headroom for this") }
    try Self.checkHeadroom(total, plan)
    let core = publicKey.core
    let limbs = core.ring.limbs
    var result = words
    let message = LimbBuffer(count: limbs)
    for index in 0..<ciphertextCount {
      let start = index * plan.valuesPerCiphertext
      unsafe message.base.update(repeating: 0, count: limbs)
      unsafe plan.pack(
        values.span.extracting(start..<min(start + plan.valuesPerCiphertext, values.count)), into: message.base)
      let constant = unsafe Natural(limbs: message.base, count: limbs)
      core.addPlain(constant, to: &result, index)
    }
    return EncryptedVector<Derived>(
      publicKey: publicKey, plan: plan, count: count, totalWeight: total, netWeight: netWeight + 1, words: result)
  }

  /// Puts the values of several ciphertexts into one: cⱼ becomes a factor to the power 2^(w·j), where w is the slot's
  /// width (packing after the fact).
  ///
  /// Costs w squarings a value and saves a decryption each.
  ///
  /// - Parameter slots: How many values each ciphertext of the result holds; as many as fit when nil.
  /// - Throws: ``PaillierError``: `planMismatch` when the vector has a checksum or more than one value a ciphertext;
  ///   `planDoesNotFit` for too many slots.
  public func packed(slots: Int? = nil, threads: Int = 1) throws(PaillierError) -> EncryptedVector<Derived> {
    guard plan.valuesPerCiphertext == 1, !plan.hasChecksum else {
      throw PaillierError(
        .planMismatch, "plan", "packing takes vectors of one value a ciphertext, without a checksum")
    }
    let target = try SlotPlan(
      valueBits: plan.valueBits, maxSummands: plan.maxSummands, maxWeight: plan.maxWeight, signed: plan.isSigned,
      checksum: false, keyBits: plan.keyBits, scale: plan.scale, slots: slots)
    let core = publicKey.core
    let stride = 2 * core.ring.limbs
    let (old, count, width) = (words, count, plan.slotBits)
    let perCiphertext = target.valuesPerCiphertext
    let packed = unsafe [UInt64].filledInParallel(
      count: target.ciphertextCount(forValues: count), stride: stride, threads: threads
    ) { range, output in
      let scratch = core.ring.makeScratch()
      let term = core.ring.makePair()
      for index in range {
        let result = unsafe output + index * stride
        // Horner's rule in Montgomery form, from the highest slot down.
        unsafe result.update(from: core.ring.one, count: stride)
        for source in (index * perCiphertext..<min((index + 1) * perCiphertext, count)).reversed() {
          for _ in 0..<width { unsafe core.ring.square(result, result, scratch.base) }
          unsafe old.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe core.ring.multiply(term.base, base + source * stride, core.ring.radixSquared, scratch.base)
          }
          unsafe core.ring.multiply(result, result, term.base, scratch.base)
        }
        unsafe core.ring.multiply(result, result, core.ring.unit, scratch.base)
      }
    }
    return EncryptedVector<Derived>(
      publicKey: publicKey, plan: target, count: count, totalWeight: totalWeight, netWeight: netWeight, words: packed)
  }

  /// The values moved up by `offset` slots of their one ciphertext, with zeros below.
  ///
  /// A rotation would have to take the top slots out, which takes the private key; a shift into free slots does not.
  ///
  /// - Throws: ``PaillierError``: `planMismatch` with a checksum or more than one ciphertext; `planDoesNotFit` when the
  ///   values would leave the ciphertext.
  public func shifted(by offset: Int) throws(PaillierError) -> EncryptedVector<Derived> {
    guard !plan.hasChecksum, ciphertextCount == 1 else {
      throw PaillierError(.planMismatch, "plan", "shifting takes one ciphertext without a checksum")
    }
    guard offset >= 0, offset <= plan.valuesPerCiphertext - count else {
      throw PaillierError(.planDoesNotFit, "offset", "the values would leave the ciphertext")
    }
    let core = publicKey.core
    let n = core.modulus.copy()
    // Slots without a value hold the bias for each unit of net weight: taken out before, put in below after.
    let bias = SignedNatural(Natural(UInt(plan.bias)) * UInt(netWeight.magnitude), isNegative: netWeight < 0)
    func biases(_ slots: Range<Int>) -> SignedNatural {
      var sum = Natural()
      for slot in slots { sum.setBit(at: slot * plan.slotBits) }
      return SignedNatural(sum) * bias
    }
    var result = words
    let above = biases(count..<plan.valuesPerCiphertext)
    core.addPlain(
      SignedNatural(above.magnitude.copy(), isNegative: !above.isNegative).residue(modulo: n), to: &result, 0)
    result = try core.power(result, Natural.powerOfTwo(offset * plan.slotBits), inverted: false)
    core.addPlain(biases(0..<offset).residue(modulo: n), to: &result, 0)
    core.addPlain(biases((count + offset)..<plan.valuesPerCiphertext).residue(modulo: n), to: &result, 0)
    return EncryptedVector<Derived>(
      publicKey: publicKey, plan: plan, count: count + offset, totalWeight: totalWeight, netWeight: netWeight,
      words: result)
  }
}

extension PublicKeyCore {
  /// Adds a public residue to the plaintext of ciphertext `index`: digit 1 gains m times digit 0.
  func addPlain(_ m: borrowing Natural, to words: inout [UInt64], _ index: Int) {
    let limbs = ring.limbs
    let scratch = ring.makeScratch()
    let message = LimbBuffer(count: limbs)
    unsafe m.export(to: message.base, count: limbs)
    unsafe ring.digitMultiply(message.base, message.base, ring.digitRadixSquared, scratch.base)
    unsafe words.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let pair = unsafe base + index * 2 * limbs
      unsafe ring.digitMultiply(message.base, message.base, pair, scratch.base)
      unsafe ring.digitAdd(pair + limbs, pair + limbs, message.base, scratch.base)
    }
  }
}
