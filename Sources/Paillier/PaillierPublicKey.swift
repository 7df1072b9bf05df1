package import BigNumber
private import Crypto

/// A Paillier public key: the modulus n, with generator n + 1 (Paillier, EUROCRYPT 1999).
///
/// A value type around one shared, immutable core, so it is cheap to copy and safe to share. Two keys are equal when
/// their moduli and purposes are.
public struct PaillierPublicKey: Sendable {
  package let core: PublicKeyCore

  /// SHA-256 of the purpose's label, if it has one, and n as shortest big-endian bytes; ciphertexts carry it.
  public var id: [UInt8] { core.id }

  /// What the modulus is for.
  public var purpose: KeyPurpose { core.purpose }

  /// Bits of n.
  public var bitWidth: Int { core.ring.bitWidth }

  /// Whether the key says that its modulus has the Damgård-Jurik-Nielsen shape: both primes 3 modulo 4 and gcd(p -
  /// 1, q - 1) = 2.
  ///
  /// Only then is short-exponent noise justified. The shape cannot be seen from n.
  public var hasDamgardJurikNielsenShape: Bool { core.hasShortNoise }

  /// Free text that key files carry, at most 1024 ASCII characters.
  public let keyIdentifier: String

  /// n as big-endian bytes of the shortest length.
  public var modulusBytes: [UInt8] { core.modulus.bytes() }

  /// Bytes of one ciphertext in canonical form: big-endian, fixed length.
  public var ciphertextByteCount: Int { (2 * bitWidth + 7) / 8 }

  /// A key from its modulus.
  ///
  /// - Parameters:
  ///   - modulus: n, big-endian; leading zero bytes are allowed.
  ///   - damgardJurikNielsenShape: Whether the owner vouches for the shape of n.
  ///   - policy: Which sizes are accepted.
  /// - Throws: ``PaillierError`` for an even, tiny, prime or square modulus, or one of a refused size.
  public init(
    modulus: [UInt8], damgardJurikNielsenShape: Bool = false, keyIdentifier: String = "",
    purpose: KeyPurpose = .encryption, policy: KeySizePolicy = .standard
  ) throws(PaillierError) {
    guard modulus.count <= KeySize.maximumBits / 8 + 1 else {
      throw PaillierError(.keySize, "n", "the modulus has more than 16384 bits")
    }
    try self.init(
      modulus: Natural(bytes: modulus), damgardJurikNielsenShape: damgardJurikNielsenShape,
      keyIdentifier: keyIdentifier, purpose: purpose, policy: policy)
  }

  package init(
    modulus: consuming Natural, damgardJurikNielsenShape: Bool, keyIdentifier: String,
    purpose: KeyPurpose = .encryption, policy: KeySizePolicy
  ) throws(PaillierError) {
    try policy.check(modulus.bitWidth)
    guard modulus.isOdd, modulus.bitWidth >= 4 else {
      throw PaillierError(.keyShape, "n", "a modulus is odd and a product of two primes")
    }
    guard !modulus.isProbablyPrime(), !modulus.isPerfectSquare else {
      throw PaillierError(.keyShape, "n", "a modulus is a product of two different primes")
    }
    guard keyIdentifier.utf8.count <= 1024, keyIdentifier.utf8.allSatisfy({ $0 < 128 }) else {
      throw PaillierError(.malformed, "kid", "a key identifier is at most 1024 ASCII characters")
    }
    self.init(
      trusted: modulus, damgardJurikNielsenShape: damgardJurikNielsenShape, keyIdentifier: keyIdentifier,
      purpose: purpose)
  }

  init(
    trusted modulus: consuming Natural, damgardJurikNielsenShape: Bool, keyIdentifier: String,
    purpose: KeyPurpose = .encryption
  ) {
    core = PublicKeyCore(modulus, hasShortNoise: damgardJurikNielsenShape, purpose: purpose)
    self.keyIdentifier = keyIdentifier
  }
}

extension PaillierPublicKey: Hashable {
  /// Whether both keys have the same modulus and purpose.
  public static func == (a: PaillierPublicKey, b: PaillierPublicKey) -> Bool { a.id == b.id }

  /// Hashes the key's identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// What all copies of a public key share.
package final class PublicKeyCore: Sendable {
  package let modulus: Natural
  package let ring: PairModulus
  package let id: [UInt8]
  package let hasShortNoise: Bool
  let purpose: KeyPurpose

  init(_ modulus: consuming Natural, hasShortNoise: Bool, purpose: KeyPurpose) {
    ring = PairModulus(modulus)
    // The newline ends the label, which cannot hold one.
    let label = purpose.label.isEmpty ? [] : Array("tacit paillier \(purpose.label)\n".utf8)
    id = Array(SHA256.hash(data: label + modulus.bytes()))
    self.purpose = purpose
    self.hasShortNoise = hasShortNoise
    self.modulus = modulus
  }

  /// result = (1 + m·n)·x as a pair in ordinary form, for x in Montgomery form.
  ///
  /// With x = x₀ + x₁n the product is x₀ + (x₁ + m·x₀)n, and reducing m times digit 0 of x·R gives m·x₀ directly.
  /// `result` must not overlap `noise`.
  package func seal(_ message: ConstantLimbs, noise: ConstantLimbs, into result: Limbs, _ scratch: Limbs) {
    let limbs = ring.limbs
    unsafe ring.multiply(result, noise, ring.unit, scratch)
    // Digit operations leave the end of the scratch alone.
    let term = unsafe scratch + (ring.scratchLimbs - limbs)
    unsafe ring.digitMultiply(term, message, noise, scratch)
    unsafe ring.digitAdd(result + limbs, result + limbs, term, scratch)
  }

  /// The canonical number of a pair.
  package func number(_ pair: ConstantLimbs) -> Natural { unsafe ring.join(pair) }

  /// Splits a number below n² into a pair.
  package func split(_ number: borrowing Natural, into pair: Limbs) {
    unsafe ring.split(number, by: modulus, into: pair)
  }
}
