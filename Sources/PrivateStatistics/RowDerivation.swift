import ExactMath
import TableFormats

/// Adds a query's derived columns to batches of rows.
struct RowDerivation: Sendable {
  private let derived: [DerivedColumn]
  private let names: [String]
  private let width: Int
  private let inputs: [[Int]]

  /// `nil` when the query derives nothing.
  init?(_ query: Query) {
    guard !query.derived.isEmpty else { return nil }
    derived = query.derived
    let names = query.fieldNames
    self.names = names
    width = query.columns.count
    inputs = query.derived.map { $0.inputs.map { name in names.firstIndex(of: name) ?? 0 } }
  }

  /// The batch with the derived columns at the end; rows that a join leaves out are gone.
  func apply(_ batch: TableBatch) -> TableBatch {
    var builder = TableBatchBuilder(columnCount: names.count, firstLine: 1)
    rows: for row in 0..<batch.rowCount {
      var problem = batch.problem(ofRow: row)
      var fields: [[UInt8]?] = (0..<width).map { problem == nil ? batch.field(row: row, column: $0) : nil }
      for (column, places) in zip(derived, inputs) where problem == nil {
        switch column.source {
        case .lookup(_, let table):
          guard let key = fields[places[0]], let value = table[key] else { continue rows }
          fields.append(value)
        case .formula(let formula, _):
          let value = formula.value { name in
            zip(formula.columns, places).first { $0.0 == name }.flatMap { RowDerivation.number(fields[$0.1]) }
          }
          fields.append(value.map { Array($0.decimalDescription.utf8) })
        case .date(_, let part, let range):
          guard let text = fields[places[0]], !text.isEmpty else {
            fields.append(nil)
            continue
          }
          guard let time = unsafe text.withUnsafeBytes({ unsafe Timestamp($0) }), range.contains(time.date) else {
            problem = .date
            continue
          }
          fields.append(Array(part.text(of: time).utf8))
        }
      }
      fields += [[UInt8]?](repeating: nil, count: names.count - fields.count)
      for field in fields {
        if let field {
          unsafe field.withUnsafeBytes { unsafe builder.append($0) }
        } else {
          builder.appendNull()
        }
      }
      builder.endRow(line: batch.line(ofRow: row), problem: problem)
    }
    return builder.finish()
  }

  /// Which column's date made a derived row bad, and why; `nil` when no date did.
  func dateProblem(ofRow row: Int, in batch: TableBatch) -> RowDecoder.Problem? {
    guard batch.problem(ofRow: row) == .date else { return nil }
    for (index, (column, places)) in zip(derived, inputs).enumerated() {
      guard case .date(_, _, let range) = column.source, let text = batch.field(row: row, column: places[0]),
        !text.isEmpty
      else { continue }
      guard let time = unsafe text.withUnsafeBytes({ unsafe Timestamp($0) }) else { return .notDate(column: places[0]) }
      if !range.contains(time.date) { return .dateOutside(column: places[0], derived: width + index) }
    }
    return nil
  }

  private static func number(_ field: [UInt8]?) -> Rational? {
    unsafe field?.withUnsafeBytes { unsafe DecimalText($0)?.value }
  }
}
