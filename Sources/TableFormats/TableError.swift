/// Why a table could not be read.
///
/// The text names the source and, where known, the line and the column; it never holds a value of the table.
public struct TableError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure.
  public struct Code: Hashable, Sendable {
    private let name: String

    private init(_ name: String) { self.name = name }

    /// The operating system refused to open or read the source.
    public static let unreadable = Code("unreadable")
    /// The compressed stream is damaged or ends early.
    public static let damagedCompression = Code("damagedCompression")
    /// There is no header line.
    public static let missingHeader = Code("missingHeader")
    /// A column that was asked for is not in the table.
    public static let missingColumn = Code("missingColumn")
    /// A column name appears twice.
    public static let repeatedColumn = Code("repeatedColumn")
    /// A row breaks the format.
    public static let malformedRow = Code("malformedRow")
    /// A field is not what its column holds.
    public static let malformedField = Code("malformedField")
    /// A row, a field or a whole source exceeds its limit.
    public static let tooLarge = Code("tooLarge")
    /// The source is not of the expected format at all.
    public static let wrongFormat = Code("wrongFormat")
  }

  /// The kind of failure.
  public let code: Code
  /// The file, `standard input` or another name of the source.
  public let source: String
  /// The line, counted from 1, or `nil` when no line is to blame.
  public let line: Int?
  /// The column, or `nil` when no column is to blame.
  public let column: String?
  /// What is wrong, without data.
  public let reason: String

  /// Makes an error; `reason` must not hold data.
  public init(_ code: Code, source: String, line: Int? = nil, column: String? = nil, reason: String) {
    self.code = code
    self.source = source
    self.line = line
    self.column = column
    self.reason = reason
  }

  /// One line: `file:line: column "name": reason`.
  public var description: String {
    var text = source
    if let line { text += ":\(line)" }
    if let column { text += ": column \"\(column)\"" }
    return text + ": " + reason
  }
}
