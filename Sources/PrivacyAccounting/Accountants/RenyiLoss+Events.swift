import ExactMath

extension RenyiLoss {
  /// The divergences of one event.
  init(of event: SingleEvent, orders: [Double]) throws(AccountingError) {
    switch event {
    case .gaussian(let squaredMu):
      self.init(concentrated: Interval(squaredMu / 2), orders)
    case .zcdp(let rho):
      self.init(concentrated: Interval(rho), orders)
    case .discreteGaussian(let variance, let squaredSensitivity, _):
      self.init(concentrated: Interval(squaredSensitivity / variance / 2), orders)
    case .distributedDiscreteGaussian(let variance, let clients, let squaredSensitivity, let dimension):
      let noise = try DistributedGaussianNoise(
        variance: variance, clients: clients, squaredSensitivity: squaredSensitivity, dimension: dimension)
      self.init(orders) { noise.divergence(order: $0).high }
    case .skellam(let variance, let squaredSensitivity, let dimension):
      let skellam = SkellamDivergence(
        variance: variance, squaredSensitivity: squaredSensitivity, dimension: dimension)
      self.init(divergences: orders.map { RenyiLoss.interpolated($0) { skellam.divergence(order: $0) } })
    case .laplace(let epsilon):
      let pure = PureDivergence(epsilon)
      self.init(orders) { Swift.min(pure.laplace(order: $0).high, pure.any(order: $0).high) }
    case .boundedRange(let epsilon):
      let pure = PureDivergence(epsilon)
      self.init(orders) { Swift.min(pure.boundedRange(order: $0).high, pure.any(order: $0).high) }
    case .discreteLaplace(let scale, let shift):
      let pure = PureDivergence(shift / scale)
      let lattice = DiscreteLaplaceDivergence(scale: scale, shift: shift)
      self.init(orders) { Swift.min(lattice?.divergence(order: $0).high ?? .infinity, pure.any(order: $0).high) }
    case .randomizedResponse(let p, let k):
      let loss = try ApproximateLoss(of: event)
      let pure = PureDivergence(loss.epsilon)
      self.init(orders) { order in
        Swift.min(RenyiLoss.randomizedResponse(p, k, order).high, pure.any(order: order).high)
      }
    case .pure, .approximate:
      self.init(approximate: try ApproximateLoss(of: event), orders)
    case .shuffled(_, let terms):
      // Shuffling is post-processing of the answers.
      self = try RenyiLoss.total(of: terms, orders: orders)
    case .group:
      guard let loss = try? ApproximateLoss(of: event) else {
        throw AccountingError(
          .unsupportedEvent, "a group's loss under a sampled Gaussian has no Rényi rule here; use pld")
      }
      self.init(approximate: loss, orders)
    case .poisson(let rate, let terms):
      self = try RenyiLoss.poisson(rate, terms, event, orders)
    case .withoutReplacement(let sizes, let terms):
      let rate = Rational(sizes.sample, sizes.population)
      self = try RenyiLoss.sampledReplacement(rate, terms, event, orders)
    case .replacedSample(let rate, let terms):
      self = try RenyiLoss.sampledReplacement(rate, terms, event, orders)
    }
  }

  private init(_ orders: [Double], _ divergence: (Interval) -> Double) {
    self.init(divergences: orders.map { Swift.max(0, divergence(Interval($0))) })
  }

  private init(concentrated rho: Interval, _ orders: [Double]) {
    self.init(orders) { ($0 * rho).high }
  }

  init(approximate loss: ApproximateLoss, _ orders: [Double]) {
    let pure = PureDivergence(loss.epsilon)
    self.init(divergences: orders.map { Swift.max(0, pure.any(order: Interval($0)).high) }, delta: loss.delta)
  }

  /// R^α/k-ary randomised response: with b = p/k and R = 1 + k(1−p)/p, e^((α−1)D) = b(R^α + R^(1−α) + k − 2).
  private static func randomizedResponse(_ p: Rational, _ k: Int, _ order: Interval) -> Interval {
    let b = Interval(p / Rational(k)).logarithm
    let ratio = Interval(1 + Rational(k) * (1 - p) / p).logarithm
    var sum = Interval.logarithmOfSum(order * ratio, (.one - order) * ratio)
    if k > 2 { sum = Interval.logarithmOfSum(sum, Interval(Double(k - 2)).logarithm) }
    return ((sum + b) / (order - 1)).atLeast(0)
  }

