public import PrivacyAccounting

extension BudgetLedger {
  /// Adds a budget.
  ///
  /// - Throws: ``LedgerError`` when the name is taken or not one line of text, or the file cannot be written.
  public func createBudget(_ name: String, terms: BudgetTerms) throws(LedgerError) {
    try LedgerText.check(name, name: "budget")
    try require(.create, budget: name)
    try change { database in
      guard try state(of: name, database) == nil else {
        throw LedgerError(.repeatedBudget, "\(path): there is a budget of that name already")
      }
      _ = try append(
        .create, to: name, detail: LedgerState.text(of: terms), spent: .zero, database)
    }
  }

  /// Where every budget stands, by name.
  public func status() throws(LedgerError) -> [BudgetStatus] {
    try requireSight(of: nil)
    return try look { database in
      var rows = try database.rows("SELECT budget FROM history WHERE kind = 'create' ORDER BY budget")
      var result: [BudgetStatus] = []
      while let row = try rows.next() {
        guard let name = row[0].text, let state = try state(of: name, database) else { continue }
        result.append(BudgetStatus(name: name, state))
      }
      return result
    }
  }

  /// Where one budget stands.
  ///
  /// - Throws: ``LedgerError`` when no budget has that name.
  public func status(of budget: String) throws(LedgerError) -> BudgetStatus {
    try requireSight(of: budget)
    return try look { database in
      guard let state = try state(of: budget, database) else { throw unknown(budget) }
      return BudgetStatus(name: budget, state)
    }
  }

  /// Stops all spending from a budget, at once and for every process.
  ///
  /// - Throws: ``LedgerError`` when no budget has that name.
  public func freeze(_ budget: String) throws(LedgerError) { try mark(budget, .freeze) }

  /// Allows spending again.
  ///
  /// - Throws: ``LedgerError`` when no budget has that name.
  public func unfreeze(_ budget: String) throws(LedgerError) { try mark(budget, .unfreeze) }

  private func mark(_ budget: String, _ kind: LedgerRecord.Kind) throws(LedgerError) {
    try require(.freeze, budget: budget)
    try change { database in
      guard let state = try state(of: budget, database) else { throw unknown(budget) }
      guard state.frozen != (kind == .freeze) else { return }
      _ = try append(kind, to: budget, spent: state.spent, database)
    }
  }

  /// Charges an event to a budget: on disk when this returns, or not at all.
  ///
  /// - Parameters:
  ///   - event: What is about to be released, complete, for the budget's adjacency.
  ///   - budget: The budget's name.
  ///   - label: A public name for the history; never data.
  /// - Throws: `BudgetRefusal`; nothing was spent then.
  @discardableResult
  public func charge(
    _ event: PrivacyEvent, to budget: String, label: String
  ) throws(BudgetRefusal) -> BudgetReceipt {
    try charge(event, to: budget, label: label, release: nil)
  }

  func charge(
    _ event: PrivacyEvent, to budget: String, label: String, release: String?
  ) throws(BudgetRefusal) -> BudgetReceipt {
    do {
      try LedgerText.check(label, name: "label")
      try require(.charge, budget: budget)
      return try change { database in
        try grant(event, to: budget, label: label, release: release, database)
      }
    } catch {
      throw error.refusal
    }
  }

  private func grant(
    _ event: PrivacyEvent, to budget: String, label: String, release: String?, _ database: LedgerDatabase
  ) throws -> BudgetReceipt {
    guard var state = try state(of: budget, database) else { throw unknown(budget) }
    if let release, let earlier = try charged(budget, release, database) {
      guard earlier.detail == event.description else {
        throw LedgerError(.otherRelease, "release-id: was charged for another query")
      }
      return BudgetReceipt(
        event: event, label: earlier.label, position: earlier.position,
        remaining: state.remainingText)
    }
    guard !state.frozen else {
      throw LedgerError(refusal: BudgetRefusal(.frozen, "\(path): the budget is frozen; no charge is granted"))
    }
    do {
      try state.charge(event)
    } catch {
      throw LedgerError(refusal: error)
    }
    let record = try append(
      .charge, to: budget, detail: event.description, label: label, release: release, spent: state.spent, database)
    return BudgetReceipt(
      event: event, label: label, position: record.position, remaining: state.remainingText)
  }

  /// The charge that a release name stands for, if it was made.
  private func charged(_ budget: String, _ release: String, _ database: LedgerDatabase) throws -> LedgerRecord? {
    try database.row(
      "SELECT \(LedgerRecord.columns) FROM history WHERE budget = ? AND release = ?", .text(budget), .text(release)
    ).flatMap { LedgerRecord($0) }
  }
}

extension BudgetStatus {
  fileprivate init(name: String, _ state: LedgerState) {
    self.init(
      name: name, terms: state.terms, charges: state.charges, frozen: state.frozen,
      spent: state.spentText, remaining: state.remainingText)
  }
}
