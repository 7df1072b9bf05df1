/// What each privacy unit has contributed, cut down to its bounds as it arrives, in a way that does not depend on
/// how the rows were split or ordered.
///
/// **Groups.** A unit keeps the L₀ groups with the smallest ranks PRF(unit, group). A rank depends on the unit and
/// the group alone, so a group that any part of the data would drop is dropped by the whole.
/// **Rows.** Within a kept group the rows are a multiset: different contents (the integers the metrics read) with
/// their multiplicities. It keeps the contents with the smallest tags PRF(unit, group, content), at most
/// ``contentLimit(rows:)`` of them, each with its exact multiplicity, and at the end draws L∞ of the copies by tag.
/// Equal rows of a unit are several rows; while a unit has no more different contents in a group than the limit,
/// every copy has the same chance.
/// **Merging** adds multiplicities and cuts again: associative, commutative, exact.
///
/// The selection for a unit depends on that unit's rows only, so the sensitivity bound holds for every key. Tags of
/// 64 bits may tie; ties are broken by group number and values, so the choice stays a function of the rows.
final class UnitTable: Sendable {
  /// The sizes that never change.
  struct Limits: Sendable {
    /// The most groups of a unit.
    let groups: Int
    /// The most different contents of a unit in a group.
    let contents: Int
    /// The integers of a content.
    let values: Int

    /// Blocks of groups begin at this size, log₂.
    var leastGroupSize: Int { min(2, BlockArena.size(for: groups)) }
  }

  /// Shards, by the first bits of the units' tags.
  let shards: [UnitShard]
  let limits: Limits
  /// Where units go when memory is short.
  let spill: UnitSpill?
  private let rowsPerGroup: Int
  static let shardBits: UInt64 = 8

  /// An empty table.
  ///
  /// - Parameters:
  ///   - values: the integers of a row.
  ///   - memory: the bytes that units may take before some are moved to a temporary file; no limit if left out.
  init(bounds: ContributionBounds, values: Int, memory: Int? = nil) {
    let limits = Limits(
      groups: bounds.groupsPerUnit, contents: UnitTable.contentLimit(rows: bounds.rowsPerGroup), values: values)
    self.limits = limits
    rowsPerGroup = bounds.rowsPerGroup
    let spill = memory.map(UnitSpill.init)
    self.spill = spill
    shards = (0..<(1 << UnitTable.shardBits)).map { _ in UnitShard(limits, spill: spill) }
  }

  /// The most different contents kept for a unit in one group.
  static func contentLimit(rows: Int) -> Int { max(64, 4 * rows) }

  /// The shard of a unit.
  @inline(__always)
  static func shard(of unit: KeyedHash.Tag) -> Int { Int(truncatingIfNeeded: unit.high >> (64 - shardBits)) }

  /// The rank of a group within a unit.
  ///
  /// A unit's tag is a pseudorandom value under the secret key, so it can key the order of the unit's groups.
  @inline(__always)
  static func rank(_ unit: KeyedHash.Tag, groupTag: UInt64) -> UInt64 {
    KeyedHash(unit.high, unit.low).short(groupTag)
  }

  /// The tag of a content within a unit's group.
  @inline(__always)
  static func contentTag(
    _ unit: KeyedHash.Tag, rank: UInt64, _ values: UnsafePointer<UInt64>, _ count: Int
  ) -> UInt64 {
    if count == 0 { return 0 }
    return unsafe KeyedHash(rank, unit.low).short(values, count)
  }

  /// The number of units.
  func unitCount() throws(StatisticsError) -> Int {
    var count = 0
    for shard in shards { count += try shard.withWhole { $0.count } }
    return count
  }

  /// Takes in another table of the same query and key, whose group `g` is this one's `renumber[g]`.
  func merge(_ other: UnitTable, renumber: [Int]?) throws(StatisticsError) {
    for (mine, theirs) in zip(shards, other.shards) {
      try theirs.withWhole { theirs in
        mine.withLock { $0.take(theirs, values: limits.values, renumber: renumber) }
      }
    }
    if let failure = spill?.failure { throw failure }
  }

  /// Calls `body` for every contribution of a shard that the bounds leave: group, values, copies, whether it is the
  /// first of its unit in the group.
  func forEachKept(
    inShard shard: Int, _ body: (Int, UnsafePointer<UInt64>, Int, Bool) -> Void
  ) throws(StatisticsError) {
    let step = UnitStore.ContentWord.values + limits.values
    try shards[shard].withWhole { store in
      for unit in 0..<store.count {
        unsafe store.forEachGroup(ofUnit: unit) { record, first in
          unsafe kept(of: record, first, step, body)
        }
      }
    }
  }

  private func kept(
    of record: GroupRecord, _ first: UnsafePointer<UInt64>, _ step: Int,
    _ body: (Int, UnsafePointer<UInt64>, Int, Bool) -> Void
  ) {
    let count = record.contents
    var total: UInt64 = 0
    for index in 0..<count { total &+= unsafe first[index * step + UnitStore.ContentWord.copies] }
    var kept: [Int]?
    if total > UInt64(rowsPerGroup) { kept = unsafe sample(record, first, count, step) }
    var isFirst = true
    for index in 0..<count {
      let content = unsafe first + index * step
      let copies = kept?[index] ?? (unsafe Int(content[UnitStore.ContentWord.copies]))
      if copies == 0 { continue }
      unsafe body(record.group, content + UnitStore.ContentWord.values, copies, isFirst)
      isFirst = false
    }
  }

  /// How many copies of each content are among the L∞ copies with the smallest tags.
  private func sample(
    _ record: GroupRecord, _ first: UnsafePointer<UInt64>, _ count: Int, _ step: Int
  ) -> [Int] {
    var smallest: [(tag: UInt64, content: Int)] = []
    for index in 0..<count {
      let content = unsafe first + index * step
      // A content's tag and its group's rank are secret-keyed pseudorandom values: they can key the choice.
      let hash = unsafe KeyedHash(record.rank, content[UnitStore.ContentWord.tag])
      for copy in 0..<(unsafe content[UnitStore.ContentWord.copies]) {
        let tag = hash.short(copy)
        if smallest.count == rowsPerGroup, let last = smallest.last, last.tag <= tag { continue }
        let place = UnitTable.place(of: tag, in: smallest)
        smallest.insert((tag, index), at: place)
        if smallest.count > rowsPerGroup { smallest.removeLast() }
      }
    }
    var kept = [Int](repeating: 0, count: count)
    for (_, index) in smallest { kept[index] += 1 }
    return kept
  }

  /// After all tags not above `tag`.
  private static func place(of tag: UInt64, in sorted: [(tag: UInt64, content: Int)]) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle].tag <= tag { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
