public import TableFormats

/// A second private table about the same units, in memory, for joining rows to.
///
/// **Stability.** The join is on the privacy unit and nothing else, so every joined row belongs to one unit: that of both
/// its halves. Adding or removing a unit, with its rows in both tables, changes that unit's joined rows and no other's.
/// The joined table is then a table like any other, and ``ContributionBounds`` limit what a unit contributes to it
/// however many rows it had on either side: the join has stability 1 in units, and a release of the joined table promises
/// to both tables together what it promises to one. A join on any other column could tie rows of one unit to those of
/// many (McSherry 2009 divides its sensitivity by bounding both sides; Johnson, Near and Song 2018 count the damage) and
/// is not offered.
public struct JoinedTable: Sendable {
  /// The columns that are joined to the other table's.
  public let columns: [String]
  /// The rows of each unit, fields one after the other.
  fileprivate let rows: [[UInt8]: [[UInt8]?]]

  /// Reads the whole table.
  ///
  /// - Parameters:
  ///   - reader: The table: the unit's column first, then the columns to join.
  ///   - onBadRow: Whether a malformed row or one without a unit ends the reading or is left out.
  /// - Throws: ``TableError`` when the source fails or a row is refused; one that may hide others is refused always.
  public init<Reader: TableReader & ~Copyable>(
    _ reader: inout Reader, onBadRow: BadRowPolicy
  ) throws(TableError) {
    precondition(reader.columns.count > 1, "a unit's column and at least one more")
    columns = Array(reader.columns.dropFirst())
    var rows: [[UInt8]: [[UInt8]?]] = [:]
    while let batch = try reader.next() {
      for row in 0..<batch.rowCount {
        let problem = batch.problem(ofRow: row)
        guard problem == nil, let unit = batch.field(row: row, column: 0), !unit.isEmpty else {
          if onBadRow == .drop, problem?.mayHideRows != true { continue }
          throw TableError(
            .malformedRow, source: reader.source, line: batch.line(ofRow: row),
            column: problem == nil ? reader.columns[0] : nil, reason: problem?.reason ?? "the unit is missing")
        }
        for column in 1..<batch.columnCount { rows[unit, default: []].append(batch.field(row: row, column: column)) }
      }
    }
    self.rows = rows
  }
}

/// A table whose every row is joined with the rows of the same unit in another private table.
///
/// An inner join: a row goes once with each of its unit's rows there, and a row whose unit has none is left out.
/// Malformed rows and rows without a unit pass as they are, for the query's policy on bad rows.
public struct UnitJoin<Rows: TableReader & ~Copyable>: TableReader, ~Copyable {
  /// The name of the joined table, for errors; lines are those of its rows.
  public let source: String
  /// The columns as the query wants them.
  public let columns: [String]
  private var rows: Rows
  private let other: JoinedTable
  /// For every column its place in the row, or, negative, one less than its place in the other table.
  private let places: [Int]
  private let unit: Int
  /// The batch under way, the row in it, and which of the unit's rows comes next.
  private var batch: TableBatch?
  private var row = 0
  private var partner = 0

  /// Joins a table.
  ///
  /// - Parameters:
  ///   - rows: A reader of the columns that are not in the other table, the unit's among them.
  ///   - other: The other table.
  ///   - unit: The unit's column.
  ///   - columns: The columns wanted, each in one of the two tables.
  public init(_ rows: consuming Rows, with other: JoinedTable, on unit: String, columns: [String]) {
    source = rows.source
    self.columns = columns
    self.other = other
    places = columns.map { column in
      if let place = other.columns.firstIndex(of: column) { return -1 - place }
      guard let place = rows.columns.firstIndex(of: column) else { preconditionFailure("a column is in no table") }
      return place
    }
    guard let place = rows.columns.firstIndex(of: unit) else { preconditionFailure("the unit's column is not read") }
    self.unit = place
    self.rows = rows
  }

  /// The next joined rows.
  public mutating func next() throws(TableError) -> TableBatch? {
    var builder = TableBatchBuilder(columnCount: columns.count, firstLine: 1)
    while !builder.isFull {
      guard let current = batch else {
        batch = try rows.next()
        (row, partner) = (0, 0)
        if batch == nil { break }
        continue
      }
      guard row < current.rowCount else {
        batch = nil
        continue
      }
      join(current, &builder)
    }
    return builder.rowCount == 0 ? nil : builder.finish()
  }

  /// Joins the row at hand with the next of its unit's rows, and goes on to the next row after the last.
  private mutating func join(_ batch: TableBatch, _ builder: inout TableBatchBuilder) {
    let (line, problem) = (batch.line(ofRow: row), batch.problem(ofRow: row))
    let key = batch.field(row: row, column: unit)
    guard problem == nil, let key, !key.isEmpty else {
      for place in places { UnitJoin.append(place < 0 ? nil : batch.field(row: row, column: place), &builder) }
      builder.endRow(line: line, problem: problem)
      row += 1
      return
    }
    let partners = other.rows[key] ?? []
    if partner * other.columns.count < partners.count {
      for place in places {
        let field =
          place < 0
          ? partners[partner * other.columns.count - place - 1] : batch.field(row: row, column: place)
        UnitJoin.append(field, &builder)
      }
      builder.endRow(line: line)
      partner += 1
    }
    if partner * other.columns.count >= partners.count { (row, partner) = (row + 1, 0) }
  }

  private static func append(_ field: [UInt8]?, _ builder: inout TableBatchBuilder) {
    guard let field else { return builder.appendNull() }
    unsafe field.withUnsafeBytes { unsafe builder.append($0) }
  }
}
