/// What is certain about a privacy loss: it lies between two doubles.
///
/// The upper bound is the guarantee. The lower bound, where the accountant has one, says how much of the guarantee is
/// slack; it holds for the worst mechanism that the event describes.
public struct Bounds: Sendable, Hashable, CustomStringConvertible {
  /// A value the exact loss is certainly not below; `nil` when the accountant gives none.
  public let lower: Double?
  /// A value the exact loss is certainly not above; `.infinity` when there is no guarantee.
  public let upper: Double

  /// Bounds from `lower` to `upper`.
  public init(lower: Double?, upper: Double) {
    precondition(!upper.isNaN && upper >= 0 && (lower ?? 0) <= upper, "bounds are in order")
    self.lower = lower.map { max(0, $0) }
    self.upper = upper
  }

  /// Upper minus lower; `nil` without a lower bound.
  public var width: Double? { lower.map { upper == $0 ? 0 : upper - $0 } }

  /// `[lower, upper]`.
  public var description: String { "[\(lower.map { "\($0)" } ?? "-"), \(upper)]" }

  /// What two valid pairs of bounds say together.
  ///
  /// Pairs that share no value contradict each other, so one of them is wrong: the wider claim is the safe one.
  package func intersected(_ other: Bounds) -> Bounds {
    if (lower ?? 0) > other.upper || (other.lower ?? 0) > upper {
      return Bounds(lower: nil, upper: Swift.max(upper, other.upper))
    }
    let top = Swift.min(upper, other.upper)
    let bottom = lower.map { Swift.max($0, other.lower ?? 0) } ?? other.lower
    return Bounds(lower: bottom.map { Swift.min($0, top) }, upper: top)
  }
}
