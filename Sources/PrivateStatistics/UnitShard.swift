import CKernels
import Synchronization

/// A store that threads use one at a time.
final class UnitShard: Sendable {
  private let store: Mutex<UnitStore>

  init(_ limits: UnitTable.Limits) { store = Mutex(UnitStore(limits)) }

  /// Runs `body` while no other thread is in this shard.
  func withLock<Result: Sendable>(_ body: (inout UnitStore) -> Result) -> Result {
    store.withLock { body(&$0) }
  }
}

/// The units whose tags begin alike, in flat memory: a hash table of units, for each unit its kept groups in the
/// order of their ranks, for each group its kept contents in the order of their tags.
@safe
struct UnitStore: ~Copyable {
  /// One unit: its tag, and where its groups are.
  private struct Head {
    var tag: KeyedHash.Tag
    var block: UInt32
    var count: UInt32
  }

  /// The words of a group's record.
  enum GroupWord {
    static let rank = 0
    static let group = 1
    static let contents = 2
    static let contentCount = 3
    static let words = 4
  }

  /// The words of a content's record: tag, copies, values.
  enum ContentWord {
    static let tag = 0
    static let copies = 1
    static let values = 2
  }

  /// The most copies of one content that are counted.
  static let mostCopies: UInt64 = 1 << 47

  private let limits: UnitTable.Limits
  private var slots: UnsafeMutablePointer<UInt64>
  private var mask: Int
  private var heads: UnsafeMutablePointer<Head>
  private var headCapacity: Int
  /// The number of units.
  private(set) var count = 0
  private var groups: BlockArena
  private var contents: BlockArena

  init(_ limits: UnitTable.Limits) {
    self.limits = limits
    mask = 63
    unsafe slots = .allocate(capacity: 64)
    unsafe slots.initialize(repeating: 0, count: 64)
    headCapacity = 32
    unsafe heads = .allocate(capacity: headCapacity)
    groups = BlockArena(recordWords: GroupWord.words)
    contents = BlockArena(recordWords: ContentWord.values + limits.values)
  }

  deinit {
    unsafe slots.deallocate()
    unsafe heads.deallocate()
  }

  /// Adds the rows of a buffer in `order`, fetching what later ones need ahead of time.
  mutating func add(_ rows: borrowing RowBuffer, _ order: UnsafeBufferPointer<UInt32>) {
    typealias Word = RowBuffer.Word
    for place in 0..<order.count {
      if place + 12 < order.count {
        let record = unsafe rows[Int(order[place + 12])]
        unsafe tacit_prefetch(slots + (Int(truncatingIfNeeded: record[Word.low]) & mask))
      }
      if place + 8 < order.count, let index = unsafe glance(rows[Int(order[place + 8])][Word.low]) {
        unsafe tacit_prefetch(heads + index)
      }
      if place + 4 < order.count, let index = unsafe glance(rows[Int(order[place + 4])][Word.low]) {
        unsafe tacit_prefetch(groups[Int(heads[index].block)])
      }
      let record = unsafe rows[Int(order[place])]
      unsafe add(
        KeyedHash.Tag(high: record[Word.high], low: record[Word.low]), rank: record[Word.rank],
        group: record[Word.group], values: record + Word.values)
    }
  }

  /// Where a unit seems to be.
  @inline(__always)
  private func glance(_ low: UInt64) -> Int? {
    let entry = unsafe slots[Int(truncatingIfNeeded: low) & mask]
    return entry >> 32 == low >> 32 && entry != 0 ? Int(entry & 0xffff_ffff) - 1 : nil
  }

  /// Adds one row of a unit.
  ///
  /// - Parameters:
  ///   - rank: the group's rank within the unit, PRF(unit, group).
  ///   - values: ``UnitTable/Limits/values`` words.
  @inline(__always)
  mutating func add(_ unit: KeyedHash.Tag, rank: UInt64, group: UInt64, values: UnsafePointer<UInt64>) {
    guard let record = unsafe place(unit, rank, group) else { return }
    let tag = unsafe UnitTable.contentTag(unit, rank: rank, values, limits.values)
    unsafe insert(tag, 1, values, into: record)
  }

