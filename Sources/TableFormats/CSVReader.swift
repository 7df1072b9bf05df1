/// How a delimited text is written.
public struct CSVDialect: Hashable, Sendable {
  /// The byte between fields.
  public var delimiter: UInt8
  /// Whether fields may stand in double quotes.
  public var quoting: Bool
  /// Text that stands for null, compared before any quote is removed.
  public var null: [UInt8]?

  /// RFC 4180: commas, double quotes, no null.
  public static let rfc4180 = CSVDialect(delimiter: UInt8(ascii: ","), quoting: true, null: nil)
  /// Rows as Spark's `TRANSFORM` writes them: fields joined by `\u{1}`, no quotes, `\N` for null.
  public static let sparkTransform = CSVDialect(delimiter: 1, quoting: false, null: Array("\\N".utf8))

  /// A dialect.
  public init(delimiter: UInt8, quoting: Bool, null: [UInt8]?) {
    self.delimiter = delimiter
    self.quoting = quoting
    self.null = null
  }
}

/// Reads CSV as RFC 4180 describes it, in batches of rows.
///
/// **Accepted**: quoted fields with delimiters, doubled quotes and line breaks inside; lines ended by LF or CRLF;
/// no break after the last row; a UTF-8 byte-order mark; empty lines between rows of more than one column, which
/// are skipped.
/// **Bad rows**: a quote inside an unquoted field, anything but a delimiter or a line break after a closing quote,
/// a quote left open at the end, more or fewer fields than the header.
///
/// Reference: RFC 4180 (Shafranovich 2005), section 2.
public struct CSVReader: TableReader, ~Copyable {
  /// The name of the source, for errors.
  public let source: String
  /// Every column of the table, in its order.
  public let header: [String]
  /// The columns that batches hold.
  public let columns: [String]

  private var buffer: RecordBuffer
  private var scanner: CSVScanner

  /// Opens a table with a header line.
  ///
  /// - Parameters:
  ///   - input: The bytes; gzip is unpacked.
  ///   - columns: The columns wanted, in the order wanted; all of them when `nil`.
  ///   - dialect: Delimiter and quoting.
  /// - Throws: ``TableError`` when there is no header, a wanted column is missing, or a wanted name is ambiguous.
  public init(
    _ input: consuming ByteSource, columns: [String]? = nil, dialect: CSVDialect = .rfc4180
  ) throws(TableError) {
    let source = input.name
    var buffer = RecordBuffer(input)
    var first = CSVScanner(dialect: dialect, fieldCount: nil, slots: [])
    let header = try CSVReader.readHeader(&buffer, with: &first)
    let wanted = columns ?? header
    let slots = try CSVReader.slots(of: wanted, in: header, source: source)
    self.source = source
    self.header = header
    self.columns = wanted
    self.scanner = CSVScanner(dialect: dialect, fieldCount: header.count, slots: slots)
    self.scanner.line = first.line
    self.buffer = buffer
  }

  /// Opens a table without a header line, whose columns the caller names.
  ///
  /// - Parameters:
  ///   - input: The bytes; gzip is unpacked.
  ///   - names: The names of all columns, in the order of the fields.
  ///   - columns: The columns wanted, in the order wanted; all of them when `nil`.
  ///   - dialect: Delimiter and quoting.
  /// - Throws: ``TableError`` when a wanted column is missing or ambiguous.
  public init(
    _ input: consuming ByteSource, headerless names: [String], columns: [String]? = nil,
    dialect: CSVDialect = .rfc4180
  ) throws(TableError) {
    let wanted = columns ?? names
    let slots = try CSVReader.slots(of: wanted, in: names, source: input.name)
    self.source = input.name
    self.header = names
    self.columns = wanted
    self.scanner = CSVScanner(dialect: dialect, fieldCount: names.count, slots: slots)
    self.buffer = RecordBuffer(input)
  }

  /// The next rows, or `nil` at the end.
  public mutating func next() throws(TableError) -> TableBatch? {
    var scanner = self.scanner
    defer { self.scanner = scanner }
    while true {
      let batch = try buffer.next(columnCount: columns.count, line: scanner.line) {
        (batch, count, ended) throws(TableError) in
        scanner.scan(batch, count: count, ended: ended)
      }
      guard let batch else { return nil }
      if batch.rowCount > 0 { return batch }
    }
  }
}

extension CSVReader {
  private static func readHeader(
    _ buffer: inout RecordBuffer, with scanner: inout CSVScanner
  ) throws(TableError) -> [String] {
    let source = buffer.name
    let batch = try buffer.next(columnCount: 0, line: 1) { (batch, count, ended) throws(TableError) in
      scanner.scan(batch, count: count, ended: ended)
    }
    guard let batch, batch.rowCount == 1 else {
      throw TableError(.missingHeader, source: source, line: 1, reason: "there is no header line")
    }
    if let problem = batch.problem(ofRow: 0) {
      throw TableError(.missingHeader, source: source, line: 1, reason: "header: " + problem.reason)
    }
    guard batch.ranges.count / 2 <= TableLimits.columns else {
      throw TableError(
        .tooLarge, source: source, line: 1, reason: "more than \(TableLimits.columns) columns")
    }
    var names: [String] = []
    for index in stride(from: 0, to: batch.ranges.count, by: 2) {
      let bytes = unsafe batch.bytes[Int(batch.ranges[index])..<Int(batch.ranges[index + 1])]
      guard let name = unsafe String(validating: bytes, as: UTF8.self) else {
        throw TableError(.missingHeader, source: source, line: 1, reason: "the header is not UTF-8 text")
      }
      names.append(name)
    }
    return names
  }

  /// For each field of the table, its place in a batch, or -1.
  private static func slots(
    of wanted: [String], in header: [String], source: String
  ) throws(TableError) -> [Int] {
    var slots = [Int](repeating: -1, count: header.count)
    for (slot, name) in wanted.enumerated() {
      let places = header.indices.filter { header[$0] == name }
      guard let place = places.first else {
        throw TableError(.missingColumn, source: source, column: name, reason: "the table has no such column")
      }
      guard places.count == 1, slots[place] < 0 else {
        throw TableError(.repeatedColumn, source: source, column: name, reason: "the name stands for two columns")
      }
      slots[place] = slot
    }
    return slots
  }
}
