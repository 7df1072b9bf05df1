/// What one step of the integers in a vector is worth: `units`/`steps`, a fraction in lowest terms.
///
/// The scale belongs to the plan and is the same for all values, so it says nothing about any of them. An exponent on
/// each ciphertext would tell its magnitude.
public struct FixedPointScale: Hashable, Sendable {
  /// The denominator: how many steps there are in ``units``.
  public let steps: Int
  /// The numerator.
  public let units: Int

  /// Steps of 1.
  public static let integers = FixedPointScale(reduced: 1, 1)

  /// `steps` steps in `units`: (100, 1) are hundredths, (1, 1000) are thousands.
  ///
  /// - Throws: ``PaillierError`` with code `invalidParameter` unless both are positive.
  public init(steps: Int, units: Int = 1) throws(PaillierError) {
    guard steps >= 1, units >= 1 else {
      throw PaillierError(.invalidParameter, "scale", "a scale is a positive fraction")
    }
    var (a, b) = (steps, units)
    while b != 0 { (a, b) = (b, a % b) }
    self.init(reduced: steps / a, units / a)
  }

  private init(reduced steps: Int, _ units: Int) {
    self.steps = steps
    self.units = units
  }
}

extension SlotPlan {
  /// The nearest steps of decimal values, for ``Encryptor/encrypt(_:_:threads:)``.
  ///
  /// - Parameter saturating: Takes values beyond the range for its ends instead of refusing them.
  /// - Throws: ``PaillierError`` with code `valueOutOfRange` for what is not a number, and for values beyond the range.
  public func steps(of values: [Double], saturating: Bool = false) throws(PaillierError) -> [Int64] {
    let factor = Double(scale.steps) / Double(scale.units)
    let range = valueRange
    var result: [Int64] = []
    result.reserveCapacity(values.count)
    for value in values {
      let scaled = (value * factor).rounded(.toNearestOrEven)
      guard !scaled.isNaN else { throw PaillierError(.valueOutOfRange, "values", "a value is not a number") }
      // The range is within 2^62, so its ends are never beyond Int64.
      let clamped = min(max(scaled, -0x1p62), 0x1p62)
      let steps = Int64(clamped)
      guard saturating || (clamped == scaled && range.contains(steps)) else {
        throw PaillierError(.valueOutOfRange, "values", "a value does not fit its slot")
      }
      result.append(min(max(steps, range.lowerBound), range.upperBound))
    }
    return result
  }

  /// The decimal values that decrypted steps stand for, to the nearest Double.
  public func values(ofSteps steps: [Int64]) -> [Double] {
    steps.map { Double($0) * Double(scale.units) / Double(scale.steps) }
  }
}
