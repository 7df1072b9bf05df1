/// Keys by their bytes, numbered as they come: open addressing over flat memory, no allocation a lookup.
///
/// The hash is not keyed; a table of keys that data may choose bounds its probes by growing at half full, and mixes
/// the caller's salt, which is secret, into every hash.
@safe
final class KeyTable: @unchecked Sendable {
  /// The number of keys.
  private(set) var count = 0
  private var slots: UnsafeMutablePointer<UInt64>
  private var mask: Int
  private var bytes: UnsafeMutableRawPointer
  private var byteCapacity: Int
  private var starts: UnsafeMutablePointer<Int>
  private var startCapacity: Int
  private let salt: UInt64

  /// Bytes beyond a key that lookups may read, but never use.
  static let padding = 8

  init(salt: UInt64 = 0) {
    self.salt = salt
    mask = 15
    unsafe slots = .allocate(capacity: 16)
    unsafe slots.initialize(repeating: 0, count: 16)
    byteCapacity = 256
    unsafe bytes = .allocate(byteCount: byteCapacity, alignment: 8)
    startCapacity = 16
    unsafe starts = .allocate(capacity: startCapacity)
    unsafe starts[0] = 0
  }

  /// A table of declared keys, numbered in their order.
  convenience init(_ keys: [String]) {
    self.init()
    for key in keys { _ = insert(Array(key.utf8)) }
  }

  deinit {
    unsafe slots.deallocate()
    unsafe bytes.deallocate()
    unsafe starts.deallocate()
  }

  /// The number of a key, or -1.
  ///
  /// - Parameter text: `length` bytes, with ``padding`` readable bytes after them.
  @inline(__always)
  func index(of text: UnsafeRawPointer, _ length: Int) -> Int {
    let hash = unsafe KeyTable.hash(text, length, salt)
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let entry = unsafe slots[slot]
      if entry == 0 { return -1 }
      if entry >> 32 == hash >> 32 {
        let index = Int(entry & 0xffff_ffff) - 1
        if unsafe matches(index, text, length) { return index }
      }
      slot = (slot + 1) & mask
    }
  }

  /// The number of a key, which is added when it is new.
  func insert(_ key: [UInt8]) -> Int {
    let padded = key + [UInt8](repeating: 0, count: KeyTable.padding)
    return unsafe padded.withUnsafeBytes { buffer in
      guard let text = buffer.baseAddress else { return -1 }
      return unsafe insert(text, key.count)
    }
  }

  /// The number of a key, which is added when it is new.
  func insert(_ text: UnsafeRawPointer, _ length: Int) -> Int {
    let found = unsafe index(of: text, length)
    if found >= 0 { return found }
    if 2 * (count + 1) > mask { grow() }
    unsafe append(UnsafeRawBufferPointer(start: text, count: length))
    unsafe place(KeyTable.hash(text, length, salt), count)
    return count - 1
  }

  /// A key's bytes.
  subscript(index: Int) -> [UInt8] {
    precondition(index >= 0 && index < count, "no such key")
    let start = unsafe starts[index]
    let end = unsafe starts[index + 1]
    return unsafe Array(UnsafeRawBufferPointer(start: bytes + start, count: end - start))
  }

  private func append(_ key: UnsafeRawBufferPointer) {
    let start = unsafe starts[count]
    if start + key.count + KeyTable.padding > byteCapacity {
      let capacity = 2 * byteCapacity + key.count + KeyTable.padding
      let wider = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
      unsafe wider.copyMemory(from: bytes, byteCount: start)
      unsafe bytes.deallocate()
      unsafe bytes = wider
      byteCapacity = capacity
    }
    if let base = key.baseAddress { unsafe (bytes + start).copyMemory(from: base, byteCount: key.count) }
    unsafe (bytes + start + key.count).initializeMemory(as: UInt8.self, repeating: 0, count: KeyTable.padding)
    count += 1
    if count == startCapacity {
      let wider = UnsafeMutablePointer<Int>.allocate(capacity: 2 * startCapacity)
      unsafe wider.initialize(from: starts, count: count)
      unsafe starts.deallocate()
      unsafe starts = wider
      startCapacity *= 2
    }
    unsafe starts[count] = start + key.count
  }

  private func grow() {
    let size = 2 * (mask + 1)
    unsafe slots.deallocate()
    unsafe slots = .allocate(capacity: size)
    unsafe slots.initialize(repeating: 0, count: size)
    mask = size - 1
    for index in 0..<count {
      let start = unsafe starts[index]
      let length = unsafe starts[index + 1] - start
      unsafe place(KeyTable.hash(UnsafeRawPointer(bytes + start), length, salt), index + 1)
    }
  }

  private func place(_ hash: UInt64, _ number: Int) {
    var slot = Int(truncatingIfNeeded: hash) & mask
    while unsafe slots[slot] != 0 { slot = (slot + 1) & mask }
    unsafe slots[slot] = (hash & ~0xffff_ffff) | UInt64(number)
  }

  @inline(__always)
  private func matches(_ index: Int, _ text: UnsafeRawPointer, _ length: Int) -> Bool {
    let start = unsafe starts[index]
    guard unsafe starts[index + 1] - start == length else { return false }
    var place = 0
    while place < length {
      let a = unsafe PaddedBytes.word(text, place, length)
      let b = unsafe PaddedBytes.word(UnsafeRawPointer(bytes + start), place, length)
      if a != b { return false }
      place += 8
    }
    return true
  }

  /// Multiply and fold, eight bytes at a time.
  @inline(__always)
  private static func hash(_ text: UnsafeRawPointer, _ length: Int, _ salt: UInt64) -> UInt64 {
    var value = salt ^ UInt64(truncatingIfNeeded: length) &* 0x9e37_79b9_7f4a_7c15
    var place = 0
    while place < length {
      let word = unsafe PaddedBytes.word(text, place, length)
      let (high, low) = (value ^ word ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
      value = high ^ low
      place += 8
    }
    let (high, low) = (value ^ 0x8ebc_6af0_9c88_c6e3).multipliedFullWidth(by: 0x5899_65cc_7537_4cc3)
    return high ^ low
  }
}

/// Reads of bytes that are followed by at least eight readable ones.
enum PaddedBytes {
  /// The eight bytes at `place`, those from `length` on as zeros.
  @inline(__always)
  static func word(_ text: UnsafeRawPointer, _ place: Int, _ length: Int) -> UInt64 {
    let word = unsafe text.loadUnaligned(fromByteOffset: place, as: UInt64.self).littleEndian
    let left = length - place
    return left >= 8 ? word : word & ((1 << UInt64(truncatingIfNeeded: 8 * left)) &- 1)
  }
}
