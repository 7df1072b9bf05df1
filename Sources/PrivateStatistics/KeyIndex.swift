/// Finds a declared key by its bytes: open addressing over a fixed table, no allocation a lookup.
struct KeyIndex: Sendable {
  /// The number of keys.
  let count: Int
  private var slots: [Int32]
  private var bytes: [UInt8] = []
  private var starts: [Int] = [0]
  private let mask: Int

  init(_ keys: [String]) {
    count = keys.count
    var size = 4
    while size < 2 * keys.count + 2 { size *= 2 }
    mask = size - 1
    slots = [Int32](repeating: -1, count: size)
    for key in keys {
      bytes.append(contentsOf: Array(key.utf8))
      starts.append(bytes.count)
    }
    for index in keys.indices {
      var slot = unsafe Array(keys[index].utf8).withUnsafeBytes { unsafe KeyIndex.hash($0) } & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(truncatingIfNeeded: index)
    }
  }

  /// The key's place, or -1.
  @inline(__always)
  func index(of text: UnsafeRawBufferPointer) -> Int {
    var slot = unsafe KeyIndex.hash(text) & mask
    while true {
      let index = Int(slots[slot])
      if index < 0 { return -1 }
      let start = starts[index]
      if unsafe starts[index + 1] - start == text.count && matches(text, at: start) { return index }
      slot = (slot + 1) & mask
    }
  }

  @inline(__always)
  private func matches(_ text: UnsafeRawBufferPointer, at start: Int) -> Bool {
    for index in 0..<text.count where unsafe bytes[start + index] != text[index] { return false }
    return true
  }

  /// FNV-1a with a final mix; keys are declared by the query, so nobody can choose collisions.
  @inline(__always)
  private static func hash(_ text: UnsafeRawBufferPointer) -> Int {
    var value: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in 0..<text.count { value = unsafe (value ^ UInt64(text[index])) &* 0x100_0000_01b3 }
    value ^= value >> 32
    return Int(truncatingIfNeeded: value & 0x7fff_ffff_ffff_ffff)
  }
}
