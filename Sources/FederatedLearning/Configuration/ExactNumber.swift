public import ExactMath

/// An exact number in a configuration: a decimal, a fraction such as `5/3`, or text of either.
///
/// A number in a JSON document is read through its shortest decimal form, so `0.1` is one tenth.
public struct ExactNumber: Sendable, Hashable, Codable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  /// The value.
  public let value: Rational

  /// An exact number.
  public init(_ value: Rational) { self.value = value }

  /// A whole number.
  public init(integerLiteral value: Int) { self.value = Rational(value) }

  /// The number whose shortest decimal form the literal is, so `0.1` is one tenth.
  ///
  /// - Precondition: the literal is finite.
  public init(floatLiteral value: Double) {
    guard let exact = Rational("\(value)") else { preconditionFailure("a literal is a finite number") }
    self.value = exact
  }

  /// Reads text or a number.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text: String
    if let read = try? container.decode(String.self) {
      text = read
    } else {
      let number = try container.decode(Double.self)
      text = "\(number)"
    }
    guard let value = Rational(text) else {
      throw FederatedError(
        .configuration, decoder.codingPath.map(\.stringValue).joined(separator: "."),
        "is not an exact decimal or fraction such as 0.05 or 5/3")
    }
    self.value = value
  }

  /// Writes the exact text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value.decimalDescription)
  }
}
