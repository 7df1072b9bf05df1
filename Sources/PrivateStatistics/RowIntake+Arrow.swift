private import Dispatch
private import Synchronization
import TableFormats

extension RowIntake {
  /// The rows that are decoded before they are added: arrays may hold millions.
  private static let arrowRows = 1 << 13

  /// Takes every row of an Arrow stream; returns their number.
  func take(_ stream: ArrowStream, threads: Int) throws(StatisticsError) -> Int {
    let progress = Mutex(Progress())
    let workers = max(1, min(threads, 256))
    nonisolated(unsafe) let shared = stream
    let source = stream.source
    let work: @Sendable (Int) -> Void = { worker in
      let decoder = ArrowDecoder(query, layout: layout, open: open, hash: hash)
      // One thread at a time reads; the lock also orders the batches.
      let next = { progress.withLock { progress in unsafe RowIntake.read(shared, &progress) } }
      let fail = { (number: Int, line: Int, problem: RowDecoder.Problem) in
        let error = problem.error(source: source, line: line, columns: layout.columns)
        progress.withLock { $0.fail(number, error) }
      }
      if let units {
        var queues = UnitQueues(units, workers: workers)
        while let (batch, number, first) = next() {
          let groups = decoder.groups(of: batch)
          let all = 0..<batch.rowCount
          if let (row, problem) = decoder.decode(batch, all, groups, into: &queues) {
            return fail(number, first + row, problem)
          }
        }
        queues.drainAll(worker: worker, of: workers)
      } else {
        var rows = RowBuffer(values: layout.valueCount)
        while let (batch, number, first) = next() {
          let groups = decoder.groups(of: batch)
          for start in stride(from: 0, to: batch.rowCount, by: RowIntake.arrowRows) {
            let range = start..<min(start + RowIntake.arrowRows, batch.rowCount)
            if let (row, problem) = decoder.decode(batch, range, groups, into: &rows) {
              return fail(number, first + row, problem)
            }
            cells.add(rows, rules: rules, groups: open?.count)
          }
        }
      }
    }
    if workers == 1 { work(0) } else { DispatchQueue.concurrentPerform(iterations: workers, execute: work) }
    let end = progress.withLock { $0 }
    if let failure = end.failure { throw failure.error }
    return end.rows
  }

  /// The next rows, with the batch's number and its first row's.
  private static func read(_ stream: ArrowStream, _ progress: inout Progress) -> (ArrowBatch, Int, Int)? {
    if progress.isDone { return nil }
    do throws(TableError) {
      guard let batch = try stream.nextArrays() else {
        progress.isDone = true
        return nil
      }
      let first = progress.rows + 1
      progress.batches += 1
      progress.rows += batch.rowCount
      return (batch, progress.batches, first)
    } catch {
      progress.fail(progress.batches + 1, StatisticsError(unreadable: error))
      return nil
    }
  }
}
