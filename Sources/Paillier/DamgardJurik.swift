package import BigNumber
import SecureRandom

/// A public key of Damgård and Jurik's generalisation (PKC 2001): plaintexts modulo n^s, ciphertexts modulo n^(s+1).
///
/// With s = 1 it is Paillier's scheme. A larger s carries s times as much in (s + 1)/2 times the space: at s = 2 a
/// ciphertext is 1.5 times its plaintext instead of twice. Noise is exact: r^(n^s) for r over the full range.
/// Arithmetic is GMP's; vectors use the faster ``EncryptedVector``.
public struct DamgardJurikKey: Sendable {
  /// The key with the same modulus and s = 1.
  public let publicKey: PaillierPublicKey
  /// s.
  public let exponent: Int
  let numbers: DamgardJurikNumbers

  /// The largest s.
  public static let maximumExponent = 8

  /// The key for plaintexts modulo n^s.
  ///
  /// - Throws: ``PaillierError`` with code `invalidParameter` for s outside 1 to ``maximumExponent``.
  public init(_ publicKey: PaillierPublicKey, exponent: Int = 2) throws(PaillierError) {
    guard (1...DamgardJurikKey.maximumExponent).contains(exponent) else {
      throw PaillierError(.invalidParameter, "exponent", "s is from 1 to \(DamgardJurikKey.maximumExponent)")
    }
    self.publicKey = publicKey
    self.exponent = exponent
    numbers = DamgardJurikNumbers(publicKey.core.modulus, exponent)
  }

  /// The largest absolute value: ⌊n^s/3⌋ - 1, which leaves a third of the range as guard zone.
  package var largestMagnitude: Natural { numbers.plaintexts / 3 - 1 }

  /// Bytes of a ciphertext in canonical form.
  public var ciphertextByteCount: Int { (numbers.ciphertexts.bitWidth + 7) / 8 }

  /// Encrypts a decimal integer, negative ones included.
  ///
  /// - Throws: ``PaillierError`` with code `valueOutOfRange` for text that is no integer below a third of n^s.
  public func encrypt(decimal text: String) throws(PaillierError) -> DamgardJurikNumber<Fresh> {
    let isNegative = text.hasPrefix("-")
    guard text.utf8.count <= KeySize.maximumBits * exponent / 3,
      let magnitude = Natural(decimal: isNegative ? text.dropFirst() : text[...]), magnitude <= largestMagnitude
    else { throw PaillierError(.valueOutOfRange, "value", "not a decimal integer below a third of n^s") }
    let residue = SignedNatural(magnitude, isNegative: isNegative).residue(modulo: numbers.plaintexts)
    let number = (raised(residue) * noise()) % numbers.ciphertexts
    return DamgardJurikNumber(key: self, number.bytes(count: ciphertextByteCount))
  }

  /// (1 + n)^m = Σ C(m, k)·n^k for k up to s, modulo n^(s+1).
  func raised(_ m: borrowing Natural) -> Natural {
    let modulus = numbers.ciphertexts.copy()
    let n = publicKey.core.modulus.copy()
    var result = Natural(1)
    var term = Natural(1)
    var factor = m.copy()
    for k in 1...exponent {
      // The next binomial: times m - k + 1, over k, times n. k is far below the primes of n.
      term = (term * factor) % modulus
      guard let inverse = Natural(UInt(k)).inverse(modulo: modulus) else { return result }
      term = (((term * inverse) % modulus) * n) % modulus
      result = (result + term) % modulus
      factor = factor.isZero ? modulus - 1 : factor - 1
    }
    return result
  }

  /// r^(n^s) for a uniform unit r below n, which reaches every n^s-th residue.
  func noise() -> Natural {
    var generator = SecureGenerator()
    let r = publicKey.core.randomUnit(using: &generator)
    return r.securePower(numbers.plaintexts, modulo: numbers.ciphertexts)
  }
}

/// The powers of n that copies of a key share.
final class DamgardJurikNumbers: Sendable {
  /// n^s.
  let plaintexts: Natural
  /// n^(s+1).
  let ciphertexts: Natural

  init(_ modulus: borrowing Natural, _ exponent: Int) {
    var power = modulus.copy()
    for _ in 1..<max(exponent, 1) { power = power * modulus }
    ciphertexts = power * modulus
    plaintexts = power
  }
}

/// One integer encrypted modulo n^(s+1).
///
/// `State` is ``Fresh`` or ``Derived``.
public struct DamgardJurikNumber<State>: Sendable {
  /// The key it is encrypted for.
  public let key: DamgardJurikKey
  package let bytes: [UInt8]

  init(key: DamgardJurikKey, _ bytes: [UInt8]) {
    self.key = key
    self.bytes = bytes
  }

  package var ciphertext: Natural { Natural(bytes: bytes) }

  /// Whether the ciphertext is the number 1, which shows that the plaintext is 0.
  public var isTransparent: Bool { ciphertext == Natural(1) }

  /// The sum.
  ///
  /// - Throws: ``PaillierError`` with code `foreignKey` for another key or another s.
  public func adding<Other>(_ other: DamgardJurikNumber<Other>) throws(PaillierError) -> DamgardJurikNumber<Derived> {
    guard other.key.publicKey == key.publicKey, other.key.exponent == key.exponent else { throw .foreignKey }
    let product = (ciphertext * other.ciphertext) % key.numbers.ciphertexts
    return DamgardJurikNumber<Derived>(key: key, product.bytes(count: bytes.count))
  }

