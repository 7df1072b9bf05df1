package import BigNumber
import SecureRandom

/// Commitment parameters of a verifier: an odd modulus N̂ and s, t with s a power of t modulo N̂ (Fujisaki and Okamoto
/// 1997).
///
/// A verifier makes them for itself, forgets how, and proves their form to those who are to prove something with them.
/// N̂ is for nothing else: not an encryption key's modulus.
public struct RingPedersenParameters: Sendable {
  private let numbers: SharedParameters

  /// N̂.
  package var modulus: Natural { numbers.modulus.copy() }
  /// s.
  package var first: Natural { numbers.first.copy() }
  /// t.
  package var second: Natural { numbers.second.copy() }

  /// Bits of N̂.
  public var bitWidth: Int { numbers.modulus.bitWidth }

  /// Whether N̂ is the modulus of an encryption key, which no proof accepts.
  func sharesModulus(with key: PaillierPublicKey) -> Bool {
    Natural.greatestCommonDivisor(numbers.modulus, key.core.modulus) != Natural(1)
  }

  init(_ modulus: consuming Natural, _ first: consuming Natural, _ second: consuming Natural) {
    numbers = SharedParameters(modulus, first, second)
  }

  /// Draws parameters with two safe primes, proves their form (Π_prm of Canetti, Gennaro, Goldfeder, Makriyannis and
  /// Peled 2021, figure 17), and forgets the primes.
  ///
  /// Safe primes take the better part of a minute at 2048 bits.
  ///
  /// - Throws: never in practice.
  public static func generate(
    _ size: KeySize = .bits2048, context: String
  ) throws(PaillierError) -> (parameters: RingPedersenParameters, proof: PaillierProof) {
    var generator = SecureGenerator()
    let one = Natural(1)
    while true {
      let p = Natural.randomSafePrime(bits: size.bits / 2, using: &generator)
      let q = Natural.randomSafePrime(bits: size.bits / 2, using: &generator)
      let modulus = p * q
      guard p != q, modulus.bitWidth == size.bits else { continue }
      let phi = (p - 1) * (q - 1)
      let root = Natural.random(below: modulus, using: &generator)
      guard Natural.greatestCommonDivisor(root, modulus) == one else { continue }
      let second = (root * root) % modulus
      let exponent = Natural.random(below: phi, using: &generator) + 1
      let parameters = RingPedersenParameters(
        modulus.copy(), second.securePower(exponent, modulo: modulus), second.copy())
      var masks: [SharedSecret] = []
      var commitments: [[UInt8]] = []
      for _ in 0..<ProofSizes.repetitions {
        let mask = Natural.random(below: phi, using: &generator) + 1
        commitments.append(second.securePower(mask, modulo: modulus).proofBytes())
        masks.append(SharedSecret(mask))
      }
      let bits = parameters.challenge(commitments, context)
      let answers = masks.enumerated().map { index, mask in
        mask.value.withValue { mask in
          (bits[index] ? (mask + exponent) % phi : mask % phi).proofBytes()
        }
      }
      return (parameters, PaillierProof(.parameters, commitments + answers))
    }
  }

  /// Checks that s is a power of t, so that commitments hide what they should.
  ///
  /// - Returns: `refused` also for a modulus that is even, prime, or smaller than the policy allows.
  public func verify(_ proof: PaillierProof, context: String, policy: KeySizePolicy = .standard) -> ProofVerdict {
    let rounds = ProofSizes.repetitions
    guard (try? policy.check(bitWidth)) != nil, numbers.modulus.isOdd, !numbers.modulus.isProbablyPrime(),
      let fields = proof.fields(.parameters, count: 2 * rounds)
    else { return .refused }
    let bits = challenge(Array(proof.numbers[..<rounds]), context)
    for round in 0..<rounds {
      guard let commitment = fields.unit(round, modulo: numbers.modulus), let answer = fields.natural(rounds + round),
        answer < numbers.modulus
      else { return .refused }
      let left = numbers.second.power(answer, modulo: numbers.modulus)
      let right = bits[round] ? (commitment * numbers.first) % numbers.modulus : commitment.copy()
      guard left == right else { return .refused }
    }
    return .accepted
  }

