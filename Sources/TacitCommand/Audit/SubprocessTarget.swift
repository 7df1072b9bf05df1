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

  private let process: TargetProcess

  /// Starts the program; see ``TargetProcess``.
  init(command: String, timeout: Double) throws(AuditError) {
    process = try TargetProcess(command: command, timeout: timeout)
  }

  mutating func outputs(of dataset: [Double], count: Int) throws(AuditError) -> [Double] {
    guard let request = try? JSONEncoder().encode(Request(dataset: dataset, count: count)) else {
      throw AuditError(.targetFailed, "target: the data set cannot be written as JSON")
    }
    return try process.ask(Array(request), count: count)
  }
}

/// A child process with pipes to its standard input and from its standard output; killed when released.
///
/// Whatever it does wrong ends in an ``AuditError``: silence, an early end, text, more than was asked for.
final class TargetProcess {
  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()
  private let timeout: Double

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - command: Program and arguments, split by shell word rules and run without a shell.
  ///   - timeout: Seconds without any progress after which a request fails.
  init(command: String, timeout: Double) throws(AuditError) {
    guard let words = ShellWords.split(command), !words.isEmpty else {
      throw AuditError(.targetFailed, "target: the command has an open quote or no program")
    }
    guard let program = TargetProcess.locate(words[0]) else {
      throw AuditError(.targetFailed, "target: no program '\(words[0])' that can be run")
    }
    self.timeout = timeout
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = Array(words.dropFirst())
    process.standardInput = requests
    process.standardOutput = answers
    signal(SIGPIPE, SIG_IGN)
    do { try process.run() } catch { throw AuditError(.targetFailed, "target: cannot be started") }
    // A program that does not read must not stop the audit: writes wait for room, and no longer than the timeout.
    let descriptor = requests.fileHandleForWriting.fileDescriptor
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
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

  /// Sends one line and hears `count` doubles.
  func ask(_ line: [UInt8], count: Int) throws(AuditError) -> [Double] {
    if try isReady(answers.fileHandleForReading.fileDescriptor, POLLIN, milliseconds: 0), process.isRunning {
      throw AuditError(.targetFailed, "target: answered more than it was asked")
    }
    try send(line + [0x0A])
    let bytes = try hear(count * 8)
    // Doubles are never all printable: some byte of a sign, an exponent or a fraction is not.
    if bytes.allSatisfy({ (0x20...0x7E).contains($0) || (0x09...0x0D).contains($0) }) {
      throw AuditError(.targetFailed, "target: answered text where little-endian doubles were asked")
    }
    return (0..<count).map { index in
      let bits = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[8 * index + $1]) << UInt64(8 * $1) }
      return Double(bitPattern: bits)
    }
  }

  private func isReady(_ descriptor: Int32, _ event: Int32, milliseconds: Double) throws(AuditError) -> Bool {
    while true {
      var watched = pollfd(fd: descriptor, events: Int16(event), revents: 0)
      let ready = unsafe poll(&watched, 1, Int32(min(milliseconds, 2e9)))
      if ready < 0, errno == EINTR { continue }
      return ready > 0
    }
  }

  private func send(_ request: [UInt8]) throws(AuditError) {
    let descriptor = requests.fileHandleForWriting.fileDescriptor
    var sent = 0
    while sent < request.count {
      guard try isReady(descriptor, POLLOUT, milliseconds: timeout * 1_000) else {
        throw AuditError(.targetFailed, "target: did not read its request for \(timeout) seconds")
      }
      let written = unsafe request.withUnsafeBytes { bytes in
        unsafe write(descriptor, bytes.baseAddress.map { unsafe $0 + sent }, request.count - sent)
      }
      if written < 0, errno == EAGAIN || errno == EINTR { continue }
      guard written > 0 else { throw AuditError(.targetFailed, "target: does not read its requests") }
      sent += written
    }
  }

  private func hear(_ count: Int) throws(AuditError) -> [UInt8] {
    let descriptor = answers.fileHandleForReading.fileDescriptor
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < count {
      guard try isReady(descriptor, POLLIN, milliseconds: timeout * 1_000) else {
        throw AuditError(.targetFailed, "target: silent for \(timeout) seconds")
      }
      let limit = min(block.count, count - bytes.count)
      let received = unsafe block.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, limit) }
      if received < 0, errno == EINTR { continue }
      guard received > 0 else {
        throw AuditError(.targetFailed, "target: ended after \(bytes.count) of \(count) bytes")
      }
      bytes.append(contentsOf: block[..<received])
    }
    return bytes
  }
}
