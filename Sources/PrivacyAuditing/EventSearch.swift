/// Looks for the threshold event that would prove the most, on samples that are not used again.
enum EventSearch {
  /// The most thresholds tried; candidates are spread evenly over the order statistics of the pooled sample.
  private static let candidates = 512

  /// The one-sided event with the largest bound on these samples, over thresholds at the pooled quantiles and both
  /// sides.
  static func bestThreshold(first: [Double], second: [Double], delta: Double, alpha: Double) -> OutputEvent {
    let a = first.sorted()
    let b = second.sorted()
    let pooled = (a + b).sorted()
    var best = OutputEvent(threshold: pooled[pooled.count / 2], side: .atLeast)
    var bestBound = -1.0
    let step = max(1, pooled.count / candidates)
    for index in stride(from: 0, to: pooled.count, by: step) {
      let threshold = pooled[index]
      for side in [OutputEvent.Side.atLeast, .atMost] {
        let inside = { (sorted: [Double]) -> Int in
          side == .atLeast
            ? sorted.count - partition(sorted) { $0 < threshold } : partition(sorted) { $0 <= threshold }
        }
        let counts = EventCounts(first: inside(a), second: inside(b), trials: a.count)
        let bound = counts.epsilonLowerBound(delta: delta, alpha: alpha)
        if bound > bestBound {
          bestBound = bound
          best = OutputEvent(threshold: threshold, side: side)
        }
      }
    }
    return best
  }

  /// How many leading elements of a sorted array satisfy a predicate that, once false, stays false.
  private static func partition(_ sorted: [Double], _ predicate: (Double) -> Bool) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if predicate(sorted[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
