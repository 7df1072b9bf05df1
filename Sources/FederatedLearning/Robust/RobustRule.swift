/// A rule that combines updates some of which may be hostile.
///
/// Rules see updates as integers on the quantiser's grid, so every distance they compare is exact, and answer in grid
/// steps. n updates are combined of which at most f are bad.
public enum RobustRule: Sendable, Hashable {
  /// The mean, which a single bad update can move anywhere.
  case mean
  /// The median of every coordinate; of an even number, the mean of the middle two (Yin et al. 2018).
  case median
  /// Every coordinate's mean without the f lowest and f highest (Yin et al. 2018).
  case trimmedMean(bad: Int)
  /// Every coordinate's mean over the n − f values nearest the median (Xie et al. 2018).
  case meanAroundMedian(bad: Int)
  /// The update with the least sum of squared distances to its n − f − 2 nearest others (Blanchard et al. 2017).
  case krum(bad: Int)
  /// The mean of the n − f updates with the best Krum scores.
  case multiKrum(bad: Int)
  /// n − 2f updates by repeated Krum, then every coordinate's mean of the n − 4f values nearest their median
  /// (El Mhamdi et al. 2018).
  case bulyan(bad: Int)
  /// The mean of the n − f updates of least diameter (El Mhamdi et al. 2018); exponential in n, so n is limited.
  case minimumDiameter(bad: Int)
  /// The point of least summed distance, by smoothed Weiszfeld steps from the mean (Pillutla et al. 2022).
  case geometricMedian(iterations: Int, smoothing: Double)
  /// Steps from the last aggregate by clipped differences (Karimireddy et al. 2021); the radius is in grid steps.
  case centeredClipping(radius: Double, iterations: Int)
  /// The mean of updates scaled to at most the radius, in grid steps.
  case normBounding(radius: Double)
  /// FLTrust: updates scaled to the norm of one that the server computed on data of its own, weighted by their cosine
  /// with it where that is positive (Cao, Fang, Liu and Gong 2021).
  case trust

  /// The fewest updates the rule is defined for.
  public var fewest: Int {
    switch self {
    case .mean, .median, .geometricMedian, .centeredClipping, .normBounding, .trust: 1
    case .trimmedMean(let bad), .meanAroundMedian(let bad): 2 * bad + 1
    case .minimumDiameter(let bad): 2 * bad + 1
    case .krum(let bad), .multiKrum(let bad): 2 * bad + 3
    case .bulyan(let bad): 4 * bad + 3
    }
  }

  /// The most subsets that ``minimumDiameter(bad:)`` looks through.
  static let mostSubsets = 200_000

  /// Combines updates.
  ///
  /// - Parameters:
  ///   - updates: grid values of magnitude at most 2^23, all of one length; at least ``fewest`` of them.
  ///   - previous: the last aggregate in grid steps, zero before the first; used by centred clipping only.
  ///   - trusted: the server's own update, for ``trust`` only; without it nobody is trusted and the answer is zero.
  ///   - threads: how many threads work; never changes a result.
  /// - Returns: the aggregate in grid steps.
  /// - Throws: ``FederatedError`` when there are too few updates, or too many for the rule.
  public func combine(
    _ updates: [[Int32]], previous: [Double] = [], trusted: [Int32] = [], threads: Int = 1
  ) throws(FederatedError) -> [Double] {
    try combine(updates, previous: previous, trusted: trusted, threads: threads, over: LocalCollective())
  }

  /// The same with distances shared by ranks that all have the same updates.
  package func combine(
    _ updates: [[Int32]], previous: [Double], trusted: [Int32], threads: Int, over ranks: any Collective
  ) throws(FederatedError) -> [Double] {
    let n = updates.count
    guard n >= fewest else {
      throw FederatedError(.configuration, "robust.f", "needs at least \(fewest) updates in a round, there are \(n)")
    }
    switch self {
    case .mean: return Self.mean(updates)
    case .median:
      return Columns(updates, threads: threads).reduce { column in
        (Double(column[(n - 1) / 2]) + Double(column[n / 2])) / 2
      }
    case .trimmedMean(let bad):
      return Columns(updates, threads: threads).reduce { column in
        Double(column.sum(bad..<n - bad)) / Double(n - 2 * bad)
      }
    case .meanAroundMedian(let bad): return Self.aroundMedian(updates, keeping: n - bad, threads: threads)
    case .krum(let bad):
      let distances = try PairDistances(updates, threads: threads, over: ranks)
      let best = distances.krumOrder(Array(0..<n), bad: bad)[0]
      return updates[best].map(Double.init)
    case .multiKrum(let bad):
      let order = try PairDistances(updates, threads: threads, over: ranks).krumOrder(Array(0..<n), bad: bad)
      return Self.mean(order.prefix(n - bad).sorted().map { updates[$0] })
    case .bulyan(let bad):
      let distances = try PairDistances(updates, threads: threads, over: ranks)
      var left = Array(0..<n)
      var chosen: [Int] = []
      while chosen.count < n - 2 * bad {
        let best = distances.krumOrder(left, bad: bad)[0]
        chosen.append(best)
        left.removeAll { $0 == best }
      }
      return Self.aroundMedian(chosen.sorted().map { updates[$0] }, keeping: n - 4 * bad, threads: threads)
    case .minimumDiameter(let bad):
      let subset = try PairDistances(updates, threads: threads, over: ranks).leastDiameter(keeping: n - bad)
      return Self.mean(subset.map { updates[$0] })
    case .geometricMedian(let iterations, let smoothing):
      return Self.weiszfeld(updates, iterations: iterations, smoothing: smoothing)
    case .centeredClipping(let radius, let iterations):
      var center = previous.isEmpty ? [Double](repeating: 0, count: updates[0].count) : previous
      for _ in 0..<iterations { Self.recenter(&center, updates, radius: radius) }
      return center
    case .trust: return Self.trusting(trusted, updates)
    case .normBounding(let radius):
      var center = [Double](repeating: 0, count: updates[0].count)
      Self.recenter(&center, updates, radius: radius)
      return center
    }
  }
}
