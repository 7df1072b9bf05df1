private import Foundation
import PrivacyAccounting

/// A budget as the history tells it: made by replaying entries, and nothing else.
struct LedgerState: Hashable, Sendable {
  let terms: BudgetTerms
  var spent = BudgetAmount.zero
  var frozen = false
  var charges = 0

  /// Replays one entry over the budgets known so far, checking everything it claims.
  ///
  /// - Returns: What is wrong with the entry, or `nil`.
  static func replay(_ record: LedgerRecord, over budgets: inout [String: LedgerState]) -> String? {
    switch record.kind {
    case .create:
      guard budgets[record.budget] == nil else { return "creates a budget twice" }
      guard let terms = try? JSONDecoder().decode(BudgetTerms.self, from: Data(record.detail.utf8)) else {
        return "holds terms that cannot be read"
      }
      budgets[record.budget] = LedgerState(terms: terms)
    case .charge:
      guard var state = budgets[record.budget] else { return "charges a budget that does not exist" }
      guard !state.frozen else { return "charges a frozen budget" }
      guard let event = try? PrivacyEvent(parsing: record.detail),
        let cost = try? state.terms.limit.cost(of: event, adjacency: state.terms.adjacency)
      else { return "holds an event that cannot be read" }
      state.spent = state.spent + cost
      guard state.terms.remaining(after: state.spent) != nil else { return "spends more than the budget's limit" }
      state.charges += 1
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
