public import TableFormats

/// What a release needs to know about a table, in exact integers: raw data, before any noise.
///
/// An accumulator takes rows from any number of tables, merges with others of the same query and key, and is used
/// up by its one release. It is not copyable and not printable; its memory is not wiped when it goes.
///
/// **Law**: however rows are split over accumulators and threads, and in whatever order they come and are merged, the
/// release sees the same integers.
///
/// **Memory**: fixed for each group when the privacy unit is a row; for a unit that is a column, at most
/// `groups_per_unit` × max(64, 4 × `rows_per_group`) different contents for each unit; past a limit, where one is
/// given, what units have contributed moves to a temporary file. Groups of undeclared keys take room for each key that
/// the table holds.
public struct Accumulator: ~Copyable {
  /// The query that is being answered.
  public let query: Query
  let plan: NoisePlan
  let layout: RowLayout
  /// Absent in an accumulator read from a partial: it merges and releases, but takes no rows.
  private let hash: KeyedHash?
  /// Tells accumulators of different keys apart without telling the key.
  let keyCheck: KeyedHash.Tag
  /// Sums of rows that are units by themselves.
  let cells: SharedCells
  /// What units that are a column have contributed.
  let units: UnitTable?
  /// Groups of undeclared keys.
  let open: OpenGroups?
  /// Units with rows left out as unusable, where the query asks for their number.
  let dropped: DroppedUnits?
  /// The most threads that have taken rows in; as many finish.
  private var workers = 1
  /// The name of what this accumulator itself takes in.
  private let run: RunID
  /// The rows taken in, bad and foreign ones included; for the operator, never for a release.
  private var rows = 0
  /// The runs that were merged in or read.
  private var merged = PartialRuns()

  /// The rows taken in, exactly; for the demonstration on public data.
  package var insecureRowCount: Int { runs.rowCount ?? 0 }

  /// The runs that are in this accumulator, with the rows of each: raw data, for the operator.
  public var runs: PartialRuns {
    var result = merged
    // What only gathers others is no run of its own.
    if rows > 0 || merged.count == 0 { result.insert(run, rows: rows) }
    return result
  }

  /// An empty accumulator.
  ///
  /// - Parameters:
  ///   - query: What is asked.
  ///   - key: The secret of contribution bounding; accumulators merge only under the same key.
  ///   - memory: The bytes that the contributions of units may take before some are moved to an unlinked temporary
  ///     file of mode 0600 in `TMPDIR` or `/tmp`, which holds raw data; no limit if left out. Answers and partials do
  ///     not depend on it.
  ///   - run: The name of this piece of work; attempts at the same piece that share a name never count twice.
  /// - Throws: ``StatisticsError`` when the query's noise cannot be planned.
  public init(
    _ query: Query, key: borrowing SamplingKey, memory: Int? = nil, run: RunID = RunID()
  ) throws(StatisticsError) {
    let plan = try NoisePlan(query)
    let check = query.privacyUnit == .rows ? KeyedHash.Tag.zero : key.hash(0, 0, 0, 0)
    self.init(
      query, plan: plan, Parts(query, plan: plan, salt: key.hash.salt, memory: memory), hash: key.hash, keyCheck: check,
      run: run)
  }

  /// What an accumulator gathers in, empty at first.
  struct Parts {
    let layout: RowLayout
    let cells: SharedCells
    let units: UnitTable?
    let open: OpenGroups?
    let dropped: DroppedUnits?

    init(_ query: Query, plan: NoisePlan, salt: UInt64, memory: Int? = nil) {
      layout = RowLayout(query)
      dropped = query.droppedWeight.map { _ in DroppedUnits(query) }
      open = query.isOpen ? OpenGroups(salt: salt) : nil
      let groups = query.privacyUnit == .rows ? query.groupCount ?? 0 : 0
      cells = SharedCells(Cells(groups: groups, width: plan.cellWidth))
      units =
        query.privacyUnit == .rows
        ? nil : UnitTable(bounds: query.bounds, values: layout.valueCount, memory: memory)
    }
  }

  /// An accumulator of these parts; without a `hash` it takes no rows.
  init(
    _ query: Query, plan: NoisePlan, _ parts: Parts, hash: KeyedHash?, keyCheck: KeyedHash.Tag, run: RunID,
    merged: PartialRuns = PartialRuns()
  ) {
    self.run = run
    self.merged = merged
    self.query = query
    self.plan = plan
    self.hash = hash
    self.keyCheck = keyCheck
    layout = parts.layout
    cells = parts.cells
    units = parts.units
    open = parts.open
    dropped = parts.dropped
  }

