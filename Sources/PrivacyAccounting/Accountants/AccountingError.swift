/// Why an accountant gives no answer.
///
/// It never guesses instead.
public struct AccountingError: Error, Hashable, CustomStringConvertible {
  /// The reason, in a form that code can test.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The name of the code.
    public let description: String

    /// No theorem is known for the event under the stated adjacency.
    public static let noTheorem = Code(description: "no-theorem")
    /// The accountant has no rule for the event; another accountant may.
    public static let unsupportedEvent = Code(description: "unsupported-event")
    /// The event is too large to account: more repetitions than a machine integer holds.
    public static let tooLarge = Code(description: "too-large")
    /// No value of the parameter meets the target, or every value does.
    public static let noSolution = Code(description: "no-solution")
    /// A parameter of the question itself is invalid.
    public static let invalidQuestion = Code(description: "invalid-question")
  }

  /// The reason.
  public let code: Code
  /// One line for a person.
  public let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The message.
  public var description: String { message }
}