  private func challenge(_ commitments: [[UInt8]], _ context: String) -> [Bool] {
    var transcript = Transcript(.parameters, context: context)
    transcript.absorb(self)
    for commitment in commitments { transcript.absorb(commitment) }
    let bytes = transcript.expand(0, count: ProofSizes.repetitions / 8)
    return (0..<ProofSizes.repetitions).map { bytes[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
  }

  /// s^a·t^b mod N̂ for secret exponents of either sign.
  func commit(_ a: borrowing SignedNatural, _ b: borrowing SignedNatural) -> Natural? {
    Self.product(
      numbers.first.power(a, modulo: numbers.modulus, isSecret: true),
      numbers.second.power(b, modulo: numbers.modulus, isSecret: true), numbers.modulus)
  }

  /// s^a·t^b mod N̂ for public exponents.
  func open(_ a: borrowing SignedNatural, _ b: borrowing SignedNatural) -> Natural? {
    Self.product(
      numbers.first.power(a, modulo: numbers.modulus), numbers.second.power(b, modulo: numbers.modulus),
      numbers.modulus)
  }

  static func product(
    _ a: consuming Natural?, _ b: consuming Natural?, _ modulus: borrowing Natural
  ) -> Natural? {
    guard let a, let b else { return nil }
    return (a * b) % modulus
  }

  /// The parameters as one line of JSON.
  public var json: String {
    JSONValue.object([
      "kty": .string("ring-pedersen"), "n": .string(Base64URL.encode(numbers.modulus.bytes())),
      "s": .string(Base64URL.encode(numbers.first.bytes())), "t": .string(Base64URL.encode(numbers.second.bytes())),
    ]).serialized
  }

  /// Reads ``json``; the form of the numbers is for ``verify(_:context:policy:)`` to check.
  ///
  /// - Throws: ``PaillierError``: `malformed`, `keySize`, or `keyShape` for an even modulus or numbers that are no units.
  public init(parsingJSON bytes: [UInt8], policy: KeySizePolicy = .standard) throws(PaillierError) {
    let json = try JSONValue(parsing: bytes, source: "parameters")
    guard json["kty"]?.text == "ring-pedersen" else {
      throw PaillierError(.malformed, "kty", "not ring-Pedersen parameters")
    }
    var values: [[UInt8]] = []
    for name in ["n", "s", "t"] {
      guard let text = json[name]?.text, text.utf8.count <= KeySize.maximumBits / 4,
        let bytes = Base64URL.decode(text), !bytes.isEmpty
      else { throw PaillierError(.malformed, name, "not an integer in unpadded base64url") }
      values.append(bytes)
    }
    let modulus = Natural(bytes: values[0])
    let one = Natural(1)
    try policy.check(modulus.bitWidth)
    guard modulus.isOdd, modulus.bitWidth > 2 else {
      throw PaillierError(.keyShape, "n", "a modulus is odd and a product of two primes")
    }
    for index in 1...2 {
      let value = Natural(bytes: values[index])
      guard value < modulus, one < value, Natural.greatestCommonDivisor(value, modulus) == one else {
        throw PaillierError(.keyShape, index == 1 ? "s" : "t", "not a unit modulo n other than 1")
      }
    }
    numbers = SharedParameters(modulus, Natural(bytes: values[1]), Natural(bytes: values[2]))
  }
}

/// The numbers all copies of parameters share.
private final class SharedParameters: Sendable {
  let modulus: Natural
  let first: Natural
  let second: Natural

  init(_ modulus: consuming Natural, _ first: consuming Natural, _ second: consuming Natural) {
    self.modulus = modulus
    self.first = first
    self.second = second
  }
}
