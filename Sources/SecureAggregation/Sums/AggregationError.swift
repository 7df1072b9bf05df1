/// Why a secure sum was refused.
///
/// The message names a party, a round or a limit and never holds a contribution.
public struct AggregationError: Error, Hashable, CustomStringConvertible {
  /// The reason, in a form that code can test.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The name of the code.
    public let description: String

    /// A code of the given name.
    public init(_ description: String) { self.description = description }

    /// A shape cannot be protected: too wide, too many contributors, or out of range.
    public static let shape = Code("shape")
    /// A message has the wrong length or a value outside the ring.
    public static let malformed = Code("malformed")
    /// A client contributed twice to one round.
    public static let duplicate = Code("duplicate")
    /// A client, round or key that does not belong here.
    public static let foreign = Code("foreign")
    /// More contributors than the shape allows.
    public static let tooMany = Code("too-many")
    /// Fewer contributors than the minimum: nothing is opened.
    public static let tooFew = Code("too-few")
    /// A signature does not verify.
    public static let forged = Code("forged")
    /// Two different statements where only one may be made: two keys, two survivor sets.
    public static let equivocation = Code("equivocation")
    /// A share that is not the one its dealer committed to.
    public static let invalidShare = Code("invalid-share")
    /// A message out of its phase.
    public static let outOfOrder = Code("out-of-order")
    /// A sum of this round was opened before.
    public static let replayed = Code("replayed")
    /// A journal of opened rounds that cannot be read or written.
    public static let journal = Code("journal")
  }

  /// The reason.
  public let code: Code
  /// The client, round or parameter at fault.
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
