package import Glibc

/// Files a command writes: whole or not at all, never over an existing file unless the user said `--force`.
package enum Output {
  /// Writes text to `path`; see ``write(_:to:force:mode:)-([UInt8],_,_,_)``.
  package static func write(_ text: String, to path: String, force: Bool = false, mode: mode_t = 0o644) throws {
    try write(Array(text.utf8), to: path, force: force, mode: mode)
  }

  /// Writes bytes to `path` through a temporary file in the same folder, synced and then renamed.
  ///
  /// - Parameters:
  ///   - path: The file, or `-` for standard output.
  ///   - force: Whether an existing file may be replaced.
  ///   - mode: Permissions of the new file; `0o600` for secrets.
  /// - Throws: ``CommandFailure`` naming the file; nothing is left behind then.
  package static func write(_ bytes: [UInt8], to path: String, force: Bool = false, mode: mode_t = 0o644) throws {
    try stream(to: path, force: force, mode: mode) { try $0(bytes) }
  }

  /// Writes what `body` hands over, piece by piece, as ``write(_:to:force:mode:)-([UInt8],_,_,_)`` writes bytes.
  ///
  /// - Parameter body: Gets a function that writes the next bytes.
  /// - Throws: ``CommandFailure`` naming the file, or what `body` throws; nothing is left behind then.
  package static func stream(
    to path: String, force: Bool = false, mode: mode_t = 0o644,
    _ body: (_ write: ([UInt8]) throws -> Void) throws -> Void
  ) throws {
    if path == "-" {
      try body(StandardOutput.attempt)
      return
    }
    try refuseExisting(path, force: force)
    let temporary = "\(path).\(getpid()).partial"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw failure(path) }
    var stored = false
    defer {
      close(descriptor)
      if !stored { unsafe unlink(temporary) }
    }
    try body { try store($0, in: descriptor, path: path) }
    guard fsync(descriptor) == 0 else { throw failure(path) }
    if force {
      guard unsafe rename(temporary, path) == 0 else { throw failure(path) }
    } else {
      guard unsafe link(temporary, path) == 0 else {
        if errno == EEXIST { throw existing(path) }
        throw failure(path)
      }
      unsafe unlink(temporary)
    }
    stored = true
  }

  /// Refuses early, before work is done, a path that ``write(_:to:force:mode:)-([UInt8],_,_,_)`` would refuse.
  package static func refuseExisting(_ path: String, force: Bool) throws {
    guard path != "-" else { return }
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return }
    if !force { throw existing(path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw CommandFailure("\(path): is not a file") }
  }

  /// Refuses a path where a file of `size` bytes could not be written now, before anything irrevocable is done.
  ///
  /// A file of that size is made beside the path and removed again.
  package static func requireRoom(for size: Int, at path: String, force: Bool) throws {
    guard path != "-" else { return }
    try refuseExisting(path, force: force)
    let temporary = "\(path).\(getpid()).partial"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    unsafe unlink(temporary)
    let code = posix_fallocate(descriptor, 0, off_t(max(1, size)))
    guard code == 0 else { throw CommandFailure("\(path): \(systemErrorText(code))") }
  }

  /// Makes a folder; an existing one may be used.
  package static func makeFolder(_ path: String) throws {
    if unsafe mkdir(path, 0o755) == 0 || errno == EEXIST {
      var status = stat()
      if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
      throw CommandFailure("\(path): is not a folder")
    }
    throw failure(path)
  }

  private static func store(_ bytes: [UInt8], in descriptor: Int32, path: String) throws {
    try unsafe bytes.withUnsafeBytes { buffer in
      var offset = 0
      while offset < buffer.count {
        let written = unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
        if written < 0 {
          if errno == EINTR { continue }
          throw failure(path)
        }
        offset += written
      }
    }
  }

  private static func existing(_ path: String) -> CommandFailure {
    CommandFailure("\(path): exists; use --force to replace it")
  }

  private static func failure(_ path: String) -> CommandFailure {
    CommandFailure("\(path): \(systemErrorText())")
  }
}
