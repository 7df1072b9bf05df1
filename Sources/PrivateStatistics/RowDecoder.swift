import ExactMath
import TableFormats

/// Turns the fields of rows into integers: unit, group and the values that the metrics read.
///
/// One for each worker; it remembers the open groups it has met.
@safe
final class RowDecoder {
  /// Why a row was not decoded.
  enum Problem: Error {
    case row(RowProblem)
    case missing(column: Int)
    case notNumber(column: Int)
    case notText(column: Int)
    case notDate(column: Int)
    /// A date outside the range that a derived column declares.
    case dateOutside(column: Int, derived: Int)

    /// Whether other units' rows may be lost with this one: then no policy leaves it out.
    var mayHideRows: Bool { if case .row(let problem) = self { problem.mayHideRows } else { false } }
  }

  private let layout: RowLayout
  private let finder: GroupFinder
  private let hash: KeyedHash
  private let unitColumn: Int?
  private let drops: Bool
  private let dropped: DroppedUnits?

  /// - Parameters:
  ///   - open: where undeclared groups are numbered; `nil` when all keys are declared.
  init(_ query: Query, layout: RowLayout, open: OpenGroups?, hash: KeyedHash, dropped: DroppedUnits? = nil) {
    self.dropped = dropped
    self.layout = layout
    self.hash = hash
    let columns = layout.columns
    finder = GroupFinder(query, place: { columns.firstIndex(of: $0) ?? 0 }, open: open, hash: hash)
    unitColumn = query.unitPlace(in: columns)
    drops = query.onBadRow == .drop
  }

  /// Decodes a batch; rows of no declared group, rows that a filter leaves out and dropped rows leave no record.
  ///
  /// - Returns: the first row that cannot be used, with the reason, when bad rows are not dropped, or when the row may
  ///   hide others.
  func decode<Sink: RecordSink & ~Copyable>(
    _ batch: TableBatch, into rows: inout Sink
  ) -> (row: Int, problem: Problem)? {
    rows.reset(rows: batch.rowCount)
    return unsafe batch.withRows { bytes, ranges, problems in
      guard let base = bytes.baseAddress, let table = ranges.baseAddress else { return nil }
      let step = 2 * layout.columns.count
      for row in 0..<batch.rowCount {
        if finder.fetches { unsafe fetch(after: row, of: batch.rowCount, base, table, step) }
        do throws(Problem) {
          if let problem = unsafe RowProblem(rawValue: problems[row]) { throw .row(problem) }
          let fields = unsafe Fields(bytes: base, ranges: table + row * step)
          if unsafe try decode(fields, into: rows.next) { rows.keep() }
        } catch {
          if !drops || error.mayHideRows { return (row, error) }
          if let dropped {
            let fields = unsafe Fields(bytes: base, ranges: table + row * step)
            // Where only a date is amiss the fields are whole.
            let isWhole = unsafe problems[row] == 0 || problems[row] == RowProblem.date.rawValue
            unsafe dropped.note(isWhole ? unit(of: fields) : nil)
          }
        }
      }
      return nil
    }
  }

  /// Fetches what the groups of later rows need, each part some rows after what leads to it.
  @inline(__always)
  private func fetch(
    after row: Int, of count: Int, _ base: UnsafeRawPointer, _ table: UnsafePointer<UInt32>, _ step: Int
  ) {
    if row + 24 < count { unsafe finder.fetch(.slot, Fields(bytes: base, ranges: table + (row + 24) * step)) }
    if row + 16 < count { unsafe finder.fetch(.place, Fields(bytes: base, ranges: table + (row + 16) * step)) }
    if row + 8 < count { unsafe finder.fetch(.bytes, Fields(bytes: base, ranges: table + (row + 8) * step)) }
  }

  /// The tag of a bad row's unit; `nil` where it cannot be read.
  private func unit(of fields: Fields) -> KeyedHash.Tag? {
    guard let unitColumn, let (text, length) = unsafe fields[unitColumn], length > 0 else { return nil }
    guard unsafe (try? RowDecoder.checkText(text, length, unitColumn)) != nil else { return nil }
    var union: UInt64 = 0
    return unsafe hash.padded(text, length, union: &union)
  }

