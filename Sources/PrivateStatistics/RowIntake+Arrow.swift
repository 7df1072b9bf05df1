private import Dispatch
private import Synchronization
import TableFormats

extension RowIntake {
  /// The rows that are decoded before they are added: arrays may hold millions.
  private static let arrowRows = 1 << 13

  /// Takes every row of an Arrow stream; returns their number.
  func take(_ stream: ArrowStream, threads: Int) throws(StatisticsError) -> Int {
    let progress = Mutex(ArrowProgress())
    let workers = max(1, min(threads, 256))
    nonisolated(unsafe) let shared = stream
    let source = stream.source
    let work: @Sendable (Int) -> Void = { worker in
      let decoder = ArrowDecoder(query, layout: layout, open: open, hash: hash)
      // One thread at a time reads; the lock also orders the slices.
      let next: () -> ArrowSlice? = {
        if units?.spill?.failure != nil { return nil }
        return progress.withLock { progress in unsafe RowIntake.read(shared, &progress) }
      }
      let fail = { (slice: ArrowSlice, row: Int, problem: RowDecoder.Problem) in
        let error = problem.error(source: source, line: slice.first + row, columns: layout.columns)
        progress.withLock { $0.whole.fail(slice.number, error) }
      }
      // The keys of a dictionary are looked up once a batch, not once a slice.
      var known: (batch: ArrowBatch, groups: [Int]?)?
      let groups = { (batch: ArrowBatch) -> [Int]? in
        if let known, known.batch === batch { return known.groups }
        let groups = decoder.groups(of: batch)
        known = (batch, groups)
        return groups
      }
      if let units {
        var queues = UnitQueues(units, workers: workers)
        while let slice = next() {
          if let (row, problem) = decoder.decode(slice.batch, slice.rows, groups(slice.batch), into: &queues) {
            return fail(slice, row, problem)
          }
        }
        queues.drainAll(worker: worker, of: workers)
      } else {
        var rows = RowBuffer(values: layout.valueCount)
        while let slice = next() {
          for start in stride(from: slice.rows.lowerBound, to: slice.rows.upperBound, by: RowIntake.arrowRows) {
            let range = start..<min(start + RowIntake.arrowRows, slice.rows.upperBound)
            if let (row, problem) = decoder.decode(slice.batch, range, groups(slice.batch), into: &rows) {
              return fail(slice, row, problem)
            }
            cells.add(rows, rules: rules, groups: open?.count)
          }
        }
      }
    }
    if workers == 1 { work(0) } else { DispatchQueue.concurrentPerform(iterations: workers, execute: work) }
    let end = progress.withLock { $0.whole }
    if let failure = end.failure { throw failure.error }
    if let failure = units?.spill?.failure { throw failure }
    return end.rows
  }

  /// The rows of an array that a thread takes at once: a table may come as one array of millions.
  private static let sliceRows = 1 << 16

  /// Rows of an array, with the slice's number and what the array's first row is called.
  private struct ArrowSlice {
    let batch: ArrowBatch
    let rows: Range<Int>
    let number: Int
    let first: Int
  }

  /// What all threads know of each other, and the array that is being handed out.
  private struct ArrowProgress {
    var whole = Progress()
    var batch: ArrowBatch?
    /// The next row of the array.
    var row = 0
  }

  /// The next rows.
  private static func read(_ stream: ArrowStream, _ progress: inout ArrowProgress) -> ArrowSlice? {
    if progress.whole.isDone { return nil }
    do throws(TableError) {
      if progress.batch.map({ progress.row == $0.rowCount }) ?? true {
        progress.batch = nil
        guard let batch = try stream.nextArrays() else {
          progress.whole.isDone = true
          return nil
        }
        progress.batch = batch
        progress.row = 0
      }
      guard let batch = progress.batch else { return nil }
      let rows = progress.row..<min(progress.row + sliceRows, batch.rowCount)
      let first = progress.whole.rows - progress.row + 1
      progress.row = rows.upperBound
      progress.whole.batches += 1
      progress.whole.rows += rows.count
      return ArrowSlice(batch: batch, rows: rows, number: progress.whole.batches, first: first)
    } catch {
      progress.whole.fail(progress.whole.batches + 1, StatisticsError(unreadable: error))
      return nil
    }
  }
}
