import ExactMath

/// An upper bound on the privacy profile of one shuffled round of local ε₀-DP reports, replace-one.
///
/// The reports R₀, R₁ of the user who changes are mixtures of two laws Q₀, Q₁ with weights e^ε₀ : 1 and 1 : e^ε₀
/// (Kairouz, Oh and Viswanath 2015). Every other report contains each of Q₀ and Q₁ with weight w, since it is at least
/// e^(−ε₀) times R₀ and R₁: w = e^(−ε₀)/2 in general, w = 1/(e^ε₀ + 1) for randomised response. So with C ~ Bin(n−1, 2w)
/// clones, the shuffled reports are post-processing of how many of the C + 1 come from Q₀ and how many from Q₁: A ~
/// Bin(C, ½) and the user's own. This is the numeric bound of Feldman, McMillan and Talwar (2021, theorem 3.1).
///
/// With m = C + 1, P₀(a) − e^ε P₁(a) is 2·Bin(m, ½)(a)·(a − τ)(1 − e^(−ε₀))(1 + e^ε)/((1 + e^(−ε₀))m) where
/// τ = m(e^ε − e^(−ε₀))/((1 − e^(−ε₀))(1 + e^ε)); the profile is its positive part, summed. More clones never cost more
/// (a clone can be added afterwards), so each block of C is bounded by its smallest.
struct ShuffleProfile {
  private let shrink: Interval
  /// By increasing number of clones.
  private let blocks: [Block]
  /// A likely number of clones.
  private let typical: Int

  /// Numbers of clones from `least` on, with an upper bound on their probability.
  private struct Block {
    let least: Int
    let mass: Double
  }

  /// - Parameters:
  ///   - epsilon: ε₀ of a report, above 0.
  ///   - cloneRate: a lower bound on 2w.
  ///   - population: the number of reports.
  init(epsilon: Interval, cloneRate: Interval, population: Int) {
    shrink = (-epsilon).exponential
    blocks = ShuffleProfile.blocks(trials: population - 1, rate: Interval(cloneRate.low)).sorted { $0.least < $1.least }
    typical = blocks.max { $0.mass < $1.mass }?.least ?? 0
  }

  /// Fewer clones never cost less, so the clone rate may be rounded down.
  private static func blocks(trials: Int, rate: Interval) -> [Block] {
    guard trials > 0, rate.low > 0 else { return [Block(least: 0, mass: 1)] }
    guard rate.high < 1 else { return [Block(least: trials, mass: 1)] }
    let law = BinomialLaw(trials: trials, rate: rate)
    let mean = rate.middle * Double(trials)
    let deviation = (mean * (1 - rate.middle)).squareRoot()
    let width = Swift.max(1, Int(deviation * 0.05))
    let first = Swift.max(0, Int(mean - 12 * deviation))
    let last = Swift.min(trials, Int(mean + 7 * deviation) + 1)
    var blocks: [Block] = []
    // Far below the mean: P[C ≤ x] by Chernoff, in steps that double.
    var (end, step) = (first - 1, width)
    while end >= 0 {
      let start = Swift.max(0, end - step + 1)
      blocks.append(Block(least: start, mass: tail(trials, rate, end)))
      (end, step) = (start - 1, step * 2)
    }
    var start = first
    while start <= last {
      let stop = Swift.min(start + width, last + 1)
      var term = law.logMass(start).exponential.high
      var sum = 0.0
      for k in start..<stop {
        sum += term
        // Rounding of a few units per step; widened below.
        term *= Double(trials - k) / Double(k + 1) * (rate.high / (1 - rate.high))
      }
      blocks.append(Block(least: start, mass: Swift.min(1, sum * (1 + 1e-15 * Double(8 * (stop - start) + 8)))))
      start = stop
    }
    if last < trials { blocks.append(Block(least: last + 1, mass: tail(trials, rate, last + 1))) }
    return blocks
  }

