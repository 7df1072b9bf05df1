package import BigNumber
package import SecureRandom

/// Where the random factor of a ciphertext comes from.
package protocol NoiseSource: Sendable {
  /// Draws one n-th residue modulo n² into a pair in Montgomery form.
  func draw(_ result: Limbs, using generator: inout SecureGenerator, _ scratch: Limbs)
  /// Bytes of its tables.
  var tableBytes: Int { get }
}

extension NoiseSource {
  package var tableBytes: Int { 0 }
}

/// r^n with r uniform in the units below n: ISO/IEC 18033-6 and Paillier 1999.
///
/// A uniform r shares a factor with n with probability about 2^(1 - |n|/2), which is neglected.
package struct ExactNoise: NoiseSource {
  private let core: PublicKeyCore
  private let exponent: PublicExponent

  package init(_ core: PublicKeyCore) {
    self.core = core
    exponent = PublicExponent(core.modulus)
  }

  package func draw(_ result: Limbs, using generator: inout SecureGenerator, _ scratch: Limbs) {
    while true {
      let r = Natural.random(below: core.modulus, using: &generator)
      guard !r.isZero else { continue }
      unsafe raise(r, into: result, scratch)
      return
    }
  }

  /// r^n in Montgomery form for a given r below n.
  ///
  /// The exponent is public, so its windows may be indexed directly.
  package func raise(_ r: borrowing Natural, into result: Limbs, _ scratch: Limbs) {
    let base = core.ring.makePair()
    unsafe r.export(to: base.base, count: core.ring.limbs)
    unsafe core.ring.multiply(base.base, base.base, core.ring.radixSquared, scratch)
    unsafe core.ring.power(
      result, base.base, exponent: exponent.words.base, bits: exponent.bits, variableTime: true, scratch)
  }
}

/// The words of a public exponent, kept for the life of a noise source.
package final class PublicExponent: Sendable {
  package let words: LimbBuffer
  package let bits: Int

  package init(_ value: borrowing Natural) {
    bits = value.bitWidth
    words = LimbBuffer(count: max((value.bitWidth + 63) / 64, 1))
    unsafe value.export(to: words.base, count: words.count)
  }
}

/// h_s^r with a secret r of half the modulus' bits (Damgård, Jurik, Nielsen 2010).
///
/// h = -x² mod n for the encryptor's own random x, h_s = h^n mod n². Half-length exponents are indistinguishable
/// from full ones modulo a product of two primes that are 3 modulo 4, if factoring is hard (Goldreich, Rosen 2003).
package struct ShortExponentNoise: NoiseSource {
  private let comb: FixedBaseComb

  package init(
    _ core: PublicKeyCore, tableBytes: Int?, variableTime: Bool, using generator: inout SecureGenerator
  ) {
    let ring = core.ring
    let scratch = ring.makeScratch()
    let power = ring.makePair()
    while true {
      let x = Natural.random(below: core.modulus, using: &generator)
      guard Natural.greatestCommonDivisor(x, core.modulus) == Natural(1) else { continue }
      let h = core.modulus - ((x * x) % core.modulus)
      unsafe ExactNoise(core).raise(h, into: power.base, scratch.base)
      break
    }
    let bits = (ring.bitWidth + 1) / 2
    let shape = FixedBaseComb.Shape.fitting(
      bits: bits, limbs: ring.limbs, tableBytes: tableBytes, variableTime: variableTime)
    comb = unsafe FixedBaseComb(
      base: power.base, modulus: ring, exponentBits: bits, shape: shape, variableTime: variableTime)
  }

  /// Bytes of the tables.
  package var tableBytes: Int { comb.tableBytes }

  package func draw(_ result: Limbs, using generator: inout SecureGenerator, _ scratch: Limbs) {
    let exponent = LimbBuffer(count: comb.exponentLimbs)
    unsafe Natural.fill(exponent.base, bits: comb.exponentBits, using: &generator)
    unsafe comb.power(result, exponent: exponent.base, scratch)
  }
}
