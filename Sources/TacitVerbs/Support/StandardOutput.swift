import Glibc

/// Standard output and standard error without buffering surprises: every call writes all of its bytes or ends the
/// command.
package enum StandardOutput {
  /// Writes text to standard output.
  package static func write(_ text: String) {
    write(Array(text.utf8))
  }

  /// Writes bytes to standard output.
  package static func write(_ bytes: [UInt8]) {
    if send(bytes, to: STDOUT_FILENO) { return }
    complain("tacit: " + failure.message)
    exit(failure.code.rawValue)
  }

  /// Writes bytes to standard output where the caller can still say what to do about a failure.
  package static func attempt(_ bytes: [UInt8]) throws {
    if !send(bytes, to: STDOUT_FILENO) { throw failure }
  }

  /// Writes one line to standard error.
  package static func complain(_ line: String) {
    if !send(Array((line + "\n").utf8), to: STDERR_FILENO) { exit(CommandFailure.Code.failed.rawValue) }
  }

  private static var failure: CommandFailure {
    CommandFailure("cannot write to standard output: \(systemErrorText())")
  }

  private static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    unsafe bytes.withUnsafeBytes { buffer in
      var offset = 0
      while offset < buffer.count {
        let written = unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
        if written < 0 {
          if errno == EINTR { continue }
          return false
        }
        offset += written
      }
      return true
    }
  }
}

/// The text of the C library's last error.
package func systemErrorText(_ code: Int32 = errno) -> String {
  guard let text = unsafe strerror(code) else { return "error \(code)" }
  return unsafe String(cString: text)
}
