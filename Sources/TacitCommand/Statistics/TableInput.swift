import ArgumentParser
import PrivateStatistics
import TableFormats

/// Tables that a query reads.
enum TableInput {
  /// How a table is written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case csv, jsonl
    case sparkTransform = "spark-transform"
  }

  /// Takes in every row of a table.
  static func add(_ path: String, _ format: Format, to accumulator: inout Accumulator) throws {
    let columns = accumulator.query.columns
    let source = try ByteSource(path: path)
    switch format {
    case .csv:
      var reader = try CSVReader(source, columns: columns)
      try accumulator.add(&reader)
    case .jsonl:
      var reader = try JSONLinesReader(source, columns: columns)
      try accumulator.add(&reader)
    case .sparkTransform:
      var reader = try CSVReader(source, headerless: columns, dialect: .sparkTransform)
      try accumulator.add(&reader)
    }
  }
}
