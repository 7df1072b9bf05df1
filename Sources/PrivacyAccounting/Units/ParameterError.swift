/// A privacy parameter that cannot mean anything: negative, not finite, out of range, or not a number at all.
///
/// The message names the parameter and the allowed range; it holds no data.
public struct ParameterError: Error, Hashable, CustomStringConvertible {
  /// What is wrong, in a form that code can test.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The name of the code.
    public let description: String

    /// The text is not an exact decimal or fraction, or the value is NaN or infinite.
    public static let notANumber = Code(description: "not-a-number")
    /// The value lies outside the parameter's range.
    public static let outOfRange = Code(description: "out-of-range")
    /// The text is not an event of the grammar.
    public static let malformedEvent = Code(description: "malformed-event")
    /// Parameters that are valid alone but not together.
    public static let inconsistent = Code(description: "inconsistent")
  }

  /// What is wrong.
  public let code: Code
  /// The parameter's name.
  public let parameter: String
  /// One line for a person.
  public let message: String

  package init(_ code: Code, _ parameter: String, _ message: String) {
    self.code = code
    self.parameter = parameter
    self.message = message
  }

  /// The message, led by the parameter's name.
  public var description: String { "\(parameter): \(message)" }
}
