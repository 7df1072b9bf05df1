public import ExactMath

/// A limit on privacy loss for which adding up is a proven filter: charges may depend on earlier answers.
///
/// There is no limit for optimal composition or for privacy-loss distributions: no such filter is proven. A plan that
/// needs them is committed whole.
public enum BudgetLimit: Sendable, Hashable, Codable {
  /// The sum of all ε (Dwork and others 2006; a filter by Rogers and others 2016).
  case pure(Epsilon)
  /// The sum of all ε and the sum of all δ (Rogers and others 2016).
  case approximate(Epsilon, Delta)
  /// The sum of all ρ, with a δ for events that have one (Feldman and Zrnic 2021).
  case zcdp(Rho, Delta)
  /// The sum of Rényi divergences at one order fixed beforehand (Feldman and Zrnic 2021, theorem 4.3).
  case renyi(order: RenyiOrder, divergence: Epsilon, delta: Delta)
  /// The sum of μ² over Gaussians (Smith and Thakurta 2022; Koskela, Tobaben and Honkela 2022).
  case gaussian(squaredMu: Rho)

  /// The name of the filter: `pure`, `approximate`, `zcdp`, `rdp` or `gdp`.
  public var filter: String {
    switch self {
    case .pure: "pure"
    case .approximate: "approximate"
    case .zcdp: "zcdp"
    case .renyi: "rdp"
    case .gaussian: "gdp"
    }
  }
}

/// An amount of a limit: one exact number and an exact δ.
public struct BudgetAmount: Sendable, Hashable, Codable {
  /// ε, ρ, a Rényi divergence or μ², whichever the limit adds.
  public let loss: Rational
  /// The δ beside it.
  public let delta: Rational

  /// An amount; both numbers must not be negative.
  ///
  /// - Throws: ``ParameterError`` when one is.
  public init(loss: Rational, delta: Rational = 0) throws(ParameterError) {
    guard loss.signum >= 0 else { throw ParameterError(.outOfRange, "loss", "must be a finite number ≥ 0") }
    guard delta.signum >= 0 else { throw ParameterError(.outOfRange, "delta", "must be a finite number ≥ 0") }
    self.init(unchecked: loss, delta)
  }

  init(unchecked loss: Rational, _ delta: Rational = 0) {
    self.loss = loss
    self.delta = delta
  }

  /// Nothing.
  public static let zero = BudgetAmount(unchecked: 0)

  /// The exact sum.
  public static func + (a: BudgetAmount, b: BudgetAmount) -> BudgetAmount {
    BudgetAmount(unchecked: a.loss + b.loss, a.delta + b.delta)
  }

  /// Whether neither part exceeds the other amount's.
  public func fits(in limit: BudgetAmount) -> Bool { loss <= limit.loss && delta <= limit.delta }

  /// What is left of `limit` after this amount; `nil` when it does not fit.
  func remainder(of limit: BudgetAmount) -> BudgetAmount? {
    fits(in: limit) ? BudgetAmount(unchecked: limit.loss - loss, limit.delta - delta) : nil
  }
}

extension BudgetLimit {
  /// The whole limit as an amount.
  public var amount: BudgetAmount {
    switch self {
    case .pure(let epsilon): BudgetAmount(unchecked: epsilon.value)
    case .approximate(let epsilon, let delta): BudgetAmount(unchecked: epsilon.value, delta.value)
    case .zcdp(let rho, let delta): BudgetAmount(unchecked: rho.value, delta.value)
    case .renyi(_, let divergence, let delta): BudgetAmount(unchecked: divergence.value, delta.value)
    case .gaussian(let squaredMu): BudgetAmount(unchecked: squaredMu.value)
    }
  }

  /// What an event costs under this limit: exact where the measure is rational, rounded up where it is not.
  ///
  /// - Throws: ``BudgetRefusal`` when the filter has no theorem for the event under the adjacency.
  public func cost(of event: PrivacyEvent, adjacency: Adjacency) throws(BudgetRefusal) -> BudgetAmount {
    do throws(AccountingError) {
      return try cost(of: EventTerms(event, adjacency: adjacency))
    } catch {
      throw BudgetRefusal(.unsupportedEvent, "the \(filter) filter cannot charge this event: \(error.message)")
    }
  }

