import BigNumber

/// What a verifier says.
///
/// A value of its own, so that no number or flag is taken for it by mistake; it is `refused` until every check passed.
public enum ProofVerdict: Sendable, Hashable {
  /// Some check failed; which one is nobody's business.
  case refused
  /// Every check passed.
  case accepted
}

/// A non-interactive zero-knowledge proof as it travels: what it proves, and its numbers.
///
/// The statement and the context are not part of it: the verifier supplies both, and the proof convinces for exactly
/// those. Proofs are public.
public struct PaillierProof: Sendable, Hashable {
  /// Which statement a proof is of.
  public struct Kind: RawRepresentable, Hashable, Sendable {
    /// The protocol's name and version.
    public let rawValue: String

    /// A kind by name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// n is a product of two primes that are 3 modulo 4, coprime to φ(n).
    public static let modulus = Kind(rawValue: "modulus-v1")
    /// n has no small factor.
    public static let factors = Kind(rawValue: "no-small-factor-v1")
    /// The ring-Pedersen parameters are of the right form.
    public static let parameters = Kind(rawValue: "ring-pedersen-v1")
    /// The plaintext lies in a range.
    public static let range = Kind(rawValue: "range-v1")
    /// A ciphertext decrypts to a stated plaintext.
    public static let decryption = Kind(rawValue: "decryption-v1")
    /// The prover knows the plaintext.
    public static let knowledge = Kind(rawValue: "plaintext-knowledge-v1")
  }

  /// Which statement it is of.
  public let kind: Kind
  /// The numbers in the protocol's order, each a sign byte and the shortest big-endian magnitude.
  package var numbers: [[UInt8]]

  package init(_ kind: Kind, _ numbers: [[UInt8]]) {
    self.kind = kind
    self.numbers = numbers
  }

  /// The proof as one line of JSON.
  public var json: String { jsonValue.serialized }

  var jsonValue: JSONValue {
    .object([
      "proof": .string(kind.rawValue), "numbers": .array(numbers.map { .string(Base64URL.encode($0)) }),
    ])
  }

  /// Reads ``json``.
  ///
  /// - Throws: ``PaillierError`` with code `malformed`; also for more numbers, or longer ones, than any proof has.
  public init(parsingJSON bytes: [UInt8]) throws(PaillierError) {
    guard bytes.count <= 1 << 22 else { throw PaillierError(.malformed, "proof", "longer than any proof") }
    try self.init(JSONValue(parsing: bytes, source: "proof"))
  }

  init(_ json: JSONValue) throws(PaillierError) {
    guard let kind = json["proof"]?.text, case .array(let values)? = json["numbers"], values.count <= 1024 else {
      throw PaillierError(.malformed, "proof", "not a proof")
    }
    var numbers: [[UInt8]] = []
    for value in values {
      guard let text = value.text, text.utf8.count <= 1 << 14, let bytes = Base64URL.decode(text) else {
        throw PaillierError(.malformed, "numbers", "not unpadded base64url")
      }
      numbers.append(bytes)
    }
    self.init(Kind(rawValue: kind), numbers)
  }

  /// A reader of the numbers in their order, or nil for another kind or count.
  func fields(_ kind: Kind, count: Int) -> ProofFields? {
    guard self.kind == kind, numbers.count == count else { return nil }
    return ProofFields(numbers: numbers)
  }
}

/// Checked access to a proof's numbers.
struct ProofFields {
  let numbers: [[UInt8]]

  /// Number `index` if it is one and not negative.
  func natural(_ index: Int) -> Natural? {
    guard let number = SignedNatural(bytes: numbers[index]), !number.isNegative else { return nil }
    return number.magnitude.copy()
  }

  /// Number `index` if it is one.
  func signed(_ index: Int) -> SignedNatural? { SignedNatural(bytes: numbers[index]) }

  /// Number `index` if it is a unit from 1 to `modulus` - 1.
  func unit(_ index: Int, modulo modulus: borrowing Natural) -> Natural? {
    guard let number = natural(index), !number.isZero, number < modulus,
      Natural.greatestCommonDivisor(number, modulus) == Natural(1)
    else { return nil }
    return number
  }
}

extension Natural {
  /// The number as a field of a proof.
  borrowing func proofBytes() -> [UInt8] { [0] + bytes() }
}

/// Sizes the protocols share (Canetti, Gennaro, Goldfeder, Makriyannis, Peled 2021, with room for hashing).
enum ProofSizes {
  /// Repetitions of a proof with one-bit challenges.
  ///
  /// Interactive proofs do with 80; a challenge that is a hash can be
  /// searched for offline.
  static let repetitions = 128
  /// ℓ: bits of signed challenges.
  static let challengeBits = 256
  /// ε: the slack in bits that hides secrets, statistically to 2⁻²⁵⁶.
  static let slackBits = 512
}
