private import Glibc

/// Counts of one event under two neighbouring data sets, and the ε they prove.
public struct EventCounts: Sendable, Hashable {
  /// Outputs of the first data set inside the event.
  public let first: Int
  /// Outputs of the second data set inside the event.
  public let second: Int
  /// Outputs drawn from each data set.
  public let trials: Int

  /// Counts.
  public init(first: Int, second: Int, trials: Int) {
    precondition(trials >= 1 && (0...trials).contains(first) && (0...trials).contains(second), "counts out of range")
    self.first = first
    self.second = second
    self.trials = trials
  }

  /// The largest ε that the counts refute: with probability at least 1 − alpha over the samples, a mechanism whose
  /// true ε at this δ is below the returned value does not produce it.
  ///
  /// Both directions share one pair of Clopper–Pearson intervals, each at alpha/2, so nothing is tested twice. For
  /// the event S with miss rate FNR = P[second ∉ S] and false alarm rate FPR = P[first ∈ S], (ε, δ)-differential
  /// privacy demands 1 − FNR ≤ e^ε·FPR + δ and 1 − FPR ≤ e^ε·FNR + δ (Kairouz, Oh and Viswanath 2015; used for
  /// audits by Jagielski, Ullman and Oprea 2020).
  ///
  /// **Edge cases**: 0 when nothing is proved.
  public func epsilonLowerBound(delta: Double, alpha: Double) -> Double {
    let falseAlarm = BinomialConfidence.upperBound(successes: first, trials: trials, error: alpha / 2)
    let miss = BinomialConfidence.upperBound(successes: trials - second, trials: trials, error: alpha / 2)
    return max(
      0, EventCounts.refuted(1 - miss - delta, by: falseAlarm), EventCounts.refuted(1 - falseAlarm - delta, by: miss))
  }

  /// The largest bound that `trials` samples of each data set could show, reached by a perfect attack: an audit
  /// cannot see beyond it.
  public static func cap(trials: Int, delta: Double, alpha: Double) -> Double {
    EventCounts(first: 0, second: trials, trials: trials).epsilonLowerBound(delta: delta, alpha: alpha)
  }

  private static func refuted(_ power: Double, by rate: Double) -> Double {
    power > 0 && rate > 0 ? log(power / rate) : 0
  }
}
