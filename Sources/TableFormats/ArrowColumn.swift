import CKernels

/// One column of an ``ArrowBatch``, which must outlive it.
@safe
package struct ArrowColumn {
  /// How values lie in memory.
  package enum Kind: Sendable {
    case int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, bool, utf8, largeUTF8, view

    init?(format: String) {
      switch format {
      case "c": self = .int8
      case "s": self = .int16
      case "i": self = .int32
      case "l": self = .int64
      case "C": self = .uint8
      case "S": self = .uint16
      case "I": self = .uint32
      case "L": self = .uint64
      case "f": self = .float32
      case "g": self = .float64
      case "b": self = .bool
      case "u": self = .utf8
      case "U": self = .largeUTF8
      case "vu": self = .view
      default: return nil
      }
    }

    /// Whether values are text.
    package var isText: Bool { self == .utf8 || self == .largeUTF8 || self == .view }

    /// Whether values are whole numbers.
    package var isWhole: Bool {
      switch self {
      case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: true
      default: false
      }
    }

    fileprivate var buffers: Int64 {
      switch self {
      case .utf8, .largeUTF8, .view: 3
      default: 2
      }
    }
  }

  /// How values lie in memory; of a dictionary's places, when there is a dictionary.
  package let kind: Kind
  private let validity: UnsafePointer<UInt8>?
  private let values: UnsafeRawPointer
  /// The characters of text.
  private let characters: UnsafeRawPointer
  private let characterCount: Int
  private let buffers: UnsafeMutablePointer<UnsafeRawPointer?>
  private let bufferCount: Int
  private let offset: Int
  /// The number of values.
  package let count: Int
  /// The texts that a dictionary's places stand for.
  package let keys: [[UInt8]?]?

  init?(_ array: ArrowArray, kind: Kind, keys: Kind?, skip: Int, rows: Int) {
    self.kind = kind
    // A view's number of buffers depends on its texts; the last one holds their sizes.
    guard let buffers = unsafe array.buffers, unsafe array.n_buffers >= (kind == .view ? 3 : kind.buffers),
      unsafe array.offset >= 0, unsafe Int(array.length) - skip >= rows
    else { return nil }
    unsafe self.buffers = buffers
    bufferCount = unsafe Int(array.n_buffers)
    count = rows
    offset = unsafe Int(array.offset) + skip
    unsafe validity = array.null_count == 0 ? nil : buffers[0]?.assumingMemoryBound(to: UInt8.self)
    // A column without rows may have no memory.
    guard let values = unsafe buffers[1] ?? (rows == 0 ? UnsafeRawPointer(buffers) : nil) else { return nil }
    unsafe self.values = values
    if kind == .utf8 || kind == .largeUTF8 {
      characterCount =
        rows == 0
        ? 0
        : kind == .utf8
          ? unsafe Int(values.assumingMemoryBound(to: Int32.self)[offset + rows])
          : unsafe Int(values.assumingMemoryBound(to: Int64.self)[offset + rows])
      guard characterCount >= 0, let characters = unsafe buffers[2] ?? (characterCount == 0 ? values : nil)
      else { return nil }
      unsafe self.characters = characters
    } else {
      unsafe characters = values
      characterCount = 0
    }
    guard let keys else {
      self.keys = nil
      return
    }
    guard let dictionary = unsafe array.dictionary,
      let column = unsafe ArrowColumn(
        dictionary.pointee, kind: keys, keys: nil, skip: 0, rows: Int(dictionary.pointee.length))
    else { return nil }
    var texts: [[UInt8]?] = []
    var scratch = ArrowText()
    for row in 0..<column.count {
      guard !column.isNull(row) else {
        texts.append(nil)
        continue
      }
      guard let (text, length) = unsafe column.text(row, &scratch) else { return nil }
      texts.append(unsafe Array(UnsafeRawBufferPointer(start: text, count: length)))
    }
    self.keys = texts
  }

  /// Whether a value is absent.
  @inline(__always)
  package func isNull(_ row: Int) -> Bool {
    guard let validity = unsafe validity else { return false }
    let place = row + offset
    return unsafe validity[place >> 3] >> UInt8(place & 7) & 1 == 0
  }

  /// A whole number or a truth value, or `nil` for other kinds and numbers beyond 2⁶³ − 1.
  @inline(__always)
  package func whole(_ row: Int) -> Int? {
    let place = row + offset
    switch kind {
    case .int64: return unsafe Int(values.assumingMemoryBound(to: Int64.self)[place])
    case .int32: return unsafe Int(values.assumingMemoryBound(to: Int32.self)[place])
    case .int16: return unsafe Int(values.assumingMemoryBound(to: Int16.self)[place])
    case .int8: return unsafe Int(values.assumingMemoryBound(to: Int8.self)[place])
    case .uint64: return unsafe Int(exactly: values.assumingMemoryBound(to: UInt64.self)[place])
    case .uint32: return unsafe Int(values.assumingMemoryBound(to: UInt32.self)[place])
    case .uint16: return unsafe Int(values.assumingMemoryBound(to: UInt16.self)[place])
    case .uint8: return unsafe Int(values.assumingMemoryBound(to: UInt8.self)[place])
    default: return nil
    }
  }

  /// A floating-point number, or `nil` for other kinds.
  @inline(__always)
  package func real(_ row: Int) -> Double? {
    let place = row + offset
    switch kind {
    case .float64: return unsafe values.assumingMemoryBound(to: Double.self)[place]
    case .float32: return unsafe Double(values.assumingMemoryBound(to: Float.self)[place])
    default: return nil
    }
  }

  /// A value as text, followed by at least sixteen readable bytes; `nil` when the array is damaged.
  ///
  /// Whole numbers are decimal, truth values `true` and `false`, floating-point numbers the shortest decimal that
  /// reads back as the same double. The text lies in Arrow's memory or in `scratch`, until its next use.
  package func text(_ row: Int, _ scratch: inout ArrowText) -> (UnsafeRawPointer, Int)? {
    let place = row + offset
    if let keys {
      guard let index = whole(row), keys.indices.contains(index), let key = keys[index] else { return nil }
      return unsafe key.withUnsafeBytes { unsafe scratch.hold($0) }
    }
    switch kind {
    case .utf8:
      let offsets = unsafe values.assumingMemoryBound(to: Int32.self)
      return unsafe plain(Int(offsets[place]), Int(offsets[place + 1]), &scratch)
    case .largeUTF8:
      let offsets = unsafe values.assumingMemoryBound(to: Int64.self)
      return unsafe plain(Int(offsets[place]), Int(offsets[place + 1]), &scratch)
    case .view: return unsafe viewed(place, &scratch)
    case .bool:
      let bits = unsafe values.assumingMemoryBound(to: UInt8.self)
      return unsafe scratch.hold(unsafe bits[place >> 3] >> UInt8(place & 7) & 1 == 1 ? "true" : "false")
    case .float32, .float64: return unsafe scratch.hold(real(row).map { "\($0)" } ?? "")
    case .uint64: return unsafe scratch.hold("\(values.assumingMemoryBound(to: UInt64.self)[place])")
    default: return unsafe scratch.hold(whole(row) ?? 0)
    }
  }

  @inline(__always)
  private func plain(_ start: Int, _ end: Int, _ scratch: inout ArrowText) -> (UnsafeRawPointer, Int)? {
    guard start >= 0, end >= start, end <= characterCount else { return nil }
    if end + ArrowText.padding <= characterCount { return unsafe (characters + start, end - start) }
    return unsafe scratch.hold(UnsafeRawBufferPointer(start: characters + start, count: end - start))
  }

  /// Sixteen bytes: the length, then the text when it is short, else four bytes of it, its buffer and place.
  private func viewed(_ place: Int, _ scratch: inout ArrowText) -> (UnsafeRawPointer, Int)? {
    let view = unsafe values + 16 * place
    let length = unsafe Int(view.loadUnaligned(as: Int32.self))
    guard length >= 0 else { return nil }
    if length <= 12 { return unsafe scratch.hold(UnsafeRawBufferPointer(start: view + 4, count: length)) }
    let buffer = unsafe Int(view.loadUnaligned(fromByteOffset: 8, as: Int32.self))
    let start = unsafe Int(view.loadUnaligned(fromByteOffset: 12, as: Int32.self))
    let last = bufferCount - 1
    guard buffer >= 0, start >= 0, 2 + buffer < last, let sizes = unsafe buffers[last],
      let characters = unsafe buffers[2 + buffer],
      unsafe start + length <= Int(sizes.loadUnaligned(fromByteOffset: 8 * buffer, as: Int64.self))
    else { return nil }
    return unsafe scratch.hold(UnsafeRawBufferPointer(start: characters + start, count: length))
  }
}