  /// An upper bound at a fractional order from bounds at the neighbouring integers.
  ///
  /// (α − 1)·D(α) is convex in α (van Erven and Harremoës 2014, corollary 2) and vanishes at α = 1, so the chord lies
  /// above it.
  static func interpolated(_ order: Double, _ divergence: (Int) -> Double) -> Double {
    guard order < 1e9 else { return .infinity }
    let below = Int(order.rounded(.down))
    if Double(below) == order { return divergence(below) }
    let share = Interval(order) - Interval(Double(below))
    let left = below == 1 ? Interval.zero : Interval(divergence(below)) * Interval(Double(below - 1))
    let right = Interval(divergence(below + 1)) * Interval(Double(below))
    guard right.high < .infinity else { return .infinity }
    return ((left * (.one - share) + right * share) / (Interval(order) - 1)).high
  }
}

/// Divergence bounds for mechanisms known by a pure ε.
struct PureDivergence {
  let epsilon: Interval

  init(_ epsilon: Rational) {
    self.epsilon = Interval(epsilon)
  }

  /// Any ε-DP mechanism: dominated by binary randomised response (Kairouz, Oh and Viswanath 2015), at most ε, and at
  /// most αε²/2 (Bun and Steinke 2016).
  func any(order: Interval) -> Interval {
    let excess = order - 1
    let likely = epsilon * excess - (-epsilon).logarithmOfOnePlusExponential
    let unlikely = -(epsilon * excess) - epsilon.logarithmOfOnePlusExponential
    let exact = (Interval.logarithmOfSum(likely, unlikely) / excess).atLeast(0)
    return Interval.min(Interval.min(exact, epsilon), order * epsilon.squared * 0.5)
  }

  /// Laplace with sensitivity over scale ε (Mironov 2017, corollary 2).
  func laplace(order: Interval) -> Interval {
    let excess = order - 1
    let twice = order * 2 - 1
    let sum = Interval.logarithmOfSum(
      (order / twice).logarithm + excess * epsilon, (excess / twice).logarithm - order * epsilon)
    return (sum / excess).atLeast(0)
  }

  /// A mechanism of bounded range ε is ε²/8-zCDP (Cesar and Rogers 2021, lemma 3.2).
  func boundedRange(order: Interval) -> Interval { order * epsilon.squared * 0.125 }
}

/// The divergence of the discrete Laplace law moved by a small whole number of steps: a finite sum.
struct DiscreteLaplaceDivergence {
  private let shift: Int
  private let inverseScale: Interval

  init?(scale: Rational, shift: Rational) {
    guard let steps = shift.integer, steps <= 256 else { return nil }
    self.shift = steps
    inverseScale = Interval(Rational(1) / scale)
  }

  /// With a = e^(−1/b), P[0] = (1−a)/(1+a): both tails have constant loss ±Δ/b, the points between have (Δ−2x)/b.
  func divergence(order: Interval) -> Interval {
    let excess = order - 1
    let logOnePlus = (-inverseScale).logarithmOfOnePlusExponential
    let logPoint = inverseScale.logarithmOfExponentialMinusOne - inverseScale - logOnePlus
    let whole = Interval(Double(shift)) * inverseScale
    var sum = Interval.logarithmOfSum(excess * whole - logOnePlus, -(order * whole) - logOnePlus)
    for x in stride(from: 1, to: shift, by: 1) {
      let loss = Interval(Double(shift - 2 * x)) * inverseScale
      sum = Interval.logarithmOfSum(sum, logPoint - Interval(Double(x)) * inverseScale + excess * loss)
    }
    return (sum / excess).atLeast(0)
  }
}

/// Rényi bounds of symmetric Skellam noise at integer orders (Agarwal, Kairouz and Liu 2021, theorem 3.5 and
/// corollary 3.6): αΔ₂²/(2V) + min(((2α−1)Δ₂² + 6Δ₁)/(4V²), 3Δ₁/(2V)) with Δ₁ ≤ min(√d·Δ₂, Δ₂²) on integer vectors.
struct SkellamDivergence {
  private let variance: Interval
  private let squared: Interval
  private let l1: Interval

  init(variance: Rational, squaredSensitivity: Rational, dimension: Int) {
    self.variance = Interval(variance)
    squared = Interval(squaredSensitivity)
    l1 = Interval.min(squared, (squared * Interval(Double(dimension))).squareRoot)
  }

  func divergence(order: Int) -> Double {
    let alpha = Interval(Double(order))
    let gaussian = alpha * squared / (variance * 2)
    let small = ((alpha * 2 - 1) * squared + l1 * 6) / (variance.squared * 4)
    let large = l1 * 3 / (variance * 2)
    return (gaussian + Interval.min(small, large)).high
  }
}
