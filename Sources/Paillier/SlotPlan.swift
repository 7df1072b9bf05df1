import BigNumber

/// How many small integers share one plaintext, and the proof that sums of them cannot carry.
///
/// A value of b bits is stored in a slot of b + ⌈log₂ K⌉ + ⌈log₂ W⌉ + 1 bits, for at most K summands, each weighted by
/// at most W in absolute value. Signed values are stored with the bias 2^(b-1), so no slot ever borrows from its
/// neighbour; the bias is removed when decrypting, for exactly the weight that was added up. The lowest slot can hold a
/// checksum: 1 plus the sum of the other slots, modulo 2^b. It shows a carry, a wrong layout and a lost or doubled
/// summand. It is an error check and no defence against a client who means harm.
public struct SlotPlan: Hashable, Sendable {
  /// Bits of a value, b.
  public let valueBits: Int
  /// The most vectors that may be added up, K.
  public let maxSummands: Int
  /// The largest absolute weight of a summand, W.
  public let maxWeight: Int
  /// Whether values are from -2^(b-1) to 2^(b-1) - 1 instead of 0 to 2^b - 1.
  public let isSigned: Bool
  /// Whether the lowest slot is a checksum.
  public let hasChecksum: Bool
  /// Bits of a slot.
  public let slotBits: Int
  /// Values in one ciphertext.
  public let valuesPerCiphertext: Int
  /// Bits of the modulus the plan was made for.
  public let keyBits: Int
  /// What a stored step is worth; the same for every value of every vector under the plan.
  public let scale: FixedPointScale

  /// Makes a plan for a key.
  ///
  /// - Parameters:
  ///   - valueBits: b, from 1 to 62.
  ///   - maxSummands: K, at least 1.
  ///   - maxWeight: W, at least 1.
  ///   - scale: What a step of the integers is worth.
  ///   - slots: Values in one ciphertext, when fewer than fit are wanted (1 for vectors to be packed later).
  ///   - key: The key; only its size matters.
  /// - Throws: ``PaillierError`` with code `planDoesNotFit` when a slot would need more than 64 bits, or the plaintext
  ///   has no room for one value (and its checksum); `invalidParameter` for a parameter out of range.
  public init(
    valueBits: Int, maxSummands: Int, maxWeight: Int = 1, signed: Bool = true, checksum: Bool = true,
    scale: FixedPointScale = .integers, slots: Int? = nil, for key: PaillierPublicKey
  ) throws(PaillierError) {
    try self.init(
      valueBits: valueBits, maxSummands: maxSummands, maxWeight: maxWeight, signed: signed, checksum: checksum,
      keyBits: key.bitWidth, scale: scale, slots: slots)
  }

  /// The layout for any key of `keyBits` bits.
  package init(
    valueBits: Int, maxSummands: Int, maxWeight: Int, signed: Bool, checksum: Bool, keyBits: Int,
    scale: FixedPointScale = .integers, slots wanted: Int? = nil
  ) throws(PaillierError) {
    guard (1...62).contains(valueBits) else {
      throw PaillierError(.invalidParameter, "valueBits", "a value has 1 to 62 bits")
    }
    guard maxSummands >= 1 else {
      throw PaillierError(.invalidParameter, "maxSummands", "there is at least one summand")
    }
    guard maxWeight >= 1 else {
      throw PaillierError(.invalidParameter, "maxWeight", "the largest weight is at least 1")
    }
    let width = valueBits + Self.ceilingLog2(maxSummands) + Self.ceilingLog2(maxWeight) + 1
    guard width <= 64 else {
      throw PaillierError(.planDoesNotFit, "valueBits", "a slot for these values and summands needs more than 64 bits")
    }
    // Two spare bits keep the packed sum below half of n.
    let slots = (keyBits - 2) / width - (checksum ? 1 : 0)
    guard slots >= 1 else {
      throw PaillierError(.planDoesNotFit, "valueBits", "the key has no room for one value")
    }
    guard (wanted ?? slots) >= 1, (wanted ?? slots) <= slots else {
      throw PaillierError(.planDoesNotFit, "slots", "the key has no room for this many slots")
    }
    self.valueBits = valueBits
    self.maxSummands = maxSummands
    self.maxWeight = maxWeight
    isSigned = signed
    hasChecksum = checksum
    slotBits = width
    valuesPerCiphertext = wanted ?? slots
    self.scale = scale
    self.keyBits = keyBits
  }

