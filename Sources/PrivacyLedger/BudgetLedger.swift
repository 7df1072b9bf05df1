private import Glibc
import PrivacyAccounting

/// Durable privacy budgets in one SQLite file, safe for many processes at once.
///
/// Every change is one immediate transaction with `synchronous=EXTRA`: it is on disk, journal removal included,
/// before the call returns, and two processes can never both spend the last of a budget. The history is a hash
/// chain; the totals that decide a charge are kept with it and checked against it by ``verify(since:)``.
///
/// **Edge cases**: a process killed at any point leaves either the whole charge or nothing; a full disk refuses the
/// charge; a file that is not a ledger is refused and left alone; so is one on a network or user-space file system,
/// whose locks do not bind other machines.
public final class BudgetLedger: Sendable {
  /// The file.
  public let path: String
  private let database: LedgerDatabase
  /// Who may do what; `nil` for a ledger without an owner.
  let access: LedgerAccess?

  /// "TCTL" in SQLite's header says what the file is.
  private static let applicationID = 0x5443_544c
  private static let version = 1

  private init(path: String, database: LedgerDatabase, access: LedgerAccess?) {
    self.path = path
    self.database = database
    self.access = access
  }

  /// Opens an existing ledger.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - capability: What the ledger's owner allows the caller; without one, an owned ledger refuses everything.
  /// - Throws: ``LedgerError`` when the file is missing or is not a ledger of this version, or the capability is not
  ///   its owner's.
  public convenience init(opening path: String, capability: LedgerCapability? = nil) throws(LedgerError) {
    try BudgetLedger.requireFile(path)
    let database = try BudgetLedger.connect(path)
    do {
      let (application, version) = try database.look { database in
        (
          try database.row("PRAGMA application_id")?.first?.integer ?? 0,
          try database.row("PRAGMA user_version")?.first?.integer ?? 0
        )
      }
      guard application == BudgetLedger.applicationID else {
        throw LedgerError(.unavailable, "\(path): is not a ledger")
      }
      guard version == BudgetLedger.version else {
        throw LedgerError(.unavailable, "\(path): is a ledger of version \(version), which is not known")
      }
    } catch {
      throw LedgerError(error, path: path)
    }
    self.init(
      path: path, database: database,
      access: try BudgetLedger.access(database, path: path, capability: capability))
  }

  /// Opens a ledger, making an empty one when the file does not exist.
  ///
  /// - Throws: ``LedgerError`` when the file is something else or cannot be made; nothing is left behind then.
  public convenience init(openingOrCreating path: String, capability: LedgerCapability? = nil) throws(LedgerError) {
    if unsafe Glibc.access(path, F_OK) != 0 {
      try BudgetLedger.create(path, records: [])
    }
    try self.init(opening: path, capability: capability)
  }

  /// Makes a ledger with an owner and its first budget; afterwards everything needs a capability of the owner's.
  ///
  /// - Throws: ``LedgerError`` when the file exists or cannot be made, or the budget is not usable; nothing is left
  ///   behind then.
  public static func create(
    _ path: String, owner: LedgerPublicKey, budget: String, terms: BudgetTerms
  ) throws(LedgerError) {
    try LedgerText.check(budget, name: "budget")
    let first = LedgerRecord(
      position: 1, time: secondsNow(), kind: .own, budget: "", detail: owner.x, label: LedgerDigest.nonce(),
      release: nil,
      spent: BudgetAmount.zero.text, previous: LedgerRecord.origin)
    guard let text = try? LedgerState.text(of: terms) else { throw LedgerError(.invalid, "budget: has unusable terms") }
    let second = LedgerRecord(
      position: 2, time: first.time, kind: .create, budget: budget, detail: text, label: "", release: nil,
      spent: BudgetAmount.zero.text, previous: first.hash)
    try create(path, records: [first, second], exclusive: true)
  }

  private static func requireFile(_ path: String) throws(LedgerError) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      throw LedgerError(.unavailable, "\(path): no such ledger")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw LedgerError(.unavailable, "\(path): is not a file")
    }
  }

  private static func connect(_ path: String) throws(LedgerError) -> LedgerDatabase {
    try SharedFileSystem.refuse(path)
    do {
      return try LedgerDatabase(path: path)
    } catch {
      throw LedgerError(error, path: path)
    }
  }

  /// Makes the file whole under another name and links it into place, so that no half-made ledger is ever seen.
  static func create(_ path: String, records: [LedgerRecord], exclusive: Bool = false) throws(LedgerError) {
    let temporary = "\(path).\(getpid()).partial"
    defer {
      unsafe unlink(temporary)
      unsafe unlink(temporary + "-journal")
    }
    let descriptor = unsafe open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw LedgerError(.unavailable, "\(path): cannot be created") }
    close(descriptor)
    do {
      try connect(temporary).change { database in
        try database.script(
          """
          CREATE TABLE history(
            position INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, budget TEXT NOT NULL,
            detail TEXT NOT NULL, label TEXT NOT NULL, release TEXT, spent TEXT NOT NULL,
            previous TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
          CREATE UNIQUE INDEX releases ON history(budget, release) WHERE release IS NOT NULL;
          CREATE INDEX budgets ON history(budget, position);
          CREATE TABLE answers(
            budget TEXT NOT NULL, release TEXT NOT NULL, query TEXT NOT NULL, answer TEXT,
            PRIMARY KEY(budget, release)) STRICT;
          PRAGMA application_id = \(applicationID);
          PRAGMA user_version = \(version);
          """)
        for record in records { try record.insert(into: database) }
      }
    } catch {
      throw LedgerError(error, path: path)
    }
    guard unsafe link(temporary, path) == 0 else {
      if errno == EEXIST, !exclusive { return }
      throw LedgerError(.unavailable, "\(path): " + (errno == EEXIST ? "exists" : "cannot be created"))
    }
  }

  /// One immediate transaction: committed when `body` returns, undone when it throws.
  func change<Result: Sendable>(_ body: (LedgerDatabase) throws -> Result) throws(LedgerError) -> Result {
    do {
      return try database.change(body)
    } catch {
      throw LedgerError(error, path: path)
    }
  }

  /// One consistent look.
  func look<Result: Sendable>(_ body: (LedgerDatabase) throws -> Result) throws(LedgerError) -> Result {
    do {
      return try database.look(body)
    } catch {
      throw LedgerError(error, path: path)
    }
  }
}

/// Seconds since 1970.
func secondsNow() -> Int { Int(time(nil)) }
