private import Dispatch
private import Synchronization

extension UnitTable {
  /// The most cells that workers keep each for themselves.
  private static let mostCellsOfWorker = 1 << 20

  /// The sums of what the bounds leave; shards are added side by side, which integers do not notice.
  ///
  /// - Throws: ``StatisticsError`` when the temporary file cannot be read.
  func sums(groups: Int, width: Int, rules: [CellRule], workers: Int) throws(StatisticsError) -> Cells {
    let workers = groups * width <= UnitTable.mostCellsOfWorker ? max(1, min(workers, shards.count / 4)) : 1
    let next = Atomic<Int>(0)
    let total = Mutex(Cells(groups: workers == 1 ? 0 : groups, width: width))
    let failure = Mutex<StatisticsError?>(nil)
    let work: @Sendable (Int) -> Void = { _ in
      var mine = Cells(groups: groups, width: width)
      do throws(StatisticsError) {
        while true {
          let shard = next.add(1, ordering: .relaxed).oldValue
          if shard >= self.shards.count { break }
          unsafe try self.forEachKept(inShard: shard) { group, values, copies, isFirst in
            unsafe mine.add(values, copies: copies, to: group, counted: isFirst, rules: rules)
          }
        }
      } catch {
        failure.withLock { $0 = error }
      }
      total.withLock { if workers == 1 { $0 = mine } else { $0.merge(mine) } }
    }
    if workers == 1 { work(0) } else { DispatchQueue.concurrentPerform(iterations: workers, execute: work) }
    if let failure = failure.withLock({ $0 }) { throw failure }
    return total.withLock { $0 }
  }
}