/// Memory for one value as text, with readable bytes after it.
@safe
package struct ArrowText: ~Copyable {
  package static let padding = 16
  private var memory: UnsafeMutableRawPointer
  private var capacity = 64

  package init() { unsafe memory = .allocate(byteCount: 64 + ArrowText.padding, alignment: 8) }

  deinit { unsafe memory.deallocate() }

  mutating func hold(_ text: UnsafeRawBufferPointer) -> (UnsafeRawPointer, Int) {
    if text.count > capacity {
      unsafe memory.deallocate()
      capacity = 2 * text.count
      unsafe memory = .allocate(byteCount: capacity + ArrowText.padding, alignment: 8)
    }
    if let base = text.baseAddress { unsafe memory.copyMemory(from: base, byteCount: text.count) }
    return unsafe (UnsafeRawPointer(memory), text.count)
  }

  mutating func hold(_ text: String) -> (UnsafeRawPointer, Int) {
    var text = text
    return text.withUTF8 { unsafe hold(UnsafeRawBufferPointer($0)) }
  }

  /// A whole number in decimal.
  mutating func hold(_ value: Int) -> (UnsafeRawPointer, Int) {
    var rest = value.magnitude
    var place = 20
    repeat {
      place -= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      unsafe memory.storeBytes(of: 0x30 + UInt8(truncatingIfNeeded: digit), toByteOffset: place, as: UInt8.self)
      rest = quotient
    } while rest > 0
    if value < 0 {
      place -= 1
      unsafe memory.storeBytes(of: 0x2d, toByteOffset: place, as: UInt8.self)
    }
    return unsafe (UnsafeRawPointer(memory + place), 20 - place)
  }
}
