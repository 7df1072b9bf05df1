private import Glibc

/// The trade-off of an attack that calls "member" whatever scores at least a threshold.
public struct ROCCurve: Sendable, Hashable {
  /// One operating point.
  public struct Point: Sendable, Hashable {
    /// Share of non-members called members.
    public let falsePositiveRate: Double
    /// Share of members called members.
    public let truePositiveRate: Double
  }

  /// The points of every threshold, from (0, 0) to (1, 1); equal scores are taken together.
  public let points: [Point]
  /// How many members were scored.
  public let members: Int
  /// How many non-members were scored.
  public let nonmembers: Int
  /// The upper convex hull of the points, the curve of an attacker who may mix two thresholds.
  public let hull: [Point]

  /// The curve of scores; higher means more likely a member.
  ///
  /// - Throws: ``AuditError`` when a side is empty or a score is not a number.
  public init(members: [Double], nonmembers: [Double]) throws(AuditError) {
    guard !members.isEmpty, !nonmembers.isEmpty else {
      throw AuditError(.invalidSetting, "scores: members and non-members are both needed")
    }
    guard members.allSatisfy({ !$0.isNaN }), nonmembers.allSatisfy({ !$0.isNaN }) else {
      throw AuditError(.targetFailed, "scores: one is not a number")
    }
    let all = (members.map { ($0, true) } + nonmembers.map { ($0, false) }).sorted { $0.0 > $1.0 }
    let (n1, n0) = (Double(members.count), Double(nonmembers.count))
    var points = [Point(falsePositiveRate: 0, truePositiveRate: 0)]
    var (hits, alarms) = (0, 0)
    for (index, entry) in all.enumerated() {
      if entry.1 { hits += 1 } else { alarms += 1 }
      guard index + 1 == all.count || all[index + 1].0 < entry.0 else { continue }
      points.append(Point(falsePositiveRate: Double(alarms) / n0, truePositiveRate: Double(hits) / n1))
    }
    var hull: [Point] = []
    for point in points {
      while hull.count >= 2, ROCCurve.turnsLeft(hull[hull.count - 2], hull[hull.count - 1], point) { hull.removeLast() }
      hull.append(point)
    }
    self.points = points
    self.hull = hull
    self.members = members.count
    self.nonmembers = nonmembers.count
  }

  /// The area under the curve, which is the chance that a member outscores a non-member, ties counting half.
  public var area: Double { ROCCurve.area(points) }

  /// The area under the convex hull.
  public var hullArea: Double { ROCCurve.area(hull) }

  /// The largest true positive rate with a false positive rate of at most `rate`, thresholds not mixed.
  public func truePositiveRate(atFalsePositiveRate rate: Double) -> Double {
    points.last { $0.falsePositiveRate <= rate }?.truePositiveRate ?? 0
  }

  /// The same on the hull, between points by mixing.
  public func hullTruePositiveRate(atFalsePositiveRate rate: Double) -> Double {
    guard let next = hull.firstIndex(where: { $0.falsePositiveRate > rate }) else { return 1 }
    guard next > 0 else { return 0 }
    let (a, b) = (hull[next - 1], hull[next])
    let share = (rate - a.falsePositiveRate) / (b.falsePositiveRate - a.falsePositiveRate)
    return a.truePositiveRate + share * (b.truePositiveRate - a.truePositiveRate)
  }

  /// An interval for the true positive rate of the threshold that ``truePositiveRate(atFalsePositiveRate:)`` uses.
  ///
  /// The threshold is a function of the non-members alone, so the hits of the members are binomial given it and the
  /// Clopper–Pearson interval at alpha/2 a side is exact.
  public func interval(atFalsePositiveRate rate: Double, alpha: Double = 0.05) -> ClosedRange<Double> {
    let hits = Int((truePositiveRate(atFalsePositiveRate: rate) * Double(members)).rounded())
    let low = BinomialConfidence.lowerBound(successes: hits, trials: members, error: alpha / 2)
    return low...max(low, BinomialConfidence.upperBound(successes: hits, trials: members, error: alpha / 2))
  }

  /// The largest difference between true and false positive rate; at least 0.
  public var advantage: Double { points.map { $0.truePositiveRate - $0.falsePositiveRate }.max() ?? 0 }

  /// A lower bound for the largest advantage of any threshold, wrong with probability at most alpha.
  ///
  /// Both distribution functions lie within one-sided uniform bands (Massart 1990) at alpha/2 each, so that choosing
  /// the threshold afterwards costs nothing.
  public func advantageLowerBound(alpha: Double) -> Double {
    func band(_ count: Int) -> Double { (Glibc.log(2 / alpha) / (2 * Double(count))).squareRoot() }
    return max(0, advantage - band(members) - band(nonmembers))
  }

  /// What the largest advantage over any (ε, δ)-private release can be: (e^ε − 1 + 2δ)/(e^ε + 1).
  ///
  /// Source: Humphries et al. 2023; it follows from TPR ≤ e^ε·FPR + δ in both directions (Kairouz, Oh and Viswanath
  /// 2015) by maximising TPR − FPR.
  public static func advantageBound(epsilon: Double, delta: Double) -> Double {
    if epsilon > 700 { return 1 }
    let e = Glibc.exp(epsilon)
    return min(1, (e - 1 + 2 * delta) / (e + 1))
  }

  private static func turnsLeft(_ a: Point, _ b: Point, _ c: Point) -> Bool {
    let (ux, uy) = (b.falsePositiveRate - a.falsePositiveRate, b.truePositiveRate - a.truePositiveRate)
    let (vx, vy) = (c.falsePositiveRate - a.falsePositiveRate, c.truePositiveRate - a.truePositiveRate)
    return ux * vy - uy * vx >= 0
  }

  private static func area(_ points: [Point]) -> Double {
    zip(points, points.dropFirst()).reduce(0) { sum, pair in
      sum + (pair.1.falsePositiveRate - pair.0.falsePositiveRate)
        * (pair.0.truePositiveRate + pair.1.truePositiveRate) / 2
    }
  }
}
