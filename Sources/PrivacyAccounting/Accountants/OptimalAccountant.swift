import ExactMath

/// Optimal composition of (ε, δ) events: the exact answer when only their parameters are known.
///
/// Equal events follow Kairouz, Oh and Viswanath (2015, theorem 3.3), different ones Murtagh and Vadhan (2016,
/// theorem 1.5), whose exact sum is #P-hard: up to 65,536 different sums are enumerated with exact losses, beyond that
/// the same composition of randomised responses is bounded as a loss distribution. The parameters must be fixed in
/// advance; this is no filter.
///
/// The lower bound holds for the worst mechanism of these parameters and is given only where the event says no more
/// than its parameters; a Laplace release, for example, costs less.
public struct OptimalAccountant: Accountant {
  /// `optimal`.
  public let name = "optimal"

  private let boundsAll: Bool

  /// The accountant has no state.
  public init() {
    boundsAll = true
  }

  /// An accountant that gives the plain sum where the exact one is too long, for those who ask loss distributions too.
  package init(exactOnly: Bool) {
    boundsAll = !exactOnly
  }

  /// The smallest ε of the composition of the worst mechanisms.
  public func epsilon(of event: PrivacyEvent, delta: Delta, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let terms = try EventTerms(event, adjacency: adjacency)
    if terms.isEmpty { return Bounds(lower: 0, upper: 0) }
    let basic = try PureAccountant().epsilon(of: event, delta: delta, adjacency: adjacency).upper
    let parts = try OptimalComposition(terms)
    guard delta.value.signum > 0 else {
      // At δ = 0 the worst mechanisms cost exactly the sum.
      return Bounds(lower: parts.isTight && basic < .infinity ? parts.sum.doubleRoundedDown : nil, upper: basic)
    }
    let found =
      parts.profile.map { $0.epsilon(delta: Interval(delta.value)) }
      ?? (boundsAll ? parts : nil)?.asLosses {
        try LossDistributionAccountant().epsilon(of: $0, delta: delta, adjacency: adjacency)
      }
    return parts.certain(found ?? Bounds(lower: nil, upper: .infinity), atMost: basic)
  }

  /// The smallest δ of the composition of the worst mechanisms.
  public func delta(of event: PrivacyEvent, epsilon: Epsilon, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let terms = try EventTerms(event, adjacency: adjacency)
    if terms.isEmpty { return Bounds(lower: 0, upper: 0) }
    let basic = try PureAccountant().delta(of: event, epsilon: epsilon, adjacency: adjacency).upper
    let parts = try OptimalComposition(terms)
    let found =
      parts.profile.map { profile in
        let value = profile.delta(epsilon: Interval(epsilon.value))
        return Bounds(lower: value.low, upper: value.high)
      }
      ?? (boundsAll ? parts : nil)?.asLosses {
        try LossDistributionAccountant().delta(of: $0, epsilon: epsilon, adjacency: adjacency)
      }
    return parts.certain(found ?? Bounds(lower: nil, upper: .infinity), atMost: basic)
  }
}

/// Composition with a Gaussian-like tail in place of the sum: a closed form, above the optimal answer.
///
/// ε = Σ εᵢ·tanh(εᵢ/2) + √(2·ln(1/δ̃)·Σ εᵢ²) at δ = 1 − (1 − δ̃)Π(1 − δᵢ) (Dwork, Rothblum and Vadhan 2010, theorem
/// III.3, with the exact mean and different parameters as in Kairouz, Oh and Viswanath 2015, theorem 3.5): the worst
/// losses ±εᵢ have that mean, and Azuma's inequality bounds their sum, also when the mechanisms, though not their
/// parameters, depend on earlier answers.
public struct AdvancedAccountant: Accountant {
  /// `advanced`.
  public let name = "advanced"

  /// The accountant has no state.
  public init() {}

  /// The closed form, never above the plain sum.
  public func epsilon(of event: PrivacyEvent, delta: Delta, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let basic = try PureAccountant().epsilon(of: event, delta: delta, adjacency: adjacency).upper
    let parts = try OptimalComposition(EventTerms(event, adjacency: adjacency))
    // 1 − δ̃ = (1 − δ)/Π(1 − δᵢ).
    let slack = -((Interval(-delta.value).logarithmOfOnePlus - parts.logSound).exponentialMinusOne)
    guard delta.value.signum > 0, slack.low > 0 else { return Bounds(lower: nil, upper: basic) }
    let spread = (parts.squares * slack.logarithm * -2).squareRoot
    return Bounds(lower: nil, upper: Swift.min(basic, Swift.max(0, (parts.mean + spread).high)))
  }

