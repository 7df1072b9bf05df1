import ArgumentParser
import Glibc
import PrivateStatistics
import TableFormats

/// Tables that a query reads.
enum TableInput {
  /// How a table is written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case csv, jsonl, sqlite
    case sparkTransform = "spark-transform"
  }

  /// How tables are read: what the options say.
  struct Options {
    let format: Format
    /// The table of a database.
    let table: String?
    let threads: Int?

    init(_ format: Format, table: String?, threads: Int?) throws {
      guard threads.map({ (1...256).contains($0) }) ?? true else {
        throw ValidationError("--threads must be a whole number from 1 to 256")
      }
      guard (format == .sqlite) == (table != nil) else {
        throw ValidationError("--table names the table of --input-format sqlite")
      }
      self.format = format
      self.table = table
      self.threads = threads
    }
  }

  /// A size such as `512m` or `2g`, in bytes.
  struct MemorySize: ExpressibleByArgument {
    /// The least that is worth a limit.
    static let least = 1 << 20
    let bytes: Int

    init?(argument: String) {
      let units: [Character: Int] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40]
      let text = argument.lowercased()
      let unit = text.last.flatMap { units[$0] }
      guard let number = Int(unit == nil ? text : String(text.dropLast())) else { return nil }
      let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: unit ?? 1)
      guard !isTooLarge, bytes >= MemorySize.least else { return nil }
      self.bytes = bytes
    }
  }

  /// The threads to use when nobody says: one for each processor.
  static var defaultThreads: Int { max(1, min(256, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Takes in every row of a table.
  static func add(
    _ path: String, _ options: Options, joined: (rows: JoinedTable, unit: String)? = nil,
    to accumulator: inout Accumulator
  ) throws {
    let columns = accumulator.query.columns.filter { !(joined?.rows.columns.contains($0) ?? false) }
    if let table = options.table {
      guard path != "-" else { throw CommandFailure("--input: a database cannot be read from standard input") }
      let reader = try SQLiteTable(path: path, table: table, columns: columns)
      return try add(reader, options, joined, to: &accumulator)
    }
    var source = try ByteSource(path: path)
    let progress = ReadingProgress(path)
    source.onRead = { progress.update($0) }
    defer { progress.finish() }
    switch options.format {
    case .csv, .sqlite:
      let reader = try CSVReader(source, columns: columns)
      try add(reader, options, joined, to: &accumulator)
    case .jsonl:
      let reader = try JSONLinesReader(source, columns: columns)
      try add(reader, options, joined, to: &accumulator)
    case .sparkTransform:
      let reader = try CSVReader(source, headerless: columns, dialect: .sparkTransform)
      try add(reader, options, joined, to: &accumulator)
    }
  }

  private static func add<Reader: TableReader & ~Copyable>(
    _ reader: consuming Reader, _ options: Options, _ joined: (rows: JoinedTable, unit: String)?,
    to accumulator: inout Accumulator
  ) throws {
    let threads = options.threads ?? defaultThreads
    guard let joined else {
      var rows = reader
      return try accumulator.add(&rows, threads: threads)
    }
    var rows = UnitJoin(reader, with: joined.rows, on: joined.unit, columns: accumulator.query.columns)
    try accumulator.add(&rows, threads: threads)
  }
}
