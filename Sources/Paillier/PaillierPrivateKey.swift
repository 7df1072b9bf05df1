package import BigNumber
import SecureRandom

/// A Paillier private key: one owner, wiped when released, neither printable nor Codable.
///
/// Decryption works modulo p² and q² with fixed windows and whole-table scans. IND-CPA is all the scheme gives:
/// anyone can add to a ciphertext or scale it, so never decrypt single ciphertexts on behalf of strangers.
@safe
public struct PaillierPrivateKey: ~Copyable, Sendable {
  let core: PrivateKeyCore

  /// The matching public key.
  public var publicKey: PaillierPublicKey { core.publicKey }

  /// Whether the factors of p - 1 and q - 1 are known, which makes the key holder's noise fast.
  public var hasKnownFactors: Bool { core.halfP.cofactor != 0 && core.halfQ.cofactor != 0 }

  /// Builds a key from primes that were checked.
  ///
  /// - Parameters:
  ///   - cofactors: The odd numbers a with p - 1 = 2·a·p′, q - 1 = 2·b·q′ and p′, q′ prime; 0 when not known.
  package init(
    checkedPrimes p: consuming Natural, _ q: consuming Natural, cofactors: (UInt64, UInt64),
    damgardJurikNielsenShape: Bool, keyIdentifier: String, purpose: KeyPurpose = .encryption
  ) throws(PaillierError) {
    core = try PrivateKeyCore(
      p, q, cofactors: cofactors, damgardJurikNielsenShape: damgardJurikNielsenShape, keyIdentifier: keyIdentifier,
      purpose: purpose)
  }
}

/// The secrets of one key.
///
/// Only the key itself and its holder's noise refer to it; it is wiped with the last of them.
final class PrivateKeyCore: Sendable {
  let publicKey: PaillierPublicKey
  let p: SecretNatural
  let q: SecretNatural
  let halfP: KeyHalf
  let halfQ: KeyHalf
  /// p⁻¹ mod q in Montgomery form, one digit.
  let inverseOfP: LimbBuffer

  init(
    _ p: consuming Natural, _ q: consuming Natural, cofactors: (UInt64, UInt64), damgardJurikNielsenShape: Bool,
    keyIdentifier: String, purpose: KeyPurpose
  ) throws(PaillierError) {
    guard let inverseP = p.inverse(modulo: q), let inverseQ = q.inverse(modulo: p) else {
      throw PaillierError(.keyShape, "p", "the primes of a key are different")
    }
    publicKey = PaillierPublicKey(
      trusted: p * q, damgardJurikNielsenShape: damgardJurikNielsenShape, keyIdentifier: keyIdentifier,
      purpose: purpose)
    halfP = KeyHalf(prime: p, inverseOfOther: inverseQ, cofactor: cofactors.0)
    halfQ = KeyHalf(prime: q, inverseOfOther: inverseP, cofactor: cofactors.1)
    inverseOfP = halfQ.enterDigit(inverseP)
    self.p = SecretNatural(p)
    self.q = SecretNatural(q)
  }

  deinit { SecureMemory.scrubStack() }
}

/// What decryption needs modulo the square of one prime.
final class KeyHalf: Sendable {
  let ring: PairModulus
  /// prime - 1, the decryption exponent.
  let exponent: LimbBuffer
  let exponentBits: Int
  /// (-other)⁻¹ modulo the prime, in Montgomery form: digit 1 of c^(prime-1) times this is m modulo the prime.
  let scale: LimbBuffer
  let cofactor: UInt64

  init(prime: borrowing Natural, inverseOfOther: borrowing Natural, cofactor: UInt64) {
    ring = PairModulus(prime)
    exponentBits = prime.bitWidth
    exponent = LimbBuffer(count: ring.limbs)
    unsafe (prime - 1).export(to: exponent.base, count: ring.limbs)
    scale = LimbBuffer(count: ring.limbs)
    self.cofactor = cofactor
    unsafe enterDigit(prime - inverseOfOther, into: scale.base)
  }

  /// value·R modulo the prime, one digit.
  func enterDigit(_ value: borrowing Natural) -> LimbBuffer {
    let result = LimbBuffer(count: ring.limbs)
    unsafe enterDigit(value, into: result.base)
    return result
  }

  private func enterDigit(_ value: borrowing Natural, into result: Limbs) {
    let scratch = ring.makeScratch()
    unsafe value.export(to: result, count: ring.limbs)
    unsafe ring.digitMultiply(result, result, ring.digitRadixSquared, scratch.base)
  }

  /// m modulo the prime, one digit, for a ciphertext below n²; the first digit of the power must be 1.
  ///
  /// With a blind u the exponent is (prime - 1)·u, and the result u·m modulo the prime.
  ///
  /// - Returns: 0 when it is, something else for a ciphertext that is no unit and for a fault in the first digit.
  func decrypt(
    _ ciphertext: borrowing Natural, into residue: Limbs, blind: UInt64 = 1, fault: DecryptionFault? = nil,
    _ scratch: Limbs
  ) -> UInt64 {
    let x = ring.makePair()
    unsafe ring.reduce(ciphertext, into: x.base)
    unsafe ring.multiply(x.base, x.base, ring.radixSquared, scratch)
    if blind == 1 {
      unsafe ring.power(
        x.base, x.base, exponent: exponent.base, bits: exponentBits, variableTime: false, scratch)
    } else {
      let product = LimbBuffer(count: ring.limbs + 1)
      var carry: UInt64 = 0
      for index in 0..<ring.limbs {
        let (high, low) = exponent[index].multipliedFullWidth(by: blind)
        let (sum, overflow) = low.addingReportingOverflow(carry)
        unsafe product.base[index] = sum
        carry = high &+ (overflow ? 1 : 0)
      }
      unsafe product.base[ring.limbs] = carry
      unsafe ring.power(
        x.base, x.base, exponent: product.base, bits: exponentBits + 64, variableTime: false, scratch)
    }
    unsafe ring.multiply(x.base, x.base, ring.unit, scratch)
    if let fault { unsafe x.base[fault.digit * ring.limbs + fault.limb] ^= 1 << UInt64(fault.bit) }
    var difference = unsafe x.base[0] ^ 1
    for index in 1..<ring.limbs { unsafe difference |= x.base[index] }
    unsafe ring.digitMultiply(residue, x.base + ring.limbs, scale.base, scratch)
    return difference
  }