  /// The closed form solved for δ, never above what the plain sum gives.
  public func delta(of event: PrivacyEvent, epsilon: Epsilon, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let basic = try PureAccountant().delta(of: event, epsilon: epsilon, adjacency: adjacency).upper
    let parts = try OptimalComposition(EventTerms(event, adjacency: adjacency))
    let room = Interval(epsilon.value) - parts.mean
    guard room.low > 0, parts.squares.low > 0 else { return Bounds(lower: nil, upper: basic) }
    let tail = (-(room.squared / (parts.squares * 2))).exponential
    let total = -(parts.logSound.exponentialMinusOne) + parts.logSound.exponential * tail
    return Bounds(lower: nil, upper: Swift.min(basic, Swift.max(0, total.high)))
  }
}

/// The (ε, δ) parameters of a composition, by classes of equal ε.
private struct OptimalComposition {
  let classes: [RandomizedResponseProfile.Class]
  let logSound: Interval
  /// Whether the event says nothing beyond its parameters.
  let isTight: Bool
  private let deltas: [(epsilon: Rational, delta: Rational, count: Int)]

  init(_ terms: EventTerms) throws(AccountingError) {
    var counts: [Rational: Int] = [:]
    var logSound = Interval.zero
    var isTight = true
    var deltas: [(epsilon: Rational, delta: Rational, count: Int)] = []
    for term in terms.terms {
      let loss = try ApproximateLoss(of: term.event)
      switch term.event {
      case .pure, .approximate: break
      default: isTight = false
      }
      guard loss.delta < 1 else {
        throw AccountingError(.unsupportedEvent, "a part of the event has no delta below 1, so nothing composes")
      }
      counts[loss.epsilon, default: 0] += term.count
      logSound += Interval(-loss.delta).logarithmOfOnePlus * Interval(Double(term.count))
      deltas.append((loss.epsilon, loss.delta, term.count))
    }
    classes = counts.sorted { $0.key < $1.key }.map {
      RandomizedResponseProfile.Class(epsilon: $0.key, count: $0.value)
    }
    self.logSound = logSound.atMost(0)
    self.isTight = isTight
    self.deltas = deltas
  }

  /// Σ εᵢ.
  var sum: Rational { classes.reduce(Rational.zero) { $0 + Rational($1.count) * $1.epsilon } }
  /// Σ εᵢ².
  var squares: Interval {
    Interval(classes.reduce(Rational.zero) { $0 + Rational($1.count) * $1.epsilon * $1.epsilon })
  }
  /// Σ εᵢ·tanh(εᵢ/2), the mean loss.
  var mean: Interval {
    classes.reduce(Interval.zero) { total, item in
      let epsilon = Interval(item.epsilon)
      // tanh(ε/2) = (1 − e^(−ε))/(1 + e^(−ε)).
      let share = -((-epsilon).exponentialMinusOne) / ((-epsilon).exponential + 1)
      return total + epsilon * share * Interval(Double(item.count))
    }
  }

  var profile: RandomizedResponseProfile? { RandomizedResponseProfile(classes, logSound: logSound) }

  /// The same composition as privacy-loss distributions; no bound where those refuse it.
  func asLosses(_ ask: (PrivacyEvent) throws -> Bounds) -> Bounds {
    let events: [PrivacyEvent] = deltas.compactMap { part in
      guard let event = try? PrivacyEvent.epsilonDelta(epsilon: part.epsilon, delta: part.delta) else { return nil }
      return try? .repeated(event, count: part.count)
    }
    guard events.count == deltas.count, let bounds = try? ask(.composed(events)) else {
      return Bounds(lower: nil, upper: .infinity)
    }
    return bounds
  }

  /// The bounds with the plain sum as a second upper one, and a lower one only where it holds.
  func certain(_ bounds: Bounds, atMost basic: Double) -> Bounds {
    let upper = Swift.min(bounds.upper, basic)
    return Bounds(lower: isTight ? bounds.lower.map { Swift.min($0, upper) } : nil, upper: upper)
  }
}
