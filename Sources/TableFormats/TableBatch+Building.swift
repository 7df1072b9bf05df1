/// Makes a ``TableBatch`` field by field, for sources that are no text.
package struct TableBatchBuilder {
  private let columnCount: Int
  private var bytes: [UInt8] = []
  private var ranges: [UInt32] = []
  private var problems: [UInt8] = []
  private var lines: [Int] = []
  private let firstLine: Int

  /// - Parameter firstLine: What the first row is called in errors; the rows count on from it.
  package init(columnCount: Int, firstLine: Int) {
    self.columnCount = columnCount
    self.firstLine = firstLine
  }

  /// The rows that are complete.
  package var rowCount: Int { problems.count }

  /// Whether the batch is large enough to be handed on.
  package var isFull: Bool { bytes.count >= 1 << 17 || problems.count >= 1 << 14 }

  /// The next field.
  package mutating func append(_ text: UnsafeRawBufferPointer) {
    ranges.append(UInt32(truncatingIfNeeded: bytes.count))
    unsafe bytes.append(contentsOf: text)
    ranges.append(UInt32(truncatingIfNeeded: bytes.count))
  }

  /// The next field, which is null.
  package mutating func appendNull() {
    ranges.append(1)
    ranges.append(0)
  }

  /// Ends a row of ``columnCount`` fields.
  ///
  /// - Parameters:
  ///   - line: What the row is called in errors; the next after the last if left out.
  ///   - problem: Why the row cannot be used.
  package mutating func endRow(line: Int? = nil, problem: RowProblem? = nil) {
    lines.append(line ?? lines.last.map { $0 + 1 } ?? firstLine)
    problems.append(problem?.rawValue ?? 0)
    precondition(ranges.count == 2 * columnCount * problems.count, "a row must have all its fields")
  }

  /// The rows so far.
  package consuming func finish() -> TableBatch {
    let batch = TableBatch(columnCount: columnCount, capacity: bytes.count)
    for index in bytes.indices { unsafe batch.bytes[index] = bytes[index] }
    batch.ranges = ranges
    batch.lines = lines
    batch.problems = problems
    batch.rowCount = problems.count
    return batch
  }
}