  /// The same computed again under a random odd 64-bit blind and compared.
  ///
  /// The two agree up to the blind as a factor: no inverse is needed. A fault in either
  /// computation, in either digit, makes the difference something else than 0.
  func decryptTwice(
    _ ciphertext: borrowing Natural, into residue: Limbs, fault: DecryptionFault?, _ scratch: Limbs,
    using generator: inout SecureGenerator
  ) -> UInt64 {
    let blind = generator.next() | 1 << 63 | 1
    let again = LimbBuffer(count: ring.limbs)
    let factor = LimbBuffer(count: ring.limbs)
    var difference = unsafe decrypt(ciphertext, into: residue, fault: fault, scratch)
    unsafe difference |= decrypt(ciphertext, into: again.base, blind: blind, scratch)
    // The blind modulo the prime, in Montgomery form; the prime may be shorter than a word in tests.
    unsafe factor.base[0] = ring.bitWidth > 64 ? blind : blind % ring.digits[0]
    unsafe ring.digitMultiply(factor.base, factor.base, ring.digitRadixSquared, scratch)
    unsafe ring.digitMultiply(factor.base, factor.base, residue, scratch)
    for index in 0..<ring.limbs { difference |= factor[index] ^ again[index] }
    return difference
  }
}

/// A bit flipped in the power modulo one prime's square, for tests of what notices it.
package struct DecryptionFault: Sendable {
  package var modulo: Int
  package var digit: Int
  package var limb: Int
  package var bit: Int

  /// A flip modulo p² (0) or q² (1), in digit 0 or 1.
  package init(modulo: Int, digit: Int, limb: Int, bit: Int) {
    (self.modulo, self.digit, self.limb, self.bit) = (modulo, digit, limb, bit)
  }
}

extension PrivateKeyCore {
  /// The residue 0 ≤ m < n of a ciphertext in ordinary pair form, or nil, whatever went wrong.
  func decryptResidue(_ pair: ConstantLimbs, twice: Bool = false, fault: DecryptionFault? = nil) -> Natural? {
    let ciphertext = unsafe publicKey.core.number(pair)
    let ring = halfQ.ring
    let limbs = max(halfP.ring.limbs, ring.limbs)
    let scratch = LimbBuffer(count: max(halfP.ring.scratchLimbs, ring.scratchLimbs))
    let mp = LimbBuffer(count: limbs)
    let mq = LimbBuffer(count: limbs)
    let first = fault?.modulo == 0 ? fault : nil
    let second = fault?.modulo == 1 ? fault : nil
    var difference: UInt64
    if twice {
      var generator = SecureGenerator()
      difference = unsafe halfP.decryptTwice(ciphertext, into: mp.base, fault: first, scratch.base, using: &generator)
      unsafe difference |= halfQ.decryptTwice(
        ciphertext, into: mq.base, fault: second, scratch.base, using: &generator)
    } else {
      difference = unsafe halfP.decrypt(ciphertext, into: mp.base, fault: first, scratch.base)
      unsafe difference |= halfQ.decrypt(ciphertext, into: mq.base, fault: second, scratch.base)
    }
    guard difference == 0 else { return nil }

    // m = m_p + p·((m_q - m_p)·p⁻¹ mod q); m_p is below p < 2q, so one addition of 0 reduces it.
    let zero = LimbBuffer(count: limbs)
    let t = LimbBuffer(count: limbs)
    unsafe ring.digitAdd(t.base, mp.base, zero.base, scratch.base)
    unsafe ring.digitSubtract(t.base, mq.base, t.base, scratch.base)
    unsafe ring.digitMultiply(t.base, t.base, inverseOfP.base, scratch.base)
    let low = unsafe Natural(limbs: mp.base, count: halfP.ring.limbs)
    let high = unsafe Natural(limbs: t.base, count: ring.limbs)
    return p.withValue { $0 * high + low }
  }
}

extension PaillierPrivateKey {
  /// The residue of a ciphertext given as a number.
  ///
  /// - Throws: ``PaillierError``: `malformed` for 0 and for numbers from n² on, else `decryptionFailed`.
  package func decryptResidue(
    number: borrowing Natural, checkedTwice: Bool = false, fault: DecryptionFault? = nil
  ) throws(PaillierError) -> Natural {
    let core = publicKey.core
    try core.checkCiphertext(number)
    let pair = core.ring.makePair()
    unsafe core.split(number, into: pair.base)
    guard let residue = unsafe self.core.decryptResidue(pair.base, twice: checkedTwice, fault: fault) else {
      throw .decryptionFailed
    }
    return residue
  }
}

extension PublicKeyCore {
  /// Refuses numbers that are not between 0 and n².
  package func checkCiphertext(_ number: borrowing Natural) throws(PaillierError) {
    guard !number.isZero, number < modulus * modulus else {
      throw PaillierError(.malformed, "ciphertext", "a ciphertext is a number between 0 and the square of the modulus")
    }
  }
}
