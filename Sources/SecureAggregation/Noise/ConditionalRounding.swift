package import SecureRandom

/// Randomised rounding that is repeated until the integer vector is short enough (Kairouz, Liu and Steinke
/// 2021, conditional randomised rounding).
///
/// Let x have norm at most c grid steps in d coordinates, and let every coordinate be rounded up or down at random
/// with mean x_j. The rounding error has squared norm at most d/4 in expectation, so E‖q‖² ≤ c² + d/4, and ‖q‖² exceeds
/// c² + d/4 + √(2 ln(1/β))·(c + √d/2) with probability at most β; always ‖q‖ ≤ c + √d. At β = e^(−1/2) the root is 1,
/// and the rounding is drawn 2.6 times at the very most on average.
///
/// Every q that comes out is within the bound, checked in exact integers, whatever the coins were: that makes the bound
/// a sensitivity, and the claim does not need the coins to be secret. The condition costs a small bias, no privacy.
public struct ConditionalRounding: Sendable, Hashable {
  /// The norm that vectors are clipped to, in grid steps.
  public let clipSteps: Int
  /// The number of coordinates.
  public let dimension: Int
  /// The largest squared norm of a rounded vector: the squared sensitivity of a sum when one is added or removed.
  public let squaredBound: Int

  /// The rounding of vectors of `dimension` coordinates and a norm of at most `clipSteps`.
  ///
  /// - Precondition: `clipSteps` is from 1 to 2^30 and `dimension` from 1 to 2^40.
  public init(clipSteps: Int, dimension: Int) {
    precondition((1...1 << 30).contains(clipSteps) && (1...1 << 40).contains(dimension), "a grid in range")
    self.clipSteps = clipSteps
    self.dimension = dimension
    // In integers, each term rounded up.
    var root = 1
    while root * root < dimension { root += 1 }
    let c = clipSteps
    squaredBound = min((c + root) * (c + root), c * c + (dimension + 3) / 4 + c + (root + 1) / 2)
  }

  /// A rounding of `scaled` within the bound.
  ///
  /// **Edge cases**: a vector that is longer than `clipSteps` is rounded within the bound as well, if need be towards
  /// zero and then halved.
  package func round<Source: RandomWords & ~Copyable>(_ scaled: [Double], using source: inout Source) -> [Int64] {
    precondition(scaled.count == dimension, "a rounding takes vectors of its dimension")
    var result = [Int64](repeating: 0, count: dimension)
    for _ in 0..<128 {
      let from = scaled.span
      var to = result.mutableSpan
      for index in from.indices {
        let floor = from[index].rounded(.down)
        let coin = Double(source.next() >> 11) * 0x1p-53
        to[index] = Int64(floor) + (coin < from[index] - floor ? 1 : 0)
      }
      if isWithinBound(result) { return result }
    }
    // At most 1 time in 10^27: towards zero, which is never longer than the clipped vector; checked all the same.
    result = scaled.map { Int64($0.rounded(.towardZero)) }
    while !isWithinBound(result) { result = result.map { $0 / 2 } }
    return result
  }

  /// ‖q‖² ≤ bound in exact integers: the sensitivity that the accountant is told.
  private func isWithinBound(_ values: [Int64]) -> Bool {
    var sum: Int64 = 0
    for value in values {
      let (square, overflow) = value.multipliedReportingOverflow(by: value)
      let (next, carry) = sum.addingReportingOverflow(square)
      guard !overflow, !carry, next <= squaredBound else { return false }
      sum = next
    }
    return true
  }
}
