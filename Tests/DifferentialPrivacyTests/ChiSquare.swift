import Glibc

/// A χ² goodness-of-fit test with a stated false-alarm rate.
enum ChiSquare {
  /// Whether `counts` fit `probabilities` at false-alarm rate 1e-9; cells expecting fewer than 20 are pooled.
  static func fits(_ counts: [Int: Int], _ probabilities: [Int: Double], total: Int) -> Bool {
    var statistic = 0.0
    var cells = 0
    var pooledExpected = Double(total)
    var pooledCount = Double(total)
    for (value, probability) in probabilities where probability * Double(total) >= 20 {
      let expected = probability * Double(total)
      let difference = Double(counts[value] ?? 0) - expected
      statistic += difference * difference / expected
      cells += 1
      pooledExpected -= expected
      pooledCount -= Double(counts[value] ?? 0)
    }
    if pooledExpected >= 20 {
      statistic += (pooledCount - pooledExpected) * (pooledCount - pooledExpected) / pooledExpected
      cells += 1
    } else if pooledCount > 100 {
      // Fewer than 20 expected and more than 100 seen: probability below 1e-30.
      return false
    }
    return statistic < limit(cells - 1)
  }

  /// A number that χ² with `degrees` degrees of freedom exceeds with probability below 1e-9.
  ///
  /// Laurent and Massart (2000), lemma 1: P[χ² ≥ k + 2√(kx) + 2x] ≤ e^(−x), with x = ln 10⁹ < 20.73.
  static func limit(_ degrees: Int) -> Double {
    let k = Double(max(1, degrees))
    return k + 2 * (k * 20.73).squareRoot() + 2 * 20.73
  }

  /// Normalised weights of e^(−g(x)) for x in a range.
  static func law(_ range: ClosedRange<Int>, _ exponent: (Double) -> Double) -> [Int: Double] {
    let weights = range.map { exp(-exponent(Double($0))) }
    let total = weights.sorted().reduce(0, +)
    return Dictionary(uniqueKeysWithValues: zip(range, weights.map { $0 / total }))
  }
}
