package import ExactMath

/// Rényi differential privacy at many orders at once (Mironov 2017): divergences add per order.
///
/// Poisson-sampled Gaussians use the exact curve, other sampled events the general bounds of Zhu and Wang (2019) and
/// Wang, Balle and Kasiviswanathan (2019). All divergences are rounded up. Events with a δ of their own are carried
/// along: their δ adds.
public struct RenyiAccountant: Accountant {
  /// `rdp`.
  public let name = "rdp"
  /// The orders, increasing.
  public let orders: [Double]

  /// An accountant with the default orders: 1.01 to 10.9, then integers that thin out up to 2,048, then powers of two.
  public init() {
    orders = RenyiAccountant.defaultOrders
  }

  /// An accountant with orders of one's own.
  ///
  /// - Throws: ``AccountingError`` unless there is at least one order and all are finite and above 1.
  public init(orders: [Double]) throws(AccountingError) {
    guard !orders.isEmpty, orders.allSatisfy({ $0 > 1 && $0 < .infinity }) else {
      throw AccountingError(.invalidQuestion, "Rényi orders must be finite and above 1")
    }
    self.orders = Array(Set(orders)).sorted()
  }

  private static let defaultOrders: [Double] = {
    var orders = [1.001, 1.01, 1.02, 1.03, 1.05, 1.07]
    orders += (11...109).map { Double($0) / 10 }
    orders += (11...63).map { Double($0) }
    orders += stride(from: 64, to: 256, by: 8).map { Double($0) }
    orders += stride(from: 256, through: 1_024, by: 64).map { Double($0) }
    orders += (11...30).map { Double(1 << $0) }
    return orders
  }()

  /// The smallest converted ε over all orders.
  public func epsilon(of event: PrivacyEvent, delta: Delta, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let loss = try loss(of: EventTerms(event, adjacency: adjacency))
    let left = delta.value - loss.delta
    if left.signum < 0 { return Bounds(lower: nil, upper: .infinity) }
    let remaining = left.doubleRoundedDown
    var best = Double.infinity
    for (order, divergence) in zip(orders, loss.divergences) {
      best = Swift.min(best, RenyiConversion.epsilon(order: order, divergence: divergence, delta: remaining))
    }
    return Bounds(lower: nil, upper: best)
  }

  /// The smallest converted δ over all orders.
  public func delta(of event: PrivacyEvent, epsilon: Epsilon, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let loss = try loss(of: EventTerms(event, adjacency: adjacency))
    let target = epsilon.down
    var best = 1.0
    for (order, divergence) in zip(orders, loss.divergences) {
      best = Swift.min(best, RenyiConversion.delta(order: order, divergence: divergence, epsilon: target))
    }
    guard loss.delta.signum > 0 else { return Bounds(lower: nil, upper: best) }
    return Bounds(lower: nil, upper: Swift.min(1, (Interval(best) + Interval(loss.delta)).high))
  }

  /// The divergence at every order, rounded up.
  ///
  /// - Throws: ``AccountingError`` when the event has no Rényi bound, or a δ of its own.
  public func divergences(of event: PrivacyEvent, adjacency: Adjacency) throws(AccountingError) -> [Double] {
    let loss = try loss(of: EventTerms(event, adjacency: adjacency))
    guard loss.delta.signum == 0 else {
      throw AccountingError(.unsupportedEvent, "the event has a delta of its own, which no Rényi divergence covers")
    }
    return loss.divergences
  }

  /// The total loss at every order.
  package func loss(of terms: EventTerms) throws(AccountingError) -> RenyiLoss {
    try RenyiLoss.total(of: terms, orders: orders)
  }
}

/// Divergences at a fixed list of orders, rounded up, and an additive δ.
package struct RenyiLoss: PrivacyLoss {
  /// One divergence per order; empty stands for zero at every order.
  package let divergences: [Double]
  package let delta: Rational

  package init(divergences: [Double], delta: Rational = 0) {
    self.divergences = divergences
    self.delta = delta
  }

  package static let none = RenyiLoss(divergences: [])

  package func adding(_ other: RenyiLoss) -> RenyiLoss {
    let sum: [Double]
    if divergences.isEmpty {
      sum = other.divergences
    } else if other.divergences.isEmpty {
      sum = divergences
    } else {
      sum = zip(divergences, other.divergences).map { ($0 + $1).nextUp }
    }
    return RenyiLoss(divergences: sum, delta: delta + other.delta)
  }

  package func times(_ count: Int) -> RenyiLoss {
    guard count > 1 else { return count == 1 ? self : .none }
    let factor = Double(count)
    return RenyiLoss(
      divergences: divergences.map { $0 == 0 ? 0 : ($0 * factor).nextUp }, delta: Rational(count) * delta)
  }

  /// The sum over all terms at the given orders.
  static func total(of terms: EventTerms, orders: [Double]) throws(AccountingError) -> RenyiLoss {
    let sum: RenyiLoss = try terms.total { event throws(AccountingError) in try RenyiLoss(of: event, orders: orders) }
    return sum.divergences.isEmpty
      ? RenyiLoss(divergences: orders.map { _ in 0 }, delta: sum.delta) : sum
  }
}
