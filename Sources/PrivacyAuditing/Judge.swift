private import ExactMath
private import Glibc

/// Turns the outputs under two data sets into a bound that is wrong with probability at most `alpha`.
struct Judge {
  let choice: EventChoice
  let claimed: Double
  let delta: Double
  let alpha: Double

  init(choice: EventChoice, claimed: Double, delta: Double, alpha: Double) {
    self.choice = choice
    self.claimed = claimed
    self.delta = delta
    self.alpha = alpha
  }

  init(choice: EventChoice, claim: PrivacyClaim, alpha: Double) {
    self.init(
      choice: choice, claimed: claim.epsilon.doubleRoundedUp, delta: claim.delta.doubleRoundedUp, alpha: alpha)
  }

  /// The bound the outputs prove, with its evidence.
  func witness(_ pair: AdjacentPair, _ first: [Double], _ second: [Double]) -> AuditWitness {
    switch choice {
    case .fixed(let event):
      return judged(pair, event, first[...], second[...], sharpestAt: claimed, alpha: alpha)
    case .splitSample(let fraction):
      return split(pair, first, second, trained: trained(first.count, fraction), at: 0, alpha: alpha)
    case .multiSplit(let splits, let fraction):
      // The samples are independent, so a block is as good as a random part.
      let size = trained(first.count, fraction)
      let bounds = (0..<splits).map { index in
        split(
          pair, first, second, trained: size, at: (first.count - size) * index / max(1, splits - 1), alpha: alpha / 2)
      }
      return bounds.sorted { $0.epsilonLowerBound < $1.epsilonLowerBound }[(splits - 1) / 2]
    case .bonferroni(let events):
      let share = alpha / Double(events.count)
      let bounds = events.map { judged(pair, $0, first[...], second[...], sharpestAt: claimed, alpha: share) }
      return bounds.max { $0.epsilonLowerBound < $1.epsilonLowerBound } ?? bounds[0]
    case .uniformBands:
      return banded(pair, first, second)
    }
  }

  /// The largest bound that this many samples could prove.
  func cap(samples: Int) -> Double {
    let test = JointTest(sharpestAt: claimed)
    switch choice {
    case .fixed: return test.cap(trials: samples, delta: delta, alpha: alpha)
    case .splitSample(let fraction):
      return test.cap(trials: samples - trained(samples, fraction), delta: delta, alpha: alpha)
    case .multiSplit(_, let fraction):
      return test.cap(trials: samples - trained(samples, fraction), delta: delta, alpha: alpha / 2)
    case .bonferroni(let events):
      return test.cap(trials: samples, delta: delta, alpha: alpha / Double(events.count))
    case .uniformBands:
      let band = width(samples)
      return max(0, log(max(1e-300, 1 - band - delta) / band))
    }
  }

  private func trained(_ samples: Int, _ fraction: Double) -> Int {
    min(samples - 1, max(1, Int(fraction * Double(samples))))
  }

  /// Searches on one block of the samples and judges on the others.
  private func split(
    _ pair: AdjacentPair, _ first: [Double], _ second: [Double], trained: Int, at start: Int, alpha: Double
  ) -> AuditWitness {
    let block = start..<start + trained
    let found = EventSearch.best(
      first: Array(first[block]), second: Array(second[block]), delta: delta, alpha: alpha)
    func rest(_ samples: [Double]) -> [Double] { Array(samples[..<block.lowerBound] + samples[block.upperBound...]) }
    // The statistic may be tuned to what the training samples show: they are not judged.
    let sharpest = max(claimed, found.bound)
    return found.reversed
      ? judged(pair.reversed, found.event, rest(second)[...], rest(first)[...], sharpestAt: sharpest, alpha: alpha)
      : judged(pair, found.event, rest(first)[...], rest(second)[...], sharpestAt: sharpest, alpha: alpha)
  }

  private func judged(
    _ pair: AdjacentPair, _ event: OutputEvent, _ first: ArraySlice<Double>, _ second: ArraySlice<Double>,
    sharpestAt epsilon: Double, alpha: Double
  ) -> AuditWitness {
    let counts = EventCounts(
      first: first.count(where: event.contains), second: second.count(where: event.contains), trials: first.count)
    return AuditWitness(
      pair: pair, event: event, counts: counts,
      epsilonLowerBound: JointTest(sharpestAt: epsilon).epsilonLowerBound(counts, delta: delta, alpha: alpha))
  }

  /// The half width of a band that holds a whole distribution function with error alpha/2.
  private func width(_ samples: Int) -> Double { (log(4 / alpha) / (2 * Double(samples))).squareRoot() }

  private func banded(_ pair: AdjacentPair, _ first: [Double], _ second: [Double]) -> AuditWitness {
    let a = first.sorted()
    let b = second.sorted()
    let n = Double(a.count)
    let band = width(a.count)
    var best = AuditWitness(
      pair: pair, event: .atLeast(a[0]), counts: EventCounts(first: a.count, second: b.count, trials: a.count),
      epsilonLowerBound: 0)
    var i = 0
    var j = 0
    while i < a.count || j < b.count {
      let threshold = min(i < a.count ? a[i] : .infinity, j < b.count ? b[j] : .infinity)
      for (event, inFirst, inSecond) in [
        (OutputEvent.atLeast(threshold), a.count - i, b.count - j), (.atMost(threshold.nextDown), i, j),
      ] {
        for reversed in [false, true] {
          let (low, high) = reversed ? (inSecond, inFirst) : (inFirst, inSecond)
          let bound = log(max(1e-300, Double(high) / n - band - delta) / min(1, Double(low) / n + band))
          if bound > best.epsilonLowerBound {
            best = AuditWitness(
              pair: reversed ? pair.reversed : pair, event: event,
              counts: EventCounts(first: low, second: high, trials: a.count), epsilonLowerBound: bound)
          }
        }
      }
      while i < a.count, a[i] == threshold { i += 1 }
      while j < b.count, b[j] == threshold { j += 1 }
    }
    return best
  }
}

extension AdjacentPair {
  /// The pair with its data sets exchanged; adjacency is symmetric.
  var reversed: AdjacentPair { AdjacentPair(second, first) }
}
