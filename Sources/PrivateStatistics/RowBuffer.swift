/// The words of a row's record before its values.
enum RowWord {
  static let group = 0
  static let high = 1
  static let low = 2
  static let rank = 3
  static let values = 4
}

/// Where decoded rows go.
protocol RecordSink: ~Copyable {
  /// Makes room for so many records.
  mutating func reset(rows: Int)
  /// The record to fill next.
  var next: UnsafeMutablePointer<UInt64> { get }
  /// Keeps the record just filled.
  mutating func keep()
}

/// Rows of a batch as integers: one record a row, in memory that a worker uses again for every batch.
@safe
struct RowBuffer: RecordSink, ~Copyable {
  /// The words of a record.
  let stride: Int
  /// The records in use.
  private(set) var count = 0
  private var words: UnsafeMutablePointer<UInt64>
  private var capacity = 64

  init(values: Int) {
    stride = RowWord.values + values
    unsafe words = .allocate(capacity: capacity * stride)
  }

  deinit { unsafe words.deallocate() }

  /// Empties the buffer and makes room for `rows` records.
  mutating func reset(rows: Int) {
    count = 0
    guard rows > capacity else { return }
    unsafe words.deallocate()
    capacity = 2 * rows
    unsafe words = .allocate(capacity: capacity * stride)
  }

  /// A record.
  @inline(__always)
  subscript(row: Int) -> UnsafeMutablePointer<UInt64> { unsafe words + row * stride }

  @inline(__always)
  var next: UnsafeMutablePointer<UInt64> { unsafe words + count * stride }

  @inline(__always)
  mutating func keep() { count += 1 }
}
