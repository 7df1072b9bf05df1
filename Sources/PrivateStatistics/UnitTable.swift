/// What each privacy unit has contributed, cut down to its bounds as it arrives, in a way that does not depend on
/// how the rows were split or ordered.
///
/// **Groups.** A unit keeps the L₀ groups with the smallest tags PRF(unit, group). A tag depends on the unit and the
/// group alone, so a group that any part of the data would drop is dropped by the whole.
/// **Rows.** Within a kept group the rows are a multiset: different contents (the integers the metrics read) with
/// their multiplicities. It keeps the contents with the smallest tags PRF(unit, group, content), at most
/// ``contentLimit(rows:)`` of them, each with its exact multiplicity, and at the end draws L∞ of the copies by tag.
/// Equal rows of a unit are several rows, and every copy has the same chance.
/// **Merging** adds multiplicities and cuts again: associative, commutative, exact.
///
/// The selection for a unit depends on that unit's rows only, so the sensitivity bound holds for every key.
struct UnitTable {
  /// A content with its multiplicity.
  struct Entry: Hashable {
    var tag: KeyedHash.Tag
    var count: UInt64
    var values: [Int]
  }

  /// The contents of a unit in one group, by tag.
  struct Group: Hashable {
    var rank: KeyedHash.Tag
    var group: Int
    var entries: [Entry]
  }

  private(set) var units: [KeyedHash.Tag: [Group]] = [:]
  private let bounds: ContributionBounds

  init(bounds: ContributionBounds) {
    self.bounds = bounds
  }

  /// The most different contents kept for a unit in one group.
  static func contentLimit(rows: Int) -> Int { max(64, 4 * rows) }

  /// Domain separation of the tags.
  private enum Purpose {
    static let group: UInt64 = 1
    static let content: UInt64 = 2
    static let copy: UInt64 = 3
  }

  /// Adds a row of a unit.
  mutating func add(_ unit: KeyedHash.Tag, group: Int, values: [Int], hash: KeyedHash) {
    let rank = hash(unit.high, unit.low, UInt64(group), Purpose.group)
    let tag = UnitTable.contentTag(rank, values, hash)
    add(unit, Group(rank: rank, group: group, entries: [Entry(tag: tag, count: 1, values: values)]))
  }

  /// Adds contents of a unit in one group.
  mutating func add(_ unit: KeyedHash.Tag, _ contents: Group) {
    var groups = units[unit] ?? []
    units[unit] = nil
    let place = UnitTable.place(contents.rank, contents.group, in: &groups)
    if groups.count > bounds.groupsPerUnit { groups.removeLast() }
    if place < groups.count {
      let limit = UnitTable.contentLimit(rows: bounds.rowsPerGroup)
      for entry in contents.entries {
        UnitTable.insert(entry, into: &groups[place].entries)
        if groups[place].entries.count > limit { groups[place].entries.removeLast() }
      }
    }
    units[unit] = groups
  }

  /// Where a group stands among the kept ones, by tag, made if new.
  private static func place(_ rank: KeyedHash.Tag, _ group: Int, in groups: inout [Group]) -> Int {
    var index = 0
    while index < groups.count, groups[index].rank < rank { index += 1 }
    if index < groups.count, groups[index].rank == rank, groups[index].group == group { return index }
    groups.insert(Group(rank: rank, group: group, entries: []), at: index)
    return index
  }

  private static func insert(_ entry: Entry, into entries: inout [Entry]) {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].tag < entry.tag { low = middle + 1 } else { high = middle }
    }
    if low < entries.count, entries[low].tag == entry.tag, entries[low].values == entry.values {
      entries[low].count += entry.count
    } else {
      entries.insert(entry, at: low)
    }
  }

  private static func contentTag(_ rank: KeyedHash.Tag, _ values: [Int], _ hash: KeyedHash) -> KeyedHash.Tag {
    var tag = hash(rank.high, rank.low, UInt64(values.count), Purpose.content)
    for value in values {
      tag = hash(tag.high, tag.low, UInt64(bitPattern: Int64(value)), Purpose.content)
    }
    return tag
  }

  /// Takes in another table of the same query and key.
  mutating func merge(_ other: UnitTable) {
    for (unit, groups) in other.units {
      for group in groups { add(unit, group) }
    }
  }

  /// Calls `body` for every contribution that the bounds leave: group, values, copies.
  func forEachKept(_ body: (KeyedHash.Tag, Int, [Int], Int) -> Void) {
    for (unit, groups) in units {
      for group in groups {
        let total = group.entries.reduce(UInt64(0)) { $0 &+ $1.count }
        if total <= UInt64(bounds.rowsPerGroup) {
          for entry in group.entries { body(unit, group.group, entry.values, Int(entry.count)) }
        } else {
          let kept = sample(group)
          for (entry, copies) in zip(group.entries, kept) where copies > 0 {
            body(unit, group.group, entry.values, copies)
          }
        }
      }
    }
  }

  /// How many copies of each content are among the L∞ copies with the smallest tags.
  private func sample(_ group: Group) -> [Int] {
    var smallest: [(tag: KeyedHash.Tag, entry: Int)] = []
    for (index, entry) in group.entries.enumerated() {
      // A content's tag is a secret-keyed pseudorandom value, so it can key the choice among its copies.
      let hash = KeyedHash(entry.tag.high, entry.tag.low)
      for copy in 0..<entry.count {
        let tag = hash(copy, 0, 0, Purpose.copy)
        if smallest.count == bounds.rowsPerGroup, let last = smallest.last, last.tag < tag { continue }
        let place = smallest.firstIndex { tag < $0.tag } ?? smallest.count
        smallest.insert((tag, index), at: place)
        if smallest.count > bounds.rowsPerGroup { smallest.removeLast() }
      }
    }
    var kept = [Int](repeating: 0, count: group.entries.count)
    for (_, index) in smallest { kept[index] += 1 }
    return kept
  }
}
