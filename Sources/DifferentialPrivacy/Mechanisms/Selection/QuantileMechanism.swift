public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// A quantile of whole numbers, chosen by the exponential mechanism among all whole numbers of a public range.
///
/// For the quantile p = a/b a candidate x is scored by −|(b − a)·#{v < x} − a·#{v > x}|, which is zero for a point that
/// splits the values as p asks, ties included (the score of Smith 2011, in whole numbers). Adding or removing a value
/// moves it by at most max(a, b − a), replacing one by at most b. The choice has bounded range ε.
///
/// Exact: candidates between two neighbouring values share a score, so runs of them are drawn by their weight, which
/// whole-number bounds of the exponential settle, refined until they decide.
///
/// **Edge cases**: values outside the range are clamped into it; no values at all give a uniform answer. The time depends
/// on the values: release at a fixed tick where that matters.
public struct QuantileMechanism: Sendable {
  /// The pure loss.
  public let epsilon: Epsilon
  /// The smallest and the largest answer.
  public let range: ClosedRange<Int64>
  /// The neighbours that ε holds for.
  public let adjacency: Adjacency
  private let above: UInt64
  private let below: UInt64
  private let numerator: BigWhole
  private let denominator: BigWhole

  /// - Parameters:
  ///   - quantile: from 0, the minimum, through 1, the maximum; its denominator may be up to 2¹⁶.
  ///   - range: a public range within ±2⁶¹; it must not be chosen by looking at the values.
  ///   - adjacency: the neighbours that ε is for.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(
    quantile: Rational, range: ClosedRange<Int64>, epsilon: Epsilon, adjacency: Adjacency
  ) throws(ParameterError) {
    guard let least = quantile.denominatorWords.first, quantile.denominatorWords.count == 1,
      least <= 1 << 16, quantile.signum >= 0, quantile <= 1
    else {
      throw ParameterError(.outOfRange, "quantile", "must be a fraction from 0 to 1 with a denominator up to 2^16")
    }
    guard range.lowerBound >= -(1 << 61), range.upperBound <= 1 << 61 else {
      throw ParameterError(.outOfRange, "range", "must lie within ±2^61")
    }
    try ScaleLimits.checkPositive(epsilon.value, "epsilon")
    let parts = UInt64(least)
    above = UInt64(quantile.numeratorWords.first ?? 0)
    below = parts - above
    let change =
      switch adjacency {
      case .addOrRemove: max(above, below)
      case .replaceOne: parts
      }
    let rate = epsilon.value / Rational(Int(2 * change))
    try ScaleLimits.checkDigits(rate, "epsilon")
    numerator = BigWhole(numeratorOf: rate)
    self.denominator = BigWhole(denominatorOf: rate)
    self.epsilon = epsilon
    self.range = range
    self.adjacency = adjacency
  }

  /// One answer.
  public var event: PrivacyEvent { .exponential(epsilon: epsilon) }

  /// The chosen point.
  ///
  /// The cost is sorting, and one bound of an exponential for every run of candidates within 256Δ/ε of the best score.
  ///
  /// - Precondition: there are fewer than 2⁴⁰ values.
  public func release(_ values: [Int64], using generator: inout SecureGenerator) -> Int64 {
    draw(values, using: &generator)
  }

  /// The chosen point, with a simulation's stream.
  package func simulate(_ values: [Int64], using generator: inout SimulationGenerator) -> Simulated<Int64> {
    Simulated(draw(values, using: &generator))
  }

  package func draw<Source: UniformSource & ~Copyable>(_ values: [Int64], using source: inout Source) -> Int64 {
    let runs = runs(values)
    let best = runs.reduce(UInt64.max) { min($0, $1.miss) }
    let choice = WeightedChoice(
      runs.map { run in
        WeightedChoice.Item(
          width: run.width, numerator: BigWhole(run.miss - best) * numerator, denominator: denominator)
      })
    let run = runs[source.choose(choice)]
    return run.first + Int64(source.uniform(under: run.width))
  }

  /// Candidates of one score.
  private struct Run {
    let first: Int64
    let width: UInt64
    /// The distance of the score from zero.
    let miss: UInt64
  }

  private func runs(_ values: [Int64]) -> [Run] {
    precondition(values.count < 1 << 40, "a quantile takes fewer than 2^40 values")
    let sorted = values.map { min(max($0, range.lowerBound), range.upperBound) }.sorted()
    var result: [Run] = []
    var next = range.lowerBound
    var index = 0
    func add(through last: Int64, less: Int, greater: Int) {
      guard next <= last else { return }
      let (a, b) = (below * UInt64(less), above * UInt64(greater))
      result.append(Run(first: next, width: UInt64(last - next) + 1, miss: max(a, b) - min(a, b)))
      next = last + 1
    }
    while index < sorted.count {
      let value = sorted[index]
      var after = index
      while after < sorted.count, sorted[after] == value { after += 1 }
      add(through: value - 1, less: index, greater: sorted.count - index)
      add(through: value, less: index, greater: sorted.count - after)
      index = after
    }
    add(through: range.upperBound, less: sorted.count, greater: 0)
    return result
  }
}

extension QuantileMechanism: BoundedRange {
  /// ε.
  public var pureLoss: Epsilon { epsilon }
  /// ε.
  public var lossRange: Epsilon { epsilon }
}
