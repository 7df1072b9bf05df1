package import BigNumber

/// One encrypted integer of any size up to a third of the modulus, as python-paillier encodes it.
///
/// The number stands for m·16^``exponent``. Integers have exponent 0; files written by python-paillier from floating
/// point have negative ones. The exponent is public and tells the magnitude of what was encrypted, so nothing here
/// writes a number of its own with another exponent than 0. `State` is ``Fresh`` or ``Derived``.
public struct EncryptedNumber<State>: Sendable {
  /// The key it is encrypted for.
  public let publicKey: PaillierPublicKey
  /// The power of 16 that the plaintext is multiplied by.
  public let exponent: Int
  package let words: [UInt64]

  package init(publicKey: PaillierPublicKey, exponent: Int, words: [UInt64]) {
    self.publicKey = publicKey
    self.exponent = exponent
    self.words = words
  }

  /// The canonical ciphertext, a number between 0 and n².
  package var ciphertext: Natural { publicKey.core.number(words) }

  /// Whether the ciphertext is the number 1, which shows that the plaintext is 0.
  public var isTransparent: Bool { words.enumerated().allSatisfy { $0.element == ($0.offset == 0 ? 1 : 0) } }
}

extension EncryptedNumber where State == Fresh {
  /// Takes a ciphertext from outside.
  ///
  /// - Throws: ``PaillierError`` with code `malformed` for 0, for numbers from n² on and for numbers that share a
  ///   factor with n.
  package init(
    _ publicKey: PaillierPublicKey, ciphertext: borrowing Natural, exponent: Int
  ) throws(PaillierError) {
    let core = publicKey.core
    try core.checkCiphertext(ciphertext)
    var words = [UInt64](repeating: 0, count: 2 * core.ring.limbs)
    unsafe words.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe core.split(ciphertext, into: base)
    }
    guard core.firstNonUnit(words) == nil else {
      throw PaillierError(.malformed, "ciphertext", "a ciphertext has no factor in common with the modulus")
    }
    self.init(publicKey: publicKey, exponent: exponent, words: words)
  }
}

extension EncryptedNumber {
  /// The sum of two numbers.
  ///
  /// **Edge cases**: with different exponents the number with the larger one is multiplied up first.
  ///
  /// - Throws: ``PaillierError``: `foreignKey`; `valueOutOfRange` when exponents differ by more than 4096.
  public func adding<Other>(_ other: EncryptedNumber<Other>) throws(PaillierError) -> EncryptedNumber<Derived> {
    guard other.publicKey == publicKey else { throw .foreignKey }
    let lowest = min(exponent, other.exponent)
    let first = try aligned(to: lowest)
    let second = try other.aligned(to: lowest)
    return EncryptedNumber<Derived>(
      publicKey: publicKey, exponent: lowest, words: publicKey.core.product(first, second))
  }

  /// The number times a public integer given in decimal.
  ///
  /// A negative factor inverts the ciphertext once. A factor of 0 gives the transparent ciphertext 1, which only
  /// re-randomising makes fit to leave.
  ///
  /// - Throws: ``PaillierError`` with code `valueOutOfRange` for text that is no integer of at most half the modulus.
  public func multiplied(by factor: String) throws(PaillierError) -> EncryptedNumber<Derived> {
    let isNegative = factor.hasPrefix("-")
    guard factor.utf8.count <= KeySize.maximumBits / 3,
      let magnitude = Natural(decimal: isNegative ? factor.dropFirst() : factor[...]),
      magnitude.bitWidth < publicKey.bitWidth
    else { throw PaillierError(.valueOutOfRange, "factor", "not an integer smaller than half the modulus") }
    let power = try publicKey.core.power(words, magnitude, inverted: isNegative)
    return EncryptedNumber<Derived>(publicKey: publicKey, exponent: exponent, words: power)
  }

  /// Multiplies in fresh noise.
  ///
  /// - Throws: ``PaillierError`` with code `foreignKey` for another key's encryptor.
  public func rerandomized(using encryptor: inout Encryptor) throws(PaillierError) -> EncryptedNumber<Fresh> {
    guard encryptor.publicKey == publicKey else { throw .foreignKey }
    let core = publicKey.core
    let source = encryptor.source
    let old = words
    let new = unsafe [UInt64].filledInParallel(count: 1, stride: old.count, threads: 1) { range, output in
      unsafe core.rerandomize(old, range, output, source)
    }
    return EncryptedNumber<Fresh>(publicKey: publicKey, exponent: exponent, words: new)
  }

  private func aligned(to lowest: Int) throws(PaillierError) -> [UInt64] {
    guard exponent - lowest <= 4096 else {
      throw PaillierError(.valueOutOfRange, "exponent", "the exponents are too far apart")
    }
    if exponent == lowest { return words }
    return try publicKey.core.power(words, Natural.powerOfTwo(4 * (exponent - lowest)), inverted: false)
  }
}

