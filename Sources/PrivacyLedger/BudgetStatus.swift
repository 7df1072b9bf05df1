/// Where a budget stands.
public struct BudgetStatus: Sendable, Hashable {
  /// The budget's name.
  public let name: String
  /// What it protects and its limits.
  public let terms: BudgetTerms
  /// The charges granted so far.
  public let charges: Int
  /// Whether all spending is stopped.
  public let frozen: Bool
  /// The total spent, exactly, in the budget's own measure: `epsilon=0.5`.
  public let spent: String
  /// What is left, in the budget's own measure.
  public let remaining: String
}

extension BudgetStatus {
  /// A budget that was just created.
  package init(created name: String, terms: BudgetTerms) {
    let state = LedgerState(terms)
    self.init(
      name: name, terms: terms, charges: 0, frozen: false, spent: state?.spentText ?? "",
      remaining: state?.remainingText ?? "")
  }
}

/// What a check of the whole history found.
public struct LedgerVerification: Sendable, Hashable {
  /// Whether the chain and every total in it are right.
  public let intact: Bool
  /// The number of entries.
  public let entries: Int
  /// The first position at which something is wrong, if anything is.
  public let brokenAt: Int?
  /// What is wrong there, in one line.
  public let reason: String?
  /// The hash of the last entry: keep it elsewhere to notice truncation and roll-back later.
  public let head: String
}
