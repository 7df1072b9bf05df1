package import BigNumber
package import SecureRandom

/// The key holder's noise: exactly the distribution of r^n with r uniform in the units, at a fraction of its price.
///
/// The n-th residues modulo n² are the product of the subgroup of order p - 1 modulo p² and that of order q - 1 modulo
/// q², and r ↦ r^n is a bijection from the units modulo n onto it because gcd(n, φ(n)) = 1. With the factors of
/// p - 1 known, g^p for a generator g modulo p generates the first; its power with a uniform exponent below p - 1 is
/// a uniform element. Without them t^p for a uniform t below p is just as exact, and slower.
///
/// The tables are secret and are wiped with this object.
package final class KeyHolderNoise: NoiseSource {
  private let p: NoiseHalf
  private let q: NoiseHalf
  private let core: PublicKeyCore
  private let squareOfP: SecretNatural
  private let squareOfQ: SecretNatural
  /// (p²)⁻¹ mod q².
  private let inverse: SecretNatural

  package init(
    _ key: borrowing PaillierPrivateKey, tableBytes: Int?, variableTime: Bool,
    using generator: inout SecureGenerator
  ) throws(PaillierError) {
    core = key.publicKey.core
    let radix = Natural.powerOfTwo(64 * core.ring.limbs)
    let known = key.hasKnownFactors
    let squareP = key.core.p.withValue { $0 * $0 }
    let squareQ = key.core.q.withValue { $0 * $0 }
    guard let inverse = squareP.inverse(modulo: squareQ) else {
      throw PaillierError(.keyShape, "p", "the primes of a key are different")
    }
    let limbs = max(key.core.halfP.ring.limbs, key.core.halfQ.ring.limbs)
    let shape = FixedBaseComb.Shape.fitting(
      bits: key.core.halfP.exponentBits, limbs: limbs,
      tableBytes: tableBytes.map { $0 / 2 }, variableTime: variableTime)
    p = key.core.p.withValue {
      NoiseHalf(
        $0, key.core.halfP, knowsFactors: known, radix: radix, shape: shape, variableTime: variableTime,
        using: &generator)
    }
    q = key.core.q.withValue {
      NoiseHalf(
        $0, key.core.halfQ, knowsFactors: known, radix: radix, shape: shape, variableTime: variableTime,
        using: &generator)
    }
    squareOfP = SecretNatural(squareP)
    squareOfQ = SecretNatural(squareQ)
    self.inverse = SecretNatural(inverse)
  }

  package var tableBytes: Int { p.tableBytes + q.tableBytes }

  package func draw(_ result: Limbs, using generator: inout SecureGenerator, _ scratch: Limbs) {
    let u = unsafe p.draw(using: &generator, scratch)
    let v = unsafe q.draw(using: &generator, scratch)
    // x = u + p²·((v - u)/p² mod q²); v is lifted by 4q² > p² > u first.
    let x = squareOfP.withValue { p2 in
      squareOfQ.withValue { q2 in
        inverse.withValue { inverse in
          let lifted = v + (q2 * 4) - u
          return u + p2 * ((lifted * inverse) % q2)
        }
      }
    }
    unsafe core.split(x, into: result)
  }
}

/// Uniform elements of the subgroup of order prime - 1 modulo the prime's square.
private final class NoiseHalf: Sendable {
  private let ring: PairModulus
  private let half: KeyHalf
  private let orderBits: Int
  private let order: SecretNatural
  private let comb: FixedBaseComb?
  private let primeWords: LimbBuffer
  /// R of the public ring modulo the prime's square, in ordinary form: multiplying by it leaves the Montgomery form
  /// of this ring and enters that of the public one.
  private let bridge: LimbBuffer

  init(
    _ prime: borrowing Natural, _ half: KeyHalf, knowsFactors: Bool, radix: borrowing Natural,
    shape: FixedBaseComb.Shape, variableTime: Bool, using generator: inout SecureGenerator
  ) {
    ring = half.ring
    self.half = half
    let order = prime - 1
    orderBits = order.bitWidth
    primeWords = LimbBuffer(count: ring.limbs)
    unsafe prime.export(to: primeWords.base, count: ring.limbs)
    bridge = ring.makePair()
    unsafe ring.split(radix % (prime * prime), by: prime, into: bridge.base)

    if knowsFactors {
      let scratch = ring.makeScratch()
      let base = ring.makePair()
      let generatorOfGroup = Self.generator(modulo: prime, cofactor: half.cofactor, using: &generator)
      unsafe generatorOfGroup.export(to: base.base, count: ring.limbs)
      unsafe ring.multiply(base.base, base.base, ring.radixSquared, scratch.base)
      unsafe ring.power(
        base.base, base.base, exponent: primeWords.base, bits: prime.bitWidth, variableTime: false, scratch.base)
      comb = unsafe FixedBaseComb(
        base: base.base, modulus: ring, exponentBits: orderBits, shape: shape, variableTime: variableTime)
    } else {
      comb = nil
    }
    self.order = SecretNatural(order)
  }

  var tableBytes: Int { comb?.tableBytes ?? 0 }

  /// A generator of the units modulo a prime 2·a·p′ + 1: no g^((prime-1)/f) is 1.
  static func generator(
    modulo prime: borrowing Natural, cofactor: UInt64, using generator: inout SecureGenerator
  ) -> Natural {
    let order = prime - 1
    let one = Natural(1)
    let large = (order / UInt(2 * cofactor)).copy()
    let small = [2] + StructuredPrime.primeFactors(of: cofactor)
    while true {
      let candidate = Natural.random(below: order, using: &generator) + 1
      var generates = large == one || candidate.power(order / large, modulo: prime) != one
      for factor in small where generates {
        generates = candidate.power(order / UInt(factor), modulo: prime) != one
      }
      if generates { return candidate }
    }
  }

  /// One element, times the public ring's R, as a number below the prime's square.
  func draw(using generator: inout SecureGenerator, _ scratch: Limbs) -> Natural {
    let x = ring.makePair()
    if let comb {
      let exponent = order.withValue { Natural.random(below: $0, using: &generator) }
      let words = LimbBuffer(count: comb.exponentLimbs)
      unsafe exponent.export(to: words.base, count: words.count)
      unsafe comb.power(x.base, exponent: words.base, scratch)
    } else {
      let t = order.withValue { Natural.random(below: $0, using: &generator) } + 1
      unsafe t.export(to: x.base, count: ring.limbs)
      unsafe ring.multiply(x.base, x.base, ring.radixSquared, scratch)
      unsafe ring.power(
        x.base, x.base, exponent: primeWords.base, bits: ring.bitWidth, variableTime: false, scratch)
    }
    unsafe ring.multiply(x.base, x.base, bridge.base, scratch)
    return unsafe ring.join(x.base)
  }
}
