import Glibc
import Reporting
import Synchronization

/// Says on a terminal how much of a large table has been read, once that has taken two seconds.
final class ReadingProgress: Sendable {
  private let line: ProgressLine
  private let start = ContinuousClock.now
  private let isShown = Mutex(false)
  private static let unit = 1 << 20
  private static let patience = Duration.seconds(2)

  init(_ path: String) {
    var status = stat()
    let isThere = unsafe stat(path, &status) == 0
    let isFile = path != "-" && isThere && status.st_mode & S_IFMT == S_IFREG
    let name = path == "-" ? "standard input" : path
    // In MiB; what is piped in has no known end.
    line = ProgressLine("reading \(name), MiB", total: isFile ? max(1, Int(status.st_size) / Self.unit) : 0)
  }

  /// Says how many bytes have been read.
  func update(_ bytes: Int) {
    guard start.duration(to: .now) >= Self.patience else { return }
    isShown.withLock { $0 = true }
    line.update(bytes / Self.unit)
  }

  /// Ends the line, if there is one.
  func finish() {
    if isShown.withLock({ $0 }) { line.finish() }
  }
}
