package import ExactMath

/// The Rényi divergence of the Poisson-sampled Gaussian, enclosed.
///
/// With t ~ N(0, 1), w = μt − μ²/2 and r = 1 + q(e^w − 1), the divergence of order α is ln A/(α − 1) with A = E[r^α]
/// (Mironov, Talwar and Zhang 2019, theorem 4: for add-or-remove this direction dominates the other). Since E[r] = 1,
/// A − 1 is the mean of g(r) = r^α − 1 − α(r − 1) ≥ 0, which is computed without cancellation.
package struct SampledGaussianDivergence: Sendable {
  /// The sampling rate, strictly between 0 and 1.
  let rate: Interval
  /// μ²: squared sensitivity over variance.
  let squaredMu: Interval

  package init(rate: Rational, squaredMu: Rational) {
    self.rate = Interval(rate)
    self.squaredMu = Interval(squaredMu)
  }

  /// The largest order that is summed or integrated; above it the bound is infinite.
  package static let largestOrder = 2_048.0
  private static let largestFractionalOrder = 64.0

  /// Encloses ln A(α) for 1 < α.
  package func logMoment(order: Double) -> Interval {
    guard order <= SampledGaussianDivergence.largestOrder else { return Interval(0, .infinity) }
    if order == order.rounded() { return integerLogMoment(Int(order)) }
    if order <= SampledGaussianDivergence.largestFractionalOrder { return quadratureLogMoment(order) }
    // ln A is convex in the order: the chord between the neighbouring integers lies above it.
    let below = order.rounded(.down)
    let share = Interval(order) - Interval(below)
    let chord = integerLogMoment(Int(below)) * (.one - share) + integerLogMoment(Int(below) + 1) * share
    return Interval(0, chord.high)
  }

  /// The binomial sum A − 1 = Σ_{k≥2} C(α,k) q^k (1−q)^(α−k) (e^((k²−k)μ²/2) − 1), all terms positive.
  private func integerLogMoment(_ order: Int) -> Interval {
    let logRate = rate.logarithm
    let logRest = (-rate).logarithmOfOnePlus
    let logOdds = logRate - logRest
    let n = Double(order)
    var binomial =
      (Interval(n) * Interval(n - 1) * 0.5).logarithm + logRate * 2 + logRest * Interval(n - 2)
    var sum = Interval(-.infinity, -.infinity)
    for k in 2...order {
      let x = Double(k)
      let exponent = squaredMu * Interval(x * (x - 1) / 2)
      sum = Interval.logarithmOfSum(sum, binomial + exponent.logarithmOfExponentialMinusOne)
      if k < order { binomial += (Interval(n - x) / Interval(x + 1)).logarithm + logOdds }
    }
    return sum.logarithmOfOnePlusExponential
  }
}

// MARK: - Fractional orders by quadrature

extension SampledGaussianDivergence {
  /// The trapezoid rule in t, with its error.
  ///
  /// In the strip |Im t| ≤ a with aμ ≤ 3/2, r stays in the right half plane, so g(r) is analytic; |r(t + iy)| ≤ r(t) and
  /// |φ(t + iy)| ≤ φ(t)e^(a²/2). Hence ∫|φ·g| ≤ e^(a²/2)(A + 1 + 2α) on every line of the strip, and the trapezoid sum
  /// of step h errs by at most C(A + 1 + 2α) with C = 2e^(a²/2)/(e^(2πa/h) − 1) (Trefethen and Weideman 2014,
  /// theorem 5.1). So A − 1 ≤ (T + C(2 + 2α))/(1 − C), and likewise from below.
  private func quadratureLogMoment(_ order: Double) -> Interval {
    guard let plan = QuadraturePlan(order: order, rate: rate.middle, squaredMu: squaredMu.middle) else {
      return Interval(0, .infinity)
    }
    let first = quadratureLogMoment(order, plan: plan)
    // A − 1 may be far smaller than the plan assumed; then its size is known now.
    let size = plan.shift == 0 ? first.middle : 1
    guard first.width > 1e-11 * size, size > 0, size < 1 else { return first }
    let estimate = Interval(size).logarithm.middle - 3
    guard
      let finer = QuadraturePlan(
        order: order, rate: rate.middle, squaredMu: squaredMu.middle, estimate: estimate)
    else { return first }
    return first.intersection(quadratureLogMoment(order, plan: finer)) ?? first
  }

  private func quadratureLogMoment(_ order: Double, plan: QuadraturePlan) -> Interval {
    let mu = squaredMu.squareRoot
    let alpha = Interval(order)
    let shift = Interval(plan.shift)
    var sum = Interval.zero
    for node in plan.first...plan.last {
      let t = Interval(plan.step) * Interval(Double(node))
      let w = mu * t - squaredMu * 0.5
      let logWeight = -(t.squared * 0.5) - GaussianTail.halfLogarithmOfTwoPi - shift
      sum += excess(alpha, w, logWeight)
    }
    sum = sum * Interval(plan.step)
    let scale = (-shift).exponential
    let tails = self.tails(alpha, mu: mu, plan: plan, logScale: -shift)
    let strip = Interval(plan.strip)
    let decay = Interval.pi * 2 * strip / Interval(plan.step)
    let c = (strip.squared * 0.5 - decay.logarithmOfExponentialMinusOne).exponential * 2
    let error = c * (alpha * 2 + 2) * scale
    let high = (Interval(0, (sum + tails + error).high) / (.one - c)).high
    let low = ((sum - error) / (.one + c)).atLeast(0).low
    let scaled = Interval(low, Swift.max(low, high))
    if plan.shift == 0 { return scaled.logarithmOfOnePlus }
    return shift + (scaled + scale).logarithm
  }

