private import CKernels

/// A pointer to little-endian 64-bit words.
package typealias Limbs = UnsafeMutablePointer<UInt64>

/// A pointer to little-endian 64-bit words that are only read.
package typealias ConstantLimbs = UnsafePointer<UInt64>

/// Owned words, zero at first, wiped when released.
@safe
package struct LimbBuffer: ~Copyable, @unchecked Sendable {
  package let base: Limbs
  package let count: Int

  /// `count` zero words.
  package init(count: Int) {
    let base = Limbs.allocate(capacity: max(count, 1))
    unsafe base.initialize(repeating: 0, count: max(count, 1))
    unsafe self.base = base
    self.count = count
  }

  deinit {
    unsafe tacit_wipe(base, count * MemoryLayout<UInt64>.stride)
    unsafe base.deallocate()
  }

  /// Word `index`.
  package subscript(index: Int) -> UInt64 {
    get {
      precondition(index >= 0 && index < count)
      return unsafe base[index]
    }
    set {
      precondition(index >= 0 && index < count)
      unsafe base[index] = newValue
    }
  }

  /// Sets every word to zero, in a way the optimiser keeps.
  package mutating func wipe() {
    unsafe tacit_wipe(base, count * MemoryLayout<UInt64>.stride)
  }
}
