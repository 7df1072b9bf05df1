/// What a modulus is for: one modulus must not serve two purposes.
///
/// The label is part of ``PaillierPublicKey/id`` (the plain label of encryption is the empty one), so a ciphertext or a
/// file made under one label is foreign to a key with the same modulus under another.
public struct KeyPurpose: Hashable, Sendable {
  /// The label as key files carry it; empty for encryption.
  public let label: String

  /// Encryption and decryption by one key holder; the label that key files without one have.
  public static let encryption = KeyPurpose(unchecked: "")
  /// Decryption by several parties.
  public static let threshold = KeyPurpose(unchecked: "threshold")

  /// A purpose of your own: 1 to 64 lower-case letters, digits and hyphens.
  ///
  /// - Throws: ``PaillierError`` with code `invalidParameter`.
  public init(_ label: String) throws(PaillierError) {
    let isAllowed = label.utf8.allSatisfy {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        || $0 == UInt8(ascii: "-")
    }
    guard (1...64).contains(label.utf8.count), isAllowed else {
      throw PaillierError(.invalidParameter, "purpose", "a purpose is 1 to 64 lower-case letters, digits and hyphens")
    }
    self.label = label
  }

  private init(unchecked label: String) { self.label = label }
}
