/// Rows of units on their way into a ``UnitTable``, one queue a shard and worker.
///
/// A row's unit is anywhere in memory, so adding rows one by one costs a miss of the cache and of the page table for
/// nearly each. A queue gathers some thousand rows of one shard first, whose units then fit the second-level cache,
/// and takes the shard's lock once for all of them.
@safe
struct UnitQueues: RecordSink, ~Copyable {
  private let table: UnitTable
  private let stride: Int
  private let capacity: Int
  /// The words from one shard's queue to the next.
  private let step: Int
  private let words: UnsafeMutablePointer<UInt64>
  private let counts: UnsafeMutablePointer<Int>
  /// The record being filled.
  private let scratch: UnsafeMutablePointer<UInt64>

  /// The rows that wait in each shard's queues, those of all workers together.
  private static let rowsPerShard = 4096

  init(_ table: UnitTable, workers: Int) {
    self.table = table
    stride = RowWord.values + table.limits.values
    capacity = max(64, UnitQueues.rowsPerShard / workers)
    // Queues fill alike: an odd number of cache lines between them keeps their ends in different sets of the cache.
    step = capacity * stride + 72
    // Memory that no row touches costs nothing.
    unsafe words = .allocate(capacity: table.shards.count * step)
    unsafe counts = .allocate(capacity: table.shards.count)
    unsafe counts.initialize(repeating: 0, count: table.shards.count)
    unsafe scratch = .allocate(capacity: stride)
  }

  deinit {
    unsafe words.deallocate()
    unsafe counts.deallocate()
    unsafe scratch.deallocate()
  }

  mutating func reset(rows: Int) {}

  @inline(__always)
  var next: UnsafeMutablePointer<UInt64> { unsafe scratch }

  @inline(__always)
  mutating func keep() {
    let shard = unsafe UnitTable.shard(of: KeyedHash.Tag(high: scratch[RowWord.high], low: 0))
    let count = unsafe counts[shard]
    let record = unsafe words + shard * step + count * stride
    for word in 0..<stride { unsafe record[word] = scratch[word] }
    unsafe counts[shard] = count + 1
    if count + 1 == capacity { drain(shard) }
  }

  private mutating func drain(_ shard: Int) {
    let count = unsafe counts[shard]
    if count == 0 { return }
    let first = unsafe words + shard * step
    table.shards[shard].withLock { store in unsafe store.add(first, count: count, stride: stride) }
    unsafe counts[shard] = 0
  }

  /// Adds every row that waits; workers begin at different shards, so that they seldom wait for each other.
  mutating func drainAll(worker: Int, of workers: Int) {
    let shards = table.shards.count
    for step in 0..<shards { drain((worker * shards / workers + step) % shards) }
  }
}
