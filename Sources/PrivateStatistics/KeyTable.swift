import CKernels

/// Keys by their bytes, numbered as they come: open addressing over flat memory, no allocation a lookup.
///
/// The hash is not keyed; a table of keys that data may choose bounds its probes by growing at half full, and mixes
/// the caller's salt, which is secret, into every hash.
@safe
final class KeyTable: @unchecked Sendable {
  /// What changes as keys come; behind a pointer, so that lookups pay for no checks of exclusive access.
  @unsafe
  fileprivate struct Storage {
    var count = 0
    var slots: UnsafeMutablePointer<UInt64>
    var mask = 15
    var bytes: UnsafeMutableRawPointer
    var byteCapacity = 256
    var starts: UnsafeMutablePointer<Int>
    var startCapacity = 16

    init() {
      unsafe slots = .allocate(capacity: 16)
      unsafe slots.initialize(repeating: 0, count: 16)
      unsafe bytes = .allocate(byteCount: byteCapacity, alignment: 8)
      unsafe starts = .allocate(capacity: startCapacity)
      unsafe starts[0] = 0
    }
  }

  private let storage: UnsafeMutablePointer<Storage>
  private let salt: UInt64

  /// The number of keys.
  var count: Int { unsafe storage.pointee.count }

  /// Bytes beyond a key that lookups may read, but never use.
  static let padding = 8

  init(salt: UInt64 = 0) {
    self.salt = salt
    unsafe storage = .allocate(capacity: 1)
    unsafe storage.initialize(to: Storage())
  }

  /// A table of declared keys, numbered in their order.
  convenience init(_ keys: [String]) {
    self.init()
    reserve(keys.count)
    var padded: [UInt8] = []
    for key in keys {
      padded.removeAll(keepingCapacity: true)
      padded.append(contentsOf: key.utf8)
      let length = padded.count
      padded.append(contentsOf: repeatElement(0, count: KeyTable.padding))
      unsafe padded.withUnsafeBytes { buffer in
        if let text = buffer.baseAddress { _ = unsafe insert(text, length) }
      }
    }
  }

  /// Makes room for so many keys at once.
  private func reserve(_ keys: Int) {
    var size = unsafe storage.pointee.mask + 1
    while size < 2 * (keys + 1) { size *= 2 }
    if unsafe size > storage.pointee.mask + 1 { unsafe KeyTable.rebuild(&storage.pointee, size: size, salt) }
  }

  deinit {
    unsafe storage.pointee.slots.deallocate()
    unsafe storage.pointee.bytes.deallocate()
    unsafe storage.pointee.starts.deallocate()
    unsafe storage.deallocate()
  }

  /// Lookups without counting references, for hot loops; the table must outlive it.
  @unsafe
  struct View {
    fileprivate let storage: UnsafeMutablePointer<Storage>
    fileprivate let salt: UInt64

    /// What ``prefetch(_:_:_:)`` fetches, each step reading what the one before has fetched.
    enum Step { case slot, place, bytes }

    /// Fetches a part of what ``index(of:_:)`` will read.
    @inline(__always)
    func prefetch(_ step: Step, _ text: UnsafeRawPointer, _ length: Int) {
      let hash = unsafe KeyTable.hash(text, length, salt)
      let table = unsafe storage.pointee
      let slot = unsafe table.slots + (Int(truncatingIfNeeded: hash) & table.mask)
      if step == .slot {
        unsafe tacit_prefetch(slot)
        return
      }
      let entry = unsafe slot.pointee
      guard entry != 0 else { return }
      let start = unsafe table.starts + (Int(entry & 0xffff_ffff) - 1)
      if step == .place {
        unsafe tacit_prefetch(start)
      } else {
        unsafe tacit_prefetch(table.bytes + start.pointee)
      }
    }

    /// The number of a key, or -1.
    ///
    /// - Parameter text: `length` bytes, with ``padding`` readable bytes after them.
    @inline(__always)
    func index(of text: UnsafeRawPointer, _ length: Int) -> Int {
      let hash = unsafe KeyTable.hash(text, length, salt)
      let table = unsafe storage.pointee
      var slot = unsafe Int(truncatingIfNeeded: hash) & table.mask
      while true {
        let entry = unsafe table.slots[slot]
        if entry == 0 { return -1 }
        if entry >> 32 == hash >> 32 {
          let index = Int(entry & 0xffff_ffff) - 1
          if unsafe KeyTable.matches(table, index, text, length) { return index }
        }
        slot = unsafe (slot + 1) & table.mask
      }
    }
  }

