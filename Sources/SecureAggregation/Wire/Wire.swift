/// Writes the fields of a message: fixed-width integers in big-endian order and bytes, nothing optional.
///
/// A value has exactly one encoding, so two parties that hash a message hash the same bytes.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  /// Starts a message of a kind: the four letters `TSA1` (the version) and the kind.
  init(_ kind: MessageKind, reserving count: Int = 256) {
    bytes.reserveCapacity(count + 5)
    bytes += MessageKind.magic
    bytes.append(kind.rawValue)
  }

  mutating func add(_ value: Int) {
    let word = UInt64(bitPattern: Int64(value))
    for shift in stride(from: UInt64(56), through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
  }

  mutating func add(_ field: [UInt8]) { bytes += field }
}

/// The kinds of messages; a message of one kind never parses as another.
enum MessageKind: UInt8 {
  case plan = 1
  case advertisement, keyList, shareBundle, shareDelivery, maskedInput, survivors, confirmation, confirmationList
  case reveal, encryptedInput

  /// `TSA1`: changes with every change of a format.
  static let magic: [UInt8] = [0x54, 0x53, 0x41, 0x31]
}

/// Reads what ``WireWriter`` wrote and nothing else.
///
/// Every read checks what is left, every count is checked against what is left before anything is allocated, and
/// ``finish()`` refuses trailing bytes.
struct WireReader {
  private let bytes: [UInt8]
  private var offset: Int
  private let name: String

  init(_ bytes: [UInt8], _ kind: MessageKind, _ name: String) throws(AggregationError) {
    guard bytes.count >= 5, Array(bytes[0..<4]) == MessageKind.magic else {
      throw AggregationError(.malformed, name, "is not a message of this version")
    }
    guard bytes[4] == kind.rawValue else { throw AggregationError(.malformed, name, "is a message of another kind") }
    self.bytes = bytes
    self.name = name
    offset = 5
  }

  mutating func integer() throws(AggregationError) -> Int {
    guard bytes.count - offset >= 8 else { throw AggregationError(.malformed, name, "ends too early") }
    var word: UInt64 = 0
    for index in offset..<offset + 8 { word = word << 8 | UInt64(bytes[index]) }
    offset += 8
    return Int(Int64(bitPattern: word))
  }

  mutating func integer(in range: ClosedRange<Int>, _ field: String) throws(AggregationError) -> Int {
    let value = try integer()
    guard range.contains(value) else { throw AggregationError(.malformed, name, "has a \(field) out of range") }
    return value
  }

  /// A count of records that are at least `size` bytes each.
  mutating func count(of size: Int) throws(AggregationError) -> Int {
    let value = try integer()
    guard value >= 0, value <= (bytes.count - offset) / size else {
      throw AggregationError(.malformed, name, "counts more records than it holds")
    }
    return value
  }

  mutating func field(_ count: Int) throws(AggregationError) -> [UInt8] {
    guard count >= 0, bytes.count - offset >= count else {
      throw AggregationError(.malformed, name, "ends too early")
    }
    defer { offset += count }
    return Array(bytes[offset..<offset + count])
  }

  func finish() throws(AggregationError) {
    guard offset == bytes.count else { throw AggregationError(.malformed, name, "has bytes after its end") }
  }

  var error: AggregationError { AggregationError(.malformed, name, "is not in canonical order") }
}
