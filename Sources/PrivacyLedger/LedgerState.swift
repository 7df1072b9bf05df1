import ExactMath
private import Foundation
import PrivacyAccounting

/// A budget as the history tells it: made by replaying entries, and nothing else.
struct LedgerState: Hashable, Sendable {
  let terms: BudgetTerms
  /// The steps of a plan.
  private let plan: BudgetPlan?
  /// The total; of a plan, the number of steps that are behind.
  var spent = BudgetAmount.zero
  var frozen = false
  var charges = 0

  init?(_ terms: BudgetTerms) {
    self.terms = terms
    guard let event = terms.plan else {
      plan = nil
      return
    }
    guard let plan = try? BudgetPlan(event, adjacency: terms.adjacency) else { return nil }
    self.plan = plan
  }

  /// Whether the total is within the limit.
  private var isWithinLimit: Bool {
    plan.map { spent.loss <= Rational($0.steps) } ?? spent.fits(in: terms.limit.amount)
  }

  /// Adds an event to the total.
  ///
  /// - Throws: ``BudgetRefusal`` when it does not fit or has no theorem; the state is unchanged then.
  mutating func charge(_ event: PrivacyEvent) throws(BudgetRefusal) {
    if let plan {
      let place = try plan.advance(from: spent.loss.integer ?? plan.steps, by: event)
      guard let amount = try? BudgetAmount(loss: Rational(place)) else { return }
      spent = amount
    } else {
      let cost = try terms.limit.cost(of: event, adjacency: terms.adjacency)
      let total = spent + cost
      guard total.fits(in: terms.limit.amount) else {
        throw terms.limit.refusal(
          of: event, cost: cost, left: left, total: terms.limit.amount, adjacency: terms.adjacency)
      }
      spent = total
    }
    charges += 1
  }

  private var left: BudgetAmount {
    let total = terms.limit.amount
    return (try? BudgetAmount(loss: total.loss - spent.loss, delta: total.delta - spent.delta)) ?? .zero
  }

  /// What was spent, in words.
  var spentText: String { plan.map { "\(spent.loss) of \($0.steps) steps" } ?? terms.limit.describe(spent) }

  /// What is left, in words.
  var remainingText: String {
    guard let plan else { return terms.limit.describe(left) }
    let place = spent.loss.integer ?? plan.steps
    return "\(plan.steps - place) of \(plan.steps) steps" + (plan.next(after: place).map { ", next \($0)" } ?? "")
  }

  /// Replays one entry over the budgets known so far, checking everything it claims.
  ///
  /// - Parameters:
  ///   - record: The entry.
  ///   - budgets: The budgets before it, and after it when this returns.
  ///   - certifying: Whether a new budget's limit is checked against its claim too, which takes a while for a plan.
  /// - Returns: What is wrong with the entry, or `nil`.
  static func replay(
    _ record: LedgerRecord, over budgets: inout [String: LedgerState], certifying: Bool = false
  ) -> String? {
    switch record.kind {
    case .own:
      guard record.position == 1 else { return "gives the ledger a second owner" }
      guard LedgerPublicKey(text: record.detail) != nil else { return "holds a key that cannot be read" }
      return record.spent == BudgetAmount.zero.text ? nil : "states a total that is not the sum"
    case .create:
      guard budgets[record.budget] == nil else { return "creates a budget twice" }
      guard let terms = try? JSONDecoder().decode(BudgetTerms.self, from: Data(record.detail.utf8)),
        let state = LedgerState(terms)
      else { return "holds terms that cannot be read" }
      if certifying, !terms.areSound { return "holds a limit that does not certify its claim" }
      budgets[record.budget] = state
    case .charge:
      guard var state = budgets[record.budget] else { return "charges a budget that does not exist" }
      guard !state.frozen else { return "charges a frozen budget" }
      guard let event = try? PrivacyEvent(parsing: record.detail) else { return "holds an event that cannot be read" }
      do {
        try state.charge(event)
      } catch {
        return error.code == .exhausted
          ? "spends more than the budget's limit" : "holds an event that the budget cannot charge"
      }
      budgets[record.budget] = state
    case .freeze, .unfreeze:
      guard budgets[record.budget] != nil else { return "freezes a budget that does not exist" }
      budgets[record.budget]?.frozen = record.kind == .freeze
    }
    guard record.spent == budgets[record.budget]?.spent.text else { return "states a total that is not the sum" }
    return nil
  }

  /// The terms as the history stores them: JSON with sorted keys.
  static func text(of terms: BudgetTerms) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(terms), as: UTF8.self)
  }
}
