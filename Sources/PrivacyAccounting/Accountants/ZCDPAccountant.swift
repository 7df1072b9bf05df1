package import ExactMath

/// Zero-concentrated differential privacy (Bun and Steinke 2016): ρ adds, in exact rationals.
///
/// Events with a δ of their own are carried as approximate zCDP: their δ adds. Sampling helps events with a pure ε only;
/// for others the unsampled ρ stands.
public struct ZCDPAccountant: Accountant {
  /// `zcdp`.
  public let name = "zcdp"

  /// The accountant has no state.
  public init() {}

  /// The conversion of Canonne, Kamath and Steinke (2020, proposition 12), minimised over orders.
  public func epsilon(of event: PrivacyEvent, delta: Delta, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let loss = try ZCDPAccountant.loss(of: EventTerms(event, adjacency: adjacency))
    let left = delta.value - loss.delta
    if left.signum < 0 { return Bounds(lower: nil, upper: .infinity) }
    return Bounds(
      lower: nil, upper: RenyiConversion.epsilon(rho: loss.rho.doubleRoundedUp, delta: left.doubleRoundedDown))
  }

  /// The conversion of Canonne, Kamath and Steinke (2020, corollary 13), minimised over orders.
  public func delta(of event: PrivacyEvent, epsilon: Epsilon, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let loss = try ZCDPAccountant.loss(of: EventTerms(event, adjacency: adjacency))
    let converted = RenyiConversion.delta(rho: loss.rho.doubleRoundedUp, epsilon: epsilon.down)
    let total = (Interval(converted) + Interval(loss.delta)).high
    return Bounds(lower: nil, upper: Swift.min(1, loss.delta.signum == 0 ? converted : total))
  }

  /// The exact total, for budgets.
  package static func loss(of terms: EventTerms) throws(AccountingError) -> ConcentratedLoss {
    try terms.total { event throws(AccountingError) in try ConcentratedLoss(of: event) }
  }
}

/// A ρ with an additive δ, in exact rationals.
package struct ConcentratedLoss: PrivacyLoss, Hashable {
  package let rho: Rational
  package let delta: Rational

  package init(rho: Rational, delta: Rational = 0) {
    self.rho = rho
    self.delta = delta
  }

  package static let none = ConcentratedLoss(rho: 0)

  package func adding(_ other: ConcentratedLoss) -> ConcentratedLoss {
    ConcentratedLoss(rho: rho + other.rho, delta: delta + other.delta)
  }

  package func times(_ count: Int) -> ConcentratedLoss {
    ConcentratedLoss(rho: Rational(count) * rho, delta: Rational(count) * delta)
  }
}

extension ConcentratedLoss {
  /// The ρ of one event.
  init(of event: SingleEvent) throws(AccountingError) {
    switch event {
    case .gaussian(let squaredMu): self.init(rho: squaredMu / 2)
    case .discreteGaussian(let variance, let squaredSensitivity, _):
      // Canonne, Kamath and Steinke 2020, theorem 14: any integer vector change of that L2 norm.
      self.init(rho: squaredSensitivity / variance / 2)
    case .distributedDiscreteGaussian(let variance, let clients, let squaredSensitivity, let dimension):
      let noise = try DistributedGaussianNoise(
        variance: variance, clients: clients, squaredSensitivity: squaredSensitivity, dimension: dimension)
      self.init(rho: try ConcentratedLoss.upward(noise.rho))
    case .zcdp(let rho): self.init(rho: rho)
    case .boundedRange(let epsilon):
      // Cesar and Rogers 2021, lemma 3.2.
      self.init(rho: epsilon * epsilon / 8)
    case .laplace, .discreteLaplace, .pure, .approximate, .randomizedResponse:
      // Bun and Steinke 2016, proposition 3.3: ε-DP is ε²/2-zCDP.
      let loss = try ApproximateLoss(of: event)
      self.init(rho: loss.epsilon * loss.epsilon / 2, delta: loss.delta)
    case .shuffled(_, let terms):
      // Shuffling is post-processing of the answers.
      self = try ZCDPAccountant.loss(of: terms)
    case .poisson(_, let terms), .replacedSample(_, let terms), .withoutReplacement(_, let terms):
      self = try ConcentratedLoss.sampled(event, terms)
    case .group:
      let loss = try ApproximateLoss(of: event)
      self.init(rho: loss.epsilon * loss.epsilon / 2, delta: loss.delta)
    case .skellam:
      throw AccountingError(.unsupportedEvent, "Skellam noise has no zCDP bound here; use rdp")
    }
  }