  /// The values that fit a slot.
  public var valueRange: ClosedRange<Int64> {
    isSigned
      ? -(1 << Int64(valueBits - 1))...((1 << Int64(valueBits - 1)) - 1) : 0...((1 << Int64(valueBits)) - 1)
  }

  /// The largest total absolute weight, K·W.
  ///
  /// It cannot overflow: a slot has at most 64 bits.
  public var maxTotalWeight: Int { maxSummands * maxWeight }

  /// The number of ciphertexts that hold `count` values.
  public func ciphertextCount(forValues count: Int) -> Int {
    (count + valuesPerCiphertext - 1) / valuesPerCiphertext
  }

  private static func ceilingLog2(_ value: Int) -> Int {
    value <= 1 ? 0 : Int.bitWidth - (value - 1).leadingZeroBitCount
  }
}

extension SlotPlan {
  var bias: UInt64 { isSigned ? 1 << UInt64(valueBits - 1) : 0 }
  var valueMask: UInt64 { (1 << UInt64(valueBits)) - 1 }
  private var firstSlot: Int { hasChecksum ? 1 : 0 }
  private var slotMask: UInt64 { slotBits == 64 ? .max : (1 << UInt64(slotBits)) - 1 }

  /// Packs up to ``valuesPerCiphertext`` values, already checked against ``valueRange``, into zeroed words.
  func pack(_ values: Span<Int64>, into words: Limbs) {
    var sum: UInt64 = 1
    for index in 0..<valuesPerCiphertext {
      let value = index < values.count ? values[index] : 0
      let stored = UInt64(bitPattern: value) &+ bias
      sum &+= stored
      unsafe place(stored, slot: index + firstSlot, in: words)
    }
    if hasChecksum { unsafe place(sum & valueMask, slot: 0, in: words) }
  }

  /// Reads a packed sum back, or nil when it is no sum that the plan allows.
  ///
  /// - Parameters:
  ///   - words: The plaintext after the constant for negative weights was added to every slot.
  ///   - lift: That constant.
  ///   - netWeight: The sum of the weights.
  ///   - count: How many values to read.
  func unpack(
    _ words: ConstantLimbs, wordCount: Int, lift: UInt64, netWeight: Int64, count: Int, into output: inout [Int64]
  ) -> Bool {
    var difference: UInt64 = 0
    var above = unsafe bitsAbove((valuesPerCiphertext + firstSlot) * slotBits, words, wordCount)
    let bias = UInt64(bitPattern: netWeight) &* self.bias
    var sum: UInt64 = 0
    for index in 0..<valuesPerCiphertext {
      let slot = unsafe read(slot: index + firstSlot, words, wordCount)
      above |= slot >> UInt64(slotBits - 1)
      sum &+= slot &- lift
      if index < count { output.append(Int64(bitPattern: slot &- lift &- bias)) }
    }
    if hasChecksum {
      let check = unsafe read(slot: 0, words, wordCount) &- lift
      difference = (check &- sum &- UInt64(bitPattern: netWeight)) & valueMask
    }
    return above | difference == 0
  }

  private func place(_ value: UInt64, slot: Int, in words: Limbs) {
    let position = slot * slotBits
    let shift = UInt64(position % 64)
    unsafe words[position / 64] |= value << shift
    if Int(shift) + slotBits > 64 { unsafe words[position / 64 + 1] |= value >> (64 - shift) }
  }

  private func read(slot: Int, _ words: ConstantLimbs, _ wordCount: Int) -> UInt64 {
    let position = slot * slotBits
    let shift = UInt64(position % 64)
    var value = unsafe words[position / 64] >> shift
    if Int(shift) + slotBits > 64 { unsafe value |= words[position / 64 + 1] << (64 - shift) }
    return value & slotMask
  }

  private func bitsAbove(_ position: Int, _ words: ConstantLimbs, _ wordCount: Int) -> UInt64 {
    guard position / 64 < wordCount else { return 0 }
    var bits = unsafe words[position / 64] >> UInt64(position % 64)
    for index in (position / 64 + 1)..<max(wordCount, position / 64 + 1) { unsafe bits |= words[index] }
    return bits
  }

  /// The plaintext with `constant` in every slot, the checksum's included.
  func everySlot(_ constant: UInt64, into words: Limbs) {
    for slot in 0..<(valuesPerCiphertext + firstSlot) { unsafe place(constant, slot: slot, in: words) }
  }
}
