import Foundation
import PrivacyAccounting
import PrivacyLedger
import Testing

@Suite struct `Owned ledgers` {
  private func owned(_ folder: Folder, _ key: borrowing LedgerOwnerKey) throws -> String {
    try BudgetLedger.create(folder.ledger, owner: key.publicKey, budget: "a", terms: terms())
    return try BudgetLedger(opening: folder.ledger).identity()
  }

  private func capability(
    _ ledger: String, _ allow: [LedgerCapability.Permission], budgets: [String] = [], until: Int? = nil,
    _ key: borrowing LedgerOwnerKey
  ) throws -> LedgerCapability {
    try LedgerCapability(
      holder: "someone", ledger: ledger, allow: allow, budgets: budgets, until: until, signedBy: key)
  }

  private func isDenied(_ body: () throws -> Void) -> Bool {
    do {
      try body()
      return false
    } catch let error as LedgerError {
      return error.code == .denied
    } catch let error as BudgetRefusal {
      return error.code == .denied
    } catch {
      return false
    }
  }

  @Test func `without a capability everything is denied`() throws {
    let folder = try Folder()
    let key = LedgerOwnerKey()
    _ = try owned(folder, key)
    let ledger = try BudgetLedger(opening: folder.ledger)
    #expect(isDenied { try ledger.charge(laplace(20), to: "a", label: "x") })
    #expect(isDenied { try ledger.createBudget("b", terms: terms()) })
    #expect(isDenied { try ledger.freeze("a") })
    #expect(isDenied { _ = try ledger.status() })
    #expect(isDenied { _ = try ledger.status(of: "a") })
    #expect(isDenied { _ = try ledger.history() })
    #expect(isDenied { _ = try ledger.verify() })
    #expect(isDenied { _ = try ledger.exported() })
    #expect(isDenied { _ = try LedgerBudget("a", of: ledger) })
    #expect(isDenied { _ = try ledger.answer(of: "r", budget: "a", query: "q") })
    #expect(isDenied { _ = try ledger.store("x", of: "r", budget: "a", query: "q") })
  }

  @Test func `a capability allows what it names and nothing else`() throws {
    let folder = try Folder()
    let key = LedgerOwnerKey()
    let id = try owned(folder, key)
    let admin = try BudgetLedger(opening: folder.ledger, capability: capability(id, [.create, .read], key))
    try admin.createBudget("b", terms: terms())
    #expect(isDenied { try admin.charge(laplace(20), to: "a", label: "x") })
    let analyst = try BudgetLedger(
      opening: folder.ledger, capability: capability(id, [.charge], budgets: ["a"], key))
    try analyst.charge(laplace(20), to: "a", label: "x")
    #expect(try analyst.status(of: "a").charges == 1)
    #expect(isDenied { try analyst.charge(laplace(20), to: "b", label: "x") })
    #expect(isDenied { try analyst.freeze("a") })
    #expect(isDenied { _ = try analyst.history(of: "a") })
    let officer = try BudgetLedger(opening: folder.ledger, capability: capability(id, [.freeze], key))
    try officer.freeze("a")
    #expect(throws: BudgetRefusal.self) { try analyst.charge(laplace(20), to: "a", label: "x") }
    #expect(try admin.verify().intact)
  }

  @Test func `forged, altered, expired and foreign capabilities are denied`() throws {
    let (folder, other) = (try Folder(), try Folder())
    let key = LedgerOwnerKey()
    let stranger = LedgerOwnerKey()
    let id = try owned(folder, key)
    let otherID = try owned(other, key)
    let all = LedgerCapability.Permission.allCases
    #expect(isDenied { _ = try BudgetLedger(opening: folder.ledger, capability: capability(id, all, stranger)) })
    #expect(isDenied { _ = try BudgetLedger(opening: folder.ledger, capability: capability(otherID, all, key)) })
    let narrow = try capability(id, [.read], key)
    let widened = try LedgerCapability(json: narrow.json.replacingOccurrences(of: "\"read\"", with: "\"charge\""))
    #expect(isDenied { _ = try BudgetLedger(opening: folder.ledger, capability: widened) })
    let late = try BudgetLedger(opening: folder.ledger, capability: capability(id, all, until: 1_000_000, key))
    #expect(isDenied { _ = try late.status() })
    #expect(try LedgerCapability(json: narrow.json) == narrow)
    #expect(throws: LedgerError.self) { try LedgerCapability(json: "{}") }
    let open = try Folder()
    try BudgetLedger(openingOrCreating: open.ledger).createBudget("a", terms: terms())
    #expect(throws: LedgerError.self) { _ = try BudgetLedger(opening: open.ledger, capability: narrow) }
  }

