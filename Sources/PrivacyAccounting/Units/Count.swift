/// What a ``Count`` counts and how small it may be.
public protocol CountKind: Sendable {
  /// The parameter's name in error messages.
  static var name: String { get }
  /// The smallest allowed value.
  static var least: Int { get }
}

/// A whole number of things, checked once.
///
/// **Edge cases**: the largest allowed value is 2⁴⁰, so that products of counts and doubles stay exact enough to be
/// bounded.
public struct Count<Kind: CountKind>: Sendable, Hashable {
  /// The largest value any kind accepts.
  public static var most: Int { 1 << 40 }

  /// The number.
  public let value: Int

  /// Checks a number.
  ///
  /// - Throws: ``ParameterError`` when it is outside `Kind.least … 2⁴⁰`.
  public init(_ value: Int) throws(ParameterError) {
    guard value >= Kind.least, value <= Count.most else {
      throw ParameterError(.outOfRange, Kind.name, "must be a whole number from \(Kind.least) to 2^40")
    }
    self.value = value
  }

  package init(unchecked value: Int) {
    self.value = value
  }
}

extension Count: Comparable {
  /// Order of the numbers.
  public static func < (a: Count, b: Count) -> Bool { a.value < b.value }
}

extension Count: CustomStringConvertible {
  /// The number in decimal.
  public var description: String { "\(value)" }
}

extension Count: Codable {
  /// Reads the number and checks the range.
  public init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(Int.self))
  }

  /// Writes the number.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}
