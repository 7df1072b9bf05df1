import BigNumber
private import Crypto
import SecureRandom

/// The proof that all values of a part are powers of their ciphertexts by one and the same exponent Δs, the one behind
/// the party's verification key: one proof however long the vector is.
///
/// **What is shown.** With public random 128-bit weights e_j, that depend on all ciphertexts and values, let
/// C = Π c_j^(4e_j) and V = Π value_j^(2e_j). The proof is Chaum and Pedersen's (CRYPTO 1992) that the logarithm of V to
/// the base C is that of the verification key to the base v, in a group of unknown order, as Shoup (EUROCRYPT 2000) has
/// it for one ciphertext, made non-interactive by hashing.
///
/// **Why the batch is sound** (the small exponents test of Bellare, Garay and Rabin, EUROCRYPT 1998). All factors are
/// squares modulo n², and n is a product of two safe primes, so they lie in a cyclic group whose order has only prime
/// factors far above 2^128. If value_j² ≠ c_j^(4Δs) for some j, their quotient w_j has an order above 2^128, so whatever
/// the other weights are, at most one of the 2^128 weights e_j makes Π w_j^(e_j) = 1: a false vector passes with
/// probability at most 2^−128 for each query of the hash. The squares are enough, for decryption uses even powers of the
/// values only.
package struct ShareProof: Sendable {
  package var first: [UInt8]
  package var second: [UInt8]
  package var answer: [UInt8]

  static let challengeBits = 256

  package init(first: [UInt8], second: [UInt8], answer: [UInt8]) {
    self.first = first
    self.second = second
    self.answer = answer
  }

  /// A proof for an honest part.
  init(_ statement: borrowing ShareStatement, exponent: borrowing SecretNatural) {
    var generator = SecureGenerator()
    let key = statement.key
    let core = key.publicKey.core
    // The mask hides e·Δ·s to within 2⁻¹²⁸.
    let maskBits = ThresholdKey.shareBits(key.publicKey, key.delta) + ShareProof.challengeBits + 128
    let mask = SecretNatural(Natural.random(bits: maskBits, using: &generator))
    let first = mask.withValue { core.securePower(statement.base, $0, bits: maskBits) }
    let second = mask.withValue { core.securePower(key.verification.base, $0, bits: maskBits) }
    let challenge = statement.challenge(first: first, second: second)
    let answer = exponent.withValue { e in mask.withValue { r in r + challenge * e } }
    self.init(first: first.bytes(), second: second.bytes(), answer: answer.bytes())
  }

  /// Whether the proof holds for the statement.
  func holds(for statement: borrowing ShareStatement) -> Bool {
    let key = statement.key
    let core = key.publicKey.core
    let square = core.modulus * core.modulus
    let answerBits = ThresholdKey.shareBits(key.publicKey, key.delta) + ShareProof.challengeBits + 129
    guard max(first.count, second.count) <= key.publicKey.ciphertextByteCount, answer.count <= (answerBits + 7) / 8
    else { return false }
    let first = Natural(bytes: self.first)
    let second = Natural(bytes: self.second)
    let answer = Natural(bytes: self.answer)
    guard core.isUnit(first, square), core.isUnit(second, square), answer.bitWidth <= answerBits else { return false }
    let challenge = statement.challenge(first: first, second: second)
    let left = core.securePower(statement.base, answer, bits: answerBits)
    let right = (first * core.securePower(statement.power, challenge, bits: 256)) % square
    guard left == right else { return false }
    let own = key.verification.key(of: statement.party)
    let leftKey = core.securePower(key.verification.base, answer, bits: answerBits)
    let rightKey = (second * core.securePower(own.value, challenge, bits: 256)) % square
    return leftKey == rightKey
  }
}

/// What a ``ShareProof`` is about: a part, folded by the weights into one pair of base and power.
struct ShareStatement: ~Copyable {
  let key: ThresholdKey
  let party: Int
  /// C = Π c_j^(4e_j).
  let base: Natural
  /// V = Π value_j^(2e_j).
  let power: Natural
  /// The hash of everything that was said before the proof.
  private let digest: [UInt8]

