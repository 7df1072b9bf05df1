public import ExactMath

/// A running statement of what adaptively chosen releases have cost so far, with no limit set in advance.
///
/// With probability at least 1 − δ over everything released, the privacy loss of the whole history is at most the
/// stated ε at every moment at once (an odometer in the sense of Rogers and others 2016). A pure odometer is the plain
/// sum. The others keep filters of doubling size B₀, 2B₀, 4B₀, …: the history stopped at filter f has Rényi divergence
/// at most its size (Feldman and Zrnic 2021, theorem 4.3), so its loss exceeds D + ln(1/δ_f)/(α − 1) with probability
/// at most δ_f (Mironov 2017, proposition 3, whose proof bounds the tail of the loss); the δ_f = δ/((f+1)(f+2)) sum to
/// δ. For zCDP and Gaussians the order may differ between filters: ε_f = B + 2√(B·ln(1/δ_f)).
///
/// There is no odometer here for optimal composition or loss distributions: no such theorem is used.
public struct PrivacyOdometer: ~Copyable, Sendable {
  /// What an odometer adds up.
  public enum Measure: Sendable, Hashable {
    /// ε of pure events.
    case pure
    /// ρ of events with a zCDP bound.
    case zcdp
    /// The Rényi divergence at one order, fixed beforehand.
    case renyi(order: RenyiOrder)
    /// μ² of Gaussians, as ρ = μ²/2.
    case gaussian
  }

  /// What is claimed about the history so far.
  public struct Claim: Sendable, Hashable {
    /// A bound on the loss, rounded up.
    public let epsilon: Double
    /// The probability that any claim ever fails, counted once for all of them together.
    public let delta: Rational
  }

  /// What is added up.
  public let measure: Measure
  /// The probability with which a claim may ever fail; 0 for a pure odometer.
  public let delta: Delta
  /// The adjacency of all events.
  public let adjacency: Adjacency
  /// The total so far; it never decreases.
  public private(set) var spent: BudgetAmount = .zero
  /// The size B₀ of the smallest filter.
  private static let smallest = Rational(1, 1_024)

  /// An odometer at zero.
  ///
  /// - Throws: ``ParameterError`` when δ is 0 for a measure that needs it, or above 0 for a pure one.
  public init(_ measure: Measure, delta: Delta, adjacency: Adjacency = .addOrRemove) throws(ParameterError) {
    guard (measure == .pure) == (delta.value.signum == 0) else {
      throw ParameterError(
        .inconsistent, "delta", measure == .pure ? "must be 0 for a pure odometer" : "must be above 0")
    }
    self.measure = measure
    self.delta = delta
    self.adjacency = adjacency
  }

  /// Adds an event to the history, then runs the body that releases it; the record stands when the body throws.
  ///
  /// - Throws: ``BudgetRefusal`` before anything runs when the measure has no theorem for the event, or the body's error.
  public mutating func record<Result: ~Copyable>(
    _ event: PrivacyEvent, _ body: () throws -> Result
  ) throws -> Result {
    try record(event)
    return try body()
  }

  /// Adds an event to the history.
  ///
  /// - Throws: ``BudgetRefusal`` when the measure has no theorem for the event.
  public mutating func record(_ event: PrivacyEvent) throws(BudgetRefusal) {
    let cost = try limit.cost(of: event, adjacency: adjacency)
    guard cost.delta.signum == 0 else {
      throw BudgetRefusal(
        .unsupportedEvent, "an odometer takes no event with a delta of its own: its loss has no tail bound")
    }
    spent = spent + cost
  }

  /// What can be said now.
  public var claim: Claim {
    guard measure != .pure else { return Claim(epsilon: spent.loss.doubleRoundedUp, delta: 0) }
    guard spent.loss.signum > 0 else { return Claim(epsilon: 0, delta: 0) }
    let rho = measure == .gaussian ? spent.loss / 2 : spent.loss
    var (size, filter) = (PrivacyOdometer.smallest, 0)
    while size < rho, filter < 2_000 { (size, filter) = (size * 2, filter + 1) }
    let share = delta.value / Rational((filter + 1) * (filter + 2))
    let logInverse = -Interval(share).logarithm
    let epsilon: Interval
    if case .renyi(let order) = measure {
      epsilon = Interval(size) + logInverse / (Interval(order.value) - 1)
    } else {
      epsilon = Interval(size) + (Interval(size) * logInverse).squareRoot * 2
    }
    return Claim(epsilon: epsilon.high, delta: delta.value)
  }

  /// The limit whose costs are added; its size plays no part.
  private var limit: BudgetLimit {
    let none = Delta(unchecked: 0)
    switch measure {
    case .pure: return .pure(Epsilon(unchecked: 0))
    case .zcdp: return .zcdp(Rho(unchecked: 0), none)
    case .renyi(let order): return .renyi(order: order, divergence: Epsilon(unchecked: 0), delta: none)
    case .gaussian: return .gaussian(squaredMu: Rho(unchecked: 0))
    }
  }
}
