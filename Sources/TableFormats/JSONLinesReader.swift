/// Reads JSON Lines: one JSON object a line, in batches of rows.
///
/// The wanted members become fields: strings without quotes and escapes, numbers and `true`/`false` as written, `null`
/// and absent members as null. Members that nobody asked for are checked for form and skipped, nested ones
/// included.
/// **Bad rows**: anything but one object a line, a wanted member that is an array or an object, a repeated wanted
/// member, bad escapes, nesting deeper than 64. Empty lines are skipped.
///
/// Reference: RFC 8259 for the objects.
public struct JSONLinesReader: TableReader, ~Copyable {
  /// The name of the source, for errors.
  public let source: String
  /// The members that batches hold.
  public let columns: [String]
  private var buffer: RecordBuffer
  private let names: [[UInt8]]
  private var line = 1

  /// Opens a table.
  ///
  /// - Parameters:
  ///   - input: The bytes; gzip is unpacked.
  ///   - columns: The members wanted, in the order wanted; each at most once.
  /// - Throws: ``TableError`` when a member is asked for twice.
  public init(_ input: consuming ByteSource, columns: [String]) throws(TableError) {
    guard Set(columns).count == columns.count else {
      throw TableError(.repeatedColumn, source: input.name, reason: "a member is asked for twice")
    }
    source = input.name
    self.columns = columns
    names = columns.map { Array($0.utf8) }
    buffer = RecordBuffer(input)
  }

  /// The next rows, or `nil` at the end.
  public mutating func next() throws(TableError) -> TableBatch? {
    var line = self.line
    defer { self.line = line }
    let names = self.names
    while true {
      let batch = try buffer.next(columnCount: names.count, line: line) { (batch, count, ended) throws(TableError) in
        JSONLinesReader.scan(batch, count: count, ended: ended, names: names, line: &line)
      }
      guard let batch else { return nil }
      if batch.rowCount > 0 { return batch }
    }
  }

  private static func scan(
    _ batch: TableBatch, count: Int, ended: Bool, names: [[UInt8]], line: inout Int
  ) -> Int {
    var position = 0
    while position < count {
      var end = position
      while end < count, unsafe batch.bytes[end] != UInt8(ascii: "\n") { end += 1 }
      if end == count && !ended { return position }
      var parser = unsafe JSONObjectParser(batch.bytes, start: position, end: end)
      if !parser.isBlank {
        let ranges = parser.parse(names)
        batch.ranges.append(contentsOf: ranges ?? JSONObjectParser.absent(names.count))
        batch.problems.append(ranges == nil ? RowProblem.notAnObject.rawValue : 0)
        batch.lines.append(line)
        batch.rowCount += 1
      }
      line += 1
      position = min(end + 1, count)
    }
    return position
  }
}
