private import CGMP

/// An exact rational number of any size.
///
/// Privacy parameters, budgets and noise scales are rationals, never binary floating point: ten charges of
/// `0.1` are exactly `1`, and twenty Laplace mechanisms of scale 20 spend exactly ε = 1.
///
/// Values are immutable, kept in lowest terms with a positive denominator, and safe to share between threads.
@safe
public struct Rational: Sendable {
  private let storage: RationalStorage

  fileprivate init(storage: RationalStorage) {
    self.storage = storage
  }

  /// An integer.
  public init(_ value: Int) {
    self.storage = unsafe RationalStorage { unsafe __gmpq_set_si($0, value, 1) }
  }

  /// The fraction `numerator / denominator`, reduced.
  ///
  /// - Precondition: `denominator` is not zero.
  public init(_ numerator: Int, _ denominator: Int) {
    precondition(denominator != 0, "a rational needs a non-zero denominator")
    let bottom = Rational(denominator)
    self = Rational(numerator) / bottom
  }

  /// The exact value of a finite binary floating-point number.
  ///
  /// **Edge cases**: `nil` for NaN and infinities; both zeros give 0.
  public init?(exactly value: Double) {
    guard value.isFinite else { return nil }
    self.storage = unsafe RationalStorage { unsafe __gmpq_set_d($0, value) }
  }

  /// Zero.
  public static let zero = Rational(0)

  /// One.
  public static let one = Rational(1)

  /// -1, 0 or 1.
  public var signum: Int {
    unsafe storage.read { Int(unsafe tacit_mpq_sgn($0)) }
  }

  /// Whether the value is an integer.
  public var isInteger: Bool {
    unsafe storage.read { unsafe __gmpz_cmp_ui(tacit_mpq_cden($0), 1) == 0 }
  }

  /// The absolute value.
  public var magnitude: Rational {
    signum < 0 ? -self : self
  }
}

extension Rational {
  /// The exact sum.
  public static func + (a: Rational, b: Rational) -> Rational {
    unsafe combine(a, b) { unsafe __gmpq_add($0, $1, $2) }
  }

  /// The exact difference.
  public static func - (a: Rational, b: Rational) -> Rational {
    unsafe combine(a, b) { unsafe __gmpq_sub($0, $1, $2) }
  }

  /// The exact product.
  public static func * (a: Rational, b: Rational) -> Rational {
    unsafe combine(a, b) { unsafe __gmpq_mul($0, $1, $2) }
  }

  /// The exact quotient.
  ///
  /// - Precondition: `b` is not zero.
  public static func / (a: Rational, b: Rational) -> Rational {
    precondition(b.signum != 0, "division of a rational by zero")
    return unsafe combine(a, b) { unsafe __gmpq_div($0, $1, $2) }
  }

  /// The negated value.
  public static prefix func - (a: Rational) -> Rational {
    Rational.zero - a
  }

  /// Adds in place.
  public static func += (a: inout Rational, b: Rational) { a = a + b }

  /// Subtracts in place.
  public static func -= (a: inout Rational, b: Rational) { a = a - b }

  /// Multiplies in place.
  public static func *= (a: inout Rational, b: Rational) { a = a * b }

  private static func combine(
    _ a: Rational, _ b: Rational,
    _ operation: (UnsafeMutablePointer<__mpq_struct>, UnsafePointer<__mpq_struct>, UnsafePointer<__mpq_struct>) -> Void
  ) -> Rational {
    Rational(
      storage: unsafe RationalStorage { result in
        unsafe a.storage.read { x in unsafe b.storage.read { y in unsafe operation(result, x, y) } }
      })
  }
}

extension Rational: Comparable {
  /// Exact equality of value.
  public static func == (a: Rational, b: Rational) -> Bool {
    unsafe a.storage.read { x in unsafe b.storage.read { y in unsafe __gmpq_equal(x, y) != 0 } }
  }

  /// Exact order.
  public static func < (a: Rational, b: Rational) -> Bool {
    unsafe a.storage.read { x in unsafe b.storage.read { y in unsafe __gmpq_cmp(x, y) < 0 } }
  }
}

extension Rational: Hashable {
  /// Hashes the canonical text, so that equal values hash alike.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(description)
  }
}

extension Rational: ExpressibleByIntegerLiteral {
  /// An integer literal.
  public init(integerLiteral value: Int) {
    self.init(value)
  }
}

