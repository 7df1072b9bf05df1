private import Glibc

/// Which rounds a key has opened, in a file that outlives the process.
///
/// A decryptor that forgets is asked again for the same round with one contribution less, and the difference of the two
/// sums is a client. The claim of a round is on disk before anything is decrypted; a claim that a crash cut short was
/// never granted and is dropped. One file may serve several keys and processes: it is locked while it is read and
/// written, so of two claims at the same time one is refused.
///
/// The file is text, a line a round: the key's id in hexadecimal, a space, the round. Keep it as safe as the key: who can
/// remove lines can have a round opened twice.
public struct RoundJournal: Sendable {
  /// Where the file is.
  public let path: String

  /// A journal at a path; the file is made with mode 0600 at the first claim.
  public init(path: String) { self.path = path }

  /// Claims a round of a key, once for all time.
  ///
  /// - Throws: ``AggregationError``: `replayed` when it was claimed before; `journal` when the file cannot be read or
  ///   written, and then nothing is claimed.
  func claim(key: [UInt8], round: Int) throws(AggregationError) {
    let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw refusal("cannot be opened") }
    // Closing releases the lock.
    defer { close(file) }
    guard flock(file, LOCK_EX) == 0 else { throw refusal("cannot be locked") }
    var bytes = try contents(file)
    let whole = (bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
    bytes.removeSubrange(whole...)
    let line = Array("\(RoundJournal.hexadecimal(key)) \(round)\n".utf8)
    guard !bytes.split(separator: UInt8(ascii: "\n")).contains(line.dropLast()) else {
      throw AggregationError(.replayed, "round \(round)", "was opened before under this key")
    }
    guard ftruncate(file, whole) == 0, lseek(file, whole, SEEK_SET) == whole else { throw refusal("cannot be written") }
    let written = unsafe line.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
    guard written == line.count, fsync(file) == 0 else { throw refusal("cannot be written") }
  }

  private func contents(_ file: Int32) throws(AggregationError) -> [UInt8] {
    let end = lseek(file, 0, SEEK_END)
    guard end >= 0, lseek(file, 0, SEEK_SET) == 0 else { throw refusal("cannot be read") }
    var bytes = [UInt8](repeating: 0, count: end)
    var filled = 0
    while filled < end {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe read(file, UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).baseAddress, end - filled)
      }
      guard count > 0 else { throw refusal("cannot be read") }
      filled += count
    }
    return bytes
  }

  private func refusal(_ reason: String) -> AggregationError { AggregationError(.journal, path, reason) }

  static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return bytes.map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }.joined()
  }
}
