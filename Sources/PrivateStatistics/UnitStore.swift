import CKernels

/// The units whose tags begin alike, in flat memory: a hash table of units, for each unit its kept groups in the
/// order of their ranks, for each group its kept contents in the order of their tags.
///
/// A unit's groups lie beside its tag when there are few, so that a row seldom touches more than one place.
@safe
struct UnitStore: ~Copyable {
  /// The words of a unit's record: tag, number of groups with the place of their block, then the groups themselves
  /// where they lie beside it.
  private enum HeadWord {
    static let high = 0
    static let low = 1
    static let count = 2
    static let block = 3
    static let groups = 4
  }

  /// The words of a group's record: rank, group with the number of contents above it, place of the contents.
  enum GroupWord {
    static let rank = 0
    static let group = 1
    static let contents = 2
    static let words = 3
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
  /// Whether groups lie beside their unit.
  private let isInline: Bool
  private let headWords: Int
  private var slots: UnsafeMutablePointer<UInt64>
  private var mask: Int
  private var heads: UnsafeMutablePointer<UInt64>
  private var headCapacity: Int
  /// The number of units.
  private(set) var count = 0
  private var groups: BlockArena
  private var contents: BlockArena
  private static let mostInline = 8

  init(_ limits: UnitTable.Limits) {
    self.limits = limits
    isInline = limits.groups <= UnitStore.mostInline
    headWords = HeadWord.groups + (isInline ? limits.groups * GroupWord.words : 0)
    mask = 63
    unsafe slots = .allocate(capacity: 64)
    unsafe slots.initialize(repeating: 0, count: 64)
    headCapacity = 32
    unsafe heads = .allocate(capacity: headCapacity * headWords)
    groups = BlockArena(recordWords: GroupWord.words)
    contents = BlockArena(recordWords: ContentWord.values + limits.values)
  }

  deinit {
    unsafe slots.deallocate()
    unsafe heads.deallocate()
  }

  /// The bytes of memory that it holds.
  var byteCount: Int { 8 * (mask + 1 + headCapacity * headWords + groups.wordCount + contents.wordCount) }