  /// Takes in every row of a table.
  ///
  /// - Parameters:
  ///   - reader: A table whose batches hold the query's ``Query/columns`` in their order.
  ///   - threads: The threads that decode and add rows; the table is read by one at a time. The result does not
  ///     depend on it.
  /// - Throws: ``StatisticsError`` naming file and line when a row cannot be used and the query rejects bad rows (the
  ///   first such row, whatever the threads), or when the file cannot be read or the temporary file cannot
  ///   grow. The accumulator must be thrown away then.
  public mutating func add<Reader: TableReader & ~Copyable>(
    _ reader: inout Reader, threads: Int = 1
  ) throws(StatisticsError) {
    precondition(reader.columns == query.columns, "the reader must give the query's columns in their order")
    guard let hash else {
      throw StatisticsError(.invalidPartial, "partial", "takes no rows: the sampling key is not in it")
    }
    let intake = RowIntake(query: query, layout: layout, hash: hash, rules: plan.rules, cells, units, open, dropped)
    workers = max(workers, threads)
    rows += try intake.take(&reader, threads: threads)
  }

  /// Takes in every row of an Arrow stream or array.
  ///
  /// Values count as the text that a CSV file would hold for them, so the same table gives the same integers either
  /// way: whole numbers in decimal, doubles as their shortest decimal, `true` and `false`; a null is no value.
  ///
  /// - Parameters:
  ///   - stream: A table with the query's ``Query/columns`` in their order.
  ///   - threads: The threads that decode and add rows; the stream is read by one at a time. The result does not
  ///     depend on it.
  /// - Throws: ``StatisticsError`` naming the row when it cannot be used and the query rejects bad rows, or when the
  ///   stream fails. The accumulator must be thrown away then.
  public mutating func add(_ stream: ArrowStream, threads: Int = 1) throws(StatisticsError) {
    guard layout.isPlain, query.derived.isEmpty, dropped == nil else {
      var reader = ArrowReader(stream)
      return try add(&reader, threads: threads)
    }
    precondition(stream.columns == query.columns, "the stream must give the query's columns in their order")
    guard let hash else {
      throw StatisticsError(.invalidPartial, "partial", "takes no rows: the sampling key is not in it")
    }
    let intake = RowIntake(query: query, layout: layout, hash: hash, rules: plan.rules, cells, units, open, dropped)
    workers = max(workers, threads)
    rows += try intake.take(stream, threads: threads)
  }

  /// Takes in another accumulator.
  ///
  /// - Throws: ``StatisticsError`` when it answers another query, was sampled under another key, or holds a run that
  ///   is in this one already, and nothing is merged then; or when the temporary file cannot grow or be read.
  public mutating func merge(_ other: consuming Accumulator) throws(StatisticsError) {
    guard query == other.query else {
      throw StatisticsError(
        .invalidPartial, "partial", "answers query \(other.query.fingerprint), not \(query.fingerprint)")
    }
    guard keyCheck == other.keyCheck else {
      throw StatisticsError(
        .invalidPartial, "partial",
        "was sampled under the key of check \(hexadecimal(other.keyCheck.high)), not \(hexadecimal(keyCheck.high))")
    }
    guard runs.isDisjoint(with: other.runs) else {
      throw StatisticsError(.invalidPartial, "partial", "repeats a run that has been merged already")
    }
    let renumber = open.map { mine in (other.open?.names ?? []).map { mine.number(of: $0) } }
    cells.merge(other.cells.snapshot, renumber: renumber, groups: open?.count)
    if let theirs = other.units { try units?.merge(theirs, renumber: renumber) }
    if let theirs = other.dropped?.words { _ = dropped?.add(theirs) }
    merged.formUnion(other.runs)
  }

  /// The groups that have a number, in the order of answers.
  var groupOrder: [Int] {
    guard let open else { return Array(0..<(query.groupCount ?? 1)) }
    let names = open.names
    return names.indices.sorted { GroupName.isBefore(names[$0], names[$1]) }
  }

  /// The integers after contribution bounding.
  ///
  /// - Throws: ``StatisticsError`` when the temporary file cannot be read.
  func boundedCells() throws(StatisticsError) -> Cells {
    guard let units else {
      var result = cells.snapshot
      // A key may have been met in dropped rows only.
      if let open { result.grow(toGroups: open.count) }
      return result
    }
    let groups = open?.count ?? query.groupCount ?? 0
    return try units.sums(groups: groups, width: plan.cellWidth, rules: plan.rules, workers: workers)
  }

  /// ``boundedCells()`` where no temporary file can be in the way.
  func unspilledCells() -> Cells {
    do throws(StatisticsError) {
      return try boundedCells()
    } catch {
      preconditionFailure("\(error)")
    }
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
