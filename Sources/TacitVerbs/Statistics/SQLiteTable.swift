private import CSQLite
import TableFormats

/// Reads a table or view of an SQLite database as rows of text; the database is opened for reading only.
///
/// Values count as the text that a CSV file would hold for them, so the same table gives the same integers either way:
/// whole numbers in decimal, reals as their shortest decimal, texts and blobs as their bytes. NULL is no value, which
/// CSV says by an empty field. One transaction covers the reading.
@safe
struct SQLiteTable: TableReader, ~Copyable {
  let source: String
  let columns: [String]
  private var database: OpaquePointer?
  private var statement: OpaquePointer?
  /// The places of the wanted columns in the statement's.
  private var places: [Int32] = []
  private var rows = 0

  /// How long another program's lock is waited for.
  private static let patience: Int32 = 10_000

  /// Opens a table.
  ///
  /// - Throws: ``TableError`` when there is no such database, table or column.
  init(path: String, table: String, columns: [String]) throws(TableError) {
    source = path
    self.columns = columns
    unsafe (database, statement) = (nil, nil)
    guard
      unsafe sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil) == SQLITE_OK
    else { throw problem(.unreadable) }
    unsafe sqlite3_busy_timeout(database, SQLiteTable.patience)
    let name = "\"" + table.replacing("\"", with: "\"\"") + "\""
    let code = unsafe sqlite3_prepare_v2(database, "SELECT * FROM \(name)", -1, &statement, nil)
    guard code == SQLITE_OK, unsafe statement != nil else {
      if code != SQLITE_ERROR { throw problem(.unreadable) }
      throw TableError(.missingColumn, source: path, reason: "there is no table \"\(table)\" that can be read")
    }
    let count = unsafe sqlite3_column_count(statement)
    let names = (0..<count).map { unsafe String(cString: sqlite3_column_name(statement, $0)) }
    for column in columns {
      let found = names.indices.filter { names[$0] == column }
      guard let place = found.first else {
        throw TableError(.missingColumn, source: path, column: column, reason: "the table has no such column")
      }
      guard found.count == 1 else {
        throw TableError(.repeatedColumn, source: path, column: column, reason: "the name stands for two columns")
      }
      places.append(Int32(place))
    }
  }

  deinit {
    unsafe sqlite3_finalize(statement)
    unsafe sqlite3_close_v2(database)
  }

  /// What SQLite says, by its code only: longer texts may quote data.
  private borrowing func problem(_ code: TableError.Code) -> TableError {
    TableError(code, source: source, reason: unsafe String(cString: sqlite3_errstr(sqlite3_errcode(database))))
  }

  mutating func next() throws(TableError) -> TableBatch? {
    guard unsafe statement != nil else { return nil }
    var builder = TableBatchBuilder(columnCount: columns.count, firstLine: rows + 1)
    while !builder.isFull {
      let code = unsafe sqlite3_step(statement)
      if code == SQLITE_DONE {
        unsafe sqlite3_finalize(statement)
        unsafe statement = nil
        break
      }
      guard code == SQLITE_ROW else { throw problem(.unreadable) }
      for place in places { try append(place, to: &builder) }
      builder.endRow()
      rows += 1
    }
    return builder.rowCount == 0 ? nil : builder.finish()
  }

  private borrowing func append(_ place: Int32, to builder: inout TableBatchBuilder) throws(TableError) {
    switch unsafe sqlite3_column_type(statement, place) {
    case SQLITE_NULL: builder.appendNull()
    case SQLITE_INTEGER: append("\(unsafe sqlite3_column_int64(statement, place))", to: &builder)
    case SQLITE_FLOAT: append("\(unsafe sqlite3_column_double(statement, place))", to: &builder)
    default:
      let bytes = unsafe sqlite3_column_blob(statement, place)
      let count = unsafe Int(sqlite3_column_bytes(statement, place))
      guard count <= TableLimits.rowBytes else {
        throw TableError(.tooLarge, source: source, line: rows + 1, reason: "a field is too long")
      }
      unsafe builder.append(UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
    }
  }

  private borrowing func append(_ text: String, to builder: inout TableBatchBuilder) {
    var text = text
    text.withUTF8 { unsafe builder.append(UnsafeRawBufferPointer($0)) }
  }
}