  /// Sampling never costs more than no sampling; an event with a pure ε is amplified through it.
  private static func sampled(
    _ event: SingleEvent, _ terms: EventTerms
  ) throws(AccountingError) -> ConcentratedLoss {
    let amplified = (try? ApproximateLoss(of: event)).map {
      ConcentratedLoss(rho: $0.epsilon * $0.epsilon / 2, delta: $0.delta)
    }
    let unsampled = try? ZCDPAccountant.loss(of: terms)
    if let amplified, unsampled.map({ amplified.rho <= $0.rho }) ?? true { return amplified }
    guard let unsampled else {
      throw AccountingError(.unsupportedEvent, "sampling has no zCDP bound for this event; use rdp")
    }
    return unsampled
  }

  static func upward(_ interval: Interval) throws(AccountingError) -> Rational {
    guard let value = Rational(exactly: interval.high) else {
      throw AccountingError(.tooLarge, "the loss exceeds the range of a double")
    }
    return value
  }
}

/// The sum of n discrete Gaussians compared with one discrete Gaussian of n times the variance
/// (Kairouz, Liu and Steinke 2021, theorem 1 and proposition 14).
struct DistributedGaussianNoise {
  /// Squared sensitivity over the total variance.
  let squaredRatio: Interval
  /// τ = 10·Σ_{k=1}^{n−1} e^(−2π²σ²k/(k+1)): the largest log-ratio of the two laws per coordinate.
  let tau: Interval
  let dimension: Interval
  /// The L1 sensitivity over the square root of the total variance: at most √d·Δ₂, and at most Δ₂² on integers.
  let scaledL1: Interval

  init(variance: Rational, clients: Int, squaredSensitivity: Rational, dimension: Int) throws(AccountingError) {
    guard variance >= Rational(1, 4) else {
      throw AccountingError(
        .noTheorem, "sums of discrete Gaussians have a theorem only for sigma of at least 1/2 per client")
    }
    squaredRatio = Interval(squaredSensitivity / variance / Rational(clients))
    self.dimension = Interval(Double(dimension))
    let exponent = Interval.pi.squared * Interval(variance) * -2
    // Terms decrease in k; after 1,000 the rest is bounded by the last one times what is left.
    var sum = Interval.zero
    let exact = min(clients - 1, 1_000)
    for k in stride(from: 1, through: exact, by: 1) {
      sum += (exponent * Interval(Rational(k, k + 1))).exponential
    }
    if clients - 1 > exact {
      let last = (exponent * Interval(Rational(exact, exact + 1))).exponential
      sum += Interval(0, (last * Interval(Double(clients - 1 - exact))).high)
    }
    tau = clients == 1 ? .zero : sum * 10
    let byDimension = (self.dimension * squaredRatio).squareRoot
    let bySquare = Interval(squaredSensitivity) / (Interval(variance) * Interval(Double(clients))).squareRoot
    scaledL1 = Interval.min(byDimension, bySquare)
  }

  private var third: Interval { (squaredRatio.squareRoot + dimension.squareRoot * tau).squared }
  private var second: Interval { squaredRatio + scaledL1 * tau * 2 + tau.squared * dimension }

  /// A ρ for which the mechanism is ρ-zCDP.
  var rho: Interval { tau.high == 0 ? squaredRatio * 0.5 : Interval.min(second, third) * 0.5 }

  /// An upper bound on the Rényi divergence of the given order.
  func divergence(order: Interval) -> Interval {
    Interval.min(order * rho, order * squaredRatio * 0.5 + tau * dimension)
  }
}