  /// The number times a public integer.
  public func multiplied(by factor: Int) -> DamgardJurikNumber<Derived> {
    let exponent = SignedNatural(Natural(factor.magnitude), isNegative: factor < 0)
    // Ciphertexts are units: they were checked when they came in.
    guard let power = ciphertext.power(exponent, modulo: key.numbers.ciphertexts) else {
      preconditionFailure("a ciphertext is a unit")
    }
    return DamgardJurikNumber<Derived>(key: key, power.bytes(count: bytes.count))
  }

  /// Multiplies in fresh noise, so that nobody can tell what the number was computed from.
  public func rerandomized() -> DamgardJurikNumber<Fresh> {
    let product = (ciphertext * key.noise()) % key.numbers.ciphertexts
    return DamgardJurikNumber<Fresh>(key: key, product.bytes(count: bytes.count))
  }
}

extension DamgardJurikNumber where State == Fresh {
  /// The ciphertext, big-endian, ``DamgardJurikKey/ciphertextByteCount`` long.
  public func serialized() -> [UInt8] { bytes }

  /// Reads ``serialized()``.
  ///
  /// - Throws: ``PaillierError`` with code `malformed` for another length, 0, numbers from n^(s+1) on and non-units.
  public init(parsing bytes: [UInt8], key: DamgardJurikKey) throws(PaillierError) {
    guard bytes.count == key.ciphertextByteCount else {
      throw PaillierError(.malformed, "ciphertext", "a ciphertext of this key has another length")
    }
    let number = Natural(bytes: bytes)
    guard !number.isZero, number < key.numbers.ciphertexts,
      Natural.greatestCommonDivisor(number, key.publicKey.core.modulus) == Natural(1)
    else { throw PaillierError(.malformed, "ciphertext", "a ciphertext is a unit below n^(s+1)") }
    self.init(key: key, bytes)
  }
}

extension PaillierPrivateKey {
  /// Decrypts a number modulo n^s to its integer in decimal.
  ///
  /// - Throws: ``PaillierError``: `foreignKey`, or `decryptionFailed`, also in the guard zone.
  public borrowing func decryptDecimal<State>(_ number: DamgardJurikNumber<State>) throws(PaillierError) -> String {
    guard number.key.publicKey == publicKey else { throw .foreignKey }
    let s = number.key.exponent
    let ciphertext = number.ciphertext
    let residue = core.p.withValue { p in
      core.q.withValue { q -> Natural? in
        guard let first = Self.logarithm(ciphertext, p, q, s), let second = Self.logarithm(ciphertext, q, p, s) else {
          return nil
        }
        let moduloP = Self.power(p, s)
        let moduloQ = Self.power(q, s)
        guard let inverse = moduloP.inverse(modulo: moduloQ) else { return nil }
        let lifted = second + moduloQ - (first % moduloQ)
        return first + moduloP * ((lifted * inverse) % moduloQ)
      }
    }
    guard let residue else { throw .decryptionFailed }
    let largest = number.key.largestMagnitude
    if residue <= largest { return residue.decimal }
    let magnitude = number.key.numbers.plaintexts - residue
    guard magnitude <= largest else { throw .decryptionFailed }
    return "-" + magnitude.decimal
  }

  /// m modulo p^s: log(c^(p-1)) over (p - 1)·log(1 + n), where log y = Σ (-1)^(k+1)·(y - 1)^k/k up to k = s modulo p^(s+1).
  ///
  /// Nil for a ciphertext that is no unit.
  private static func logarithm(
    _ ciphertext: borrowing Natural, _ p: borrowing Natural, _ q: borrowing Natural, _ s: Int
  ) -> Natural? {
    let modulus = power(p, s + 1)
    let plaintexts = power(p, s)
    let raised = (ciphertext % modulus).securePower(p - 1, modulo: modulus)
    guard let top = log(raised, p, s, modulus), let base = log((p * q + 1) % modulus, p, s, modulus) else { return nil }
    guard let inverse = (((p - 1) * base) % plaintexts).inverse(modulo: plaintexts) else { return nil }
    return (top * inverse) % plaintexts
  }

  /// log(x)/p modulo p^s for x = 1 modulo p, or nil for any other x.
  private static func log(
    _ x: borrowing Natural, _ p: borrowing Natural, _ s: Int, _ modulus: borrowing Natural
  ) -> Natural? {
    guard x % p == Natural(1) else { return nil }
    let y = x - 1
    var sum = SignedNatural(Natural())
    var term = Natural(1)
    for k in 1...s {
      term = (term * y) % modulus
      guard let inverse = Natural(UInt(k)).inverse(modulo: modulus) else { return nil }
      sum = sum + SignedNatural((term * inverse) % modulus, isNegative: k % 2 == 0)
    }
    return sum.residue(modulo: modulus) / p
  }

  private static func power(_ base: borrowing Natural, _ exponent: Int) -> Natural {
    var result = Natural(1)
    for _ in 0..<exponent { result = result * base }
    return result
  }
}