  /// Adds copies of a content whose tag is known.
  mutating func add(
    _ unit: KeyedHash.Tag, rank: UInt64, group: UInt64, tag: UInt64, copies: UInt64, values: UnsafePointer<UInt64>
  ) {
    guard let record = unsafe place(unit, rank, group) else { return }
    unsafe insert(tag, copies, values, into: record)
  }

  /// The record of a unit's group, made if new; `nil` when the unit keeps enough groups of smaller rank.
  @inline(__always)
  private mutating func place(_ unit: KeyedHash.Tag, _ rank: UInt64, _ group: UInt64) -> UnsafeMutablePointer<UInt64>? {
    // Looking a unit up may move the heads.
    let index = index(of: unit)
    let head = unsafe heads + index
    let count = unsafe Int(head.pointee.count)
    let block = unsafe Int(head.pointee.block)
    var low = 0
    if count > 0 {
      let first = unsafe groups[block]
      var high = count
      while low < high {
        let middle = (low + high) / 2
        let record = unsafe first + middle * GroupWord.words
        let other = unsafe record[GroupWord.rank]
        if unsafe other < rank || (other == rank && record[GroupWord.group] < group) {
          low = middle + 1
        } else {
          high = middle
        }
      }
      if low < count {
        let record = unsafe first + low * GroupWord.words
        if unsafe record[GroupWord.rank] == rank && record[GroupWord.group] == group { return unsafe record }
      } else if count == limits.groups {
        return nil
      }
    }
    return unsafe insertGroup(head, at: low, rank, group)
  }

  private mutating func insertGroup(
    _ head: UnsafeMutablePointer<Head>, at place: Int, _ rank: UInt64, _ group: UInt64
  ) -> UnsafeMutablePointer<UInt64> {
    let count = unsafe Int(head.pointee.count)
    var block = unsafe Int(head.pointee.block)
    if count == 0 {
      block = groups.allocate(size: limits.leastGroupSize)
      unsafe head.pointee.count = 1
    } else if count == limits.groups {
      let last = unsafe groups[block + count - 1]
      unsafe contents.release(
        Int(last[GroupWord.contents]), size: BlockArena.size(for: Int(last[GroupWord.contentCount])))
      groups.shift(block, from: place, to: place + 1, count: count - 1 - place)
    } else {
      block = groups.open(block, count: count, at: place, leastSize: limits.leastGroupSize)
      unsafe head.pointee.count += 1
    }
    unsafe head.pointee.block = UInt32(truncatingIfNeeded: block)
    let record = unsafe groups[block + place]
    unsafe record[GroupWord.rank] = rank
    unsafe record[GroupWord.group] = group
    unsafe record[GroupWord.contents] = 0
    unsafe record[GroupWord.contentCount] = 0
    return unsafe record
  }

  @inline(__always)
  private mutating func insert(
    _ tag: UInt64, _ copies: UInt64, _ values: UnsafePointer<UInt64>, into record: UnsafeMutablePointer<UInt64>
  ) {
    let count = unsafe Int(record[GroupWord.contentCount])
    var block = unsafe Int(record[GroupWord.contents])
    var low = 0
    if count == 0 {
      block = contents.allocate(size: 0)
      unsafe record[GroupWord.contentCount] = 1
    } else {
      var high = count
      while low < high {
        let middle = (low + high) / 2
        if unsafe isBefore(contents[block + middle], tag, values) { low = middle + 1 } else { high = middle }
      }
      if low < count {
        let found = unsafe contents[block + low]
        if unsafe found[ContentWord.tag] == tag && equal(found, values) {
          unsafe found[ContentWord.copies] = min(found[ContentWord.copies] + copies, UnitStore.mostCopies)
          return
        }
      } else if count == limits.contents {
        return
      }
      if count == limits.contents {
        contents.shift(block, from: low, to: low + 1, count: count - 1 - low)
      } else {
        block = contents.open(block, count: count, at: low)
        unsafe record[GroupWord.contentCount] = UInt64(count + 1)
      }
    }
    unsafe record[GroupWord.contents] = UInt64(block)
    let content = unsafe contents[block + low]
    unsafe content[ContentWord.tag] = tag
    unsafe content[ContentWord.copies] = min(copies, UnitStore.mostCopies)
    for index in 0..<limits.values { unsafe content[ContentWord.values + index] = values[index] }
  }

