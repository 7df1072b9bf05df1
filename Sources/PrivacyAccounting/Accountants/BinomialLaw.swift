import ExactMath

/// Enclosed probabilities of the binomial law.
struct BinomialLaw {
  let trials: Int
  private let logRate: Interval
  private let logRest: Interval
  private let logAll: Interval

  /// `trials` independent trials of the given success probability.
  init(trials: Int, rate: Interval) {
    self.trials = trials
    logRate = rate.logarithm
    logRest = (-rate).logarithmOfOnePlus
    logAll = BinomialLaw.logFactorial(trials)
  }

  /// ln P[X = k].
  func logMass(_ k: Int) -> Interval {
    let choices = logAll - BinomialLaw.logFactorial(k) - BinomialLaw.logFactorial(trials - k)
    let successes = k == 0 ? .zero : logRate * Interval(Double(k))
    let failures = k == trials ? .zero : logRest * Interval(Double(trials - k))
    return choices + successes + failures
  }

  /// ln n! by Stirling's series, whose partial sums enclose the value in turn (Robbins 1955 for the first term).
  static func logFactorial(_ n: Int) -> Interval {
    if n < 20 {
      return Interval((1...max(n, 1)).reduce(1.0) { $0 * Double($1) }).logarithm
    }
    let x = Interval(Double(n))
    let inverse = Interval.one / x
    let cube = inverse * inverse.squared
    let correction = inverse / 12 - cube / 360 + Interval(0, (cube * inverse.squared / 1_260).high)
    return x * x.logarithm - x + (Interval.pi * x * 2).logarithm * 0.5 + correction
  }
}
