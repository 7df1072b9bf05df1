import SecureRandom

/// The name of one accumulation of rows: 128 bits, random unless the caller names its work.
///
/// Attempts of the same work that share a name can never be counted twice, whatever an engine delivers.
public struct RunID: Hashable, Comparable, Sendable, CustomStringConvertible {
  let high: UInt64
  let low: UInt64

  /// A fresh random name.
  public init() {
    var generator = SecureGenerator()
    self.init(high: generator.next(), low: generator.next())
  }

  /// A name from its 32 hexadecimal digits.
  ///
  /// - Throws: ``StatisticsError`` for any other text.
  public init(hexadecimal text: String) throws(StatisticsError) {
    guard text.utf8.count == 32, text.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let high = UInt64(text.prefix(16), radix: 16), let low = UInt64(text.suffix(16), radix: 16)
    else { throw StatisticsError(.invalidQuery, "run", "must be 32 hexadecimal digits") }
    self.init(high: high, low: low)
  }

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// 32 hexadecimal digits.
  public var description: String { hexadecimal(high) + hexadecimal(low) }

  /// The order of the names as numbers.
  public static func < (a: RunID, b: RunID) -> Bool { a.high != b.high ? a.high < b.high : a.low < b.low }
}

/// Which runs an accumulator holds and how many rows each took in: beside the canonical bytes, never in them.
///
/// Row counts are raw data, for the operator who looks for a lost partial.
public struct PartialRuns: Hashable, Sendable {
  /// The rows of each run; `nil` where they were not recorded.
  private var rows: [RunID: Int?] = [:]

  init() {}

  /// The number of runs.
  public var count: Int { rows.count }

  /// The names of the runs, ascending.
  public var names: [RunID] { rows.keys.sorted() }

  /// The rows of all runs together; `nil` when a partial without an envelope is among them.
  public var rowCount: Int? {
    var total = 0
    for count in rows.values {
      guard let count else { return nil }
      total += count
    }
    return total
  }

  /// Whether any run was named by an envelope, or by this process as it took in rows.
  public var isNamed: Bool { rows.values.contains { $0 != nil } }

  /// Whether no run is in both.
  public func isDisjoint(with other: PartialRuns) -> Bool { !other.rows.keys.contains { rows[$0] != nil } }

  /// Whether every run of `other` is in this one, with as many rows.
  public func contains(_ other: PartialRuns) -> Bool {
    other.rows.allSatisfy { name, count in rows[name].map { $0 == count } ?? false }
  }

  /// The rows of one run; `nil` where they were not recorded.
  func rows(of name: RunID) -> Int? { rows[name] ?? nil }

  mutating func insert(_ name: RunID, rows count: Int?) { rows[name] = .some(count) }

  /// Takes in runs that are all new.
  mutating func formUnion(_ other: PartialRuns) { rows.merge(other.rows) { mine, _ in mine } }
}

/// Sixteen hexadecimal digits.
func hexadecimal(_ word: UInt64) -> String {
  let digits = String(word, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
