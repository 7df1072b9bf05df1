private import CSQLite
private import Synchronization

/// One connection to the SQLite file of a ledger, used by one thread at a time.
///
/// The system's SQLite does the work; this adds nothing but bound arguments, transactions that are undone when their
/// body throws, and errors without data. The pointer never leaves the class and is used under `turn` only, which is
/// why the class may be shared.
@safe
package final class LedgerDatabase: @unchecked Sendable {
  /// A result code of SQLite; its texts may quote data, so they are not kept.
  package struct Failure: Error {
    package let code: Int32
  }

  private let turn = Mutex(())
  private let handle: OpaquePointer

  /// How long another process's lock is waited for, in milliseconds.
  private static let patience: Int32 = 30_000

  /// Opens a file that exists.
  package init(path: String) throws(Failure) {
    var handle: OpaquePointer?
    let code = unsafe sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK, let opened = unsafe handle else {
      unsafe sqlite3_close_v2(handle)
      throw Failure(code: code)
    }
    unsafe self.handle = opened
    unsafe sqlite3_busy_timeout(opened, LedgerDatabase.patience)
    try script("PRAGMA synchronous = EXTRA")
  }

  deinit { unsafe sqlite3_close_v2(handle) }

  /// One immediate transaction: committed when `body` returns, undone when it throws.
  package func change<Result: Sendable>(_ body: (LedgerDatabase) throws -> Result) throws -> Result {
    try transaction("BEGIN IMMEDIATE", body)
  }

  /// One consistent look; other processes may write once it is over.
  package func look<Result: Sendable>(_ body: (LedgerDatabase) throws -> Result) throws -> Result {
    try transaction("BEGIN DEFERRED", body)
  }

  private func transaction<Result: Sendable>(
    _ begin: String, _ body: (LedgerDatabase) throws -> Result
  ) throws -> Result {
    try turn.withLock { _ in
      try script(begin)
      do {
        let result = try body(self)
        try script("COMMIT")
        return result
      } catch {
        // SQLite has rolled back by itself after some failures; a second time is an error without a meaning.
        try? script("ROLLBACK")
        throw error
      }
    }
  }

  /// Runs statements that take no arguments and give no rows.
  package func script(_ sql: String) throws(Failure) {
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw Failure(code: code) }
  }

  /// Runs one statement to its end.
  package func run(_ sql: String, _ arguments: Argument...) throws(Failure) {
    var rows = try unsafe Rows(sql, arguments, handle)
    while try rows.next() != nil {}
  }

  /// The rows of a query, as they are read.
  package func rows(_ sql: String, _ arguments: Argument...) throws(Failure) -> Rows {
    try unsafe Rows(sql, arguments, handle)
  }

  /// The first row of a query, if there is one.
  package func row(_ sql: String, _ arguments: Argument...) throws(Failure) -> [Value]? {
    var rows = try unsafe Rows(sql, arguments, handle)
    return try rows.next()
  }

  /// What a `?` in a statement stands for.
  package enum Argument: ExpressibleByStringLiteral, ExpressibleByNilLiteral {
    case integer(Int)
    case text(String?)

    package init(stringLiteral value: String) { self = .text(value) }
    package init(nilLiteral: ()) { self = .text(nil) }
  }

  /// A field of a row; what a ledger never holds is `other`.
  package enum Value {
    case null
    case integer(Int)
    case text(String)
    case other

    package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
    package var text: String? { if case .text(let value) = self { value } else { nil } }
  }

  /// A statement under way.
  @safe
  package struct Rows: ~Copyable {
    private var statement: OpaquePointer?

    fileprivate init(_ sql: String, _ arguments: [Argument], _ handle: OpaquePointer) throws(Failure) {
      var prepared: OpaquePointer?
      try LedgerDatabase.require(unsafe sqlite3_prepare_v2(handle, sql, -1, &prepared, nil))
      unsafe statement = prepared
      for (index, argument) in arguments.enumerated() {
        let place = Int32(index + 1)
        switch argument {
        case .integer(let value):
          try LedgerDatabase.require(unsafe sqlite3_bind_int64(statement, place, Int64(value)))
        case .text(nil):
          try LedgerDatabase.require(unsafe sqlite3_bind_null(statement, place))
        case .text(.some(let value)):
          var value = value
          // SQLITE_TRANSIENT, a cast that Swift does not import: the text is copied before the call returns.
          let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
          let code = value.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { text in
              unsafe sqlite3_bind_text64(
                statement, place, text.baseAddress, UInt64(text.count), transient, UInt8(SQLITE_UTF8))
            }
          }
          try LedgerDatabase.require(code)
        }
      }
    }

    deinit { unsafe sqlite3_finalize(statement) }

    /// The next row, or `nil` after the last.
    package mutating func next() throws(Failure) -> [Value]? {
      let code = unsafe sqlite3_step(statement)
      if code == SQLITE_DONE { return nil }
      guard code == SQLITE_ROW else { throw Failure(code: code) }
      var row: [Value] = []
      for place in 0..<(unsafe sqlite3_column_count(statement)) { row.append(value(place)) }
      return row
    }

    private borrowing func value(_ place: Int32) -> Value {
      switch unsafe sqlite3_column_type(statement, place) {
      case SQLITE_NULL: .null
      case SQLITE_INTEGER: .integer(Int(unsafe sqlite3_column_int64(statement, place)))
      case SQLITE_TEXT: text(place)
      default: .other
      }
    }

    private borrowing func text(_ place: Int32) -> Value {
      // A text of no bytes may have no address.
      guard let bytes = unsafe sqlite3_column_text(statement, place) else { return .text("") }
      let count = unsafe Int(sqlite3_column_bytes(statement, place))
      let decoded = unsafe String(validating: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
      return decoded.map { .text($0) } ?? .other
    }
  }

  private static func require(_ code: Int32) throws(Failure) {
    guard code == SQLITE_OK else { throw Failure(code: code) }
  }
}

extension LedgerDatabase.Failure {
  /// What went wrong, in words that need no knowledge of SQLite.
  var reason: String {
    switch code {
    case SQLITE_FULL: "the disk is full"
    case SQLITE_NOTADB: "is not a ledger"
    case SQLITE_BUSY, SQLITE_LOCKED: "is locked by another process"
    case SQLITE_READONLY: "is read-only"
    case SQLITE_CANTOPEN: "cannot be opened"
    case SQLITE_CORRUPT: "is damaged"
    case SQLITE_IOERR: "cannot be read or written"
    default: "failed (SQLite code \(code))"
    }
  }
}