  /// Adds rows, fetching what later ones need ahead of time.
  mutating func add(_ rows: UnsafeMutablePointer<UInt64>, count: Int, stride: Int) {
    var record = unsafe rows
    for place in 0..<count {
      if place + 12 < count {
        unsafe tacit_prefetch(slots + (Int(truncatingIfNeeded: record[12 * stride + RowWord.low]) & mask))
      }
      if place + 6 < count, let index = unsafe glance(record[6 * stride + RowWord.low]) {
        let head = unsafe heads + index * headWords
        unsafe tacit_prefetch(head)
        unsafe tacit_prefetch(head + 8)
      }
      unsafe add(
        KeyedHash.Tag(high: record[RowWord.high], low: record[RowWord.low]), rank: record[RowWord.rank],
        group: record[RowWord.group], values: record + RowWord.values)
      unsafe record += stride
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

  /// The first group's record of a unit.
  @inline(__always)
  private func firstGroup(_ head: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<UInt64> {
    isInline ? unsafe head + HeadWord.groups : unsafe groups[Int(head[HeadWord.block])]
  }

  /// The record of a unit's group, made if new; `nil` when the unit keeps enough groups of smaller rank.
  @inline(__always)
  private mutating func place(
    _ unit: KeyedHash.Tag, _ rank: UInt64, _ group: UInt64
  ) -> UnsafeMutablePointer<UInt64>? {
    // Looking a unit up may move the heads.
    let index = index(of: unit)
    let head = unsafe heads + index * headWords
    let count = unsafe Int(head[HeadWord.count])
    var low = 0
    if count > 0 {
      let first = unsafe firstGroup(head)
      if count <= UnitStore.mostInline {
        // Counting needs no unpredictable branches.
        for other in 0..<count { low += unsafe first[other * GroupWord.words] < rank ? 1 : 0 }
        while low < count, unsafe isBefore(first + low * GroupWord.words, rank, group) { low += 1 }
      } else {
        var high = count
        while low < high {
          let middle = (low + high) / 2
          if unsafe isBefore(first + middle * GroupWord.words, rank, group) { low = middle + 1 } else { high = middle }
        }
      }
      if low < count {
        let record = unsafe first + low * GroupWord.words
        if unsafe record[GroupWord.rank] == rank && record[GroupWord.group] & 0xffff_ffff == group {
          return unsafe record
        }
      } else if count == limits.groups {
        return nil
      }
    }
    return unsafe insertGroup(head, at: low, rank, group)
  }

  @inline(__always)
  private func isBefore(_ record: UnsafePointer<UInt64>, _ rank: UInt64, _ group: UInt64) -> Bool {
    unsafe record[GroupWord.rank] < rank
      || (record[GroupWord.rank] == rank && record[GroupWord.group] & 0xffff_ffff < group)
  }

  private mutating func insertGroup(
    _ head: UnsafeMutablePointer<UInt64>, at place: Int, _ rank: UInt64, _ group: UInt64
  ) -> UnsafeMutablePointer<UInt64> {
    let count = unsafe Int(head[HeadWord.count])
    var reserved: UInt64 = 0
    var moved = count
    if count == limits.groups {
      // The group of the largest rank makes room; a small block of contents is used again at once.
      let last = unsafe firstGroup(head) + (count - 1) * GroupWord.words
      let size = unsafe BlockArena.size(for: Int(last[GroupWord.group] >> 32))
      let block = unsafe last[GroupWord.contents]
      if size == 0 { reserved = block } else { contents.release(Int(block) - 1, size: size) }
      moved -= 1
    } else {
      if !isInline {
        if count == 0 {
          unsafe head[HeadWord.block] = UInt64(groups.allocate(size: limits.leastGroupSize))
        } else {
          unsafe head[HeadWord.block] = UInt64(
            groups.widen(Int(head[HeadWord.block]), count: count, leastSize: limits.leastGroupSize))
        }
      }
      unsafe head[HeadWord.count] += 1
    }
    let first = unsafe firstGroup(head)
    var word = moved * GroupWord.words
    while word > place * GroupWord.words {
      word -= 1
      unsafe first[word + GroupWord.words] = first[word]
    }
    let record = unsafe first + place * GroupWord.words
    unsafe record[GroupWord.rank] = rank
    unsafe record[GroupWord.group] = group
    unsafe record[GroupWord.contents] = reserved
    return unsafe record
  }

  @inline(__always)
  private mutating func insert(
    _ tag: UInt64, _ copies: UInt64, _ values: UnsafePointer<UInt64>, into record: UnsafeMutablePointer<UInt64>
  ) {
    let count = unsafe Int(record[GroupWord.group] >> 32)
    var block = unsafe Int(record[GroupWord.contents]) - 1
    var low = 0
    if count == 0 {
      if block < 0 { block = contents.allocate(size: 0) }
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
    }
    if count == limits.contents {
      contents.shift(block, from: low, to: low + 1, count: count - 1 - low)
    } else {
      if count > 0 {
        block = contents.widen(block, count: count)
        contents.shift(block, from: low, to: low + 1, count: count - low)
      }
      unsafe record[GroupWord.group] += 1 << 32
    }
    unsafe record[GroupWord.contents] = UInt64(block + 1)
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
        if tag(ofUnit: index) == unit { return index }
      }
      slot = (slot + 1) & mask
    }
  }

  private mutating func append(_ unit: KeyedHash.Tag) -> Int {
    if 2 * (count + 1) > mask { grow() }
    if count == headCapacity {
      let wider = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 * headCapacity * headWords)
      unsafe wider.initialize(from: heads, count: count * headWords)
      unsafe heads.deallocate()
      unsafe heads = wider
      headCapacity *= 2
    }
    let head = unsafe heads + count * headWords
    unsafe head[HeadWord.high] = unit.high
    unsafe head[HeadWord.low] = unit.low
    unsafe head[HeadWord.count] = 0
    unsafe head[HeadWord.block] = 0
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
    for index in 0..<count { place(tag(ofUnit: index), index + 1) }
  }

  private mutating func place(_ unit: KeyedHash.Tag, _ number: Int) {
    var slot = Int(truncatingIfNeeded: unit.low) & mask
    while unsafe slots[slot] != 0 { slot = (slot + 1) & mask }
    unsafe slots[slot] = (unit.low & ~0xffff_ffff) | UInt64(truncatingIfNeeded: number)
  }

  /// The places of the units in ascending order of their tags.
  func orderedUnits() -> [Int] {
    let tags = (0..<count).map { (tag(ofUnit: $0), $0) }
    return tags.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// A unit's tag.
  @inline(__always)
  func tag(ofUnit index: Int) -> KeyedHash.Tag {
    let head = unsafe heads + index * headWords
    return unsafe KeyedHash.Tag(high: head[HeadWord.high], low: head[HeadWord.low])
  }

  /// Calls `body` with every group's record and first content of a unit, in the order of their ranks.
  @inline(__always)
  func forEachGroup(
    ofUnit index: Int, _ body: (GroupRecord, UnsafePointer<UInt64>) -> Void
  ) {
    let head = unsafe heads + index * headWords
    let first = unsafe firstGroup(head)
    for place in 0..<groupCount(ofUnit: index) {
      let record = unsafe first + place * GroupWord.words
      let block = unsafe Int(record[GroupWord.contents]) - 1
      unsafe body(
        GroupRecord(
          rank: record[GroupWord.rank], group: Int(record[GroupWord.group] & 0xffff_ffff),
          contents: Int(record[GroupWord.group] >> 32)),
        contents[block])
    }
  }

  /// The number of groups of a unit.
  func groupCount(ofUnit index: Int) -> Int { unsafe Int(heads[index * headWords + HeadWord.count]) }
}

/// A unit's group as it is kept.
struct GroupRecord {
  let rank: UInt64
  let group: Int
  /// The number of different contents.
  let contents: Int
}
