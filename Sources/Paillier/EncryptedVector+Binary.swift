import BigNumber

/// The byte form of vectors, version 2.
///
/// Magic `TCPV`, version, flags (bit 0 signed, bit 1 checksum), value bits, a zero byte; then little-endian 64-bit
/// words: summands K, weight W, value count, total weight, net weight, the scale's steps and units, values a ciphertext;
/// the 32 bytes of the key's identity; and the ciphertexts, each big-endian at
/// ``PaillierPublicKey/ciphertextByteCount`` bytes. There is one encoding per vector.
private enum VectorFormat {
  static let magic: [UInt8] = Array("TCPV".utf8)
  static let version: UInt8 = 2
  static let words = 8
  static let identity = 8 + words * 8
  static let headerBytes = identity + 32
}

extension EncryptedVector where State == Fresh {
  /// The vector as bytes.
  ///
  /// Ciphertexts of equal plans and counts have equal lengths and headers, whatever the values are.
  public func serialized() -> [UInt8] {
    let core = publicKey.core
    let width = publicKey.ciphertextByteCount
    let stride = 2 * core.ring.limbs
    var bytes = VectorFormat.magic
    bytes.reserveCapacity(VectorFormat.headerBytes + ciphertextCount * width)
    bytes += [VectorFormat.version, (plan.isSigned ? 1 : 0) | (plan.hasChecksum ? 2 : 0), UInt8(plan.valueBits), 0]
    let scale = plan.scale
    for number in [
      plan.maxSummands, plan.maxWeight, count, totalWeight, netWeight, scale.steps, scale.units,
      plan.valuesPerCiphertext,
    ] {
      var word = UInt64(bitPattern: Int64(number))
      for _ in 0..<8 {
        bytes.append(UInt8(truncatingIfNeeded: word))
        word >>= 8
      }
    }
    bytes += publicKey.id
    unsafe words.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for index in 0..<ciphertextCount {
        bytes += unsafe core.number(base + index * stride).bytes(count: width)
      }
    }
    return bytes
  }

  /// Reads bytes that ``serialized()`` wrote, for the key the reader expects.
  ///
  /// - Parameter expected: The plan the reader expects; the one the bytes state when nil.
  ///
  /// Every ciphertext is checked to be a unit below n²; the units are checked together, with one greatest common
  /// divisor.
  ///
  /// - Throws: ``PaillierError``: `foreignKey`, `planMismatch`, `headroomExceeded`, or `malformed` for everything else.
  public init(
    parsing bytes: [UInt8], key: PaillierPublicKey, plan expected: SlotPlan? = nil
  ) throws(PaillierError) {
    func malformed(_ message: String) -> PaillierError { PaillierError(.malformed, "vector", message) }
    guard bytes.count >= VectorFormat.headerBytes, Array(bytes[0..<4]) == VectorFormat.magic else {
      throw malformed("this is no encrypted vector")
    }
    guard bytes[4] == VectorFormat.version else { throw malformed("the version of the vector is not known") }
    guard bytes[5] < 4, bytes[7] == 0 else { throw malformed("reserved bits are set") }
    var numbers: [Int] = []
    for field in 0..<VectorFormat.words {
      var word: UInt64 = 0
      for offset in (0..<8).reversed() { word = word << 8 | UInt64(bytes[8 + field * 8 + offset]) }
      numbers.append(Int(Int64(bitPattern: word)))
    }
    guard Array(bytes[VectorFormat.identity..<VectorFormat.headerBytes]) == key.id else { throw .foreignKey }
    if let expected, expected.keyBits != key.bitWidth { throw .foreignKey }
    guard let scale = try? FixedPointScale(steps: numbers[5], units: numbers[6]),
      scale.steps == numbers[5],
      let plan = try? SlotPlan(
        valueBits: Int(bytes[6]), maxSummands: numbers[0], maxWeight: numbers[1], signed: bytes[5] & 1 != 0,
        checksum: bytes[5] & 2 != 0, scale: scale, slots: numbers[7], for: key)
    else { throw malformed("the vector states an impossible plan") }
    guard expected == nil || plan == expected else {
      throw PaillierError(.planMismatch, "plan", "the vector was packed by another plan")
    }
    let (count, total, net) = (numbers[2], numbers[3], numbers[4])
    guard total >= 0, total <= plan.maxTotalWeight else {
      throw PaillierError(.headroomExceeded, "summands", "the vector claims more summands than the plan allows")
    }
    guard net >= -total, net <= total, (total - net) % 2 == 0 else { throw malformed("the weights are inconsistent") }

    let width = key.ciphertextByteCount
    let body = bytes.count - VectorFormat.headerBytes
    guard count >= 0, body % width == 0, count <= body / width * plan.valuesPerCiphertext,
      plan.ciphertextCount(forValues: count) == body / width
    else { throw malformed("the length does not match the number of values") }

    let core = key.core
    let stride = 2 * core.ring.limbs
    let square = core.modulus * core.modulus
    var words = [UInt64](repeating: 0, count: body / width * stride)
    for index in 0..<(body / width) {
      let start = VectorFormat.headerBytes + index * width
      let number = Natural(bytes: bytes[start..<(start + width)])
      guard !number.isZero, number < square else { throw malformed("ciphertext \(index) is out of range") }
      unsafe words.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        unsafe core.split(number, into: base + index * stride)
      }
    }
    if let index = core.firstNonUnit(words) {
      throw malformed("ciphertext \(index) is no unit modulo the square of the modulus")
    }
    self.init(publicKey: key, plan: plan, count: count, totalWeight: total, netWeight: net, words: words)
  }
}

extension PublicKeyCore {
  /// The position of the first ciphertext that shares a factor with n, or nil.
  ///
  /// All first digits are multiplied together and one greatest common divisor is taken; only when it is not 1 are they
  /// looked at one by one.
  func firstNonUnit(_ words: [UInt64]) -> Int? {
    let stride = 2 * ring.limbs
    let count = words.count / stride
    guard count > 0 else { return nil }
    let scratch = ring.makeScratch()
    let product = LimbBuffer(count: ring.limbs)
    let one = Natural(1)
    return unsafe words.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return nil }
      unsafe product.base.update(from: base, count: ring.limbs)
      for index in 1..<max(count, 1) {
        unsafe ring.digitMultiply(product.base, product.base, base + index * stride, scratch.base)
      }
      let together = unsafe Natural(limbs: product.base, count: ring.limbs)
      if Natural.greatestCommonDivisor(together, modulus) == one { return nil }
      for index in 0..<count {
        let digit = unsafe Natural(limbs: base + index * stride, count: ring.limbs)
        if Natural.greatestCommonDivisor(digit, modulus) != one { return index }
      }
      return nil
    }
  }
}
