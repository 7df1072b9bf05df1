private import Glibc

/// Whole text files, read and written through the C library.
enum TextFile {
  /// The text of a file; `nil` when it cannot be read or is not UTF-8.
  static func read(_ path: String) -> String? {
    guard let file = unsafe fopen(path, "rb") else { return nil }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe fread(&buffer, 1, buffer.count, file)
      bytes += buffer[..<count]
      if count < buffer.count { break }
    }
    guard unsafe ferror(file) == 0 else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Writes a file whole or not at all.
  static func write(_ text: String, to path: String) -> Bool {
    let draft = path + ".part"
    guard let file = unsafe fopen(draft, "wb") else { return false }
    let bytes = Array(text.utf8)
    let isWritten = unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count
    let isClosed = unsafe fclose(file) == 0
    guard isWritten, isClosed, unsafe rename(draft, path) == 0 else {
      unsafe unlink(draft)
      return false
    }
    return true
  }
}