  private func cost(of terms: EventTerms) throws(AccountingError) -> BudgetAmount {
    switch self {
    case .pure, .approximate:
      let loss = try PureAccountant.loss(of: terms)
      return BudgetAmount(unchecked: loss.epsilon, loss.delta)
    case .zcdp:
      let loss = try ZCDPAccountant.loss(of: terms)
      return BudgetAmount(unchecked: loss.rho, loss.delta)
    case .renyi(let order, _, _):
      // The divergence increases with the order, so the order is rounded up.
      let loss = try RenyiLoss.total(of: terms, orders: [order.value.doubleRoundedUp])
      guard let divergence = Rational(exactly: loss.divergences[0]) else {
        throw AccountingError(.unsupportedEvent, "its divergence at this order is infinite")
      }
      // Rounded up to fifteen decimals, so that totals stay readable.
      let unit = Rational(1) / Rational.powerOfTen(15)
      let rounded = (divergence / unit).ceiling.map { Rational($0) * unit } ?? divergence
      return BudgetAmount(unchecked: rounded, loss.delta)
    case .gaussian:
      return BudgetAmount(unchecked: try GaussianAccountant.squaredMu(of: terms))
    }
  }

  /// Why a charge does not fit: which bound breaks, by how much, and how much of it would still fit.
  ///
  /// - Parameters:
  ///   - event: what was to be charged.
  ///   - cost: its cost.
  ///   - left: what is left.
  ///   - total: the whole budget.
  package func refusal(
    of event: PrivacyEvent, cost: BudgetAmount, left: BudgetAmount, total: BudgetAmount, adjacency: Adjacency
  ) -> BudgetRefusal {
    let name = cost.loss > left.loss ? measure : "delta"
    var message =
      "the charge of \(describe(cost)) exceeds the \(filter) budget of \(describe(total)) in \(name); "
      + "\(describe(left)) would still fit"
    if case .repeated(let one, let count) = event, let single = try? self.cost(of: one, adjacency: adjacency) {
      var fits = count.value
      for (part, room) in [(single.loss, left.loss), (single.delta, left.delta)] where part.signum > 0 {
        fits = min(fits, (room / part).floor ?? fits)
      }
      if fits > 0, fits < count.value { message += ", that is \(fits) of its \(count.value) repetitions" }
    }
    return BudgetRefusal(.exhausted, message)
  }

  /// What the limit adds: `epsilon`, `rho`, `divergence` or `mu^2`.
  private var measure: String {
    switch self {
    case .pure, .approximate: "epsilon"
    case .zcdp: "rho"
    case .renyi: "divergence"
    case .gaussian: "mu^2"
    }
  }

  /// An amount in words: `epsilon=0.5, delta=0.000001`.
  public func describe(_ amount: BudgetAmount) -> String {
    func text(_ value: Rational) -> String { value.decimalDescription }
    switch self {
    case .pure: return "epsilon=\(text(amount.loss))"
    case .approximate: return "epsilon=\(text(amount.loss)), delta=\(text(amount.delta))"
    case .zcdp: return "rho=\(text(amount.loss)), delta=\(text(amount.delta))"
    case .renyi(let order, _, _):
      return "divergence=\(text(amount.loss)) at order \(order), delta=\(text(amount.delta))"
    case .gaussian: return "mu^2=\(text(amount.loss))"
    }
  }
}

