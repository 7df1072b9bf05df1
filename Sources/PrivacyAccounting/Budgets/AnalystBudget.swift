/// A part of a shared budget that one analyst may use up: every charge counts against the analyst's cap and against
/// the whole.
///
/// The caps may add up to more than the whole, since the whole is checked too: analysts who pool their answers learn no
/// more than the whole allows.
public struct AnalystBudget: BudgetAuthority {
  /// The analyst's name.
  public let analyst: String
  /// What the analyst may spend in all.
  public let cap: BudgetAmount
  private let shared: SharedBudget

  init(_ analyst: String, cap: BudgetAmount, of shared: SharedBudget) {
    self.analyst = analyst
    self.cap = cap
    self.shared = shared
  }

  /// The adjacency of the whole budget.
  public var adjacency: Adjacency { shared.adjacency }
  /// What the analyst has spent so far.
  public var spent: BudgetAmount { shared.spent(by: analyst) }

  /// Charges an event to the analyst and to the whole, or to neither.
  ///
  /// - Throws: ``BudgetRefusal``, with nothing spent.
  @discardableResult
  public func charge(_ event: PrivacyEvent, label: String) throws(BudgetRefusal) -> BudgetReceipt {
    try shared.charge(event, label: label, analyst: analyst, cap: cap)
  }
}