  /// The fields of a row.
  @unsafe
  struct Fields {
    let bytes: UnsafeRawPointer
    let ranges: UnsafePointer<UInt32>

    /// A field's bytes.
    @inline(__always)
    subscript(column: Int) -> (UnsafeRawPointer, Int)? {
      let start = unsafe ranges[2 * column]
      let end = unsafe ranges[2 * column + 1]
      guard start <= end else { return nil }
      return unsafe (bytes + Int(start), Int(end - start))
    }

    /// A field that must be UTF-8.
    @inline(__always)
    func text(_ column: Int) throws(Problem) -> (UnsafeRawPointer, Int) {
      guard let (text, length) = unsafe self[column] else { throw .missing(column: column) }
      var union: UInt64 = 0
      var place = 0
      while place < length {
        union |= unsafe PaddedBytes.word(text, place, length)
        place += 8
      }
      if union & 0x8080_8080_8080_8080 != 0 { unsafe try RowDecoder.checkText(text, length, column) }
      return unsafe (text, length)
    }

    /// A field that must be a decimal number.
    @inline(__always)
    func number(_ column: Int) throws(Problem) -> (UnsafeRawPointer, Int) {
      guard let field = unsafe self[column] else { throw .missing(column: column) }
      return unsafe field
    }
  }

  static func checkText(_ text: UnsafeRawPointer, _ length: Int, _ column: Int) throws(Problem) {
    let bytes = unsafe UnsafeRawBufferPointer(start: text, count: length)
    if unsafe String(validating: bytes, as: UTF8.self) == nil { throw .notText(column: column) }
  }

  /// Fills a record; false when the row has no place in the answer.
  @inline(__always)
  private func decode(_ fields: Fields, into record: UnsafeMutablePointer<UInt64>) throws(Problem) -> Bool {
    var unit = KeyedHash.Tag.zero
    if let unitColumn {
      guard let (text, length) = unsafe fields[unitColumn], length > 0 else { throw .missing(column: unitColumn) }
      var union: UInt64 = 0
      unit = unsafe hash.padded(text, length, union: &union)
      if union & 0x8080_8080_8080_8080 != 0 { unsafe try RowDecoder.checkText(text, length, unitColumn) }
    }
    guard unsafe try layout.passes(fields) else { return false }
    let group = unsafe try finder.find { (column) throws(Problem) in unsafe try fields.text(column) }
    unsafe try layout.read(fields, into: record + RowWord.values)
    guard group.number >= 0 else { return false }
    unsafe record[RowWord.group] = UInt64(group.number)
    if unitColumn != nil {
      unsafe record[RowWord.high] = unit.high
      unsafe record[RowWord.low] = unit.low
      unsafe record[RowWord.rank] = UnitTable.rank(unit, groupTag: group.tag)
    }
    return true
  }
}

extension RowDecoder.Problem {
  /// The problem in words, for a row of a file.
  func error(source: String, line: Int, columns: [String]) -> StatisticsError {
    let text =
      switch self {
      case .row(let problem): problem.reason
      case .missing(let column):
        "column \"\(columns[column])\": there is no value; on_bad_row: drop leaves such rows out"
      case .notNumber(let column): "column \"\(columns[column])\": is not a finite decimal number"
      case .notText(let column): "column \"\(columns[column])\": is not UTF-8 text"
      case .notDate(let column):
        "column \"\(columns[column])\": is not a date or time as ISO 8601 writes it, such as 2024-02-29T09:30"
      case .dateOutside(let column, let derived):
        "column \"\(columns[column])\": the date lies outside the range declared for \"\(columns[derived])\""
      }
    return StatisticsError(.badRow, "\(source):\(line)", text)
  }
}

extension Query {
  /// Where the column that names the unit stands, nil when every row is a unit.
  func unitPlace(in columns: [String]) -> Int? {
    guard case .column(let name) = privacyUnit else { return nil }
    return columns.firstIndex(of: name)
  }
}
