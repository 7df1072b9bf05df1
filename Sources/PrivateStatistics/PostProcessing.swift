public import ExactMath

/// What is done to a noisy count or sum before it is shown; it costs no privacy, but it may bias the answer.
///
/// Intervals stay intervals of the noise: they are cut to what is possible and widened to hold the shown answer, so
/// that they cover at least as often as before.
public struct PostProcessing: Sendable, Hashable {
  /// Whether answers below 0 are shown as 0.
  ///
  /// The mean of the shown answers is then too large, by at most half of the
  /// noise's mean magnitude, where the truth is near 0.
  public let isNonNegative: Bool
  /// Answers are rounded to the nearest multiple, ties upwards; `nil` for no rounding.
  public let multiple: Rational?

  /// Answers as the noise left them.
  public static let none = PostProcessing(isNonNegative: false)

  private init(isNonNegative: Bool) {
    self.isNonNegative = isNonNegative
    multiple = nil
  }

  /// Checks a choice.
  ///
  /// - Throws: ``StatisticsError`` for a multiple of 0 or less.
  public init(nonNegative: Bool = false, roundedTo multiple: Rational? = nil) throws(StatisticsError) {
    guard multiple.map({ $0.signum > 0 }) ?? true else { throw .query("round", "must be above 0") }
    isNonNegative = nonNegative
    self.multiple = multiple
  }

  /// The shown answer.
  func apply(_ value: Rational) -> Rational {
    var result = isNonNegative ? max(value, 0) : value
    if let multiple, let times = (result / multiple + Rational(1, 2)).floor { result = Rational(times) * multiple }
    return result
  }

  /// The most by which the shown answer's mean may differ from the noisy one's, for noise of this standard deviation:
  /// E max(0, x + Z) − x ≤ E max(0, Z) = E|Z|/2 ≤ σ/2 for symmetric Z and x ≥ 0 (Jensen), and half a multiple.
  func bias(deviation: Double) -> Double {
    (isNonNegative ? deviation / 2 : 0) + (multiple.map { $0.doubleValue / 2 } ?? 0)
  }
}

/// Which groups of a release are shown: those with the largest noisy answers.
///
/// The choice reads noisy answers only, so it costs nothing; the answers it picks are too large on average.
public struct TopGroups: Sendable, Hashable {
  /// The name of the answer that orders the groups.
  public let name: String
  /// The most groups shown.
  public let count: Int

  /// Checks that at least one group is wanted.
  public init(by name: String, count: Int) throws(StatisticsError) {
    guard (1...Query.maximumGroups).contains(count) else {
      throw .query("top.count", "must be a whole number from 1 to \(Query.maximumGroups)")
    }
    self.name = name
    self.count = count
  }

  /// The rows that are shown, largest answer first; equal answers in the order they had.
  func choose(_ rows: [ReleasedTable.Row], names: [String]) -> [ReleasedTable.Row] {
    guard let index = names.firstIndex(of: name) else { return rows }
    let order = rows.indices.sorted {
      let (a, b) = (rows[$0].values[index].value, rows[$1].values[index].value)
      return a != b ? a > b : $0 < $1
    }
    return order.prefix(count).map { rows[$0] }
  }
}