// MARK: - Rounding to machine numbers

extension Rational {
  /// The largest integer not above the value, or `nil` when it does not fit an `Int`.
  public var floor: Int? {
    unsafe integer { unsafe __gmpz_fdiv_q($0, $1, $2) }
  }

  /// The smallest integer not below the value, or `nil` when it does not fit an `Int`.
  public var ceiling: Int? {
    unsafe integer { unsafe __gmpz_cdiv_q($0, $1, $2) }
  }

  /// The value as an `Int`, or `nil` when it is not an integer or does not fit.
  public var integer: Int? {
    isInteger ? floor : nil
  }

  private func integer(
    _ divide: (UnsafeMutablePointer<__mpz_struct>, UnsafePointer<__mpz_struct>, UnsafePointer<__mpz_struct>) -> Void
  ) -> Int? {
    unsafe storage.read { value in
      var quotient = unsafe __mpz_struct()
      unsafe __gmpz_init(&quotient)
      defer { unsafe __gmpz_clear(&quotient) }
      unsafe divide(&quotient, tacit_mpq_cnum(value), tacit_mpq_cden(value))
      return unsafe __gmpz_fits_slong_p(&quotient) != 0 ? Int(__gmpz_get_si(&quotient)) : nil
    }
  }

  /// The largest finite-or-infinite double not above the value.
  ///
  /// **Edge cases**: values above the double range give `.greatestFiniteMagnitude`, values below its negative
  /// give `-.infinity`.
  public var doubleRoundedDown: Double {
    let near = truncated
    guard let exact = Rational(exactly: near) else { return near > 0 ? .greatestFiniteMagnitude : -.infinity }
    return exact > self ? near.nextDown : near
  }

  /// The smallest finite-or-infinite double not below the value.
  ///
  /// **Edge cases**: values above the double range give `.infinity`.
  public var doubleRoundedUp: Double {
    let near = truncated
    guard let exact = Rational(exactly: near) else { return near > 0 ? .infinity : -.greatestFiniteMagnitude }
    return exact < self ? near.nextUp : near
  }

  /// The double nearest to the value, ties to the smaller magnitude; for display and for arithmetic that carries
  /// its own error bound.
  public var doubleValue: Double {
    let low = doubleRoundedDown
    let high = doubleRoundedUp
    guard low != high, let a = Rational(exactly: low), let b = Rational(exactly: high) else {
      return low.isFinite ? low : high
    }
    let toLow = self - a
    let toHigh = b - self
    if toLow == toHigh { return low.magnitude < high.magnitude ? low : high }
    return toLow < toHigh ? low : high
  }

  /// GMP's conversion: rounded toward zero.
  private var truncated: Double {
    unsafe storage.read { unsafe __gmpq_get_d($0) }
  }
}

extension Rational {
  /// The exact non-negative square root, or `nil` when it is not rational.
  public var squareRoot: Rational? {
    guard signum >= 0 else { return nil }
    let perfect = unsafe storage.read { value in
      unsafe __gmpz_perfect_square_p(tacit_mpq_cnum(value)) != 0
        && __gmpz_perfect_square_p(tacit_mpq_cden(value)) != 0
    }
    guard perfect else { return nil }
    return Rational(
      storage: unsafe RationalStorage { result in
        unsafe storage.read { value in
          unsafe __gmpz_sqrt(tacit_mpq_num(result), tacit_mpq_cnum(value))
          unsafe __gmpz_sqrt(tacit_mpq_den(result), tacit_mpq_cden(value))
        }
      })
  }
}

// MARK: - Parts for exact samplers

extension Rational {
  /// The magnitude of the numerator in 64-bit words, least significant first, with no leading zero word.
  package var numeratorWords: [UInt] {
    unsafe storage.read { unsafe words(of: tacit_mpq_cnum($0)) }
  }

  /// The denominator in 64-bit words, least significant first, with no leading zero word.
  package var denominatorWords: [UInt] {
    unsafe storage.read { unsafe words(of: tacit_mpq_cden($0)) }
  }

  private func words(of integer: UnsafePointer<__mpz_struct>) -> [UInt] {
    unsafe (0..<__gmpz_size(integer)).map { unsafe UInt(__gmpz_getlimbn(integer, $0)) }
  }
}

// MARK: - Text

