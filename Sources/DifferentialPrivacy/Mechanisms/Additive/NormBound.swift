public import PrivacyAccounting

/// A bound on the norm of whole-number vectors, kept by exact clipping: the sensitivity is that of the integers.
///
/// A clip factor computed in floating point can leave a norm one unit in the last place above the bound. Here squared
/// norms, roots and quotients are whole numbers, every coordinate is rounded toward zero, and the result's norm is at
/// most the bound, always.
public struct NormBound: Sendable, Hashable {
  /// The norm.
  public enum Norm: String, Sendable, Hashable, CaseIterable {
    /// The sum of magnitudes.
    case l1
    /// The root of the sum of squares.
    case l2
  }

  /// The norm.
  public let norm: Norm
  /// The bound in whole units.
  public let bound: Int

  /// The largest magnitude of a coordinate that is not clamped before clipping.
  static let coordinateLimit: Int64 = 1 << 40

  /// - Throws: `ParameterError` unless the bound is from 1 to 2⁴⁰.
  public init(_ norm: Norm, bound: Int) throws(ParameterError) {
    guard (1...Int(NormBound.coordinateLimit)).contains(bound) else {
      throw ParameterError(.outOfRange, "bound", "must be a whole number from 1 to 2^40")
    }
    self.norm = norm
    self.bound = bound
  }

  /// The vector itself where its norm is within the bound, and one of the same direction, rounded toward zero, otherwise.
  ///
  /// **Edge cases**: coordinates are clamped to ±2⁴⁰ first; up to 2⁴⁰ of them cannot overflow.
  public func clip(_ vector: [Int64]) -> [Int64] {
    let limit = NormBound.coordinateLimit
    let clamped = vector.map { min(max($0, -limit), limit) }
    let length: UInt128
    switch norm {
    case .l1:
      length = clamped.reduce(UInt128(0)) { $0 + UInt128($1.magnitude) }
    case .l2:
      let square = clamped.reduce(UInt128(0)) { $0 + UInt128($1.magnitude) * UInt128($1.magnitude) }
      length = NormBound.rootRoundedUp(square)
      // A root is rounded up: the square decides.
      if square <= UInt128(bound) * UInt128(bound) { return clamped }
    }
    if length <= UInt128(bound) { return clamped }
    return clamped.map { value in
      let scaled = Int64(UInt128(value.magnitude) * UInt128(bound) / length)
      return value < 0 ? -scaled : scaled
    }
  }

  /// The smallest whole number whose square is not below `square`.
  private static func rootRoundedUp(_ square: UInt128) -> UInt128 {
    guard square > 1 else { return square }
    var root = UInt128(1) << UInt128((128 - square.leadingZeroBitCount + 1) / 2)
    while true {
      // Newton from above: falls to the root, rounded down.
      let next = (root + square / root) / 2
      if next >= root { break }
      root = next
    }
    return root * root == square ? root : root + 1
  }
}
