import PrivacyAccounting

extension BudgetLedger {
  /// The entries of one budget, or of all, oldest first.
  ///
  /// - Throws: ``LedgerError`` when the file cannot be read, or no budget has that name.
  public func history(of budget: String? = nil) throws(LedgerError) -> [LedgerRecord] {
    try require(.read, budget: budget)
    return try look { database in
      if let budget {
        guard try state(of: budget, database) != nil else { throw unknown(budget) }
        return try records(
          database.rows(
            "SELECT \(LedgerRecord.columns) FROM history WHERE budget = ? ORDER BY position", .text(budget)))
      }
      return try records(database.rows("SELECT \(LedgerRecord.columns) FROM history ORDER BY position"))
    }
  }

  /// Checks the whole history: positions without gaps, every hash, every link, every event within its limit, every
  /// total.
  ///
  /// Truncation, roll-back and a rewrite of the whole chain cannot be seen from the file alone; they show when
  /// `head` was kept elsewhere.
  ///
  /// - Parameter head: a hash this ledger once had, which must still be in the chain.
  /// - Throws: ``LedgerError`` when the file cannot be read.
  public func verify(since head: String? = nil) throws(LedgerError) -> LedgerVerification {
    try verify(since: head, expecting: nil)
  }

  /// Checks the whole history, and that the entry at a position has a hash that it once had.
  func verify(expecting place: (position: Int, hash: String)) throws(LedgerError) -> LedgerVerification {
    try verify(since: nil, expecting: place)
  }

  private func verify(
    since head: String?, expecting place: (position: Int, hash: String)?
  ) throws(LedgerError) -> LedgerVerification {
    try require(.read, budget: nil)
    return try look { database in
      var previous = LedgerRecord.origin
      var budgets: [String: LedgerState] = [:]
      var count = 0
      var seen = head == nil || head == LedgerRecord.origin
      var rows = try database.rows("SELECT \(LedgerRecord.columns) FROM history ORDER BY position")
      func broken(_ reason: String) -> LedgerVerification {
        LedgerVerification(intact: false, entries: count, brokenAt: count + 1, reason: reason, head: previous)
      }
      while let row = try rows.next() {
        guard let record = LedgerRecord(row) else { return broken("cannot be read") }
        guard record.position == count + 1 else { return broken("is missing or out of place") }
        guard record.previous == previous else { return broken("does not follow the entry before") }
        guard record.recomputed.hash == record.hash else { return broken("was altered") }
        if let wrong = LedgerState.replay(record, over: &budgets, certifying: true) { return broken(wrong) }
        if let place, record.position == place.position, record.hash != place.hash {
          return broken("is not the one of the checkpoint: the history was computed anew")
        }
        previous = record.hash
        if record.hash == head { seen = true }
        count += 1
      }
      if let place, count < place.position {
        return broken("was there at the checkpoint: the history was cut or put back")
      }
      guard seen else { return broken("the entry of the given hash is gone: the history was cut or rewritten") }
      return LedgerVerification(intact: true, entries: count, brokenAt: nil, reason: nil, head: previous)
    }
  }

  private func records(_ rows: consuming LedgerDatabase.Rows) throws -> [LedgerRecord] {
    var result: [LedgerRecord] = []
    while let row = try rows.next() {
      guard let record = LedgerRecord(row) else {
        throw LedgerError(.broken, "\(path): entry \(result.count + 1) cannot be read; run verify")
      }
      result.append(record)
    }
    return result
  }

  func unknown(_ budget: String) -> LedgerError {
    LedgerError(.unknownBudget, "\(path): there is no budget of that name")
  }
}

// Storage of entries.
extension BudgetLedger {
  /// Appends an entry to the chain and returns it.
  func append(
    _ kind: LedgerRecord.Kind, to budget: String, detail: String = "", label: String = "", release: String? = nil,
    spent: BudgetAmount, _ database: LedgerDatabase
  ) throws -> LedgerRecord {
    let last = try database.row("SELECT position, hash FROM history ORDER BY position DESC LIMIT 1")
    let position = last?[0].integer ?? 0
    let previous = last?[1].text ?? LedgerRecord.origin
    let record = LedgerRecord(
      position: position + 1, time: secondsNow(), kind: kind, budget: budget, detail: detail, label: label,
      release: release, spent: spent.text, previous: previous)
    try record.insert(into: database)
    return record
  }

  /// A budget from its first and last entries; `nil` when there is none of that name.
  func state(of budget: String, _ database: LedgerDatabase) throws -> LedgerState? {
    guard !budget.isEmpty else { return nil }
    guard
      let first = try database.row(
        "SELECT \(LedgerRecord.columns) FROM history WHERE budget = ? ORDER BY position LIMIT 1", .text(budget))
    else { return nil }
    var budgets: [String: LedgerState] = [:]
    guard let created = LedgerRecord(first), LedgerState.replay(created, over: &budgets) == nil,
      var state = budgets[budget]
    else { throw LedgerError(.broken, "\(path): the history is damaged; run verify") }
    guard
      let last = try database.row(
        "SELECT \(LedgerRecord.columns) FROM history WHERE budget = ? ORDER BY position DESC LIMIT 1", .text(budget)),
      let record = LedgerRecord(last), record.recomputed.hash == record.hash,
      let spent = BudgetAmount(text: record.spent)
    else { throw LedgerError(.broken, "\(path): the history is damaged; run verify") }
    let mark = try database.row(
      "SELECT kind FROM history WHERE budget = ? AND kind IN ('freeze', 'unfreeze') ORDER BY position DESC LIMIT 1",
      .text(budget))
    state.spent = spent
    state.frozen = mark?[0].text == LedgerRecord.Kind.freeze.rawValue
    state.charges =
      try database.row(
        "SELECT count(*) FROM history WHERE budget = ? AND kind = 'charge'", .text(budget))?[0].integer ?? 0
    return state
  }
}

extension LedgerRecord {
  /// The columns of an entry, in the order in which rows are read and written.
  static let columns = "position, time, kind, budget, detail, label, release, spent, previous, hash"

  /// Stores the entry as it is.
  func insert(into database: LedgerDatabase) throws {
    try database.run(
      "INSERT INTO history (\(LedgerRecord.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      .integer(position), .integer(time), .text(kind.rawValue), .text(budget), .text(detail), .text(label),
      .text(release), .text(spent), .text(previous), .text(hash))
  }

  /// An entry from its row, or `nil` when a column has the wrong type or an unknown kind.
  init?(_ row: [LedgerDatabase.Value]) {
    guard row.count == 10, let position = row[0].integer, let time = row[1].integer,
      let kind = row[2].text.flatMap(Kind.init(rawValue:)), let budget = row[3].text, let detail = row[4].text,
      let label = row[5].text, let spent = row[7].text, let previous = row[8].text, let hash = row[9].text
    else { return nil }
    self.init(
      stored: position, time: time, kind: kind, budget: budget, detail: detail, label: label,
      release: row[6].text, spent: spent, previous: previous, hash: hash)
  }
}
