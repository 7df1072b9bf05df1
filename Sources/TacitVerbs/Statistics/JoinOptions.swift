import ArgumentParser
import PrivateStatistics
import TableFormats

/// A second private table about the same units.
struct JoinOptions: ParsableArguments {
  @Option(
    name: .long,
    help: """
      Join a second private table, CSV with a header, on the privacy unit's column: rows go with each row of the same \
      unit there, and rows without one are left out.
      """)
  var join: String?

  @Option(name: .long, parsing: .upToNextOption, help: "The query's columns that are in the joined table.")
  var joinColumns: [String] = []

  func validate() throws {
    if (join == nil) != joinColumns.isEmpty { throw ValidationError("--join and --join-columns belong together") }
  }

  /// The joined table and the unit's column; `nil` when there is none.
  func table(for query: Query) throws -> (rows: JoinedTable, unit: String)? {
    guard let join else { return nil }
    guard case .column(let unit) = query.privacyUnit else {
      throw CommandFailure("--join: needs a privacy unit that is a column: tables are joined on it")
    }
    for column in joinColumns where column == unit || !query.columns.contains(column) {
      throw CommandFailure("--join-columns: \(column) is not a column that the query reads beside its unit")
    }
    var reader = try CSVReader(ByteSource(path: join), columns: [unit] + joinColumns)
    return (try JoinedTable(&reader, onBadRow: query.onBadRow), unit)
  }
}
