private import Dispatch
private import Synchronization
import TableFormats

/// Sums that several threads add to.
final class SharedCells: Sendable {
  private let cells: Mutex<Cells>

  init(_ cells: Cells) { self.cells = Mutex(cells) }

  /// The sums now.
  var snapshot: Cells { cells.withLock { $0 } }

  /// Adds a buffer of rows, each a unit by itself; `groups` numbers exist.
  func add(_ rows: borrowing RowBuffer, rules: [CellRule], groups: Int?) {
    cells.withLock { cells in
      if let groups { cells.grow(toGroups: groups) }
      cells.add(rows, rules: rules)
    }
  }

  /// Adds other sums.
  func merge(_ other: Cells, renumber: [Int]?, groups: Int?) {
    cells.withLock { cells in
      if let groups, other.groupCount > 0 { cells.grow(toGroups: groups) }
      cells.merge(other, renumber: renumber)
    }
  }
}

/// Takes the rows of tables into an accumulator's sums and units, on several threads.
///
/// Threads read batches in turn and decode them side by side; units are kept in shards, each with a lock of its own,
/// so that nothing has to be merged at the end. Additions and bottom-k samples do not depend on the order of rows.
struct RowIntake {
  let query: Query
  let layout: RowLayout
  let hash: KeyedHash
  let rules: [CellRule]
  let cells: SharedCells
  let units: UnitTable?
  let open: OpenGroups?
  let dropped: DroppedUnits?

  init(
    query: Query, layout: RowLayout, hash: KeyedHash, rules: [CellRule], _ cells: SharedCells, _ units: UnitTable?,
    _ open: OpenGroups?, _ dropped: DroppedUnits?
  ) {
    self.query = query
    self.layout = layout
    self.hash = hash
    self.rules = rules
    self.cells = cells
    self.units = units
    self.open = open
    self.dropped = dropped
  }

  /// What all threads know of each other.
  struct Progress {
    var batches = 0
    var rows = 0
    var isDone = false
    /// The earliest batch with a failure.
    var failure: (batch: Int, error: StatisticsError)?

    mutating func fail(_ batch: Int, _ error: StatisticsError) {
      isDone = true
      if failure.map({ batch < $0.batch }) ?? true { failure = (batch, error) }
    }
  }

  /// Takes every row of a table; returns their number.
  func take<Reader: TableReader & ~Copyable>(
    _ reader: inout Reader, threads: Int
  ) throws(StatisticsError) -> Int {
    let progress = Mutex(Progress())
    let workers = max(1, min(threads, 256))
    let source = reader.source
    let derivation = RowDerivation(query)
    unsafe withUnsafeMutablePointer(to: &reader) { reader in
      nonisolated(unsafe) let shared = unsafe reader
      let work: @Sendable (Int) -> Void = { worker in
        let decoder = RowDecoder(query, layout: layout, open: open, hash: hash, dropped: dropped)
        // One thread at a time reads; the lock also orders the batches.
        let next: () -> (TableBatch, Int)? = {
          if units?.spill?.failure != nil { return nil }
          return progress.withLock { progress in unsafe RowIntake.read(shared, &progress) }
            .map { (derivation?.apply($0.0) ?? $0.0, $0.1) }
        }
        let fail = { (batch: TableBatch, number: Int, row: Int, problem: RowDecoder.Problem) in
          let named = derivation?.dateProblem(ofRow: row, in: batch) ?? problem
          let error = named.error(source: source, line: batch.line(ofRow: row), columns: layout.columns)
          progress.withLock { $0.fail(number, error) }
        }
        if let units {
          var queues = UnitQueues(units, workers: workers)
          while let (batch, number) = next() {
            if let (row, problem) = decoder.decode(batch, into: &queues) { return fail(batch, number, row, problem) }
          }
          queues.drainAll(worker: worker, of: workers)
        } else {
          var rows = RowBuffer(values: layout.valueCount)
          while let (batch, number) = next() {
            if let (row, problem) = decoder.decode(batch, into: &rows) { return fail(batch, number, row, problem) }
            cells.add(rows, rules: rules, groups: open?.count)
          }
        }
      }
      if workers == 1 { work(0) } else { DispatchQueue.concurrentPerform(iterations: workers, execute: work) }
    }
    let end = progress.withLock { $0 }
    if let failure = end.failure { throw failure.error }
    if let failure = units?.spill?.failure { throw failure }
    return end.rows
  }

  private static func read<Reader: TableReader & ~Copyable>(
    _ reader: UnsafeMutablePointer<Reader>, _ progress: inout Progress
  ) -> (TableBatch, Int)? {
    if progress.isDone { return nil }
    do throws(TableError) {
      guard let batch = unsafe try reader.pointee.next() else {
        progress.isDone = true
        return nil
      }
      progress.batches += 1
      progress.rows += batch.rowCount
      return (batch, progress.batches)
    } catch {
      progress.fail(progress.batches + 1, StatisticsError(unreadable: error))
      return nil
    }
  }
}