  @Test func `a key reads back from its file, and other files are no keys`() throws {
    let key = LedgerOwnerKey()
    let text = key.secretText()
    let again = try LedgerOwnerKey(jwk: text)
    #expect(again.publicKey == key.publicKey)
    #expect(try LedgerPublicKey(jwk: key.publicKey.jwk) == key.publicKey)
    #expect(!key.publicKey.jwk.contains("\"d\""))
    for wrong in ["", "{}", key.publicKey.jwk, text.replacingOccurrences(of: "Ed25519", with: "X25519")] {
      var refused = false
      do { _ = try LedgerOwnerKey(jwk: wrong) } catch { refused = true }
      #expect(refused)
    }
  }

  // RFC 8032, section 7.1, test 1.
  @Test func `the public half is that of the standard`() throws {
    let jwk = """
      {"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
       "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
      """
    let key = try LedgerOwnerKey(jwk: jwk)
    #expect(key.publicKey.jwk.contains("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
  }
}

@Suite struct `Checkpoints` {
  private let hasShell = ["/usr/bin/sqlite3", "/usr/local/bin/sqlite3"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test func `an honest ledger continues its checkpoint`() throws {
    let folder = try Folder()
    let key = LedgerOwnerKey()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("a", terms: terms())
    try ledger.charge(laplace(20), to: "a", label: "x")
    let checkpoint = try ledger.checkpoint(signedBy: key)
    try ledger.charge(laplace(20), to: "a", label: "y")
    let read = try LedgerCheckpoint(json: checkpoint.json)
    #expect(try ledger.verify(against: read, key: key.publicKey).intact)
    let stranger = LedgerOwnerKey()
    #expect(throws: LedgerError.self) { try ledger.verify(against: read, key: stranger.publicKey) }
    let forged = try LedgerCheckpoint(
      json: checkpoint.json.replacingOccurrences(of: "\"position\":2", with: "\"position\":1"))
    #expect(throws: LedgerError.self) { try ledger.verify(against: forged, key: key.publicKey) }
  }

  @Test func `truncation, roll-back and a chain computed anew show against a checkpoint`() throws {
    let folder = try Folder()
    let key = LedgerOwnerKey()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("a", terms: terms())
    for _ in 0..<4 { try ledger.charge(laplace(20), to: "a", label: "x") }
    let old = folder.path + "/old.db"
    try FileManager.default.copyItem(atPath: folder.ledger, toPath: old)
    let honest = try ledger.exported()
    for _ in 0..<4 { try ledger.charge(laplace(20), to: "a", label: "x") }
    let checkpoint = try ledger.checkpoint(signedBy: key)
    // Rolled back to a copy.
    let rolledBack = try BudgetLedger(opening: old).verify(against: checkpoint, key: key.publicKey)
    #expect(!rolledBack.intact && rolledBack.brokenAt == 6)
    // Cut: an export without its last lines is a whole ledger in itself.
    let cut = folder.path + "/cut.db"
    let lines = try ledger.exported().split(separator: "\n")
    try BudgetLedger.create(cut, importing: lines.prefix(7).joined(separator: "\n"))
    #expect(try BudgetLedger(opening: cut).verify().intact)
    #expect(try BudgetLedger(opening: cut).verify(against: checkpoint, key: key.publicKey).brokenAt == 8)
    // Computed anew from the fifth entry on.
    let anew = folder.path + "/anew.db"
    try BudgetLedger.create(anew, importing: honest)
    let rewritten = try BudgetLedger(opening: anew)
    for _ in 0..<4 { try rewritten.charge(laplace(1_000), to: "a", label: "cheap") }
    #expect(try rewritten.verify().intact)
    let found = try rewritten.verify(against: checkpoint, key: key.publicKey)
    #expect(!found.intact && found.brokenAt == 9)
  }
}
