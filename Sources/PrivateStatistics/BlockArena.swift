/// Blocks of 1, 2, 4 … records, each of a fixed number of words, in one growing allocation.
@safe
struct BlockArena: ~Copyable {
  private let recordWords: Int
  private var base: UnsafeMutablePointer<UInt64>
  private var capacity: Int
  private var used = 0
  /// The first free block of each size, as its offset plus one; a free block's first word leads to the next.
  private var free = [UInt64](repeating: 0, count: 33)

  init(recordWords: Int) {
    self.recordWords = recordWords
    capacity = 64
    unsafe base = .allocate(capacity: capacity)
  }

  deinit { unsafe base.deallocate() }

  /// The words of memory that it holds.
  var wordCount: Int { capacity }

  /// The size of the smallest block for a number of records: log₂ of its records.
  @inline(__always)
  static func size(for records: Int) -> Int { records <= 1 ? 0 : Int.bitWidth - (records - 1).leadingZeroBitCount }

  /// A record's first word; invalid after the next allocation.
  @inline(__always)
  subscript(record: Int) -> UnsafeMutablePointer<UInt64> { unsafe base + record * recordWords }

  /// A block of 2^size records, uninitialised.
  mutating func allocate(size: Int) -> Int {
    if free[size] != 0 {
      let record = Int(free[size] - 1)
      free[size] = unsafe self[record][0]
      return record
    }
    let record = used
    used += 1 << size
    if used * recordWords > capacity {
      let wider = max(2 * capacity, used * recordWords)
      let moved = UnsafeMutablePointer<UInt64>.allocate(capacity: wider)
      unsafe moved.initialize(from: base, count: record * recordWords)
      unsafe base.deallocate()
      unsafe base = moved
      capacity = wider
    }
    return record
  }

  /// Gives a block back.
  mutating func release(_ record: Int, size: Int) {
    unsafe self[record][0] = free[size]
    free[size] = UInt64(record) + 1
  }

  /// Makes room for one more record after `count`; the block moves when it is full.
  ///
  /// - Returns: where the block is now.
  @inline(__always)
  mutating func widen(_ block: Int, count: Int, leastSize: Int = 0) -> Int {
    let size = max(leastSize, BlockArena.size(for: count))
    guard count == 1 << size else { return block }
    let wider = allocate(size: size + 1)
    unsafe self[wider].update(from: self[block], count: count * recordWords)
    release(block, size: size)
    return wider
  }

  /// Moves `count` records within a block, towards its end.
  @inline(__always)
  func shift(_ block: Int, from: Int, to: Int, count: Int) {
    let words = unsafe self[block]
    var index = count * recordWords
    while index > 0 {
      index -= 1
      unsafe words[to * recordWords + index] = words[from * recordWords + index]
    }
  }
}
