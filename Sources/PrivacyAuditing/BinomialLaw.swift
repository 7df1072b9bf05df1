private import Glibc

/// Probabilities of a binomial count over the window that holds all but a negligible part of them.
struct BinomialLaw {
  /// The first count of the window.
  let start: Int
  /// The probability of each count of the window.
  let probabilities: [Double]
  /// The probability of reaching each count of the window or more.
  let upperTails: [Double]

  /// What the window leaves out on both sides together is below this.
  static let omitted = 1e-15

  /// The law of the number of successes in `trials` trials with success probability `p` in [0, 1].
  init(trials: Int, p: Double) {
    let n = Double(trials)
    let reach = Int(9 * (n * p * (1 - p)).squareRoot()) + 50
    let mode = min(trials, max(0, Int((n + 1) * p)))
    start = max(0, mode - reach)
    let end = min(trials, mode + reach)
    var masses = [Double](repeating: 0, count: end - start + 1)
    masses[mode - start] = BinomialLaw.probability(of: mode, trials: trials, p: p)
    for k in stride(from: mode, to: end, by: 1) {
      masses[k + 1 - start] = masses[k - start] * (Double(trials - k) / Double(k + 1)) * (p / (1 - p))
    }
    for k in stride(from: mode, to: start, by: -1) {
      masses[k - 1 - start] = masses[k - start] * (Double(k) / Double(trials - k + 1)) * ((1 - p) / p)
    }
    var tails = masses
    for index in stride(from: masses.count - 2, through: 0, by: -1) { tails[index] += tails[index + 1] }
    probabilities = masses
    upperTails = tails
  }

  /// P[count ≥ k]; 1 below the window and what was omitted above it.
  func tail(from k: Int) -> Double {
    if k < start { return 1 }
    if k - start >= upperTails.count { return BinomialLaw.omitted }
    return upperTails[k - start]
  }

  private static func probability(of k: Int, trials: Int, p: Double) -> Double {
    if p <= 0 { return k == 0 ? 1 : 0 }
    if p >= 1 { return k == trials ? 1 : 0 }
    var sign: Int32 = 0
    let choose =
      unsafe lgamma_r(Double(trials) + 1, &sign) - lgamma_r(Double(k) + 1, &sign)
      - lgamma_r(Double(trials - k) + 1, &sign)
    return exp(choose + Double(k) * log(p) + Double(trials - k) * log1p(-p))
  }
}