  /// Folds a part; `valueWords` are `values` as pairs of digits.
  init(
    _ key: ThresholdKey, _ party: Int, _ context: String, ciphertexts: [UInt64], values: [[UInt8]],
    valueWords: [UInt64]
  ) {
    let core = key.publicKey.core
    var hash = SHA256()
    func absorb(_ bytes: [UInt8]) {
      let length = UInt64(bytes.count)
      hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(56 - 8 * $0)) })
      hash.update(data: bytes)
    }
    absorb(Array("tacit threshold decryption part v2".utf8))
    absorb(key.publicKey.modulusBytes)
    absorb([UInt8(key.threshold), UInt8(key.parties), UInt8(party)])
    absorb(Array(context.utf8))
    absorb(key.verification.base.bytes())
    absorb(key.verification.key(of: party).value.bytes())
    absorb(Array("\(values.count)".utf8))
    for index in values.indices { absorb(core.ciphertext(ciphertexts, index).bytes()) }
    for value in values { absorb(value) }
    let digest = Array(hash.finalize())
    self.digest = digest
    self.key = key
    self.party = party
    let weights = values.indices.map { index in
      let place = (0..<8).map { UInt8(truncatingIfNeeded: UInt64(index) >> UInt64(56 - 8 * $0)) }
      var weight: UInt128 = 0
      for byte in SHA256.hash(data: digest + place).prefix(16) { weight = weight << 8 | UInt128(byte) }
      return weight
    }
    base = core.product(of: ciphertexts, powers: weights, squarings: 2)
    power = core.product(of: valueWords, powers: weights, squarings: 1)
  }

  /// The challenge of a proof that begins with these two numbers.
  func challenge(first: borrowing Natural, second: borrowing Natural) -> Natural {
    var hash = SHA256()
    hash.update(data: Array("tacit threshold decryption challenge v2".utf8) + digest)
    for bytes in [first.bytes(), second.bytes()] {
      hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: UInt64(bytes.count) >> UInt64(56 - 8 * $0)) })
      hash.update(data: bytes)
    }
    return Natural(bytes: Array(hash.finalize()))
  }
}

extension PublicKeyCore {
  /// (Π x_j^(e_j))^(2^squarings) modulo n², for pairs in ordinary form and public exponents.
  ///
  /// Bits from the top down with the squarings shared by all: 128 squarings, and a product for every bit that is set.
  func product(of words: [UInt64], powers: [UInt128], squarings: Int) -> Natural {
    let stride = 2 * ring.limbs
    let scratch = ring.makeScratch()
    let result = ring.makePair()
    let lifted = LimbBuffer(count: powers.count * stride)
    unsafe words.withUnsafeBufferPointer { buffer in
      guard let source = buffer.baseAddress else { return }
      for index in powers.indices {
        unsafe ring.multiply(
          lifted.base + index * stride, source + index * stride, ring.radixSquared, scratch.base)
      }
    }
    unsafe result.base.update(from: ring.one, count: stride)
    for bit in (0..<128).reversed() {
      unsafe ring.square(result.base, result.base, scratch.base)
      for index in powers.indices where powers[index] >> UInt128(bit) & 1 == 1 {
        unsafe ring.multiply(result.base, result.base, lifted.base + index * stride, scratch.base)
      }
    }
    for _ in 0..<squarings { unsafe ring.square(result.base, result.base, scratch.base) }
    unsafe ring.multiply(result.base, result.base, ring.unit, scratch.base)
    return unsafe number(result.base)
  }

  /// Whether a number is a unit modulo n² in canonical form.
  func isUnit(_ number: borrowing Natural, _ square: borrowing Natural) -> Bool {
    let one = Natural(1)
    return !number.isZero && number < square && Natural.greatestCommonDivisor(number, modulus) == one
  }
}
