private import Glibc

/// Looks for the event that would prove the most, on samples that are not used again.
enum EventSearch {
  /// The most thresholds tried; candidates are spread evenly over the order statistics of the pooled sample.
  private static let thresholds = 512
  /// The most different outputs for which outputs count as categories; there must also be fifty samples for each, or
  /// a set of them fits the training samples alone.
  private static let categories = 1_024

  /// An event and the bound it reaches on the training samples.
  struct Candidate {
    var event: OutputEvent
    /// Whether it is likelier under the first data set than under the second.
    var reversed: Bool
    var bound: Double
  }

  /// The best event found, in whichever direction it proves more.
  static func best(first: [Double], second: [Double], delta: Double, alpha: Double) -> Candidate {
    var best = Candidate(event: .atLeast(first.first ?? 0), reversed: false, bound: -.infinity)
    let n = first.count
    let z = -NormalLaw.quantile(max(alpha / 2, 1e-300)) + 0.5
    func consider(_ inFirst: Int, _ inSecond: Int, _ event: @autoclosure () -> OutputEvent) {
      let forward = score(inFirst, inSecond, n, delta, z)
      if forward > best.bound { best = Candidate(event: event(), reversed: false, bound: forward) }
      let backward = score(inSecond, inFirst, n, delta, z)
      if backward > best.bound { best = Candidate(event: event(), reversed: true, bound: backward) }
    }
    let a = first.sorted()
    let b = second.sorted()
    let pooled = (a + b).sorted()
    let step = max(1, pooled.count / thresholds)
    for index in stride(from: 0, to: pooled.count, by: step) {
      let threshold = pooled[index]
      consider(a.count - below(a, threshold), b.count - below(b, threshold), .atLeast(threshold))
      consider(upTo(a, threshold), upTo(b, threshold), .atMost(threshold))
    }
    forEachCategorySet(a, b) { inFirst, inSecond, values in
      consider(inFirst, inSecond, .among(values()))
      consider(n - inFirst, n - inSecond, .complement(.among(values())))
    }
    for exponent in -58...4 {
      let event = OutputEvent.finerThan(step: scalbn(1, Int32(exponent)))
      let inFirst = first.count(where: event.contains)
      let inSecond = second.count(where: event.contains)
      consider(inFirst, inSecond, event)
      consider(n - inFirst, n - inSecond, .complement(event))
    }
    return best
  }

  /// A cheap stand-in for the judged bound: normal limits of both rates with the counts smoothed by one half.
  private static func score(_ inFirst: Int, _ inSecond: Int, _ n: Int, _ delta: Double, _ z: Double) -> Double {
    guard inSecond > 0 else { return -.infinity }
    let count = Double(n)
    let p0 = (Double(inFirst) + 0.5) / (count + 1)
    let p1 = (Double(inSecond) + 0.5) / (count + 1)
    // Wilson's limits stay inside (0, 1) for every count.
    func limit(_ p: Double, _ sign: Double) -> Double {
      let middle = p + z * z / (2 * count)
      let half = z * (p * (1 - p) / count + z * z / (4 * count * count)).squareRoot()
      return (middle + sign * half) / (1 + z * z / count)
    }
    let power = limit(p1, -1) - delta
    return power > 0 ? log(power / limit(p0, 1)) : power - 1
  }

  /// The sets of the values with the largest ratio of frequencies, largest first, when there are few enough values.
  private static func forEachCategorySet(
    _ a: [Double], _ b: [Double], _ body: (Int, Int, () -> Set<Double>) -> Void
  ) {
    let limit = min(categories, a.count / 50)
    var counts: [Double: (Int, Int)] = [:]
    for value in a {
      counts[value, default: (0, 0)].0 += 1
      if counts.count > limit { return }
    }
    for value in b {
      counts[value, default: (0, 0)].1 += 1
      if counts.count > limit { return }
    }
    let ranked = counts.sorted { left, right in
      let l = (Double(left.value.1) + 0.5) / (Double(left.value.0) + 0.5)
      let r = (Double(right.value.1) + 0.5) / (Double(right.value.0) + 0.5)
      return l != r ? l > r : left.key < right.key
    }
    var inFirst = 0
    var inSecond = 0
    for (index, entry) in ranked.enumerated() {
      inFirst += entry.value.0
      inSecond += entry.value.1
      body(inFirst, inSecond) { Set(ranked[...index].map(\.key)) }
    }
  }

  private static func below(_ sorted: [Double], _ value: Double) -> Int { partition(sorted) { $0 < value } }

  private static func upTo(_ sorted: [Double], _ value: Double) -> Int { partition(sorted) { $0 <= value } }

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
