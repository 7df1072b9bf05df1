import BigNumber
import SecureRandom

extension PaillierPrivateKey {
  /// Draws a fresh key.
  ///
  /// Both primes have exactly half the bits of n with the two top bits set, p = 2·a·p′ + 1 with p′ a random prime and
  /// a a random odd number below 2³². So p ≡ q ≡ 3 modulo 4, gcd(p - 1, q - 1) = 2, and the factors of p - 1 and
  /// q - 1 are known, which gives generators of both groups.
  ///
  /// - Parameters:
  ///   - size: Bits of n; 3072 unless said.
  ///   - purpose: What the key is for.
  /// - Throws: never in practice.
  public static func generate(
    _ size: KeySize = .standard, keyIdentifier: String = "", purpose: KeyPurpose = .encryption
  ) throws(PaillierError) -> PaillierPrivateKey {
    var generator = SecureGenerator()
    return try generate(size, keyIdentifier: keyIdentifier, purpose: purpose, using: &generator)
  }

  static func generate(
    _ size: KeySize, keyIdentifier: String, purpose: KeyPurpose, using generator: inout SecureGenerator
  ) throws(PaillierError) -> PaillierPrivateKey {
    while true {
      let first = StructuredPrime.random(bits: size.bits / 2, using: &generator)
      let second = StructuredPrime.random(bits: size.bits / 2, using: &generator)
      let defect = keyDefect(first.prime, second.prime, wantsShape: true)
      guard defect == nil, first.large != second.large else { continue }
      let modulus = first.prime * second.prime
      guard modulus.bitWidth == size.bits else { continue }
      return try PaillierPrivateKey(
        checkedPrimes: first.prime.copy(), second.prime.copy(), cofactors: (first.cofactor, second.cofactor),
        damgardJurikNielsenShape: true, keyIdentifier: keyIdentifier, purpose: purpose)
    }
  }

  /// The first thing wrong with two primes as a key, or nil.
  ///
  /// Says nothing about primality.
  static func keyDefect(_ p: borrowing Natural, _ q: borrowing Natural, wantsShape: Bool) -> String? {
    guard p.isOdd, q.isOdd, p.bitWidth > 1, q.bitWidth > 1 else { return "the primes of a key are odd" }
    guard p != q else { return "the primes of a key are different" }
    guard p.bitWidth == q.bitWidth else { return "the primes of a key have equal length" }
    let distance = p < q ? q - p : p - q
    // A modulus whose primes agree in the top 100 bits falls to Fermat's factoring method sooner than it should.
    if p.bitWidth >= 256, distance.bitWidth < p.bitWidth - 100 { return "the primes of a key are too close" }
    let n = p * q
    let phi = (p - 1) * (q - 1)
    guard Natural.greatestCommonDivisor(n, phi) == Natural(1) else { return "n and (p-1)(q-1) share a factor" }
    if wantsShape, !hasDamgardJurikNielsenShape(p, q) { return "the primes have not the stated shape" }
    return nil
  }

  /// Whether both primes are 3 modulo 4 and gcd(p - 1, q - 1) = 2.
  static func hasDamgardJurikNielsenShape(_ p: borrowing Natural, _ q: borrowing Natural) -> Bool {
    p.lowWord & 3 == 3 && q.lowWord & 3 == 3
      && Natural.greatestCommonDivisor(p - 1, q - 1) == Natural(2)
  }
}

/// A prime 2·a·p′ + 1 with p′ prime and a odd, so that the factors of the prime minus 1 are known.
struct StructuredPrime: ~Copyable {
  let prime: Natural
  let large: Natural
  let cofactor: UInt64

  /// A prime of exactly `bits` bits with the two top bits set.
  static func random(bits: Int, using generator: inout SecureGenerator) -> StructuredPrime {
    let cofactorBits = 32
    while true {
      let large = Natural.randomPrime(bits: bits - cofactorBits - 1, using: &generator)
      // Expected number of odd cofactors that give a prime is in the hundreds of thousands; a few thousand draws
      // find one, and a fresh large prime is drawn should they not.
      for _ in 0..<(64 * bits) {
        let cofactor = generator.next() >> UInt64(64 - cofactorBits) | 1
        let candidate = large * UInt(2 * cofactor) + 1
        guard candidate.bitWidth == bits, candidate.bit(at: bits - 2), candidate.isProbablyPrime() else { continue }
        return StructuredPrime(prime: candidate, large: large, cofactor: cofactor)
      }
    }
  }

  /// The distinct prime factors of an odd number below 2³², by trial division.
  static func primeFactors(of number: UInt64) -> [UInt64] {
    var rest = number
    var factors: [UInt64] = []
    var divisor: UInt64 = 3
    while divisor * divisor <= rest {
      if rest % divisor == 0 {
        factors.append(divisor)
        while rest % divisor == 0 { rest /= divisor }
      }
      divisor += 2
    }
    if rest > 1 { factors.append(rest) }
    return factors
  }
}
