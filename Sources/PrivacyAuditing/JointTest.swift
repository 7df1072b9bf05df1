private import Glibc

/// An exact test of "P[E | second] ≤ e^ε·P[E | first] + δ" that spends its whole error on one statistic.
///
/// With K₀ and K₁ the counts of the event among n outputs under the first and second data set, the statistic is
/// Z = (K₁ − s·K₀ − nδ)/√(K₁ + s²·K₀ + s·n·δ/2 + 1) with a slope s that is fixed before the counts are seen. Z grows
/// with K₁ and falls with K₀: its derivative by K₁ has the sign of D − N/2, by K₀ that of −s·D − s²·N/2, where N is the
/// numerator, D the square of the denominator, N ≤ K₁ and −s·N ≤ s²·K₀ + s·n·δ. The p-value is the largest probability,
/// over every pair of rates the hypothesis allows, that Z is as large as observed. A larger ε only adds pairs and Z
/// stays, so the hypotheses refuted form an interval, and its end is a lower confidence bound for ε.
///
/// The maximum over the unknown rate p₀ is taken over its Clopper–Pearson interval at error β = α/50, which is added to
/// the p-value (Berger and Boos 1994). Over a cell [a, b] of p₀ the probability is at most that with K₀ ~ Bin(n, a) and
/// K₁ ~ Bin(n, min(1, e^ε·b + δ)), because Z is monotone; so finitely many cells bound the supremum rigorously. Two
/// Clopper–Pearson intervals at α/2 each waste the part of α where both rates err at once; here only the width of a cell
/// and β are lost.
public struct JointTest: Sendable, Hashable {
  /// How much one count under the first data set weighs against one under the second; at least 1.
  public let slope: Double

  private static let cells = 48

  /// A test whose statistic is sharpest when the true ε is near `sharpestAt`.
  ///
  /// - Parameter epsilon: ε ≥ 0, chosen without looking at the counts that are judged, such as the claimed ε or the
  ///   bound seen on training samples.
  public init(sharpestAt epsilon: Double) {
    precondition(epsilon >= 0, "epsilon must not be negative")
    slope = exp(min(epsilon, 30))
  }

  /// Whether the counts refute ε at level alpha.
  public func refutes(epsilon: Double, delta: Double, _ counts: EventCounts, alpha: Double) -> Bool {
    let rates = rates(counts, alpha)
    return (0..<JointTest.cells).allSatisfy {
      probability(
        counts, epsilon: epsilon, delta: delta, rates, cell: $0, first: firstLaw(counts.trials, rates, cell: $0))
        <= JointTest.level(alpha)
    }
  }

  /// The largest ε that the counts refute at level alpha; 0 when none is.
  ///
  /// A mechanism whose true ε at this δ is below the returned value produces such counts with probability at most
  /// alpha.
  public func epsilonLowerBound(_ counts: EventCounts, delta: Double, alpha: Double) -> Double {
    let rates = rates(counts, alpha)
    let level = JointTest.level(alpha)
    // The law of the first count in a cell is the same for every ε that is tried.
    var laws = [BinomialLaw?](repeating: nil, count: JointTest.cells)
    func probability(epsilon: Double, cell: Int) -> Double {
      let first = laws[cell] ?? firstLaw(counts.trials, rates, cell: cell)
      laws[cell] = first
      return self.probability(counts, epsilon: epsilon, delta: delta, rates, cell: cell, first: first)
    }
    var worst = JointTest.cells / 2
    var high = 40.0
    // Where one cell alone stops being refuted is cheap to find; the value is kept once every cell agrees.
    while true {
      var low = 0.0
      guard probability(epsilon: low, cell: worst) <= level else { return 0 }
      for _ in 0..<40 where high - low > 1e-5 {
        let middle = low + (high - low) / 2
        if probability(epsilon: middle, cell: worst) <= level { low = middle } else { high = middle }
      }
      let probabilities = (0..<JointTest.cells).map { probability(epsilon: low, cell: $0) }
      let largest = probabilities.max() ?? 1
      if largest <= level { return low }
      if low == 0 { return 0 }
      worst = probabilities.firstIndex(of: largest) ?? 0
      high = low
    }
  }

  /// The share of alpha spent on the unknown rate.
  private static func beta(_ alpha: Double) -> Double { alpha / 50 }

  private func rates(_ counts: EventCounts, _ alpha: Double) -> ClosedRange<Double> {
    let error = JointTest.beta(alpha) / 2
    let low = BinomialConfidence.lowerBound(successes: counts.first, trials: counts.trials, error: error)
    return
      low...max(
        low, BinomialConfidence.upperBound(successes: counts.first, trials: counts.trials, error: error))
  }

  /// What the probability of a cell may be at most: alpha less what was spent and what arithmetic may lose.
  private static func level(_ alpha: Double) -> Double {
    (alpha - beta(alpha)) * (1 - 1e-4) - 2 * BinomialLaw.omitted
  }

  /// An upper bound of P[Z ≥ observed] over every rate of one cell; 1 where the hypothesis allows any second rate.
  private func probability(
    _ counts: EventCounts, epsilon: Double, delta: Double, _ rates: ClosedRange<Double>, cell: Int, first: BinomialLaw
  ) -> Double {
    let width = (rates.upperBound - rates.lowerBound) / Double(JointTest.cells)
    let rate = exp(epsilon) * (rates.lowerBound + width * Double(cell) + width) + delta
    guard rate < 1 else { return 1 }
    let observed = statistic(counts.first, counts.second, counts.trials, delta)
    return probability(observed, counts.trials, delta, first, rate)
  }

  /// The law of the first count at the lower end of a cell.
  private func firstLaw(_ trials: Int, _ rates: ClosedRange<Double>, cell: Int) -> BinomialLaw {
    let width = (rates.upperBound - rates.lowerBound) / Double(JointTest.cells)
    return BinomialLaw(trials: trials, p: rates.lowerBound + width * Double(cell))
  }

  private func statistic(_ first: Int, _ second: Int, _ trials: Int, _ delta: Double) -> Double {
    let (k0, k1, free) = (Double(first), Double(second), Double(trials) * delta)
    return (k1 - slope * k0 - free) / (k1 + slope * slope * k0 + slope * free / 2 + 1).squareRoot()
  }

  /// P[Z ≥ observed] for independent K₀ of a law and K₁ ~ Bin(trials, p₁).
  private func probability(
    _ observed: Double, _ trials: Int, _ delta: Double, _ first: BinomialLaw, _ p1: Double
  ) -> Double {
    let second = BinomialLaw(trials: trials, p: p1)
    // A hair below the observed value keeps ties inside the event.
    let needed = observed - 1e-9 * max(1, abs(observed))
    let last = second.start + second.probabilities.count
    var least = second.start
    var sum = 0.0
    for (index, mass) in first.probabilities.enumerated() {
      // Z falls with K₀, so the least K₁ that reaches the observed value only grows.
      while least < last, statistic(first.start + index, least, trials, delta) < needed { least += 1 }
      // Below the window nothing was looked at: all of it counts.
      sum += mass * (least == second.start ? 1 : second.tail(from: least))
    }
    return sum
  }

  /// The largest bound that `trials` samples of each data set can show, reached by a perfect attack.
  public func cap(trials: Int, delta: Double, alpha: Double) -> Double {
    epsilonLowerBound(EventCounts(first: 0, second: trials, trials: trials), delta: delta, alpha: alpha)
  }
}
