import ExactMath

/// A column that a query makes from one row's other columns; whatever reads columns may read it.
///
/// It reads one row and public numbers or a public table only, so it cannot raise what one unit contributes: its
/// stability is 1.
public struct DerivedColumn: Sendable, Hashable {
  enum Source: Sendable, Hashable {
    case formula(Formula, text: String)
    case lookup(column: String, table: [[UInt8]: [UInt8]])
    case date(column: String, part: DatePart, range: ClosedRange<CalendarDate>)
  }

  /// The name by which it is read.
  public let name: String
  let source: Source

  /// A column of exact arithmetic on others: decimal numbers, `+`, `-`, `*`, parentheses; backquotes around names
  /// that are no words.
  ///
  /// **Edge cases**: where a column holds no number, or the value needs more than 24 decimal places, the row has no
  /// value, which is a bad row where a metric needs one.
  ///
  /// - Throws: ``StatisticsError`` when the text is no such formula.
  public init(name: String, formula text: String) throws(StatisticsError) {
    guard text.utf8.count <= 4_096, let formula = Formula(text), !formula.columns.isEmpty else {
      throw .query("derive.formula", "must be arithmetic with +, - and * on at least one column")
    }
    try self.init(name, .formula(formula, text: text))
  }

  /// A column of public attributes: an inner join with a public table, whose keys are found in a column as text.
  ///
  /// Rows whose key is not in the table are left out, as if they were not in the data.
  ///
  /// - Throws: ``StatisticsError`` when there are no pairs, more than 10⁶, or a key is named twice: a row would then
  ///   count more than once.
  public init(name: String, column: String, table: [(key: String, value: String)]) throws(StatisticsError) {
    guard (1...1_000_000).contains(table.count) else { throw .query("derive.table", "must hold 1 to 1000000 keys") }
    var pairs: [[UInt8]: [UInt8]] = [:]
    for (key, value) in table {
      guard pairs.updateValue(Array(value.utf8), forKey: Array(key.utf8)) == nil else {
        throw .query("derive.table", "names a key twice")
      }
    }
    try self.init(name, .lookup(column: column, table: pairs))
  }

  /// A part of a date or time, written as ISO 8601 has it: its year, month, weekday and so on.
  ///
  /// Offsets bring a time to UTC; without one it is taken as it is written. Where there is no value the part has none
  /// either. A row whose date is anything else, or lies outside the range, is a bad row.
  ///
  /// - Parameters:
  ///   - column: The column of dates.
  ///   - part: What is read off.
  ///   - range: The first and the last day that may occur, declared without looking at the data.
  /// - Throws: ``StatisticsError`` when the name is unfit.
  public init(
    name: String, date column: String, part: DatePart, range: ClosedRange<CalendarDate>
  ) throws(StatisticsError) {
    try self.init(name, .date(column: column, part: part, range: range))
  }

  private init(_ name: String, _ source: Source) throws(StatisticsError) {
    guard !name.isEmpty, name.utf8.count <= 256 else { throw .query("derive.name", "must be 1 to 256 bytes") }
    self.name = name
    self.source = source
  }

  /// The columns that it reads.
  var inputs: [String] {
    switch source {
    case .formula(let formula, _): formula.columns
    case .lookup(let column, _), .date(let column, _, _): [column]
    }
  }
}

extension Query {
  /// Refuses names that mean two things and formulas that read what is made later.
  static func check(_ derived: [DerivedColumn], unit: PrivacyUnit) throws(StatisticsError) {
    guard derived.count <= 64 else { throw .query("derive", "holds more than 64 columns") }
    for (index, column) in derived.enumerated() {
      guard !derived[..<index].contains(where: { $0.name == column.name }), unit != .column(column.name) else {
        throw .query("derive.name", "names a column twice, or the privacy unit")
      }
      guard !derived[index...].contains(where: { column.inputs.contains($0.name) }) else {
        throw .query("derive", "reads a column that is not made yet")
      }
    }
  }

  /// The columns of rows once derived ones are added: ``columns`` first.
  var fieldNames: [String] { columns + derived.map(\.name) }
}
