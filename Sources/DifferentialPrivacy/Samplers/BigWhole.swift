private import CGMP
package import ExactMath

/// A non-negative integer of any size, for the steps of a sampler that leave the machine's words.
///
/// Values are immutable and safe to share; the arithmetic is GMP's.
@safe
package struct BigWhole: Sendable {
  private let storage: BigWholeStorage

  private init(_ write: (UnsafeMutablePointer<__mpz_struct>) -> Void) {
    storage = unsafe BigWholeStorage(write)
  }

  /// A machine word.
  package init(_ word: UInt64) {
    unsafe self.init { unsafe __gmpz_set_ui($0, UInt(word)) }
  }

  /// Words of 64 bits, least significant first.
  package init(words: [UInt64]) {
    unsafe self.init { value in
      unsafe words.withUnsafeBufferPointer {
        unsafe __gmpz_import(value, $0.count, -1, 8, 0, 0, $0.baseAddress)
      }
    }
  }

  /// A number of up to 128 bits.
  package init(_ value: UInt128) {
    self.init(words: [UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64)])
  }

  /// The magnitude of a rational's numerator.
  package init(numeratorOf value: Rational) {
    self.init(words: value.numeratorWords.map { UInt64($0) })
  }

  /// A rational's denominator.
  package init(denominatorOf value: Rational) {
    self.init(words: value.denominatorWords.map { UInt64($0) })
  }

  /// Zero.
  package static let zero = BigWhole(UInt64(0))

  /// One.
  package static let one = BigWhole(UInt64(1))

  /// Whether the value is zero.
  package var isZero: Bool { unsafe storage.read { unsafe tacit_mpz_sgn($0) == 0 } }

  /// The number of bits up to the most significant set one; 0 for 0.
  package var bitWidth: Int { isZero ? 0 : unsafe storage.read { unsafe __gmpz_sizeinbase($0, 2) } }

  /// The words of the value, least significant first, without leading zeros.
  package var words: [UInt64] {
    unsafe storage.read { value in
      unsafe (0..<__gmpz_size(value)).map { unsafe UInt64(__gmpz_getlimbn(value, $0)) }
    }
  }

  /// The value as a word, or `nil` when it is larger.
  package var word: UInt64? { bitWidth <= 64 ? words.first ?? 0 : nil }

  /// The value in 128 bits, or `nil` when it is larger.
  package var doubleWord: UInt128? {
    guard bitWidth <= 128 else { return nil }
    return words.reversed().reduce(0) { $0 << 64 | UInt128($1) }
  }
}

extension BigWhole {
  package static func + (a: BigWhole, b: BigWhole) -> BigWhole {
    unsafe combine(a, b) { unsafe __gmpz_add($0, $1, $2) }
  }

  /// The difference.
  ///
  /// - Precondition: `a` is at least `b`.
  package static func - (a: BigWhole, b: BigWhole) -> BigWhole {
    precondition(a >= b, "a difference of whole numbers is not negative")
    return unsafe combine(a, b) { unsafe __gmpz_sub($0, $1, $2) }
  }

  package static func * (a: BigWhole, b: BigWhole) -> BigWhole {
    unsafe combine(a, b) { unsafe __gmpz_mul($0, $1, $2) }
  }

  /// The quotient, rounded down.
  ///
  /// - Precondition: `b` is not zero.
  package static func / (a: BigWhole, b: BigWhole) -> BigWhole {
    precondition(!b.isZero, "division of a whole number by zero")
    return unsafe combine(a, b) { unsafe __gmpz_fdiv_q($0, $1, $2) }
  }

  /// The value times a power of two.
  package static func << (a: BigWhole, places: Int) -> BigWhole {
    unsafe BigWhole { result in unsafe a.storage.read { unsafe __gmpz_mul_2exp(result, $0, UInt(places)) } }
  }

  /// The value over a power of two, rounded down.
  package static func >> (a: BigWhole, places: Int) -> BigWhole {
    unsafe BigWhole { result in unsafe a.storage.read { unsafe __gmpz_fdiv_q_2exp(result, $0, UInt(places)) } }
  }

  /// The square root, rounded down.
  package var squareRoot: BigWhole {
    unsafe BigWhole { result in unsafe storage.read { unsafe __gmpz_sqrt(result, $0) } }
  }

  private static func combine(
    _ a: BigWhole, _ b: BigWhole,
    _ operation: (UnsafeMutablePointer<__mpz_struct>, UnsafePointer<__mpz_struct>, UnsafePointer<__mpz_struct>) -> Void
  ) -> BigWhole {
    unsafe BigWhole { result in
      unsafe a.storage.read { x in unsafe b.storage.read { y in unsafe operation(result, x, y) } }
    }
  }
}

extension BigWhole: Comparable {
  package static func == (a: BigWhole, b: BigWhole) -> Bool { a.order(b) == 0 }
  package static func < (a: BigWhole, b: BigWhole) -> Bool { a.order(b) < 0 }

  private func order(_ other: BigWhole) -> Int32 {
    unsafe storage.read { x in unsafe other.storage.read { y in unsafe __gmpz_cmp(x, y) } }
  }
}

extension BigWhole: CustomStringConvertible {
  /// The decimal digits.
  package var description: String {
    var rest = self
    var groups: [UInt64] = []
    let base = BigWhole(UInt64(1_000_000_000_000_000_000))
    while rest >= base {
      let quotient = rest / base
      groups.append((rest - quotient * base).word ?? 0)
      rest = quotient
    }
    let head = String(rest.word ?? 0)
    return groups.reversed().reduce(head) { text, group in
      let digits = String(group)
      return text + String(repeating: "0", count: 18 - digits.count) + digits
    }
  }
}

/// Owns one GMP integer, written once inside the initialiser; wiped when it goes, since it may hold noise.
@safe
private final class BigWholeStorage: @unchecked Sendable {
  private var value = unsafe __mpz_struct()

  init(_ write: (UnsafeMutablePointer<__mpz_struct>) -> Void) {
    unsafe __gmpz_init(&value)
    unsafe write(&value)
  }

  deinit {
    let count = unsafe Int(value._mp_alloc)
    if unsafe count > 0 && value._mp_d != nil {
      for index in 0..<count { unsafe value._mp_d[index] = 0 }
    }
    unsafe __gmpz_clear(&value)
  }

  func read<Result>(_ body: (UnsafePointer<__mpz_struct>) -> Result) -> Result {
    unsafe withUnsafePointer(to: value) { unsafe body($0) }
  }
}
