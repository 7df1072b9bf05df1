import Foundation
import PrivacyLedger
import Testing

@Suite struct `The ledger's connection` {
  private struct Stop: Error {}

  private func table(_ path: String) throws -> LedgerDatabase {
    // The connection opens files that exist only; an empty one is a database.
    try "".write(toFile: path, atomically: true, encoding: .utf8)
    let database = try LedgerDatabase(path: path)
    try database.change { try $0.script("CREATE TABLE t(a INTEGER, b TEXT) STRICT") }
    return database
  }

  @Test func `a change that throws leaves nothing and the next one works`() throws {
    let folder = try Folder()
    let database = try table(folder.ledger)
    #expect(throws: Stop.self) {
      try database.change { database in
        try database.run("INSERT INTO t VALUES (?, ?)", .integer(1), "one")
        throw Stop()
      }
    }
    #expect(try database.look { try $0.row("SELECT count(*) FROM t")?[0].integer } == 0)
    try database.change { try $0.run("INSERT INTO t VALUES (?, ?)", .integer(2), "two") }
    #expect(try database.look { try $0.row("SELECT count(*) FROM t")?[0].integer } == 1)
  }

  @Test(arguments: ["", "plain", "it's \"quoted\"; DROP TABLE t --", "Gödel ∀", "a\u{0}b"])
  func `a text comes back as it was and is never a statement`(text: String) throws {
    let folder = try Folder()
    let database = try table(folder.ledger)
    try database.change { try $0.run("INSERT INTO t VALUES (?, ?)", .integer(.min), .text(text)) }
    let row = try database.look { try #require(try $0.row("SELECT a, b FROM t").map { ($0[0].integer, $0[1].text) }) }
    #expect(row.0 == .min && row.1 == text)
  }

  @Test func `no value and a value of another kind are told apart`() throws {
    let folder = try Folder()
    let database = try table(folder.ledger)
    try database.change { try $0.run("INSERT INTO t VALUES (?, ?)", .integer(1), nil) }
    try database.look { database in
      let row = try #require(try database.row("SELECT b, x'ff', 'é', CAST(x'ff' AS TEXT) FROM t"))
      guard case .null = row[0], case .other = row[1], case .text("é") = row[2], case .other = row[3] else {
        Issue.record("a field was read as another kind")
        return
      }
    }
  }
}
