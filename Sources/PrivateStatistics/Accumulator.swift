public import TableFormats

/// What a release needs to know about a table, in exact integers: raw data, before any noise.
///
/// An accumulator takes rows from any number of tables, merges with others of the same query and key, and is used
/// up by its one release. It is not copyable and not printable; its memory is not wiped when it goes.
///
/// **Law**: however rows are split over accumulators, and in whatever order they come and are merged, the release
/// sees the same integers.
///
/// **Memory**: fixed for each group when the privacy unit is a row; for a unit that is a column, at most
/// `groups_per_unit` × max(64, 4 × `rows_per_group`) different contents for each unit.
public struct Accumulator: ~Copyable {
  /// The query that is being answered.
  public let query: Query
  let plan: NoisePlan
  private let decoder: RowDecoder
  /// Absent in an accumulator read from a partial: it merges and releases, but takes no rows.
  private let hash: KeyedHash?
  /// Tells accumulators of different keys apart without telling the key.
  let keyCheck: KeyedHash.Tag
  private(set) var cells: Cells
  private(set) var units: UnitTable?
  /// The rows taken in, bad and foreign ones included; for the operator, never for a release.
  private var rows = 0

  /// The rows taken in, exactly; for the demonstration on public data.
  package var insecureRowCount: Int { rows }

  /// An empty accumulator.
  ///
  /// - Parameters:
  ///   - query: What is asked.
  ///   - key: The secret of contribution bounding; accumulators merge only under the same key.
  /// - Throws: ``StatisticsError`` when the query's noise cannot be planned.
  public init(_ query: Query, key: borrowing SamplingKey) throws(StatisticsError) {
    self.query = query
    plan = try NoisePlan(query)
    decoder = RowDecoder(query)
    hash = key.hash
    cells = Cells(groups: query.groupCount, width: plan.width)
    units = query.privacyUnit == .rows ? nil : UnitTable(bounds: query.bounds)
    keyCheck = query.privacyUnit == .rows ? .zero : key.hash(0, 0, 0, 0)
  }

  /// An accumulator as a partial holds it.
  init(_ query: Query, plan: NoisePlan, cells: Cells, units: UnitTable?, keyCheck: KeyedHash.Tag) {
    self.query = query
    self.plan = plan
    self.cells = cells
    self.units = units
    self.keyCheck = keyCheck
    decoder = RowDecoder(query)
    hash = nil
  }

  /// Takes in every row of a table.
  ///
  /// - Parameter reader: A table whose batches hold the query's ``Query/columns`` in their order.
  /// - Throws: ``StatisticsError`` naming file and line when a row cannot be used and the query rejects bad rows, or
  ///   when the file cannot be read. The accumulator must be thrown away then.
  public mutating func add<Reader: TableReader & ~Copyable>(_ reader: inout Reader) throws(StatisticsError) {
    precondition(reader.columns == decoder.columns, "the reader must give the query's columns in their order")
    guard let hash else {
      throw StatisticsError(.invalidPartial, "partial", "takes no rows: the sampling key is not in it")
    }
    while true {
      let batch: TableBatch?
      do throws(TableError) {
        batch = try reader.next()
      } catch {
        throw StatisticsError(unreadable: error)
      }
      guard let batch else { return }
      try add(batch, source: reader.source, hash: hash)
    }
  }

  private mutating func add(
    _ batch: TableBatch, source: String, hash: KeyedHash
  ) throws(StatisticsError) {
    var failure: (row: Int, problem: RowDecoder.Problem)?
    unsafe batch.withRows { bytes, ranges, problems in
      let rules = plan.rules
      let decoder = decoder
      let byRow = units == nil
      let drops = query.onBadRow == .drop
      var values = [Int](repeating: 0, count: decoder.valueCount)
      var unit = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
      for row in 0..<batch.rowCount {
        do throws(RowDecoder.Problem) {
          if let problem = unsafe RowProblem(rawValue: problems[row]) { throw .row(problem) }
          let group = unsafe try decoder.decode(row, bytes: bytes, ranges: ranges, unit: &unit, into: &values)
          if group < 0 { continue }
          if byRow {
            cells.add(values, copies: 1, to: group, rules: rules)
            cells.addUnit(to: group, rules: rules)
          } else {
            units?.add(unsafe hash(unit), group: group, values: values, hash: hash)
          }
        } catch {
          if drops { continue }
          failure = (row, error)
          return
        }
      }
    }
    rows += batch.rowCount
    if let failure {
      throw failure.problem.error(source: source, line: batch.line(ofRow: failure.row), columns: decoder.columns)
    }
  }

  /// Takes in another accumulator.
  ///
  /// - Throws: ``StatisticsError`` when it answers another query or was sampled under another key.
  public mutating func merge(_ other: consuming Accumulator) throws(StatisticsError) {
    guard query == other.query else {
      throw StatisticsError(.invalidPartial, "partial", "answers another query")
    }
    guard keyCheck == other.keyCheck else {
      throw StatisticsError(.invalidPartial, "partial", "was sampled under another key")
    }
    cells.merge(other.cells)
    if let theirs = other.units { units?.merge(theirs) }
    rows += other.rows
  }

  /// The integers after contribution bounding.
  func boundedCells() -> Cells {
    guard let units else { return cells }
    var result = cells
    let rules = plan.rules
    var counted: KeyedHash.Tag?
    var countedGroup = -1
    units.forEachKept { unit, group, values, copies in
      result.add(values, copies: copies, to: group, rules: rules)
      if counted != unit || countedGroup != group {
        result.addUnit(to: group, rules: rules)
        counted = unit
        countedGroup = group
      }
    }
    return result
  }
}

extension StatisticsError {
  /// A table's failure as a failure of the run.
  init(unreadable error: TableError) {
    self.init(
      error.code == .malformedRow ? .badRow : .unreadable, error.line.map { "\(error.source):\($0)" } ?? error.source,
      (error.column.map { "column \"\($0)\": " } ?? "") + error.reason)
  }
}