  /// φ-weighted g(r) at one node, times e^(−shift).
  private func excess(_ alpha: Interval, _ w: Interval, _ logWeight: Interval) -> Interval {
    if w.high > 30 {
      let logR = Interval.logarithmOfSum((-rate).logarithmOfOnePlus, rate.logarithm + w)
      let power = (alpha * logR + logWeight).exponential
      let linear = (rate.logarithm + w + logWeight).exponential * alpha
      return (power - linear - (.one - alpha * rate) * logWeight.exponential).atLeast(0)
    }
    let v = rate * w.exponentialMinusOne
    return SampledGaussianDivergence.convexExcess(alpha, v) * logWeight.exponential
  }

  /// (1 + v)^α − 1 − αv ≥ 0 without cancellation.
  private static func convexExcess(_ alpha: Interval, _ v: Interval) -> Interval {
    let most = Swift.max(-v.low, v.high)
    guard most * alpha.high < 0.125 else {
      return ((alpha * v.logarithmOfOnePlus).exponentialMinusOne - alpha * v).atLeast(0)
    }
    // Binomial series; consecutive terms shrink by |α − k||v|/(k + 1) ≤ 1/8 or so, and 18 terms leave less than 8^−18.
    let leading = alpha * (alpha - 1) * 0.5 * v.squared
    var factor = Interval.one
    var series = Interval.one
    for k in 2..<20 {
      factor = factor * (alpha - Interval(Double(k))) * v / Interval(Double(k + 1))
      series += factor
    }
    let rest = Swift.max(-factor.low, factor.high)
    return (leading * (series + Interval(-rest, rest))).atLeast(0)
  }

  /// What the nodes beyond both ends can add, times e^(−shift): g ≤ r^α ≤ 1 + q·e^(αw) on the right, beyond the peak of
  /// both, and g ≤ ½α(α−1)q²·max(1, (1−q)^(α−2)) on the left, where 1 − q ≤ r ≤ 1.
  private func tails(_ alpha: Interval, mu: Interval, plan: QuadraturePlan, logScale: Interval) -> Interval {
    let right = Interval(plan.step) * Interval(Double(plan.last))
    let left = Interval(plan.step) * Interval(Double(-plan.first))
    let peak = alpha * (alpha - 1) * 0.5 * squaredMu + rate.logarithm
    let above =
      (GaussianTail.logarithm(right) + logScale).exponential
      + (peak + GaussianTail.logarithm(right - alpha * mu) + logScale).exponential
    let steep = Interval.max(.zero, (alpha - 2) * (-rate).logarithmOfOnePlus)
    let below =
      (steep + (alpha * (alpha - 1) * 0.5).logarithm + rate.logarithm * 2 + GaussianTail.logarithm(left) + logScale)
      .exponential
    return Interval(0, (above + below).high)
  }
}

/// Where the trapezoid rule puts its nodes.
///
/// Nothing here needs to be exact: the error is bounded afterwards.
private struct QuadraturePlan {
  let step: Double
  let strip: Double
  let first: Int
  let last: Int
  /// ln of a factor taken out of the sum, so that it fits a double.
  let shift: Double

  /// A plan; `nil` when it would need more than a few thousand nodes, as for extreme noise.
  init?(order: Double, rate: Double, squaredMu: Double, estimate known: Double? = nil) {
    let mu = squaredMu.squareRoot()
    let peak = order * (order - 1) / 2 * squaredMu
    let logRate = Interval(rate).logarithm.middle
    let far = order * logRate + peak
    shift = Swift.max(0, far.rounded())
    let curvature = Interval(squaredMu).exponentialMinusOne.middle
    let near = Interval(order * (order - 1) / 2 * Swift.min(curvature, 1e300)).logarithm.middle + 2 * logRate
    let estimate = known ?? Swift.max(Swift.min(near, 0), far)
    // Digits wanted, in nats, below the size of A − 1.
    let wanted = 42 + Swift.max(0, -estimate) + Interval(2 + 2 * order).logarithm.middle
    let free = 2 * Double.pi / (Double.pi * (2 / wanted).squareRoot())
    let widest = 1.5 / mu
    strip = Swift.min(free, widest)
    step = 2 * Double.pi * strip / (wanted + strip * strip / 2)
    let rightNats = 42 + Swift.max(0, logRate + peak - estimate)
    let leftNats = 42 + Swift.max(0, 2 * logRate - estimate)
    let right = order * mu + (2 * rightNats).squareRoot()
    let left = (2 * leftNats).squareRoot()
    guard (left + right) / step < 4_000 else { return nil }
    first = -Int((left / step).rounded(.up)) - 1
    last = Int((right / step).rounded(.up)) + 1
  }
}