extension BudgetLimit {
  /// A limit at one Rényi order that certifies (ε, δ): ε = D + ln(1 − 1/α) − (ln δ + ln α)/(α − 1), solved for D.
  ///
  /// - Parameters:
  ///   - epsilon: Above 0.
  ///   - delta: Above 0.
  ///   - order: The order α, fixed for good; `nil` takes the one under which most Gaussian releases fit.
  /// - Throws: ``ParameterError`` when the order leaves nothing to spend.
  public static func renyi(
    certifying epsilon: Epsilon, delta: Delta, order: RenyiOrder? = nil
  ) throws(ParameterError) -> BudgetLimit {
    guard delta.value.signum > 0 else {
      throw ParameterError(.outOfRange, "delta", "must be above 0 for a Rényi budget")
    }
    let logDelta = Interval(delta.value).logarithm
    func divergence(_ order: Rational) -> Double {
      let alpha = Interval(order)
      let gained = (-(Interval.one / alpha)).logarithmOfOnePlus - (logDelta + alpha.logarithm) / (alpha - 1)
      return (Interval(epsilon.value) - gained).low
    }
    var chosen = order?.value
    if chosen == nil {
      // Orders 1 + 1/16 … 1 + 4096 in steps of an eighth of a doubling; D/α is the Gaussian budget.
      let candidates = (0..<128).map { Rational(1) + Rational(1 << ($0 / 8)) / 16 * Rational(8 + $0 % 8, 8) }
      chosen = candidates.max { divergence($0) / $0.doubleValue < divergence($1) / $1.doubleValue }
    }
    guard let chosen, case let bound = divergence(chosen), bound > 0,
      case let limit = ShortDecimal.next(to: bound, up: false), limit.signum > 0
    else {
      throw ParameterError(.outOfRange, "order", "leaves nothing to spend at this epsilon and delta")
    }
    return .renyi(order: try RenyiOrder(chosen), divergence: try Epsilon(limit), delta: Delta(unchecked: 0))
  }

  /// A zCDP limit that certifies (ε, δ): the largest ρ, within 1e-9 relative, whose conversion is at most ε.
  ///
  /// - Throws: ``ParameterError`` when ε or δ is zero.
  public static func zcdp(certifying epsilon: Epsilon, delta: Delta) throws(ParameterError) -> BudgetLimit {
    guard epsilon.value.signum > 0 else { throw ParameterError(.outOfRange, "epsilon", "must be above 0") }
    guard delta.value.signum > 0 else {
      throw ParameterError(.outOfRange, "delta", "must be above 0 for a zCDP budget")
    }
    let (target, mass) = (epsilon.down, delta.down)
    // ρ ≤ ε always: at ρ = ε the order 1 already costs ε.
    var (good, bad) = (0.0, epsilon.up)
    while bad - good > bad * 1e-9, bad > 1e-290 {
      let middle = good + (bad - good) / 2
      if RenyiConversion.epsilon(rho: middle, delta: mass) <= target { good = middle } else { bad = middle }
    }
    guard let rho = Rational(exactly: good), rho.signum > 0 else {
      throw ParameterError(.outOfRange, "delta", "is too small for a zCDP budget of this epsilon")
    }
    return .zcdp(Rho(unchecked: rho), Delta(unchecked: 0))
  }

  /// A Gaussian limit that certifies (ε, δ): the largest μ², within 1e-9 relative, whose exact profile meets it.
  ///
  /// - Throws: ``ParameterError`` when δ is zero.
  public static func gaussian(certifying epsilon: Epsilon, delta: Delta) throws(ParameterError) -> BudgetLimit {
    guard delta.value.signum > 0 else {
      throw ParameterError(.outOfRange, "delta", "must be above 0 for a Gaussian budget")
    }
    let target = Interval(delta.value).logarithm.low
    func meets(_ squaredMu: Double) -> Bool {
      guard let exact = Rational(exactly: squaredMu), exact.signum > 0 else { return squaredMu == 0 }
      return GaussianProfile(squaredMu: exact).logDelta(epsilon: epsilon.down).high <= target
    }
    var (good, bad) = (0.0, 1.0)
    while meets(bad), bad < 1e290 { (good, bad) = (bad, bad * 4) }
    while bad - good > bad * 1e-9, bad > 1e-290 {
      let middle = good + (bad - good) / 2
      if meets(middle) { good = middle } else { bad = middle }
    }
    guard let squaredMu = Rational(exactly: good), squaredMu.signum > 0 else {
      throw ParameterError(.outOfRange, "delta", "is too small for a Gaussian budget of this epsilon")
    }
    return .gaussian(squaredMu: Rho(unchecked: squaredMu))
  }
}
