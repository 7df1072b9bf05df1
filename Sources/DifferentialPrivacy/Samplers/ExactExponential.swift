/// Certain bounds on e^(−x) for exact x, as narrow as asked for.
package enum ExactExponential {
  /// Whole numbers with `low ≤ 2^precision · e^(−numerator/denominator) ≤ high`.
  ///
  /// The argument is halved until it is below one half, the alternating series is summed with every term rounded down,
  /// and the result is squared back. A rounded term is off by at most two units (its own and half its predecessor's),
  /// so N terms are off by at most 2N, and what is left out by less than three more, since the terms alternate and
  /// decrease. Rounding the argument down moves the result by at most one more; squaring rounds outwards.
  /// `high − low` is at most a few units.
  package static func bounds(
    _ numerator: BigWhole, over denominator: BigWhole, precision: Int
  ) -> (low: BigWhole, high: BigWhole) {
    let one = BigWhole.one
    let halvings = max(0, (numerator / denominator).bitWidth) + 1
    // Each squaring doubles the error and loses at most one unit; 40 bits cover the series' own units.
    let working = precision + halvings + 40
    let argument = (numerator << working) / (denominator << halvings)
    var (low, high) = series(argument, working)
    for _ in 0..<halvings {
      low = (low * low) >> working
      high = ((high * high) >> working) + one
    }
    let drop = working - precision
    return (low >> drop, (high >> drop) + one)
  }

  /// Bounds of 2^working · e^(−y / 2^working) for x ≤ y ≤ x + 1 and x ≤ 2^(working − 1).
  private static func series(_ x: BigWhole, _ working: Int) -> (BigWhole, BigWhole) {
    var positive = BigWhole.one << working
    var negative = BigWhole.zero
    var term = positive
    var n: UInt64 = 1
    while !term.isZero {
      term = ((term * x) >> working) / BigWhole(n)
      if n % 2 == 0 { positive = positive + term } else { negative = negative + term }
      n += 1
    }
    let sum = positive - negative
    let slack = BigWhole(2 * n + 5)
    return (sum > slack ? sum - slack : .zero, sum + slack)
  }
}
