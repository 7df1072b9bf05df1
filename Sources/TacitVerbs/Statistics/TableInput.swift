import ArgumentParser
import Glibc
import PrivateStatistics
import TableFormats

/// Tables that a query reads.
enum TableInput {
  /// How a table is written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case csv, jsonl
    case sparkTransform = "spark-transform"
  }

  /// The threads to use when nobody says: one for each processor.
  static var defaultThreads: Int { max(1, min(256, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Checks a number of threads.
  static func validate(threads: Int?) throws {
    guard threads.map({ (1...256).contains($0) }) ?? true else {
      throw ValidationError("--threads must be a whole number from 1 to 256")
    }
  }

  /// Takes in every row of a table.
  static func add(_ path: String, _ format: Format, threads: Int?, to accumulator: inout Accumulator) throws {
    let threads = threads ?? defaultThreads
    let columns = accumulator.query.columns
    let source = try ByteSource(path: path)
    switch format {
    case .csv:
      var reader = try CSVReader(source, columns: columns)
      try accumulator.add(&reader, threads: threads)
    case .jsonl:
      var reader = try JSONLinesReader(source, columns: columns)
      try accumulator.add(&reader, threads: threads)
    case .sparkTransform:
      var reader = try CSVReader(source, headerless: columns, dialect: .sparkTransform)
      try accumulator.add(&reader, threads: threads)
    }
  }
}
