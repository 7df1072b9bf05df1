public import ExactMath

/// What a ``Quantity`` measures and which values it may take.
public protocol QuantityKind: Sendable {
  /// The parameter's name in error messages.
  static var name: String { get }
  /// The allowed range in words.
  static var range: String { get }
  /// Whether an exact value lies in the range.
  static func allows(_ value: Rational) -> Bool
}

/// An exact privacy parameter that has been checked once and cannot be invalid.
///
/// The kind makes ε, δ, ρ, a noise multiplier and a sensitivity different types, so that one cannot be passed for
/// another. The value is an exact rational: ten charges of `0.1` are exactly `1`.
///
/// **Edge cases**: every kind refuses non-zero magnitudes outside `1e-300 … 1e300`, so that conversions to `Double`
/// in the accountants neither overflow nor vanish.
public struct Quantity<Kind: QuantityKind>: Sendable, Hashable {
  /// The exact value.
  public let value: Rational

  /// Checks an exact value.
  ///
  /// - Throws: ``ParameterError`` when the value is outside the kind's range.
  public init(_ value: Rational) throws(ParameterError) {
    guard QuantityLimits.supports(value), Kind.allows(value) else {
      throw ParameterError(.outOfRange, Kind.name, "must be \(Kind.range)")
    }
    self.value = value
  }

  /// Reads `0.05`, `5/3` or `1e-5` exactly.
  ///
  /// - Throws: ``ParameterError`` when the text is no such number or the value is outside the kind's range.
  public init(_ text: String) throws(ParameterError) {
    guard let value = Rational(text) else {
      throw ParameterError(.notANumber, Kind.name, "is not an exact decimal or fraction such as 0.05 or 5/3")
    }
    try self.init(value)
  }

  /// Takes the exact value of a binary floating-point number.
  ///
  /// `Quantity(exactly: 0.1)` is not one tenth but the nearest double; prefer the text or rational forms.
  ///
  /// - Throws: ``ParameterError`` for NaN, infinities and values outside the kind's range.
  public init(exactly value: Double) throws(ParameterError) {
    guard let exact = Rational(exactly: value) else {
      throw ParameterError(.notANumber, Kind.name, "must be finite")
    }
    try self.init(exact)
  }

  /// A value already known to be in range.
  package init(unchecked value: Rational) {
    self.value = value
  }
}

/// The magnitudes that accountants can convert to doubles without overflow.
enum QuantityLimits {
  static let smallest = Rational(1) / Rational.powerOfTen(300)
  static let largest = Rational.powerOfTen(300)

  static func supports(_ value: Rational) -> Bool {
    let magnitude = value.magnitude
    return magnitude.signum == 0 || (magnitude >= smallest && magnitude <= largest)
  }
}

extension Rational {
  /// 10 to a non-negative power.
  package static func powerOfTen(_ exponent: Int) -> Rational {
    (0..<exponent).reduce(Rational.one) { product, _ in product * 10 }
  }
}

extension Quantity: Comparable {
  /// Exact order.
  public static func < (a: Quantity, b: Quantity) -> Bool { a.value < b.value }
}

extension Quantity: CustomStringConvertible {
  /// The exact value: decimal where that is finite and short, a fraction otherwise.
  public var description: String { value.decimalDescription }
}

extension Quantity: Codable {
  /// Reads the exact text form and checks the range.
  public init(from decoder: any Decoder) throws {
    try self.init(Rational(from: decoder))
  }

  /// Writes the exact text form.
  public func encode(to encoder: any Encoder) throws {
    try value.encode(to: encoder)
  }
}

extension Quantity {
  /// The smallest double not below the value.
  package var up: Double { value.doubleRoundedUp }
  /// The largest double not above the value.
  package var down: Double { value.doubleRoundedDown }
}
