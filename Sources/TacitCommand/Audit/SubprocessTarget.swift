import Foundation
import Glibc
import PrivacyAuditing

/// A mechanism in another program, asked over its standard input and heard over its standard output.
///
/// Each request is one JSON line `{"dataset":[…],"count":N}`; the answer is N little-endian doubles.
struct SubprocessTarget: AuditTarget {
  private struct Request: Encodable {
    let dataset: [Double]
    let count: Int
  }

  private let process: RunningProcess
  private let timeout: Double

  /// Starts the program.
  ///
  /// - Parameters:
  ///   - command: Program and arguments, split by shell word rules and run without a shell.
  ///   - timeout: Seconds without any progress after which a request fails.
  init(command: String, timeout: Double) throws(AuditError) {
    guard let words = ShellWords.split(command), !words.isEmpty else {
      throw AuditError(.targetFailed, "target: the command has an open quote or no program")
    }
    self.process = try RunningProcess(words)
    self.timeout = timeout
  }

  mutating func outputs(of dataset: [Double], count: Int) throws(AuditError) -> [Double] {
    guard let request = try? JSONEncoder().encode(Request(dataset: dataset, count: count)) else {
      throw AuditError(.targetFailed, "target: the data set cannot be written as JSON")
    }
    let bytes = try process.exchange(Array(request) + [0x0A], answer: count * 8, timeout: timeout)
    return (0..<count).map { index in
      let bits = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[8 * index + $1]) << UInt64(8 * $1) }
      return Double(bitPattern: bits)
    }
  }
}

/// A child process with pipes to its standard input and from its standard output; killed when released.
private final class RunningProcess {
  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()

  init(_ words: [String]) throws(AuditError) {
    guard let program = RunningProcess.locate(words[0]) else {
      throw AuditError(.targetFailed, "target: no program '\(words[0])' that can be run")
    }
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = Array(words.dropFirst())
    process.standardInput = requests
    process.standardOutput = answers
    signal(SIGPIPE, SIG_IGN)
    do { try process.run() } catch { throw AuditError(.targetFailed, "target: cannot be started") }
  }

  /// The file of a program: as given when it names a folder, the first on the search path otherwise.
  private static func locate(_ name: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    let candidates = name.contains("/") ? [name] : folders.map { "\($0)/\(name)" }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }

  func exchange(_ request: [UInt8], answer count: Int, timeout: Double) throws(AuditError) -> [UInt8] {
    do { try requests.fileHandleForWriting.write(contentsOf: Data(request)) } catch {
      throw AuditError(.targetFailed, "target: does not read its requests")
    }
    let descriptor = answers.fileHandleForReading.fileDescriptor
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < count {
      var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = unsafe poll(&watched, 1, Int32(min(timeout * 1_000, 2e9)))
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else { throw AuditError(.targetFailed, "target: silent for \(timeout) seconds") }
      let limit = min(block.count, count - bytes.count)
      let received = unsafe block.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, limit) }
      guard received > 0 else {
        throw AuditError(.targetFailed, "target: ended after \(bytes.count) of \(count) bytes")
      }
      bytes.append(contentsOf: block[..<received])
    }
    return bytes
  }
}
