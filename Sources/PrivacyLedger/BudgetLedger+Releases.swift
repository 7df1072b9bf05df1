public import PrivacyAccounting

extension BudgetLedger {
  /// The stored answer of a named release.
  ///
  /// - Parameters:
  ///   - release: The operator's name for the release.
  ///   - budget: The budget it is charged to.
  ///   - query: The canonical text of the query, which must be the one the name was first used with.
  /// - Returns: `nil` when nothing has been released under the name yet.
  /// - Throws: ``LedgerError`` when the name was used with another query.
  public func answer(of release: String, budget: String, query: String) throws(LedgerError) -> String? {
    try require(.charge, budget: budget)
    return try look { database in
      guard try state(of: budget, database) != nil else { throw unknown(budget) }
      return try stored(release, budget, query, database)
    }
  }

  /// Keeps the answer of a named release, before anybody sees it.
  ///
  /// - Returns: The answer that must be shown: the given one, or the one another process stored first.
  /// - Throws: ``LedgerError`` when the name was used with another query, or the file cannot be written.
  public func store(
    _ answer: String, of release: String, budget: String, query: String
  ) throws(LedgerError) -> String {
    try LedgerText.check(release, name: "release-id")
    try require(.charge, budget: budget)
    return try change { database in
      if let earlier = try stored(release, budget, query, database) { return earlier }
      try database.run(
        "INSERT INTO answers VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET answer = excluded.answer",
        .text(budget), .text(release), .text(query), .text(answer))
      return answer
    }
  }

  /// Binds a name to a query, so that a later attempt with another query is refused before it is charged.
  func reserve(_ release: String, budget: String, query: String) throws(LedgerError) {
    try LedgerText.check(release, name: "release-id")
    try require(.charge, budget: budget)
    try change { database in
      guard try state(of: budget, database) != nil else { throw unknown(budget) }
      _ = try stored(release, budget, query, database)
      try database.run(
        "INSERT INTO answers VALUES (?, ?, ?, NULL) ON CONFLICT DO NOTHING", .text(budget), .text(release), .text(query)
      )
    }
  }

  private func stored(
    _ release: String, _ budget: String, _ query: String, _ database: LedgerDatabase
  ) throws -> String? {
    guard
      let row = try database.row(
        "SELECT query, answer FROM answers WHERE budget = ? AND release = ?", .text(budget), .text(release))
    else { return nil }
    guard row[0].text == query else {
      throw LedgerError(.otherRelease, "release-id: was used for another query")
    }
    return row[1].text
  }
}

/// One budget of a ledger as the authority that statistics and federations charge.
public struct LedgerBudget: BudgetAuthority {
  private let ledger: BudgetLedger
  private let budget: String
  private let release: String?
  /// The adjacency of the budget's terms.
  public let adjacency: Adjacency

  /// What the budget protects.
  public let unit: String

  /// A budget whose every charge is its own.
  ///
  /// - Parameters:
  ///   - budget: The budget's name.
  ///   - ledger: Where it is kept.
  ///   - unit: What the caller protects; refused unless it is the budget's own unit. `nil` leaves that to the caller.
  ///   - adjacency: What the caller's events are stated for; refused likewise.
  /// - Throws: ``LedgerError`` when no budget has that name, or it protects something else.
  public init(
    _ budget: String, of ledger: BudgetLedger, unit: String? = nil, adjacency: Adjacency? = nil
  ) throws(LedgerError) {
    let terms = try LedgerBudget.terms(of: budget, in: ledger, unit, adjacency)
    self.adjacency = terms.adjacency
    self.unit = terms.unit
    self.ledger = ledger
    self.budget = budget
    release = nil
  }

  /// A budget charged at most once for a named release, however often it is tried.
  ///
  /// - Parameters:
  ///   - budget: The budget's name.
  ///   - ledger: Where it is kept.
  ///   - release: The operator's name for the release.
  ///   - query: The canonical text of the query.
  ///   - unit: What the caller protects; refused unless it is the budget's own unit. `nil` leaves that to the caller.
  ///   - adjacency: What the caller's events are stated for; refused likewise.
  /// - Throws: ``LedgerError`` when no budget has that name, it protects something else, or the release name was used
  ///   with another query.
  public init(
    _ budget: String, of ledger: BudgetLedger, release: String, query: String, unit: String? = nil,
    adjacency: Adjacency? = nil
  ) throws(LedgerError) {
    let terms = try LedgerBudget.terms(of: budget, in: ledger, unit, adjacency)
    self.adjacency = terms.adjacency
    self.unit = terms.unit
    try ledger.reserve(release, budget: budget, query: query)
    self.ledger = ledger
    self.budget = budget
    self.release = release
  }

  /// A budget that bounds what is learnt about a person cannot pay for a promise about a row, nor the reverse.
  private static func terms(
    of budget: String, in ledger: BudgetLedger, _ unit: String?, _ adjacency: Adjacency?
  ) throws(LedgerError) -> BudgetTerms {
    let terms = try ledger.status(of: budget).terms
    guard unit == nil || terms.unit == unit || terms.unit == BudgetTerms.anyUnit else {
      throw LedgerError(.invalid, "unit: the budget is stated for \(terms.unit)")
    }
    guard adjacency == nil || terms.adjacency == adjacency else {
      throw LedgerError(.invalid, "adjacency: the budget is stated for \(terms.adjacency)")
    }
    return terms
  }

  /// Charges an event; see ``BudgetLedger/charge(_:to:label:)``.
  @discardableResult
  public func charge(_ event: PrivacyEvent, label: String) throws(BudgetRefusal) -> BudgetReceipt {
    try ledger.charge(event, to: budget, label: label, release: release)
  }
}
