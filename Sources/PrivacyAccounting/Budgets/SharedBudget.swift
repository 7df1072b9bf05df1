private import Synchronization

/// A budget in memory that several tasks may charge at once.
///
/// Each charge is atomic, so interleaved mechanisms are charged one after the other: every filter of ``BudgetLimit``
/// stays valid under concurrent composition (Haney and others 2023).
public final class SharedBudget: BudgetAuthority {
  private struct State: ~Copyable, Sendable {
    var budget: PrivacyBudget
    var history: [BudgetReceipt] = []
    var analysts: [String: BudgetAmount] = [:]
    var isFrozen = false
  }

  /// The adjacency for which the limit is stated.
  public let adjacency: Adjacency
  /// What may be spent in all.
  public let limit: BudgetLimit
  private let state: Mutex<State>

  /// Takes a budget over.
  public init(_ budget: consuming PrivacyBudget) {
    adjacency = budget.adjacency
    limit = budget.limit
    state = Mutex(State(budget: budget))
  }

  /// Charges an event once.
  ///
  /// - Throws: ``BudgetRefusal``, with nothing spent.
  @discardableResult
  public func charge(_ event: PrivacyEvent, label: String) throws(BudgetRefusal) -> BudgetReceipt {
    try charge(event, label: label, analyst: nil, cap: .zero)
  }

  /// A part that one analyst may use up; two values of one name share what was spent.
  public func budget(for analyst: String, cap: BudgetAmount) -> AnalystBudget {
    AnalystBudget(analyst, cap: cap, of: self)
  }

  /// What an analyst has spent so far.
  public func spent(by analyst: String) -> BudgetAmount { state.withLock { $0.analysts[analyst] ?? .zero } }

  func charge(
    _ event: PrivacyEvent, label: String, analyst: String?, cap: BudgetAmount
  ) throws(BudgetRefusal) -> BudgetReceipt {
    let outcome: Result<BudgetReceipt, BudgetRefusal> = state.withLock { state in
      guard !state.isFrozen else { return .failure(BudgetRefusal(.frozen, "the budget is frozen")) }
      do throws(BudgetRefusal) {
        if let analyst {
          let before = state.analysts[analyst] ?? .zero
          let cost = try limit.cost(of: event, adjacency: adjacency)
          guard (before + cost).fits(in: cap) else {
            throw limit.refusal(
              of: event, cost: cost, left: before.remainder(of: cap) ?? .zero, total: cap, adjacency: adjacency)
          }
          try state.budget.charge(event)
          state.analysts[analyst] = before + cost
        } else {
          try state.budget.charge(event)
        }
      } catch {
        return .failure(error)
      }
      let receipt = BudgetReceipt(
        event: event, label: label, position: state.history.count + 1,
        remaining: state.budget.limit.describe(state.budget.remaining))
      state.history.append(receipt)
      return .success(receipt)
    }
    return try outcome.get()
  }

  /// What was spent so far.
  public var spent: BudgetAmount { state.withLock { $0.budget.spent } }
  /// What is left.
  public var remaining: BudgetAmount { state.withLock { $0.budget.remaining } }
  /// All charges granted so far, in order.
  public var history: [BudgetReceipt] { state.withLock { $0.history } }

  /// Stops all spending until ``unfreeze()``.
  public func freeze() { state.withLock { $0.isFrozen = true } }
  /// Allows spending again.
  public func unfreeze() { state.withLock { $0.isFrozen = false } }
}
