import ExactMath

/// Bounds of a column that nobody knows: a noisy histogram over powers of two, and the outermost bins whose counts
/// the noise alone would hardly reach (Wilson, Zhang, Lam, Desfontaines, Simmons-Marengo and Gipson 2020, section 5.1.1).
enum LogarithmicBins {
  private static let least = -9
  private static let most = 33
  /// The chance that a bin without rows passes for one with some, all bins together.
  static let miss = 0.001

  /// −2³³ … −2⁻⁹, 2⁻⁹ … 2³³: exact in billionths; values beyond belong to the outer bins.
  static let edges: [Rational] = {
    let powers = (least...most).map { power in
      power < 0 ? Rational(1, 1 << -power) : Rational(1 << power)
    }
    return powers.reversed().map { Rational.zero - $0 } + powers
  }()

  /// The least and the greatest edge of bins that surely hold rows; everything when none does.
  ///
  /// A true extreme lies at or beyond the inner edge of its bin unless the noise fooled the threshold.
  static func answers(_ counts: [Int], threshold: Int) -> [ReleasedValue] {
    let low = counts.firstIndex { $0 > threshold } ?? 0
    let high = counts.lastIndex { $0 > threshold } ?? counts.count - 1
    let isKnown = counts.contains { $0 > threshold }
    func text(_ index: Int) -> String { edges[index].decimalDescription }
    return [
      ReleasedValue(text: text(low), low: text(0), high: text(isKnown ? low + 1 : edges.count - 1)),
      ReleasedValue(text: text(high + 1), low: text(isKnown ? high : 0), high: text(edges.count - 1)),
    ]
  }
}