  /// The keys from which a table outgrows the second-level cache, so that lookups are worth fetching for.
  static let mostCached = 4_096

  /// The table for hot loops.
  var view: View { unsafe View(storage: storage, salt: salt) }

  /// The number of a key, or -1.
  ///
  /// - Parameter text: `length` bytes, with ``padding`` readable bytes after them.
  @inline(__always)
  func index(of text: UnsafeRawPointer, _ length: Int) -> Int { unsafe view.index(of: text, length) }

  /// The number of a key, or -1.
  func find(_ key: [UInt8]) -> Int {
    let padded = key + [UInt8](repeating: 0, count: KeyTable.padding)
    return unsafe padded.withUnsafeBytes { buffer in
      guard let text = buffer.baseAddress else { return -1 }
      return unsafe index(of: text, key.count)
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
    unsafe grow(&storage.pointee)
    unsafe KeyTable.append(UnsafeRawBufferPointer(start: text, count: length), to: &storage.pointee)
    unsafe KeyTable.place(KeyTable.hash(text, length, salt), count, in: storage.pointee)
    return count - 1
  }

  /// A key's bytes.
  subscript(index: Int) -> [UInt8] {
    precondition(index >= 0 && index < count, "no such key")
    let table = unsafe storage.pointee
    let start = unsafe table.starts[index]
    let end = unsafe table.starts[index + 1]
    return unsafe Array(UnsafeRawBufferPointer(start: table.bytes + start, count: end - start))
  }

  private static func append(_ key: UnsafeRawBufferPointer, to table: inout Storage) {
    let start = unsafe table.starts[table.count]
    if unsafe start + key.count + padding > table.byteCapacity {
      let capacity = unsafe 2 * table.byteCapacity + key.count + padding
      let wider = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
      unsafe wider.copyMemory(from: table.bytes, byteCount: start)
      unsafe table.bytes.deallocate()
      unsafe table.bytes = wider
      unsafe table.byteCapacity = capacity
    }
    if let base = key.baseAddress { unsafe (table.bytes + start).copyMemory(from: base, byteCount: key.count) }
    unsafe (table.bytes + start + key.count).initializeMemory(as: UInt8.self, repeating: 0, count: padding)
    unsafe table.count += 1
    if unsafe table.count == table.startCapacity {
      let wider = unsafe UnsafeMutablePointer<Int>.allocate(capacity: 2 * table.startCapacity)
      unsafe wider.initialize(from: table.starts, count: table.count)
      unsafe table.starts.deallocate()
      unsafe table.starts = wider
      unsafe table.startCapacity *= 2
    }
    unsafe table.starts[table.count] = start + key.count
  }

  /// Keeps the slots at most half full with one more key.
  private func grow(_ table: inout Storage) {
    guard unsafe 2 * (table.count + 1) > table.mask else { return }
    unsafe KeyTable.rebuild(&table, size: 2 * (table.mask + 1), salt)
  }

  private static func rebuild(_ table: inout Storage, size: Int, _ salt: UInt64) {
    unsafe table.slots.deallocate()
    unsafe table.slots = .allocate(capacity: size)
    unsafe table.slots.initialize(repeating: 0, count: size)
    unsafe table.mask = size - 1
    for index in unsafe 0..<table.count {
      let start = unsafe table.starts[index]
      let length = unsafe table.starts[index + 1] - start
      unsafe KeyTable.place(
        KeyTable.hash(UnsafeRawPointer(table.bytes + start), length, salt), index + 1, in: table)
    }
  }

  private static func place(_ hash: UInt64, _ number: Int, in table: Storage) {
    var slot = unsafe Int(truncatingIfNeeded: hash) & table.mask
    while unsafe table.slots[slot] != 0 { slot = unsafe (slot + 1) & table.mask }
    unsafe table.slots[slot] = (hash & ~0xffff_ffff) | UInt64(number)
  }

  @inline(__always)
  private static func matches(_ table: Storage, _ index: Int, _ text: UnsafeRawPointer, _ length: Int) -> Bool {
    let start = unsafe table.starts[index]
    guard unsafe table.starts[index + 1] - start == length else { return false }
    var place = 0
    while place < length {
      let a = unsafe PaddedBytes.word(text, place, length)
      let b = unsafe PaddedBytes.word(UnsafeRawPointer(table.bytes + start), place, length)
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
