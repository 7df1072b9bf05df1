/// Why an audit could not be set up or carried out; never a statement about the mechanism's privacy.
public struct AuditError: Error, Hashable, CustomStringConvertible {
  /// The kinds of error.
  public struct Code: Sendable, Hashable {
    private let name: String

    /// A claim that claims nothing.
    public static let invalidClaim = Code(name: "invalid claim")
    /// A setting out of range.
    public static let invalidSetting = Code(name: "invalid setting")
    /// The program under audit failed, hung, or answered something else than numbers.
    public static let targetFailed = Code(name: "target failed")
  }

  /// The kind.
  public let code: Code
  /// One line naming the field or the fault.
  public let message: String

  /// An error of a kind.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The message.
  public var description: String { message }
}
