/// Rows of a batch as integers: one record a row, in memory that a worker uses again for every batch.
@safe
struct RowBuffer: ~Copyable {
  /// The words of a record before its values.
  enum Word {
    static let group = 0
    static let high = 1
    static let low = 2
    static let rank = 3
    static let values = 4
  }

  /// The words of a record.
  let stride: Int
  /// The records in use.
  private(set) var count = 0
  private var words: UnsafeMutablePointer<UInt64>
  private var order: UnsafeMutablePointer<UInt32>
  private var capacity = 64

  init(values: Int) {
    stride = Word.values + values
    unsafe words = .allocate(capacity: capacity * stride)
    unsafe order = .allocate(capacity: capacity)
  }

  deinit {
    unsafe words.deallocate()
    unsafe order.deallocate()
  }

  /// Empties the buffer and makes room for `rows` records.
  mutating func reset(rows: Int) {
    count = 0
    guard rows > capacity else { return }
    unsafe words.deallocate()
    unsafe order.deallocate()
    capacity = 2 * rows
    unsafe words = .allocate(capacity: capacity * stride)
    unsafe order = .allocate(capacity: capacity)
  }

  /// A record.
  @inline(__always)
  subscript(row: Int) -> UnsafeMutablePointer<UInt64> { unsafe words + row * stride }

  /// The record to fill next.
  @inline(__always)
  var next: UnsafeMutablePointer<UInt64> { unsafe words + count * stride }

  /// Keeps the record just filled.
  @inline(__always)
  mutating func keep() { count += 1 }

  /// Calls `body` with the records of each shard, shards from `first` on; a counting sort, so in their order.
  borrowing func forEachShard(from first: Int, _ body: (Int, UnsafeBufferPointer<UInt32>) -> Void) {
    let shards = 1 << Int(UnitTable.shardBits)
    var starts = [Int](repeating: 0, count: shards + 1)
    for row in 0..<count { starts[shard(row) + 1] += 1 }
    for shard in 0..<shards { starts[shard + 1] += starts[shard] }
    var next = starts
    for row in 0..<count {
      let shard = shard(row)
      unsafe order[next[shard]] = UInt32(truncatingIfNeeded: row)
      next[shard] += 1
    }
    for step in 0..<shards {
      let shard = (first + step) % shards
      let rows = starts[shard]..<starts[shard + 1]
      if rows.isEmpty { continue }
      unsafe body(shard, UnsafeBufferPointer(start: order + rows.lowerBound, count: rows.count))
    }
  }

  @inline(__always)
  private func shard(_ row: Int) -> Int {
    unsafe UnitTable.shard(of: KeyedHash.Tag(high: self[row][Word.high], low: 0))
  }
}
