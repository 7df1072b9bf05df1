import Glibc

/// Files a command reads.
package enum Input {
  /// Reads a whole file.
  ///
  /// - Parameters:
  ///   - path: The file, or `-` for standard input.
  ///   - limit: The most bytes accepted, so that a wrong path cannot fill the memory.
  /// - Throws: ``CommandFailure`` naming the file.
  package static func read(_ path: String, limit: Int = 1 << 30) throws -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw CommandFailure("\(path): \(systemErrorText())") }
    defer { if path != "-" { close(descriptor) } }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = unsafe block.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw CommandFailure("\(path): \(systemErrorText())")
      }
      guard bytes.count + count <= limit else { throw CommandFailure("\(path): larger than \(limit) bytes") }
      bytes.append(contentsOf: block[..<count])
    }
  }

  /// Reads a whole file as UTF-8 text.
  package static func readText(_ path: String, limit: Int = 1 << 24) throws -> String {
    let bytes = try read(path, limit: limit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandFailure("\(path): is not UTF-8 text")
    }
    return text
  }
}

/// The value of an environment variable, if it is set.
package func environmentValue(_ name: String) -> String? {
  guard let value = unsafe getenv(name) else { return nil }
  return unsafe String(cString: value)
}
