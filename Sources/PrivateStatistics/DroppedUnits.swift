private import Synchronization

/// How many units had a row that was left out as unusable: raw data, like the sums beside it.
///
/// Rows that are units by themselves are counted; of a unit that is a column the keyed tags are kept, so that a unit
/// counts once however its rows are split.
///
/// **Sensitivity 1.** Adding or removing a unit adds or removes its tag at most; replacing one does both. Rows whose
/// unit cannot be read do not count: they may be anybody's, and would let the rows of one person, some with a unit and
/// some without, move the number by 2.
final class DroppedUnits: Sendable {
  private struct State {
    var rows: UInt64 = 0
    var tags: Set<KeyedHash.Tag> = []
  }

  private let state = Mutex(State())
  private let keepsTags: Bool

  init(_ query: Query) { keepsTags = query.privacyUnit != .rows }

  /// Notes a row; `unit` is `nil` where it cannot be read.
  func note(_ unit: KeyedHash.Tag?) {
    state.withLock { state in
      if !keepsTags { state.rows += 1 } else if let unit { state.tags.insert(unit) }
    }
  }

  /// The number of units.
  var count: Int64 { state.withLock { Int64(clamping: keepsTags ? UInt64($0.tags.count) : $0.rows) } }

  /// The words that a partial holds: the rows, or the tags in ascending order.
  var words: [UInt64] {
    state.withLock { state in
      keepsTags ? state.tags.sorted().flatMap { [$0.high, $0.low] } : [state.rows]
    }
  }

  /// Takes in words of a partial; false when they cannot be one's.
  func add(_ words: [UInt64]) -> Bool {
    guard keepsTags else {
      guard words.count == 1, words[0] < 1 << 60 else { return false }
      state.withLock { $0.rows += words[0] }
      return true
    }
    guard words.count.isMultiple(of: 2) else { return false }
    let tags = stride(from: 0, to: words.count, by: 2).map { KeyedHash.Tag(high: words[$0], low: words[$0 + 1]) }
    guard zip(tags, tags.dropFirst()).allSatisfy({ $0 < $1 }) else { return false }
    state.withLock { $0.tags.formUnion(tags) }
    return true
  }
}