extension Encryptor {
  /// Encrypts a decimal integer, negative ones included.
  ///
  /// - Throws: ``PaillierError`` with code `valueOutOfRange` for text that is no integer, and for absolute values from
  ///   a third of the modulus on (the range of python-paillier, which leaves a third as guard zone).
  public mutating func encrypt(decimal text: String) throws(PaillierError) -> EncryptedNumber<Fresh> {
    let core = publicKey.core
    let isNegative = text.hasPrefix("-")
    guard text.utf8.count <= KeySize.maximumBits / 3,
      let magnitude = Natural(decimal: isNegative ? text.dropFirst() : text[...])
    else { throw PaillierError(.valueOutOfRange, "value", "not a decimal integer") }
    guard magnitude <= core.largestMagnitude else {
      throw PaillierError(.valueOutOfRange, "value", "the value is not smaller than a third of the modulus")
    }
    let residue = isNegative && !magnitude.isZero ? core.modulus - magnitude : magnitude.copy()
    return try encrypt(residue: residue)
  }

  /// Encrypts a residue 0 ≤ m < n as it stands.
  package mutating func encrypt(residue: borrowing Natural) throws(PaillierError) -> EncryptedNumber<Fresh> {
    let pair = publicKey.core.ring.makePair()
    try unsafe encryptResidue(residue, into: pair.base)
    return EncryptedNumber<Fresh>(
      publicKey: publicKey, exponent: 0, words: (0..<pair.count).map { pair[$0] })
  }
}

extension PublicKeyCore {
  /// ⌊n/3⌋ - 1, python-paillier's largest absolute value.
  package var largestMagnitude: Natural { modulus / 3 - 1 }

  /// (1 + m·n)·r^n for a given r: known-answer tests only.
  ///
  /// Whoever sees r twice sees the plaintexts' difference.
  package func encrypt(
    residue: borrowing Natural, insecureNonce r: borrowing Natural
  ) throws(PaillierError) -> [UInt64] {
    guard residue < modulus else {
      throw PaillierError(.valueOutOfRange, "value", "a plaintext is below the modulus")
    }
    guard r < modulus, Natural.greatestCommonDivisor(r, modulus) == Natural(1) else {
      throw PaillierError(.valueOutOfRange, "nonce", "a nonce is below the modulus and has no factor in common with it")
    }
    let scratch = ring.makeScratch()
    let noise = ring.makePair()
    let pair = ring.makePair()
    let message = LimbBuffer(count: ring.limbs)
    unsafe residue.export(to: message.base, count: ring.limbs)
    unsafe ExactNoise(self).raise(r, into: noise.base, scratch.base)
    unsafe seal(message.base, noise: noise.base, into: pair.base, scratch.base)
    return (0..<pair.count).map { pair[$0] }
  }

  /// The product of two ciphertexts.
  package func product(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
    let scratch = ring.makeScratch()
    let result = ring.makePair()
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        guard let a = a.baseAddress, let b = b.baseAddress else { return }
        unsafe ring.multiply(result.base, a, ring.radixSquared, scratch.base)
        unsafe ring.multiply(result.base, result.base, b, scratch.base)
      }
    }
    return (0..<result.count).map { result[$0] }
  }

  /// A ciphertext, or its inverse, to a public power.
  package func power(
    _ words: [UInt64], _ exponent: borrowing Natural, inverted: Bool
  ) throws(PaillierError) -> [UInt64] {
    let scratch = ring.makeScratch()
    let result = ring.makePair()
    let base = number(words)
    if inverted {
      guard let inverse = base.inverse(modulo: modulus * modulus) else {
        throw PaillierError(.malformed, "ciphertext", "a ciphertext has no factor in common with the modulus")
      }
      unsafe split(inverse, into: result.base)
    } else {
      unsafe split(base, into: result.base)
    }
    let bits = PublicExponent(exponent)
    unsafe ring.multiply(result.base, result.base, ring.radixSquared, scratch.base)
    unsafe ring.power(
      result.base, result.base, exponent: bits.words.base, bits: bits.bits, variableTime: true, scratch.base)
    unsafe ring.multiply(result.base, result.base, ring.unit, scratch.base)
    return (0..<result.count).map { result[$0] }
  }
}

extension PaillierPrivateKey {
  /// Decrypts a number to its integer m in decimal, to be read as m·16^exponent.
  ///
  /// - Throws: ``PaillierError``: `foreignKey`, or `decryptionFailed`, also for plaintexts in the guard zone between
  ///   the positive and the negative range.
  public borrowing func decryptDecimal<State>(_ number: EncryptedNumber<State>) throws(PaillierError) -> String {
    let residue = try decryptResidue(number)
    let core = publicKey.core
    let largest = core.largestMagnitude
    if residue <= largest { return residue.decimal }
    let magnitude = core.modulus - residue
    guard magnitude <= largest else { throw .decryptionFailed }
    return "-" + magnitude.decimal
  }

  /// Decrypts a number to its residue 0 ≤ m < n.
  package borrowing func decryptResidue<State>(_ number: EncryptedNumber<State>) throws(PaillierError) -> Natural {
    guard number.publicKey == publicKey else { throw .foreignKey }
    return try decryptResidue(number: number.ciphertext)
  }
}
