import TableFormats

/// Turns the typed columns of Arrow arrays into the integers that ``RowDecoder`` makes of their text.
///
/// One for each worker, for layouts that are ``RowLayout/isPlain``.
@safe
final class ArrowDecoder {
  typealias Problem = RowDecoder.Problem

  private let layout: RowLayout
  private let finder: GroupFinder
  private let hash: KeyedHash
  private let unitColumn: Int?
  private let drops: Bool
  private let groupColumn: Int?
  private let groupKeys: KeyTable?

  /// - Parameter open: where undeclared groups are numbered; `nil` when all keys are declared.
  init(_ query: Query, layout: RowLayout, open: OpenGroups?, hash: KeyedHash) {
    self.layout = layout
    self.hash = hash
    let columns = layout.columns
    finder = GroupFinder(query, place: { columns.firstIndex(of: $0) ?? 0 }, open: open, hash: hash)
    unitColumn = query.unitPlace(in: columns)
    drops = query.onBadRow == .drop
    // The only grouping column, when its keys are declared: a dictionary is looked up once a batch.
    if query.groupBy.count == 1, let group = query.groupBy.first, !group.isOpen {
      groupColumn = columns.firstIndex(of: group.column)
      groupKeys = KeyTable(group.keys)
    } else {
      groupColumn = nil
      groupKeys = nil
    }
  }

  /// The group of each key of a dictionary: -1 for none of them, -2 for no text.
  func groups(of batch: ArrowBatch) -> [Int]? {
    guard let groupColumn, let groupKeys, let keys = batch.columns[groupColumn].keys else { return nil }
    return keys.map { key in
      guard let key, String(validating: key, as: UTF8.self) != nil else { return -2 }
      return groupKeys.find(key)
    }
  }

  /// Decodes rows of a batch, whose ``groups(of:)`` are known; rows of no declared group and dropped rows leave no record.
  ///
  /// - Returns: the first row that cannot be used, with the reason, when bad rows are not dropped.
  func decode<Sink: RecordSink & ~Copyable>(
    _ batch: ArrowBatch, _ range: Range<Int>, _ known: [Int]?, into rows: inout Sink
  ) -> (row: Int, problem: Problem)? {
    rows.reset(rows: range.count)
    var scratch = ArrowText()
    return unsafe batch.columns.withUnsafeBufferPointer { columns in
      unsafe layout.steps.withUnsafeBufferPointer { steps in
        unsafe (known ?? []).withUnsafeBufferPointer { keys in
          let known = unsafe known == nil ? nil : keys
          for row in range {
            do throws(Problem) {
              if unsafe try decode(row, columns, known, steps, &scratch, into: rows.next) { rows.keep() }
            } catch {
              if !drops { return (row, error) }
            }
          }
          return nil
        }
      }
    }
  }

  @inline(__always)
  private func decode(
    _ row: Int, _ columns: UnsafeBufferPointer<ArrowColumn>, _ known: UnsafeBufferPointer<Int>?,
    _ steps: UnsafeBufferPointer<RowLayout.Step>,
    _ scratch: inout ArrowText, into record: UnsafeMutablePointer<UInt64>
  ) throws(Problem) -> Bool {
    var unit = KeyedHash.Tag.zero
    if let unitColumn {
      let (text, length) = unsafe try ArrowDecoder.text(row, columns, unitColumn, &scratch)
      guard length > 0 else { throw .missing(column: unitColumn) }
      var union: UInt64 = 0
      unit = unsafe hash.padded(text, length, union: &union)
      if union & 0x8080_8080_8080_8080 != 0 { unsafe try RowDecoder.checkText(text, length, unitColumn) }
    }
    var group = (number: 0, tag: UInt64(0))
    if let known = unsafe known, let groupColumn {
      guard unsafe !columns[groupColumn].isNull(row), let key = unsafe columns[groupColumn].whole(row),
        key >= 0, key < known.count
      else { throw .missing(column: groupColumn) }
      let number = unsafe known[key]
      guard number != -2 else { throw .missing(column: groupColumn) }
      group = (number, UInt64(bitPattern: Int64(number)))
    } else {
      group = unsafe try finder.find { (column) throws(Problem) in
        let (text, length) = unsafe try ArrowDecoder.text(row, columns, column, &scratch)
        var union: UInt64 = 0
        for place in stride(from: 0, to: length, by: 8) { union |= unsafe PaddedBytes.word(text, place, length) }
        if union & 0x8080_8080_8080_8080 != 0 { unsafe try RowDecoder.checkText(text, length, column) }
        return unsafe (text, length)
      }
    }
    for index in 0..<steps.count {
      let step = unsafe steps[index]
      let place = unsafe try number(row, columns, step, &scratch)
      let value =
        step.kind == .number
        ? place - step.offset
        : (place - step.grid.lowest) * NoisePlan.leafCount / (step.grid.highest - step.grid.lowest + 1)
      unsafe record[RowWord.values + index] = UInt64(bitPattern: Int64(value))
    }
    guard group.number >= 0 else { return false }
    unsafe record[RowWord.group] = UInt64(group.number)
    if unitColumn != nil {
      unsafe record[RowWord.high] = unit.high
      unsafe record[RowWord.low] = unit.low
      unsafe record[RowWord.rank] = UnitTable.rank(unit, groupTag: group.tag)
    }
    return true
  }

  /// The grid step of a value.
  @inline(__always)
  private func number(
    _ row: Int, _ columns: UnsafeBufferPointer<ArrowColumn>, _ step: RowLayout.Step, _ scratch: inout ArrowText
  ) throws(Problem) -> Int {
    guard unsafe !columns[step.column].isNull(row) else { throw .missing(column: step.column) }
    if unsafe !columns[step.column].hasDictionary {
      if let value = unsafe columns[step.column].real(row) {
        if let index = step.grid.index(of: value) { return index }
      } else if let value = unsafe columns[step.column].whole(row), let index = step.grid.index(of: value) {
        return index
      }
    }
    let (text, length) = unsafe try ArrowDecoder.text(row, columns, step.column, &scratch)
    guard let decimal = unsafe DecimalText(UnsafeRawBufferPointer(start: text, count: length)) else {
      throw .notNumber(column: step.column)
    }
    return layout.grids[step.reference].index(of: decimal)
  }

  @inline(__always)
  private static func text(
    _ row: Int, _ columns: UnsafeBufferPointer<ArrowColumn>, _ column: Int, _ scratch: inout ArrowText
  ) throws(Problem) -> (UnsafeRawPointer, Int) {
    guard unsafe !columns[column].isNull(row), let text = unsafe columns[column].text(row, &scratch) else {
      throw .missing(column: column)
    }
    return unsafe text
  }
}
