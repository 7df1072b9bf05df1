/// Reads Arrow's columns as rows of text, for whatever has no faster way.
///
/// Every value becomes the text that a CSV file would hold for it: decimal whole numbers, the shortest decimal that
/// reads back as the same double, `true` and `false`.
public struct ArrowReader: TableReader, ~Copyable {
  private let stream: ArrowStream
  private var batch: ArrowBatch?
  private var row = 0
  private var rows = 0
  private var scratch = ArrowText()

  /// Reads a stream from where it stands.
  public init(_ stream: ArrowStream) { self.stream = stream }

  /// The name of the source, for errors.
  public var source: String { stream.source }
  /// The columns that batches hold.
  public var columns: [String] { stream.columns }

  /// The next rows, or `nil` at the end; their lines are row numbers from 1.
  public mutating func next() throws(TableError) -> TableBatch? {
    while batch.map({ row == $0.rowCount }) ?? true {
      guard let following = try stream.nextArrays() else { return nil }
      batch = following
      row = 0
    }
    guard let batch else { return nil }
    var builder = TableBatchBuilder(columnCount: columns.count, firstLine: rows + 1)
    while row < batch.rowCount, !builder.isFull {
      for column in batch.columns {
        if column.isNull(row) {
          builder.appendNull()
        } else if let (text, length) = unsafe column.text(row, &scratch) {
          guard length <= TableLimits.rowBytes else {
            throw TableError(.tooLarge, source: source, line: rows + 1, reason: "a field is too long")
          }
          unsafe builder.append(UnsafeRawBufferPointer(start: text, count: length))
        } else if column.keys != nil, column.isNullKey(row) {
          builder.appendNull()
        } else {
          throw TableError(.wrongFormat, source: source, line: rows + 1, reason: "an Arrow array is damaged")
        }
      }
      builder.endRow()
      row += 1
      rows += 1
    }
    return builder.finish()
  }
}

extension ArrowColumn {
  /// Whether a row's place in the dictionary holds no text.
  package func isNullKey(_ row: Int) -> Bool {
    guard let keys, let index = whole(row), keys.indices.contains(index) else { return false }
    return keys[index] == nil
  }
}
