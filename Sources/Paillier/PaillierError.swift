/// Why an operation on keys, plans or ciphertexts was refused.
///
/// The text names the parameter and the rule, never a value.
public struct PaillierError: Error, Hashable, CustomStringConvertible, Sendable {
  /// The kind of refusal.
  ///
  /// More may be added.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// The stable name of the code.
    public let rawValue: String

    /// A code by name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The modulus has fewer bits than allowed, or more than can be handled.
    public static let keySize = Code(rawValue: "keySize")
    /// The numbers of a key do not make a Paillier key.
    public static let keyShape = Code(rawValue: "keyShape")
    /// The operation needs a modulus of the Damgård-Jurik-Nielsen shape.
    public static let profile = Code(rawValue: "profile")
    /// A file or byte string is not what its format says.
    public static let malformed = Code(rawValue: "malformed")
    /// The ciphertext or the plan belongs to another key.
    public static let foreignKey = Code(rawValue: "foreignKey")
    /// The two operands were packed by different slot plans, or differ in length.
    public static let planMismatch = Code(rawValue: "planMismatch")
    /// A slot plan is impossible for the key.
    public static let planDoesNotFit = Code(rawValue: "planDoesNotFit")
    /// A value is outside its slot or the plaintext range.
    public static let valueOutOfRange = Code(rawValue: "valueOutOfRange")
    /// The result could exceed the headroom its plan proves.
    public static let headroomExceeded = Code(rawValue: "headroomExceeded")
    /// A parameter is outside its range.
    public static let invalidParameter = Code(rawValue: "invalidParameter")
    /// A party's share of a decryption is not what it must be; the parameter names the party.
    public static let invalidShare = Code(rawValue: "invalidShare")
    /// The passphrase is wrong, or the sealed file was changed.
    ///
    /// The two are not told apart.
    public static let sealing = Code(rawValue: "sealing")
    /// The key is labelled for another purpose.
    public static let purpose = Code(rawValue: "purpose")
    /// Decryption failed.
    ///
    /// Deliberately says nothing more.
    public static let decryptionFailed = Code(rawValue: "decryptionFailed")
  }

  /// The kind of refusal.
  public let code: Code
  /// The parameter, field or file that was refused.
  public let parameter: String
  /// One line for people.
  public let message: String

  /// Creates an error.
  public init(_ code: Code, _ parameter: String, _ message: String) {
    self.code = code
    self.parameter = parameter
    self.message = message
  }

  /// The parameter and the message.
  public var description: String { "\(parameter): \(message)" }

  static let decryptionFailed = PaillierError(.decryptionFailed, "ciphertext", "decryption failed")
  static let foreignKey = PaillierError(.foreignKey, "key", "the ciphertext belongs to another key")
}