  /// P[X ≤ x] for x below the mean, P[X ≥ x] for x above it: at most e^(−n·KL(x/n ‖ q)) by Chernoff.
  private static func tail(_ trials: Int, _ rate: Interval, _ x: Int) -> Double {
    let n = Interval(Double(trials))
    let share = Interval(Double(x)) / n
    let successes = x == 0 ? .zero : share * (share / rate).logarithm
    let rest = Interval(Double(trials - x)) / n
    let failures = x == trials ? .zero : rest * (rest / (-rate + 1)).logarithm
    return Swift.min(1, (-(n * (successes + failures))).exponential.high)
  }

  /// An upper bound on δ(ε).
  func delta(epsilon: Interval) -> Double {
    let growth = epsilon.exponential
    guard growth.high < .infinity else { return 1 }
    // τ/m, and the factor of the sum times m.
    let slope = (Interval.one - shrink) * (growth + 1)
    guard slope.low > 0 else { return 1 }
    let threshold = ((growth - shrink) / slope).low
    let factor = (slope * 2 / (shrink + 1)).high
    if threshold >= 1 { return 0 }
    func conditional(_ clones: Int) -> Double {
      let m = clones + 1
      return Swift.min(1, factor * excess(m, threshold * Double(m)) / Double(m))
    }
    // What a smaller number of clones costs bounds what a larger one costs: it is computed again only where that
    // matters, which is a matter of speed alone.
    let estimate = conditional(typical)
    let decay = -Interval(Swift.max(estimate, 1e-300)).logarithm.middle / Double(typical + 1)
    var (sum, known, knownAt) = (0.0, 1.0, -1)
    for block in blocks where block.mass > 0 {
      let drop = decay * Double(block.least - knownAt)
      if drop > 0.005, block.mass * known > 1e-7 * estimate {
        (known, knownAt) = (Swift.min(known, conditional(block.least)), block.least)
      }
      sum += (block.mass * known).nextUp
    }
    return Swift.min(1, sum * (1 + 1e-12))
  }

  /// An upper bound on Σ_{a>τ} Bin(m, ½)(a)(a − τ).
  ///
  /// Blocks of s terms: the ratio of neighbours ρ decreases, so Bin(a + i) ≤ Bin(a)ρ^i ≤ Bin(a)(1 − i(1 − ρ^s)/s).
  private func excess(_ m: Int, _ exactThreshold: Double) -> Double {
    // A smaller τ gives more.
    let tau = Swift.max(0, exactThreshold * (1 - 1e-15))
    let law = BinomialLaw(trials: m, rate: Interval(0.5))
    let step = Swift.max(1, Int(0.05 * Double(m).squareRoot()))
    var a = Int(tau.rounded(.down)) + 1
    var sum = 0.0
    while a <= m {
      let count = Swift.min(step, m - a + 1)
      let mass = law.logMass(a).exponential.high
      let ratio = Double(m - a) / Double(a + 1) * (1 + 1e-15)
      let x = Double(a) - tau
      let s = Double(count)
      var part = x * s + s * (s - 1) / 2
      if count > 1, ratio < 1 {
        let fall = (1 - ShuffleProfile.power(ratio, count)) / s * (1 - 1e-12)
        part -= fall * (x * s * (s - 1) / 2 + (s - 1) * s * (2 * s - 1) / 6)
      } else if ratio > 1 {
        // Only next to the middle: no term exceeds the ones before by more than the ratio.
        part *= ShuffleProfile.power(ratio, count)
      }
      let block = mass * part * (1 + 1e-12)
      sum += block
      a += count
      // What follows is at most a geometric series of blocks.
      let shrinkage = ShuffleProfile.power(ratio, count) * (x + s) / x
      if shrinkage < 0.9, block < 1e-10 * sum || mass < 1e-300 {
        sum += block * shrinkage / (1 - shrinkage)
        break
      }
    }
    return sum * (1 + 1e-12)
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }
}
