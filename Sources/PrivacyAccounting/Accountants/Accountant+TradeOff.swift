import ExactMath
private import Glibc

extension Accountant {
  /// Bounds on the largest difference between the true and the false positive rate of any attacker, which is δ(0).
  ///
  /// - Throws: ``AccountingError`` when the accountant has no rule for the event.
  public func advantage(of event: PrivacyEvent, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    try delta(of: event, epsilon: Epsilon(unchecked: 0), adjacency: adjacency)
  }

  /// Bounds on the smallest false negative rate of any attacker whose false positive rate is `rate`: the trade-off curve.
  ///
  /// For Gaussians it is Φ(Φ⁻¹(1 − rate) − μ), the closed form of Dong, Roth and Su (2019), for every accountant that takes
  /// them. Else by duality (proposition 2.12 there) it is the largest over ε ≥ 0 of 1 − δ(ε) − e^ε·rate and
  /// e^(−ε)(1 − δ(ε) − rate). Any ε gives a lower bound; for the upper bound the values between two ε are at most those of
  /// δ at the larger and of the exponential at the smaller.
  ///
  /// The curve is the convex one below those of both directions of adjacency. The lower bound holds for every attacker.
  /// The upper one holds for that curve, which is attained where the two directions have equal losses, as for all events
  /// that are not samples: for samples under add-or-remove the best attacker against either direction alone may have a
  /// larger false negative rate.
  ///
  /// - Throws: ``AccountingError`` unless the rate lies in 0 … 1, or when no dominating pair is used for the event.
  public func falseNegativeRate(
    of event: PrivacyEvent, falsePositiveRate rate: Double, adjacency: Adjacency
  ) throws(AccountingError) -> Bounds {
    guard rate >= 0, rate <= 1 else {
      throw AccountingError(.invalidQuestion, "a false positive rate lies between 0 and 1")
    }
    let most = 1 - rate
    guard most > 0 else { return Bounds(lower: 0, upper: 0) }
    let attainable = try advantage(of: event, adjacency: adjacency).lower != nil
    if case .gaussian(let squaredMu)? = try EventTerms(event, adjacency: adjacency).only, rate > 0 {
      return GaussianTradeOff(squaredMu: squaredMu).falseNegativeRate(rate)
    }
    // Beyond this ε the first line is below zero, and the second below e^(−ε).
    let limit = Swift.min(60, rate > 0 ? Swift.max(1, 1 - Glibc.log(rate)) : 60)
    var known: [Double: Bounds] = [:]
    func profile(_ epsilon: Double) throws(AccountingError) -> Bounds {
      if let value = known[epsilon] { return value }
      let value = try delta(
        of: event, epsilon: Epsilon(unchecked: Rational(exactly: epsilon) ?? 0), adjacency: adjacency)
      known[epsilon] = value
      return value
    }
    func line(_ delta: Double, _ epsilon: Double) -> Double {
      Swift.max(1 - delta - Glibc.exp(epsilon) * rate, Glibc.exp(-epsilon) * (1 - delta - rate))
    }
    // Halve the intervals that can still hold the maximum.
    var ends = (0...16).map { limit * Double($0) / 16 }
    var lower = 0.0
    for _ in 0..<12 {
      for epsilon in ends { lower = Swift.max(lower, line(try profile(epsilon).upper, epsilon) - 4e-15) }
      // Without lower bounds there is nothing to close in on.
      guard attainable else { break }
      var next: Set<Double> = []
      for (left, right) in zip(ends, ends.dropFirst()) {
        let reachable = line(try profile(right).lower ?? 0, left)
        guard reachable > lower + 1e-4 else { continue }
        next.formUnion([left, left + (right - left) / 2, right])
      }
      if next.isEmpty { break }
      ends = Set(ends).union(next).sorted()
      if known.count > 300 { break }
    }
    var upper = lower
    for (left, right) in zip(ends, ends.dropFirst()) {
      upper = Swift.max(upper, line(known[right]?.lower ?? 0, left) + 4e-15)
    }
    if let last = ends.last { upper = Swift.max(upper, line(0, last) + 4e-15) }
    return Bounds(lower: Swift.min(most, lower), upper: Swift.min(most, upper))
  }
}

/// The trade-off curve of one Gaussian, enclosed.
private struct GaussianTradeOff {
  let mu: Interval

  init(squaredMu: Rational) {
    mu = Interval(squaredMu).squareRoot
  }

  /// Φ(c − μ) with P[N > c] = rate, for a rate strictly between 0 and 1.
  func falseNegativeRate(_ rate: Double) -> Bounds {
    var (low, high) = (-40.0, 40.0)
    // The tail is certainly above the rate at `low` and certainly below at `high`.
    for _ in 0..<80 {
      let middle = low + (high - low) / 2
      let tail = GaussianTail.probability(Interval(middle))
      if tail.low >= rate { low = middle } else if tail.high <= rate { high = middle } else { break }
    }
    func miss(_ cut: Double) -> Interval { GaussianTail.probability(mu - Interval(cut)) }
    let (bottom, top) = (miss(low).low, miss(high).high)
    return Bounds(lower: Swift.max(0, bottom), upper: Swift.min(1 - rate, Swift.max(top, Swift.max(0, bottom))))
  }
}