  @inline(__always)
  private func isBefore(_ content: UnsafePointer<UInt64>, _ tag: UInt64, _ values: UnsafePointer<UInt64>) -> Bool {
    if unsafe content[ContentWord.tag] != tag { return unsafe content[ContentWord.tag] < tag }
    for index in 0..<limits.values where unsafe content[ContentWord.values + index] != values[index] {
      return unsafe content[ContentWord.values + index] < values[index]
    }
    return false
  }

  @inline(__always)
  private func equal(_ content: UnsafePointer<UInt64>, _ values: UnsafePointer<UInt64>) -> Bool {
    for index in 0..<limits.values where unsafe content[ContentWord.values + index] != values[index] { return false }
    return true
  }
}

extension UnitStore {
  /// The place of a unit, made if new.
  @inline(__always)
  private mutating func index(of unit: KeyedHash.Tag) -> Int {
    let mark = unit.low >> 32
    var slot = Int(truncatingIfNeeded: unit.low) & mask
    while true {
      let entry = unsafe slots[slot]
      if entry == 0 { return append(unit) }
      if entry >> 32 == mark {
        let index = Int(entry & 0xffff_ffff) - 1
        if unsafe heads[index].tag == unit { return index }
      }
      slot = (slot + 1) & mask
    }
  }

  private mutating func append(_ unit: KeyedHash.Tag) -> Int {
    if 2 * (count + 1) > mask { grow() }
    if count == headCapacity {
      let wider = UnsafeMutablePointer<Head>.allocate(capacity: 2 * headCapacity)
      unsafe wider.initialize(from: heads, count: count)
      unsafe heads.deallocate()
      unsafe heads = wider
      headCapacity *= 2
    }
    unsafe (heads + count).initialize(to: Head(tag: unit, block: 0, count: 0))
    count += 1
    place(unit, count)
    return count - 1
  }

  private mutating func grow() {
    let size = 2 * (mask + 1)
    unsafe slots.deallocate()
    unsafe slots = .allocate(capacity: size)
    unsafe slots.initialize(repeating: 0, count: size)
    mask = size - 1
    for index in 0..<count { place(unsafe heads[index].tag, index + 1) }
  }

  private mutating func place(_ unit: KeyedHash.Tag, _ number: Int) {
    var slot = Int(truncatingIfNeeded: unit.low) & mask
    while unsafe slots[slot] != 0 { slot = (slot + 1) & mask }
    unsafe slots[slot] = (unit.low & ~0xffff_ffff) | UInt64(truncatingIfNeeded: number)
  }

  /// The places of the units in ascending order of their tags.
  func orderedUnits() -> [Int] {
    (0..<count).sorted { unsafe heads[$0].tag < heads[$1].tag }
  }

  /// A unit's tag.
  func tag(ofUnit index: Int) -> KeyedHash.Tag { unsafe heads[index].tag }

  /// Calls `body` with every group's record and first content of a unit, in the order of their ranks.
  @inline(__always)
  func forEachGroup(
    ofUnit index: Int, _ body: (UnsafePointer<UInt64>, UnsafePointer<UInt64>) -> Void
  ) {
    let head = unsafe heads[index]
    for place in 0..<Int(head.count) {
      let record = unsafe groups[Int(head.block) + place]
      unsafe body(record, contents[Int(record[GroupWord.contents])])
    }
  }

  /// The number of groups of a unit.
  func groupCount(ofUnit index: Int) -> Int { unsafe Int(heads[index].count) }
}