extension Rational: LosslessStringConvertible, CustomStringConvertible {
  /// The longest text accepted by ``init(_:)-(String)``, in characters.
  public static let maximumTextLength = 4_096

  /// Reads `5`, `-5/3`, `0.05`, `1e-5`, `2.5e3`.
  ///
  /// **Edge cases**: `nil` for anything else, including empty text, spaces, a zero denominator, exponents beyond
  /// ±4,000 and text longer than ``maximumTextLength``.
  public init?(_ description: String) {
    guard description.utf8.count <= Rational.maximumTextLength, !description.isEmpty else { return nil }
    let parts = description.split(separator: "/", omittingEmptySubsequences: false)
    switch parts.count {
    case 1:
      guard let value = Rational(decimal: parts[0]) else { return nil }
      self = value
    case 2:
      guard let top = Rational(decimal: parts[0]), let bottom = Rational(decimal: parts[1]),
        bottom.signum != 0
      else { return nil }
      self = top / bottom
    default:
      return nil
    }
  }

  private init?(decimal text: Substring) {
    var rest = text[...]
    let negative = rest.first == "-"
    if negative || rest.first == "+" { rest.removeFirst() }
    var exponent = 0
    if let mark = rest.firstIndex(where: { $0 == "e" || $0 == "E" }) {
      let digits = rest[rest.index(after: mark)...]
      guard let parsed = Int(digits), (-4_000...4_000).contains(parsed) else { return nil }
      exponent = parsed
      rest = rest[..<mark]
    }
    var digits = rest.filter { $0 != "." }
    guard rest.count - digits.count <= 1, !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber })
    else { return nil }
    if let point = rest.firstIndex(of: ".") {
      exponent -= rest.distance(from: rest.index(after: point), to: rest.endIndex)
    }
    if exponent > 0 { digits += String(repeating: "0", count: exponent) }
    let bottom = exponent < 0 ? "/1" + String(repeating: "0", count: -exponent) : ""
    let canonical = (negative ? "-" : "") + digits + bottom
    self.storage = unsafe RationalStorage { value in
      let status = unsafe canonical.withCString { unsafe __gmpq_set_str(value, $0, 10) }
      precondition(status == 0, "digits were checked above")
      unsafe __gmpq_canonicalize(value)
    }
  }

  /// `5`, `-5/3`: lowest terms, so equal values have equal text.
  public var description: String {
    unsafe storage.read { value in
      let text = unsafe __gmpq_get_str(nil, 10, value)
      guard let text = unsafe text else { return "" }
      defer { unsafe releaseGMPText(text) }
      return unsafe String(cString: text)
    }
  }

  /// The value in decimal where that is exact (`0.05`), as a fraction otherwise (`5/3`).
  public var decimalDescription: String {
    var scaled = self
    for places in 0...24 {
      if scaled.isInteger {
        let digits = scaled.magnitude.description
        guard places > 0 else { return description }
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let cut = padded.index(padded.endIndex, offsetBy: -places)
        return (signum < 0 ? "-" : "") + padded[..<cut] + "." + padded[cut...]
      }
      scaled *= 10
    }
    return description
  }
}

extension Rational: Codable {
  /// Reads the text form.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = Rational(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an exact decimal or fraction")
    }
    self = value
  }

  /// Writes the text form.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Gives text that GMP allocated back to GMP's own allocator, whichever is installed.
private func releaseGMPText(_ text: UnsafeMutablePointer<CChar>) {
  var release: (@convention(c) (UnsafeMutableRawPointer?, Int) -> Void)?
  unsafe __gmp_get_memory_functions(nil, nil, &release)
  var length = 0
  while unsafe text[length] != 0 { length += 1 }
  unsafe release?(text, length + 1)
}

/// Owns one GMP rational.
///
/// It is written once, inside the initialiser, and only read afterwards.
@safe
private final class RationalStorage: @unchecked Sendable {
  private var value = unsafe __mpq_struct()

  init(_ write: (UnsafeMutablePointer<__mpq_struct>) -> Void) {
    unsafe __gmpq_init(&value)
    unsafe write(&value)
  }

  deinit {
    unsafe __gmpq_clear(&value)
  }

  func read<Result>(_ body: (UnsafePointer<__mpq_struct>) -> Result) -> Result {
    unsafe withUnsafePointer(to: value) { unsafe body($0) }
  }
}
