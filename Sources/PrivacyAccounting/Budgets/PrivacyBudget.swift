import ExactMath

/// A privacy budget that cannot be spent twice: it is noncopyable, so passing it on gives it away.
///
/// Amounts are exact rationals. A charge precedes the work it pays for and stands when the work throws; a refused
/// charge changes nothing and names what would still fit. The limit's filter is valid for charges chosen adaptively.
public struct PrivacyBudget: ~Copyable, Sendable {
  /// What may be spent in all.
  public let limit: BudgetLimit
  /// The adjacency for which the limit is stated.
  public let adjacency: Adjacency
  /// What was spent so far; it never decreases.
  public private(set) var spent: BudgetAmount
  private let total: BudgetAmount
  /// Whether events must hold under either adjacency, as in a part that units may enter and leave.
  var isPartOfReplacement = false

  /// A fresh budget.
  ///
  /// - Throws: ``ParameterError`` when the limit allows nothing at all.
  public init(_ limit: BudgetLimit, adjacency: Adjacency = .addOrRemove) throws(ParameterError) {
    let amount = limit.amount
    guard amount.loss.signum > 0 || amount.delta.signum > 0 else {
      throw ParameterError(.outOfRange, "budget", "must allow a loss above 0")
    }
    self.init(limit, adjacency, total: amount)
  }

  private init(_ limit: BudgetLimit, _ adjacency: Adjacency, total: BudgetAmount) {
    self.limit = limit
    self.adjacency = adjacency
    self.total = total
    spent = .zero
  }

  /// What is left.
  public var remaining: BudgetAmount { spent.remainder(of: total) ?? .zero }

  /// Charges an event, then runs the body that releases it.
  ///
  /// - Returns: what the body returns.
  /// - Throws: ``BudgetRefusal`` before anything runs, with nothing spent; or the body's own error, with the charge
  ///   standing.
  public mutating func spend<Result: ~Copyable>(
    _ event: PrivacyEvent, _ body: () throws -> Result
  ) throws -> Result {
    try charge(event)
    return try body()
  }

  /// Charges an event without running anything.
  ///
  /// - Returns: the amount charged.
  /// - Throws: ``BudgetRefusal`` with nothing spent.
  @discardableResult
  public mutating func charge(_ event: PrivacyEvent) throws(BudgetRefusal) -> BudgetAmount {
    let cost = try limit.cost(of: event, adjacency: adjacency)
    if isPartOfReplacement { _ = try limit.cost(of: event, adjacency: .addOrRemove) }
    try take(cost, for: event)
    return cost
  }

  mutating func take(_ cost: BudgetAmount, for event: PrivacyEvent = .nothing) throws(BudgetRefusal) {
    let after = spent + cost
    guard after.fits(in: total) else {
      throw limit.refusal(of: event, cost: cost, left: remaining, total: total, adjacency: adjacency)
    }
    spent = after
  }

  /// A budget of its own, paid for by whoever makes it.
  func part(_ amount: BudgetAmount) -> PrivacyBudget {
    var budget = PrivacyBudget(limit, adjacency, total: amount)
    budget.isPartOfReplacement = isPartOfReplacement
    return budget
  }

  /// Gives away a part of what is left as a budget of its own, with the same limit and adjacency.
  ///
  /// - Throws: ``BudgetRefusal`` when the part does not fit, with nothing spent.
  public mutating func carve(_ part: BudgetAmount) throws(BudgetRefusal) -> PrivacyBudget {
    try take(part)
    return self.part(part)
  }

  /// Splits what is left into parts and hands each to the body; what no part takes is lost.
  ///
  /// - Throws: ``BudgetRefusal`` before the body runs when the parts together do not fit; or the body's error.
  public consuming func split(
    into parts: [BudgetAmount], _ body: (Int, consuming PrivacyBudget) throws -> Void
  ) throws {
    try take(parts.reduce(.zero, +))
    for (index, part) in parts.enumerated() {
      try body(index, self.part(part))
    }
  }
}
