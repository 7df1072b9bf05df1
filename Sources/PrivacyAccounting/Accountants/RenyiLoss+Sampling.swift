import ExactMath

extension RenyiLoss {
  /// The largest integer order at which the general sampling bounds are summed.
  private static let largestOrder = 256

  /// A Poisson sample of an event, add-or-remove.
  static func poisson(
    _ rate: Rational, _ terms: EventTerms, _ event: SingleEvent, _ orders: [Double]
  ) throws(AccountingError) -> RenyiLoss {
    if case .gaussian(let squaredMu)? = terms.only {
      let curve = SampledGaussianDivergence(rate: rate, squaredMu: squaredMu)
      let unsampled = Interval(squaredMu / 2)
      return RenyiLoss(
        divergences: orders.map { order in
          let sampled = (curve.logMoment(order: order) / (Interval(order) - 1)).high
          return Swift.min(Swift.max(0, sampled), (Interval(order) * unsampled).high)
        })
    }
    return try general(terms, event, orders) { inner, order in
      poissonLogMoment(Interval(rate), order, inner)
    }
  }

  /// A sample of an event under replace-one, of fixed size or Poisson.
  ///
  /// Either compares (1 − γ)M₀ + γM₁ with (1 − γ)M₀ + γM₁′, where any two of the three laws are within the event's
  /// divergence: by a replaced unit of the fixed-size sample, or by the absence that the stated sensitivity covers.
  static func sampledReplacement(
    _ exactRate: Rational, _ terms: EventTerms, _ event: SingleEvent, _ orders: [Double]
  ) throws(AccountingError) -> RenyiLoss {
    let rate = Interval(exactRate)
    // The bound compares three neighbouring samples at once; a δ splits each pair in its own way, which it does not
    // cover. What is left then is (ε, δ) amplification and no amplification.
    let unsampled = try total(of: terms, orders: orders)
    if unsampled.delta.signum > 0 {
      let amplified = (try? ApproximateLoss(of: event)).map { RenyiLoss(approximate: $0, orders) }
      let better = zip(amplified?.divergences ?? [], unsampled.divergences).map { Swift.min($0, $1) }
      return RenyiLoss(divergences: amplified == nil ? unsampled.divergences : better, delta: unsampled.delta)
    }
    let pure = try? PureAccountant.loss(of: terms)
    let cap = pure.map { Interval($0.epsilon).exponentialMinusOne } ?? Interval(0, .infinity)
    return try general(terms, event, orders) { inner, order in
      withoutReplacementLogMoment(rate, order, inner, cap)
    }
  }

  /// Bounds at integer orders, chords between them, and never more than the unsampled or the pure amplified loss.
  private static func general(
    _ terms: EventTerms, _ event: SingleEvent, _ orders: [Double], _ logMoment: ([Interval], Int) -> Interval
  ) throws(AccountingError) -> RenyiLoss {
    let amplified = (try? ApproximateLoss(of: event)).map { RenyiLoss(approximate: $0, orders) }
    let unsampled = try total(of: terms, orders: orders)
    if let amplified, amplified.delta.signum > 0,
      zip(amplified.divergences, unsampled.divergences).allSatisfy({ $0 <= $1 })
    {
      return amplified
    }
    let integers = (2...largestOrder).map { Double($0) }
    // scaled[l] = (l − 1)·D(l), with 0 at l = 0 and 1.
    let inner = try total(of: terms, orders: integers).divergences
    var scaled = [Interval.zero, .zero]
    for (index, value) in inner.enumerated() { scaled.append(Interval(value) * Interval(Double(index + 1))) }
    var cache: [Int: Double] = [:]
    func divergence(_ order: Int) -> Double {
      guard order <= largestOrder else { return .infinity }
      if let known = cache[order] { return known }
      let value = Swift.max(0, (logMoment(scaled, order) / Interval(Double(order - 1))).high)
      cache[order] = value
      return value
    }
    let divergences = orders.enumerated().map { index, order in
      Swift.min(
        interpolated(order) { divergence($0) }, unsampled.divergences[index],
        amplified?.divergences[index] ?? .infinity)
    }
    return RenyiLoss(divergences: divergences, delta: unsampled.delta)
  }

  /// The bound of Zhu and Wang (2019, theorem 6).
  ///
  /// It is (1−q)^(α−1)(αq − q + 1) + C(α,2)q²(1−q)^(α−2)e^(D(2))
  /// + 3Σ_{l≥3} C(α,l)(1−q)^(α−l)q^l e^((l−1)D(l)).
  private static func poissonLogMoment(_ q: Interval, _ order: Int, _ scaled: [Interval]) -> Interval {
    let logRate = q.logarithm
    let logRest = (-q).logarithmOfOnePlus
    let n = Interval(Double(order))
    var sum = (n - 1) * logRest + (q * (n - 1)).logarithmOfOnePlus
    var binomial = (n * (n - 1) * 0.5).logarithm + logRate * 2 + logRest * (n - 2)
    let three = Interval(3).logarithm
    for l in 2...order {
      let term = binomial + scaled[l]
      sum = Interval.logarithmOfSum(sum, l == 2 ? term : term + three)
      if l < order {
        binomial += (Interval(Double(order - l)) / Interval(Double(l + 1))).logarithm + logRate - logRest
      }
    }
    return sum.atLeast(0)
  }

  /// The bound of Wang, Balle and Kasiviswanathan (2019, theorem 9).
  ///
  /// It is 1 + C(α,2)γ²·min(4(e^(D(2))−1), e^(D(2))·min(2, (e^(D(∞))−1)²))
  /// + Σ_{j≥3} C(α,j)γ^j e^((j−1)D(j))·min(2, (e^(D(∞))−1)^j).
  private static func withoutReplacementLogMoment(
    _ rate: Interval, _ order: Int, _ scaled: [Interval], _ cap: Interval
  ) -> Interval {
    let logRate = rate.logarithm
    let n = Interval(Double(order))
    let logTwo = Interval(2).logarithm
    let logCap = cap.high < .infinity ? cap.logarithm : Interval(Double.greatestFiniteMagnitude)
    var binomial = (n * (n - 1) * 0.5).logarithm + logRate * 2
    let second = Interval.min(
      Interval(4).logarithm + scaled[2].logarithmOfExponentialMinusOne,
      scaled[2] + Interval.min(logTwo, logCap * 2))
    var sum = binomial + second
    for j in stride(from: 3, through: order, by: 1) {
      binomial += (Interval(Double(order - j + 1)) / Interval(Double(j))).logarithm + logRate
      sum = Interval.logarithmOfSum(
        sum, binomial + scaled[j] + Interval.min(logTwo, logCap * Interval(Double(j))))
    }
    return sum.logarithmOfOnePlusExponential
  }
}
