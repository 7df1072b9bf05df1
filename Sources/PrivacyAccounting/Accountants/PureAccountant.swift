package import ExactMath

/// Basic composition of pure and approximate differential privacy: ε and δ add.
///
/// Sums are exact rationals: twenty events of ε = 1/20 are exactly ε = 1. Events without a finite (ε, δ) of their own
/// (Gaussians, ρ-zCDP) are refused.
public struct PureAccountant: Accountant {
  /// `pure`.
  public let name = "pure"

  /// The accountant has no state.
  public init() {}

  /// The sum of all ε when the sum of all δ is at most `delta`; infinite otherwise.
  public func epsilon(of event: PrivacyEvent, delta: Delta, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let loss = try PureAccountant.loss(of: EventTerms(event, adjacency: adjacency))
    return Bounds(lower: nil, upper: loss.delta <= delta.value ? loss.epsilon.doubleRoundedUp : .infinity)
  }

  /// The sum of all δ when the sum of all ε is at most `epsilon`; one otherwise.
  public func delta(of event: PrivacyEvent, epsilon: Epsilon, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let loss = try PureAccountant.loss(of: EventTerms(event, adjacency: adjacency))
    return Bounds(
      lower: nil, upper: loss.epsilon <= epsilon.value ? Swift.min(1, loss.delta.doubleRoundedUp) : 1)
  }

  /// The exact total, for budgets.
  package static func loss(of terms: EventTerms) throws(AccountingError) -> ApproximateLoss {
    try terms.total { event throws(AccountingError) in try ApproximateLoss(of: event) }
  }
}

/// An (ε, δ) pair in exact rationals; δ may reach or exceed one, which then says nothing.
package struct ApproximateLoss: PrivacyLoss, Hashable {
  package let epsilon: Rational
  package let delta: Rational

  package init(epsilon: Rational, delta: Rational = 0) {
    self.epsilon = epsilon
    self.delta = delta
  }

  package static let none = ApproximateLoss(epsilon: 0)

  package func adding(_ other: ApproximateLoss) -> ApproximateLoss {
    ApproximateLoss(epsilon: epsilon + other.epsilon, delta: delta + other.delta)
  }

  package func times(_ count: Int) -> ApproximateLoss {
    ApproximateLoss(epsilon: Rational(count) * epsilon, delta: Rational(count) * delta)
  }
}

extension ApproximateLoss {
  /// The (ε, δ) of one event, exact where it is rational and rounded up where it is not.
  init(of event: SingleEvent) throws(AccountingError) {
    switch event {
    case .laplace(let epsilon), .boundedRange(let epsilon), .pure(let epsilon):
      self.init(epsilon: epsilon)
    case .discreteLaplace(let scale, let shift):
      self.init(epsilon: shift / scale)
    case .approximate(let epsilon, let delta):
      self.init(epsilon: epsilon, delta: delta)
    case .randomizedResponse(let p, let k):
      // The likelihood ratio is (1 − p + p/k) / (p/k) = 1 + k(1 − p)/p.
      let odds = Rational(k) * (1 - p) / p
      self.init(epsilon: try ApproximateLoss.upward(Interval(odds).logarithmOfOnePlus))
    case .group(let size, let inner):
      self = try ApproximateLoss(of: inner).grouped(size)
    case .shuffled(_, let terms):
      // Shuffling is post-processing of the answers.
      self = try PureAccountant.loss(of: terms)
    case .poisson(let rate, let terms), .replacedSample(let rate, let terms):
      self = try PureAccountant.loss(of: terms).sampled(rate)
    case .withoutReplacement(let sizes, let terms):
      self = try PureAccountant.loss(of: terms).sampled(Rational(sizes.sample, sizes.population))
    case .gaussian, .discreteGaussian, .distributedDiscreteGaussian, .skellam, .zcdp:
      throw AccountingError(
        .unsupportedEvent, "pure composition has no finite (epsilon, delta) for Gaussian-like noise; use rdp or zcdp")
    }
  }

  /// ε′ = ln(1 + q(e^ε − 1)), δ′ = qδ (Balle, Barthe and Gaboardi 2018, theorems 8 and 9), never above the unsampled loss.
  private func sampled(_ rate: Rational) throws(AccountingError) -> ApproximateLoss {
    let q = Interval(rate)
    let amplified: Interval
    if epsilon > 600 {
      amplified = Interval.logarithmOfSum(Interval(1 - rate).logarithm, q.logarithm + Interval(epsilon))
    } else {
      amplified = (q * Interval(epsilon).exponentialMinusOne).logarithmOfOnePlus
    }
    let bound = try ApproximateLoss.upward(amplified)
    return ApproximateLoss(epsilon: bound < epsilon ? bound : epsilon, delta: rate * delta)
  }

  /// k units suffer kε and δ·Σ_{i<k} e^(iε).
  private func grouped(_ size: Int) throws(AccountingError) -> ApproximateLoss {
    let total = Rational(size) * epsilon
    guard delta.signum > 0 else { return ApproximateLoss(epsilon: total) }
    let factor: Interval
    if epsilon.signum == 0 {
      factor = Interval(Rational(size))
    } else {
      factor =
        (Interval(total).logarithmOfExponentialMinusOne - Interval(epsilon).logarithmOfExponentialMinusOne).exponential
    }
    guard factor.high < .infinity else { return ApproximateLoss(epsilon: total, delta: 1) }
    return ApproximateLoss(epsilon: total, delta: delta * (try ApproximateLoss.upward(factor)))
  }

  /// The upper endpoint as an exact number.
  private static func upward(_ interval: Interval) throws(AccountingError) -> Rational {
    guard let value = Rational(exactly: interval.high) else {
      throw AccountingError(.tooLarge, "the loss exceeds the range of a double")
    }
    return value
  }
}
