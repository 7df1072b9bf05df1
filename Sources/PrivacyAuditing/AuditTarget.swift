/// A mechanism seen from outside: data set in, outputs out.
///
/// Implementations may be a mechanism of this package, one of another library, or a program in any language.
public protocol AuditTarget {
  /// Runs the mechanism `count` times, independently, on one data set.
  ///
  /// - Parameters:
  ///   - dataset: The rows, each a finite number inside the audit's domain; may be empty.
  ///   - count: How many outputs are wanted, at least 1.
  /// - Returns: Exactly `count` finite numbers.
  /// - Throws: ``AuditError`` with the code ``AuditError/Code/targetFailed``.
  mutating func outputs(of dataset: [Double], count: Int) throws(AuditError) -> [Double]
}

/// Two data sets that differ in one unit of privacy.
public struct AdjacentPair: Sendable, Hashable {
  /// The data set without the unit (or with the unit as it was).
  public let first: [Double]
  /// The data set with the unit (or with the unit replaced).
  public let second: [Double]

  /// A pair; that it is adjacent is the caller's statement.
  public init(_ first: [Double], _ second: [Double]) {
    self.first = first
    self.second = second
  }

  /// Pairs over a bounded domain that make a bounded sum move by as much as one added row can.
  ///
  /// The row has the value of largest magnitude in the domain; it joins an empty data set and one of three rows, so
  /// that a mechanism that treats empty data specially is seen.
  public static func addOneRow(domain: ClosedRange<Double>) -> [AdjacentPair] {
    let row = domain.lowerBound.magnitude > domain.upperBound.magnitude ? domain.lowerBound : domain.upperBound
    let middle = domain.lowerBound + (domain.upperBound - domain.lowerBound) / 2
    let others = [domain.lowerBound, middle, domain.upperBound]
    return [AdjacentPair([], [row]), AdjacentPair(others, others + [row])]
  }

  /// The pair with the value of one row moved from one end of the domain to the other.
  public static func replaceOneRow(domain: ClosedRange<Double>) -> [AdjacentPair] {
    let middle = domain.lowerBound + (domain.upperBound - domain.lowerBound) / 2
    return [
      AdjacentPair([domain.lowerBound], [domain.upperBound]),
      AdjacentPair([middle, domain.lowerBound], [middle, domain.upperBound]),
    ]
  }
}
