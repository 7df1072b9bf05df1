public import ExactMath

/// What a ``RootQuantity`` measures.
public protocol RootQuantityKind: Sendable {
  /// The name of the quantity itself, as in `sigma=3`.
  static var name: String { get }
  /// The name of its square, as in `variance=10`.
  static var squaredName: String { get }
}

/// A positive quantity kept as its exact square: a standard deviation, a noise multiplier, an L2 sensitivity.
///
/// The square root of a rational is seldom rational: three groups change a vector by √3, and integer variances make
/// the fastest exact samplers. So the square is the value and the root is derived.
public struct RootQuantity<Kind: RootQuantityKind>: Sendable, Hashable {
  /// The exact square, above zero.
  public let squared: Rational

  /// Checks the quantity itself.
  ///
  /// - Throws: ``ParameterError`` unless it is positive and its square lies in `1e-300 … 1e300`.
  public init(_ root: Rational) throws(ParameterError) {
    guard root.signum > 0, QuantityLimits.supports(root * root) else {
      throw ParameterError(.outOfRange, Kind.name, "must be a finite number > 0")
    }
    squared = root * root
  }

  /// Checks the square of the quantity.
  ///
  /// - Throws: ``ParameterError`` unless the square lies in `1e-300 … 1e300`.
  public init(squared: Rational) throws(ParameterError) {
    guard squared.signum > 0, QuantityLimits.supports(squared) else {
      throw ParameterError(.outOfRange, Kind.squaredName, "must be a finite number > 0")
    }
    self.squared = squared
  }

  /// Reads the quantity itself: `0.05`, `5/3`, `1e-5`.
  ///
  /// - Throws: ``ParameterError`` when the text is no such number or is out of range.
  public init(_ text: String) throws(ParameterError) {
    guard let value = Rational(text) else {
      throw ParameterError(.notANumber, Kind.name, "is not an exact decimal or fraction such as 0.05 or 5/3")
    }
    try self.init(value)
  }

  package init(uncheckedSquared squared: Rational) {
    self.squared = squared
  }

  /// The quantity itself when it is rational.
  public var root: Rational? { squared.squareRoot }
}

extension RootQuantity: Comparable {
  /// Order of the quantities.
  public static func < (a: RootQuantity, b: RootQuantity) -> Bool { a.squared < b.squared }
}

extension RootQuantity: CustomStringConvertible {
  /// `sigma=3` where the root is rational, `variance=10` otherwise.
  public var description: String {
    if let root { return "\(Kind.name)=\(root.decimalDescription)" }
    return "\(Kind.squaredName)=\(squared.decimalDescription)"
  }
}

extension RootQuantity: Codable {
  /// Reads the exact square and checks the range.
  public init(from decoder: any Decoder) throws {
    try self.init(squared: Rational(from: decoder))
  }

  /// Writes the exact square.
  public func encode(to encoder: any Encoder) throws {
    try squared.encode(to: encoder)
  }
}

/// The kind of ``NoiseScale``.
public enum NoiseScaleKind: RootQuantityKind {
  /// The name of the quantity itself.
  public static let name = "sigma"
  /// The name of its square.
  public static let squaredName = "variance"
}

/// The parameter σ of a discrete Gaussian or Skellam law in grid steps, kept as its exact square.
public typealias NoiseScale = RootQuantity<NoiseScaleKind>

extension RootQuantity where Kind == NoiseScaleKind {
  /// Noise of parameter `sigma`.
  public init(sigma: Rational) throws(ParameterError) { try self.init(sigma) }
  /// Noise of parameter σ² `variance`.
  public init(variance: Rational) throws(ParameterError) { try self.init(squared: variance) }
  /// The exact σ².
  public var variance: Rational { squared }
  /// σ when it is rational.
  public var sigma: Rational? { root }
}

/// The kind of ``NoiseMultiplier``.
public enum NoiseMultiplierKind: RootQuantityKind {
  /// The name of the quantity itself.
  public static let name = "sigma"
  /// The name of its square.
  public static let squaredName = "variance"
}

/// σ of a Gaussian over the L2 sensitivity under the stated adjacency, kept as its exact square.
public typealias NoiseMultiplier = RootQuantity<NoiseMultiplierKind>

extension RootQuantity where Kind == NoiseMultiplierKind {
  /// The multiplier of noise `scale` on a query of the given L2 sensitivity.
  ///
  /// - Throws: ``ParameterError`` when the quotient is out of range.
  public init(_ scale: NoiseScale, over sensitivity: L2Sensitivity) throws(ParameterError) {
    try self.init(squared: scale.squared / sensitivity.squared)
  }
}

/// The kind of ``L2Sensitivity``.
public enum L2SensitivityKind: RootQuantityKind {
  /// The name of the quantity itself.
  public static let name = "sensitivity"
  /// The name of its square.
  public static let squaredName = "squared-sensitivity"
}

/// The largest change of a query in the L2 norm, kept as its exact square.
public typealias L2Sensitivity = RootQuantity<L2SensitivityKind>
