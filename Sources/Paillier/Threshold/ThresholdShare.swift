import BigNumber
private import Crypto
import SecureRandom

/// One party's share of a decryption key.
///
/// Wiped when released, neither printable nor Codable.
@safe
public struct ThresholdShare: ~Copyable, Sendable {
  /// The public side of the key.
  public let key: ThresholdKey
  /// Which party this is, from 1.
  public let party: Int
  let secret: SharedSecret

  init(key: ThresholdKey, party: Int, secret: SharedSecret) {
    self.key = key
    self.party = party
    self.secret = secret
  }

  /// This party's part of the decryption of a vector, each ciphertext with a proof that the part is right.
  ///
  /// - Parameters:
  ///   - minimumSummands: Refuses vectors in which fewer summands were added up.
  ///   - context: Anything the parties agree on, such as a round's name. A proof is valid in its context only.
  /// - Throws: ``PaillierError``: `foreignKey`; `headroomExceeded` below `minimumSummands`.
  public borrowing func decryptPart<State>(
    _ vector: EncryptedVector<State>, minimumSummands: Int = 0, context: String = ""
  ) throws(PaillierError) -> PartialDecryption {
    guard vector.publicKey == key.publicKey else { throw .foreignKey }
    guard vector.totalWeight >= minimumSummands else {
      throw PaillierError(.headroomExceeded, "minimumSummands", "the vector holds fewer summands than required")
    }
    var generator = SecureGenerator()
    let core = key.publicKey.core
    let square = core.modulus * core.modulus
    let bits = ThresholdKey.shareBits(key.publicKey, key.delta)
    let exponent = SecretNatural(secret.value.withValue { $0 * key.delta })
    // The mask hides e·Δ·s to within 2⁻¹²⁸.
    let maskBits = bits + ShareProof.challengeBits + 128
    var parts: [PartialDecryption.Part] = []
    for index in 0..<vector.ciphertextCount {
      let ciphertext = core.ciphertext(vector.words, index)
      let squared = (ciphertext * ciphertext) % square
      let fourth = (squared * squared) % square
      let value = exponent.withValue { core.securePower(squared, $0, bits: bits) }
      let mask = SecretNatural(Natural.random(bits: maskBits, using: &generator))
      let first = mask.withValue { core.securePower(fourth, $0, bits: maskBits) }
      let second = mask.withValue { core.securePower(key.verification.base, $0, bits: maskBits) }
      let challenge = ShareProof.challenge(
        key, party, context, ciphertext: ciphertext, part: value, first: first, second: second)
      let answer = exponent.withValue { e in mask.withValue { r in r + challenge * e } }
      parts.append(
        PartialDecryption.Part(
          value: value.bytes(), first: first.bytes(), second: second.bytes(), answer: answer.bytes()))
    }
    return PartialDecryption(party: party, context: context, parts: parts)
  }
}

/// What one party contributes to a decryption.
///
/// It says nothing about the plaintext by itself.
public struct PartialDecryption: Sendable {
  /// The party, from 1.
  public let party: Int
  /// The context its proofs are bound to.
  public let context: String
  package var parts: [Part]

  /// The part for one ciphertext, and the proof that it is c to the same secret as the party's verification key.
  package struct Part: Sendable {
    package var value: [UInt8]
    package var first: [UInt8]
    package var second: [UInt8]
    package var answer: [UInt8]

    package init(value: [UInt8], first: [UInt8], second: [UInt8], answer: [UInt8]) {
      self.value = value
      self.first = first
      self.second = second
      self.answer = answer
    }
  }

  package init(party: Int, context: String, parts: [Part]) {
    self.party = party
    self.context = context
    self.parts = parts
  }
}

/// The proof of equal exponents: log of part² to the base c⁴ is that of the verification key to the base v.
///
/// Chaum and Pedersen (CRYPTO 1992) in a group of unknown order, made non-interactive by hashing everything.
enum ShareProof {
  static let challengeBits = 256

  static func challenge(
    _ key: ThresholdKey, _ party: Int, _ context: String, ciphertext: borrowing Natural, part: borrowing Natural,
    first: borrowing Natural, second: borrowing Natural
  ) -> Natural {
    var hash = SHA256()
    func absorb(_ bytes: [UInt8]) {
      let length = UInt64(bytes.count)
      hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(56 - 8 * $0)) })
      hash.update(data: bytes)
    }
    absorb(Array("tacit threshold decryption share v1".utf8))
    absorb(key.publicKey.modulusBytes)
    absorb([UInt8(key.threshold), UInt8(key.parties), UInt8(party)])
    absorb(Array(context.utf8))
    absorb(key.verification.base.bytes())
    absorb(key.verification.key(of: party).value.bytes())
    absorb(ciphertext.bytes())
    absorb(part.bytes())
    absorb(first.bytes())
    absorb(second.bytes())
    return Natural(bytes: Array(hash.finalize()))
  }
}

extension PublicKeyCore {
  /// The canonical number of ciphertext `index` of a vector.
  func ciphertext(_ words: [UInt64], _ index: Int) -> Natural {
    number(Array(words[(index * 2 * ring.limbs)..<((index + 1) * 2 * ring.limbs)]))
  }
}
