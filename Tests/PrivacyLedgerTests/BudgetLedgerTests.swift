import ExactMath
import Foundation
import PrivacyAccounting
import PrivacyLedger
import Testing

/// A folder that goes away with the test.
final class Folder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/tacit-ledger-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var ledger: String { path + "/budget.db" }
}

func terms(_ filter: String = "pure", epsilon: String = "1", delta: String = "0") throws -> BudgetTerms {
  try BudgetTerms(
    filter: filter, epsilon: Epsilon(epsilon), delta: Delta(delta), unit: "rows", adjacency: .addOrRemove)
}

func laplace(_ scale: Int) throws -> PrivacyEvent { try .laplace(scale: Rational(scale)) }

/// Runs SQL behind the ledger's back, as an attacker with the file would.
func tamper(_ path: String, _ sql: String) throws {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["sqlite3", path, sql]
  try process.run()
  process.waitUntilExit()
  try #require(process.terminationStatus == 0)
}

private let hasShell = ["/usr/bin/sqlite3", "/usr/local/bin/sqlite3"].contains {
  FileManager.default.isExecutableFile(atPath: $0)
}

@Suite struct `Ledger` {
  @Test func `twenty charges of a twentieth fit exactly and the next is refused`() throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("census", terms: terms())
    for index in 1...20 {
      let receipt = try ledger.charge(laplace(20), to: "census", label: "charge \(index)")
      #expect(receipt.position == index + 1)
    }
    let refusal = #expect(throws: BudgetRefusal.self) {
      try ledger.charge(laplace(1_000_000), to: "census", label: "more")
    }
    #expect(refusal?.code == .exhausted)
    let status = try BudgetLedger(opening: folder.ledger).status(of: "census")
    #expect(status.charges == 20 && status.spent == "epsilon=1" && status.remaining == "epsilon=0")
    #expect(try ledger.verify().intact)
  }

  @Test func `every filter adds in its own measure`() throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    for (filter, event) in [
      ("approximate", try PrivacyEvent.epsilonDelta(epsilon: 1, delta: Rational("1e-6") ?? 0)),
      ("zcdp", try PrivacyEvent.gaussian(noiseMultiplier: 10)), ("gdp", try PrivacyEvent.gaussian(noiseMultiplier: 10)),
    ] {
      try ledger.createBudget(filter, terms: terms(filter, epsilon: "2", delta: "1e-5"))
      var granted = 0
      while granted < 200, (try? ledger.charge(event, to: filter, label: "step")) != nil { granted += 1 }
      #expect(granted > 1 && granted < 200, "\(filter) granted \(granted)")
    }
    let refusal = #expect(throws: BudgetRefusal.self) {
      try ledger.charge(.epsilonDelta(epsilon: 1), to: "gdp", label: "no theorem")
    }
    #expect(refusal?.code == .unsupportedEvent)
    #expect(try ledger.verify().intact)
  }

  @Test func `freezing stops all spending and is recorded`() throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("a", terms: terms())
    try ledger.freeze("a")
    try ledger.freeze("a")
    let refusal = #expect(throws: BudgetRefusal.self) {
      try BudgetLedger(opening: folder.ledger).charge(laplace(20), to: "a", label: "x")
    }
    #expect(refusal?.code == .frozen)
    try ledger.unfreeze("a")
    try ledger.charge(laplace(20), to: "a", label: "x")
    #expect(try ledger.history(of: "a").map(\.kind) == [.create, .freeze, .unfreeze, .charge])
    #expect(try ledger.verify().intact)
  }

  @Test func `names that are taken missing or not one line are refused`() throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("a", terms: terms())
    #expect(throws: LedgerError.self) { try ledger.createBudget("a", terms: terms()) }
    #expect(throws: LedgerError.self) { try ledger.createBudget("", terms: terms()) }
    #expect(throws: LedgerError.self) { try ledger.createBudget("two\nlines", terms: terms()) }
    #expect(throws: BudgetRefusal.self) { try ledger.charge(laplace(20), to: "b", label: "x") }
    #expect(throws: BudgetRefusal.self) { try ledger.charge(laplace(20), to: "a", label: "two\nlines") }
    #expect(throws: LedgerError.self) { try terms("pure", epsilon: "0") }
    #expect(throws: LedgerError.self) { try terms("pure", delta: "1e-6") }
    #expect(throws: LedgerError.self) { try terms("zcdp") }
    #expect(throws: LedgerError.self) { try terms("rubbish") }
    #expect(try ledger.history().count == 1)
  }

  @Test func `files that are no ledgers are refused and left alone`() throws {
    let folder = try Folder()
    let missing = #expect(throws: LedgerError.self) { try BudgetLedger(opening: folder.ledger) }
    #expect(missing?.message == "\(folder.ledger): no such ledger")
    #expect(!FileManager.default.fileExists(atPath: folder.ledger))
    try "not a database, but long enough to be read as one".write(
      toFile: folder.ledger, atomically: false, encoding: .utf8)
    let text = #expect(throws: LedgerError.self) { try BudgetLedger(openingOrCreating: folder.ledger) }
    #expect(text?.message == "\(folder.ledger): is not a ledger")
    #expect(try String(contentsOfFile: folder.ledger, encoding: .utf8).hasPrefix("not a database"))
    #expect(throws: LedgerError.self) { try BudgetLedger(openingOrCreating: folder.path) }
    #expect(throws: LedgerError.self) { try BudgetLedger(openingOrCreating: folder.path + "/no/such/x.db") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["budget.db"])
  }

  @Test func `a named release is charged once and answered alike`() throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("a", terms: terms())
    for _ in 0..<3 {
      let authority = try LedgerBudget("a", of: ledger, release: "monday", query: "q1")
      try authority.charge(laplace(20), label: "release monday")
    }
    #expect(try ledger.status(of: "a").charges == 1)
    #expect(try ledger.answer(of: "monday", budget: "a", query: "q1") == nil)
    #expect(try ledger.store("first", of: "monday", budget: "a", query: "q1") == "first")
    #expect(try ledger.store("second", of: "monday", budget: "a", query: "q1") == "first")
    #expect(try ledger.answer(of: "monday", budget: "a", query: "q1") == "first")
    #expect(throws: LedgerError.self) { try ledger.answer(of: "monday", budget: "a", query: "q2") }
    #expect(throws: LedgerError.self) { try LedgerBudget("a", of: ledger, release: "monday", query: "q2") }
    try LedgerBudget("a", of: ledger, release: "tuesday", query: "q1").charge(laplace(20), label: "release tuesday")
    #expect(try ledger.status(of: "a").charges == 2)
  }

  @Test(
    .enabled(if: hasShell, "needs the sqlite3 shell"),
    arguments: [
      ("UPDATE history SET label = 'innocent' WHERE position = 3", 3),
      ("UPDATE history SET detail = 'laplace(scale=40, sensitivity=1)' WHERE position = 2", 2),
      ("UPDATE history SET spent = '0 0' WHERE position = 6", 6),
      ("DELETE FROM history WHERE position = 4", 4),
      ("UPDATE history SET position = 99 WHERE position = 2", 2),
      ("UPDATE history SET hash = upper(hash) WHERE position = 5", 5),
      ("UPDATE history SET kind = 'gift' WHERE position = 5", 5),
    ])
  func `verify finds the first altered removed or reordered entry`(sql: String, position: Int) throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("a", terms: terms())
    for _ in 0..<5 { try ledger.charge(laplace(20), to: "a", label: "x") }
    let head = try ledger.verify().head
    try tamper(folder.ledger, sql)
    let found = try BudgetLedger(opening: folder.ledger).verify(since: head)
    #expect(!found.intact && found.brokenAt == position)
  }

  @Test(.enabled(if: hasShell, "needs the sqlite3 shell"))
  func `truncation shows against a head kept elsewhere and a damaged last entry stops spending`() throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("a", terms: terms())
    for _ in 0..<5 { try ledger.charge(laplace(20), to: "a", label: "x") }
    let head = try ledger.verify().head
    try tamper(folder.ledger, "DELETE FROM history WHERE position = 6")
    #expect(try ledger.verify().intact)
    #expect(try !ledger.verify(since: head).intact)
    try tamper(folder.ledger, "UPDATE history SET spent = '0 0' WHERE position = 5")
    #expect(throws: BudgetRefusal.self) { try ledger.charge(laplace(20), to: "a", label: "x") }
  }
}

@Suite struct `Ledgers and file systems` {
  @Test func `network and user space file systems are refused by their names`() throws {
    let mounts = """
      22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      30 22 0:40 / /net rw,relatime shared:2 master:1 - nfs4 server:/budgets rw,vers=4.2
      31 22 0:41 / /smb rw - cifs //server/budgets rw
      32 22 0:42 / /ssh rw,nosuid - fuse.sshfs me@host: rw
      33 22 0:43 / /run rw - tmpfs tmpfs rw
      torn line
      """
    for (device, kind) in [("8:1", nil), ("0:40", "nfs4"), ("0:41", "cifs"), ("0:42", "fuse.sshfs"), ("0:43", nil)] {
      #expect(SharedFileSystem.kind(ofDevice: device, mounts: mounts) == kind)
    }
    #expect(SharedFileSystem.kind(ofDevice: "9:9", mounts: mounts) == nil)
    let folder = try Folder()
    _ = try BudgetLedger(openingOrCreating: folder.ledger)
  }
}
