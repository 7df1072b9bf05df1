import Glibc
import Reporting

/// Says on a terminal how much of a large table has been read, once that has taken two seconds.
final class ReadingProgress: Sendable {
  private let line: ProgressLine
  private static let unit = 1 << 20

  init(_ path: String) {
    var status = stat()
    let isThere = unsafe stat(path, &status) == 0
    let isFile = path != "-" && isThere && status.st_mode & S_IFMT == S_IFREG
    let name = path == "-" ? "standard input" : path
    // In MiB; what is piped in has no known end.
    let total = isFile ? max(1, Int(status.st_size) / Self.unit) : 0
    line = ProgressLine("reading \(name)", total: total, unit: "MiB", after: 2)
  }

  /// Says how many bytes have been read.
  func update(_ bytes: Int) { line.update(bytes / Self.unit) }

  /// Ends the line, if there is one.
  func finish() { line.finish() }
}
