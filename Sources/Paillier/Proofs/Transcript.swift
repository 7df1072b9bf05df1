import BigNumber
private import Crypto

/// Everything a challenge depends on, each field after its length, hashed with SHA-256 (Fiat and Shamir 1986).
///
/// Statement, parameters, commitments and context all go in, in a fixed order; two transcripts are equal only when
/// every field is.
struct Transcript {
  private var hash = SHA256()

  /// Begins with the protocol's name and version, and the context both sides agree on.
  init(_ kind: PaillierProof.Kind, context: String) {
    absorb(Array("tacit paillier proof".utf8))
    absorb(Array(kind.rawValue.utf8))
    absorb(Array(context.utf8))
  }

  mutating func absorb(_ bytes: [UInt8]) {
    let length = UInt64(bytes.count)
    hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(56 - 8 * $0)) })
    hash.update(data: bytes)
  }

  mutating func absorb(_ number: borrowing Natural) { absorb(number.bytes()) }

  mutating func absorb(_ key: PaillierPublicKey) {
    absorb(Array(key.purpose.label.utf8))
    absorb(key.modulusBytes)
  }

  mutating func absorb(_ parameters: RingPedersenParameters) {
    absorb(parameters.modulus)
    absorb(parameters.first)
    absorb(parameters.second)
  }

  /// `count` bytes that depend on everything absorbed and on `index`.
  func expand(_ index: Int, count: Int) -> [UInt8] {
    var seed = hash
    seed.update(data: (0..<8).map { UInt8(truncatingIfNeeded: UInt64(index) >> UInt64(56 - 8 * $0)) })
    let root = Array(seed.finalize())
    var bytes: [UInt8] = []
    var block: UInt32 = 0
    while bytes.count < count {
      bytes += Array(SHA256.hash(data: root + (0..<4).map { UInt8(truncatingIfNeeded: block >> UInt32(24 - 8 * $0)) }))
      block += 1
    }
    return Array(bytes[..<count])
  }

  /// A number from 1 to 2^`bits`; `bits` is a multiple of 8.
  func challenge(bits: Int) -> Natural { Natural(bytes: expand(0, count: bits / 8)) + 1 }

  /// A number from -2^256 to 2^256.
  func signedChallenge() -> SignedNatural {
    let bytes = expand(0, count: 33)
    return SignedNatural(Natural(bytes: bytes[1...]), isNegative: bytes[0] & 1 == 1)
  }

  /// A residue modulo `modulus`, uniform up to 2⁻¹²⁸.
  func residue(_ index: Int, modulo modulus: borrowing Natural) -> Natural {
    Natural(bytes: expand(index, count: (modulus.bitWidth + 128 + 7) / 8)) % modulus
  }
}
