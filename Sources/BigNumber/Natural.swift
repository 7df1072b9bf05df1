import CGMP

/// A natural number of any size with one owner.
///
/// Every block of memory it used is wiped when it is released (see ``SecureMemory``); copies are explicit.
@safe
package struct Natural: ~Copyable, Sendable {
  nonisolated(unsafe) var storage: __mpz_struct

  /// Zero.
  package init() {
    SecureMemory.install()
    unsafe storage = __mpz_struct()
    unsafe __gmpz_init(&storage)
  }

  /// A machine word.
  package init(_ value: UInt) {
    self.init()
    unsafe __gmpz_set_ui(&storage, value)
  }

  /// Little-endian words.
  package init(limbs: ConstantLimbs, count: Int) {
    self.init()
    unsafe __gmpz_import(&storage, count, -1, 8, 0, 0, limbs)
  }

  /// Big-endian bytes; none is zero.
  package init(bytes: some Collection<UInt8>) {
    self.init()
    let copy = Array(bytes)
    unsafe copy.withUnsafeBytes { buffer in
      guard let start = buffer.baseAddress else { return }
      unsafe __gmpz_import(&storage, buffer.count, 1, 1, 1, 0, start)
    }
  }

  deinit {
    var released = unsafe storage
    unsafe __gmpz_clear(&released)
  }

  /// An independent copy.
  package borrowing func copy() -> Natural {
    var result = Natural()
    unsafe read { source in unsafe result.write { unsafe __gmpz_set($0, source) } }
    return result
  }

  borrowing func read<Result>(_ body: (UnsafePointer<__mpz_struct>) -> Result) -> Result {
    unsafe withUnsafePointer(to: storage) { unsafe body($0) }
  }

  mutating func write<Result>(_ body: (UnsafeMutablePointer<__mpz_struct>) -> Result) -> Result {
    unsafe withUnsafeMutablePointer(to: &storage) { unsafe body($0) }
  }

  static func combining(
    _ a: borrowing Natural, _ b: borrowing Natural,
    _ operation: (UnsafeMutablePointer<__mpz_struct>, UnsafePointer<__mpz_struct>, UnsafePointer<__mpz_struct>) -> Void
  ) -> Natural {
    var result = Natural()
    unsafe a.read { x in unsafe b.read { y in unsafe result.write { unsafe operation($0, x, y) } } }
    return result
  }
}

extension Natural {
  /// The number of significant bits; 0 for zero.
  package var bitWidth: Int {
    isZero ? 0 : unsafe read { Int(unsafe __gmpz_sizeinbase($0, 2)) }
  }

  /// Whether the value is zero.
  package var isZero: Bool { unsafe read { unsafe tacit_mpz_sgn($0) == 0 } }

  /// Whether the lowest bit is set.
  package var isOdd: Bool { unsafe read { unsafe tacit_mpz_odd($0) != 0 } }

  /// The lowest word.
  package var lowWord: UInt { unsafe read { unsafe UInt(__gmpz_get_ui($0)) } }

  /// The bit at `position`, 0 being the lowest.
  package func bit(at position: Int) -> Bool {
    unsafe read { unsafe __gmpz_tstbit($0, UInt(position)) != 0 }
  }

  /// Sets the bit at `position`.
  package mutating func setBit(at position: Int) {
    unsafe write { unsafe __gmpz_setbit($0, UInt(position)) }
  }

  /// Writes the value as `count` little-endian words, zero-padded.
  ///
  /// - Precondition: the value fits.
  package borrowing func export(to limbs: Limbs, count: Int) {
    precondition(bitWidth <= 64 * count, "a natural does not fit its words")
    unsafe limbs.update(repeating: 0, count: count)
    unsafe read { source in
      var written = 0
      unsafe __gmpz_export(limbs, &written, -1, 8, 0, 0, source)
    }
  }

  /// Big-endian bytes, padded with zeros at the front to `count`, or of the shortest length without it.
  ///
  /// - Precondition: the value fits.
  package func bytes(count: Int? = nil) -> [UInt8] {
    let shortest = (bitWidth + 7) / 8
    let length = count ?? shortest
    precondition(shortest <= length, "a natural does not fit its bytes")
    var result = [UInt8](repeating: 0, count: length)
    unsafe result.withUnsafeMutableBytes { buffer in
      guard let start = buffer.baseAddress, shortest > 0 else { return }
      unsafe read { source in
        var written = 0
        unsafe __gmpz_export(start + (length - shortest), &written, 1, 1, 1, 0, source)
      }
    }
    return result
  }

  /// Equality of value.
  package static func == (a: borrowing Natural, b: borrowing Natural) -> Bool { compare(a, b) == 0 }

  /// Inequality of value.
  package static func != (a: borrowing Natural, b: borrowing Natural) -> Bool { compare(a, b) != 0 }

  /// Order of value.
  package static func < (a: borrowing Natural, b: borrowing Natural) -> Bool { compare(a, b) < 0 }

  /// Order of value.
  package static func <= (a: borrowing Natural, b: borrowing Natural) -> Bool { compare(a, b) <= 0 }

  private static func compare(_ a: borrowing Natural, _ b: borrowing Natural) -> Int32 {
    unsafe a.read { x in unsafe b.read { y in unsafe __gmpz_cmp(x, y) } }
  }
}
