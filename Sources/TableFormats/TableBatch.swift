/// What is wrong with one row of a table.
public enum RowProblem: UInt8, Hashable, Sendable {
  /// The row has more or fewer fields than the header.
  case fieldCount = 1
  /// A quote stands where RFC 4180 allows none.
  case quote = 2
  /// The table ends inside a quoted field.
  case unterminatedQuote = 3
  /// The line is not one JSON object of plain values.
  case notAnObject = 4
  /// A date is not written as ISO 8601 has it, or lies outside its declared range.
  case date = 5
  /// A row that is bad for another reason goes over several lines, inside quotes.
  case severalLines = 6

  /// Whether the row may have taken others with it: a quote that is not closed makes one row of all that follow.
  ///
  /// Such a row must not be left out quietly, for then what one unit wrote would take away what others did.
  public var mayHideRows: Bool { self == .unterminatedQuote || self == .severalLines }

  /// One phrase without data.
  public var reason: String {
    switch self {
    case .fieldCount: "the number of fields differs from the header"
    case .quote: "a quote is out of place"
    case .unterminatedQuote: "a quoted field is not closed"
    case .notAnObject: "the line is not one JSON object of plain values"
    case .severalLines: "a bad row goes over several lines, so that a quote may be missing"
    case .date: "a date is not written as ISO 8601 has it, or lies outside its declared range"
    }
  }
}

/// Limits that hold for every format.
public enum TableLimits {
  /// The most bytes of one row.
  public static let rowBytes = 16 << 20
  /// The most columns of one table.
  public static let columns = 16_384
}

/// A run of rows: the bytes of the chosen fields, with the line each row starts on.
///
/// Fields are text with quotes and escapes already removed. A batch owns its bytes and may be handed to another
/// thread; it is never changed once a reader has returned it.
@safe
public final class TableBatch: @unchecked Sendable {
  /// The number of rows, bad ones included.
  public internal(set) var rowCount = 0
  /// The number of fields of each row.
  public let columnCount: Int
  let bytes: UnsafeMutableRawBufferPointer
  /// Two offsets a field: where it begins and ends; a field that the row does not have begins past its end.
  var ranges: [UInt32] = []
  var lines: [Int] = []
  var problems: [UInt8] = []

  /// Bytes past the content that a scanner may read, eight at a time, but never use.
  static let padding = 16

  init(columnCount: Int, capacity: Int) {
    self.columnCount = columnCount
    unsafe self.bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: capacity + TableBatch.padding, alignment: 16)
  }

  deinit {
    unsafe bytes.deallocate()
  }

  /// The line a row starts on, counted from 1.
  public func line(ofRow row: Int) -> Int { lines[row] }

  /// What is wrong with a row, or `nil`.
  public func problem(ofRow row: Int) -> RowProblem? { RowProblem(rawValue: problems[row]) }

  /// A field's bytes, copied; `nil` when the field is absent or null (which CSV cannot say).
  public func field(row: Int, column: Int) -> [UInt8]? {
    precondition(row < rowCount && column < columnCount, "no such field")
    let index = 2 * (row * columnCount + column)
    guard ranges[index] <= ranges[index + 1] else { return nil }
    return unsafe Array(bytes[Int(ranges[index])..<Int(ranges[index + 1])])
  }

  /// A field as text, `nil` when it is absent, null or not UTF-8.
  public func text(row: Int, column: Int) -> String? {
    guard let bytes = field(row: row, column: column) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Lends everything to a hot loop: bytes, ranges, problems.
  package func withRows<Result>(
    _ body: (UnsafeRawBufferPointer, UnsafeBufferPointer<UInt32>, UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result {
    try unsafe ranges.withUnsafeBufferPointer { ranges in
      try unsafe problems.withUnsafeBufferPointer { problems in
        unsafe try body(UnsafeRawBufferPointer(bytes), ranges, problems)
      }
    }
  }
}
