/// Who may do what with a ledger that has an owner.
struct LedgerAccess: Sendable {
  let owner: LedgerPublicKey
  let capability: LedgerCapability?

  /// Deny by default: no capability, a foreign or expired one, or one that does not name the thing, is a refusal.
  func require(_ permission: LedgerCapability.Permission, budget: String?) throws(LedgerError) {
    guard let capability else {
      throw LedgerError(
        .denied, "capability: the ledger has an owner; a capability that allows \(permission) is needed")
    }
    guard capability.allows(permission, budget: budget, now: secondsNow()) else {
      throw LedgerError(.denied, "capability: does not allow \(permission)" + (budget == nil ? "" : " for this budget"))
    }
  }
}

extension BudgetLedger {
  /// The hash of the first entry, which names the ledger.
  ///
  /// - Throws: ``LedgerError`` when there is none yet, or the file cannot be read.
  public func identity() throws(LedgerError) -> String {
    try look { database in
      guard let hash = try database.row("SELECT hash FROM history WHERE position = 1")?[0].text else {
        throw LedgerError(.invalid, "\(path): the ledger is empty")
      }
      return hash
    }
  }

  /// The owner's key; `nil` when the ledger is open to whoever can write the file.
  public var owner: LedgerPublicKey? { access?.owner }

  func require(_ permission: LedgerCapability.Permission, budget: String?) throws(LedgerError) {
    try access?.require(permission, budget: budget)
  }

  /// Charging shows where a budget stands anyway.
  func requireSight(of budget: String?) throws(LedgerError) {
    guard let access else { return }
    if let budget, (try? access.require(.charge, budget: budget)) != nil { return }
    try access.require(.read, budget: budget)
  }

  /// The access rules of a ledger: those of its first entry.
  static func access(
    _ database: LedgerDatabase, path: String, capability: LedgerCapability?
  ) throws(LedgerError) -> LedgerAccess? {
    let first: LedgerRecord?
    do {
      first = try database.look { database in
        try database.row("SELECT \(LedgerRecord.columns) FROM history WHERE position = 1").flatMap { LedgerRecord($0) }
      }
    } catch {
      throw LedgerError(error, path: path)
    }
    guard let first, first.kind == .own else {
      if capability != nil { throw LedgerError(.invalid, "capability: the ledger has no owner and needs none") }
      return nil
    }
    guard let owner = LedgerPublicKey(text: first.detail), first.recomputed.hash == first.hash else {
      throw LedgerError(.broken, "\(path): the owner's entry is damaged")
    }
    if let capability, !capability.isGenuine(owner: owner, ledger: first.hash) {
      throw LedgerError(.denied, "capability: is not signed by this ledger's owner for this ledger")
    }
    return LedgerAccess(owner: owner, capability: capability)
  }
}
