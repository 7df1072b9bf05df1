/// Why a simulation was refused or could not go on.
///
/// The message names a key, a file or a limit and never holds data.
public struct FederatedError: Error, Hashable, CustomStringConvertible {
  /// The reason, in a form that code can test.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The name of the code.
    public let description: String

    /// A code of the given name.
    public init(_ description: String) { self.description = description }

    /// A key of the configuration is unknown or its value is not allowed.
    public static let configuration = Code("configuration")
    /// A data set is malformed or does not fit the model.
    public static let data = Code("data")
    /// A partition cannot be made of this data.
    public static let partition = Code("partition")
    /// An opened sum is not the sum of its contributions.
    public static let aggregation = Code("aggregation")
    /// A checkpoint or model file is corrupt or belongs to another simulation.
    public static let checkpoint = Code("checkpoint")
    /// The ranks of a simulation cannot work together.
    public static let collective = Code("collective")
  }

  /// The reason.
  public let code: Code
  /// The key, file or parameter at fault.
  public let subject: String
  /// One line for a person.
  public let message: String

  /// An error with its reason.
  public init(_ code: Code, _ subject: String, _ message: String) {
    self.code = code
    self.subject = subject
    self.message = message
  }

  /// The message, led by the subject.
  public var description: String { "\(subject): \(message)" }
}
