/// Why a query, a table or a release was refused.
///
/// The text names the field, or the file and line; it never holds a value of the data.
public struct StatisticsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure.
  public struct Code: Hashable, Sendable {
    private let name: String

    private init(_ name: String) { self.name = name }

    /// The query asks for something that is not allowed or not possible.
    public static let invalidQuery = Code("invalidQuery")
    /// A row breaks the query's policy for bad rows.
    public static let badRow = Code("badRow")
    /// A table could not be read.
    public static let unreadable = Code("unreadable")
    /// A partial aggregate is damaged, or of another query, version or key.
    public static let invalidPartial = Code("invalidPartial")
    /// The budget refused the charge; nothing was released.
    public static let refused = Code("refused")
  }

  /// The kind of failure.
  public let code: Code
  /// The query's field, or the file, that is at fault.
  public let place: String
  /// What is wrong, without data.
  public let reason: String

  init(_ code: Code, _ place: String, _ reason: String) {
    self.code = code
    self.place = place
    self.reason = reason
  }

  /// `place: reason`.
  public var description: String { "\(place): \(reason)" }

  static func query(_ field: String, _ reason: String) -> StatisticsError {
    StatisticsError(.invalidQuery, field, reason)
  }
}
