private import Glibc
import Synchronization

/// A run of units that was moved out of memory: where it lies in the temporary file.
struct UnitRun: Sendable {
  let offset: Int
  let words: Int
}

/// Moves what units have contributed to a temporary file when it would take more memory than allowed.
///
/// **The file holds raw data.** It is made with mode 0600 in `TMPDIR`, or `/tmp`, and unlinked before its first byte is
/// written: nobody else can open it, and it is gone with the process, whatever ends it. Its blocks stay on the disk
/// until they are used again, like those of any deleted file.
///
/// Runs are merged as partial aggregates are: the same integers with and without a limit.
final class UnitSpill: Sendable {
  private let limit: Int
  private let used = Atomic<Int>(0)
  private let end = Atomic<Int>(0)
  private let file = Mutex<Int32?>(nil)
  private let refusal = Mutex<StatisticsError?>(nil)

  /// - Parameter limit: The bytes that units may take before some are moved out.
  init(limit: Int) { self.limit = limit }

  deinit {
    if let descriptor = file.withLock({ $0 }) { close(descriptor) }
  }

  /// Why units could not be moved out.
  var failure: StatisticsError? { refusal.withLock { $0 } }

  /// Counts the memory of a shard; true when its units should be moved out.
  ///
  /// Shards fill alike, so one that holds half of its share is moved out where it is met.
  func isFull(shard bytes: Int, before: Int) -> Bool {
    let total = used.add(bytes - before, ordering: .relaxed).newValue
    return total > limit && bytes >= limit / (2 << Int(UnitTable.shardBits)) && failure == nil
  }

  /// Writes a shard's units; `nil` when the system refuses, which ``failure`` tells then.
  func write(_ store: borrowing UnitStore, values: Int) -> UnitRun? {
    do throws(StatisticsError) {
      let descriptor = try open()
      var words: [UInt64] = []
      for unit in 0..<store.count { store.append(unit, to: &words, values: values) }
      let size = 8 * words.count
      let offset = end.add(size, ordering: .relaxed).oldValue
      var done = 0
      while done < size {
        let count = unsafe words.withUnsafeBytes { bytes in
          unsafe pwrite(descriptor, bytes.baseAddress?.advanced(by: done), size - done, off_t(offset + done))
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw UnitSpill.problem() }
        done += count
      }
      return UnitRun(offset: offset, words: words.count)
    } catch {
      refusal.withLock { if $0 == nil { $0 = error } }
      return nil
    }
  }

  /// Takes a run's units into a store.
  func read(_ run: UnitRun, values: Int, into store: inout UnitStore) throws(StatisticsError) {
    guard let descriptor = file.withLock({ $0 }) else { throw UnitSpill.damaged }
    let size = 8 * run.words
    var words = [UInt64](repeating: 0, count: run.words)
    var done = 0
    while done < size {
      let count = unsafe words.withUnsafeMutableBytes { bytes in
        unsafe pread(descriptor, bytes.baseAddress?.advanced(by: done), size - done, off_t(run.offset + done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw count < 0 ? UnitSpill.problem() : UnitSpill.damaged }
      done += count
    }
    guard store.take(words, values: values) else { throw UnitSpill.damaged }
  }

  private static var damaged: StatisticsError {
    StatisticsError(.unreadable, "temporary file", "does not hold what was written to it")
  }

  private static func problem() -> StatisticsError {
    StatisticsError(
      .unreadable, "temporary file", unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)")
  }

  /// The file, made when it is first needed.
  private func open() throws(StatisticsError) -> Int32 {
    try file.withLock { (file) throws(StatisticsError) in
      if let file { return file }
      let folder = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? ""
      var name = Array("\(folder.isEmpty ? "/tmp" : folder)/tacit-XXXXXX".utf8CString)
      let descriptor = unsafe name.withUnsafeMutableBufferPointer { name in
        guard let name = name.baseAddress else { return Int32(-1) }
        let descriptor = unsafe mkstemp(name)
        if descriptor >= 0 { _ = unsafe unlink(name) }
        return descriptor
      }
      guard descriptor >= 0 else { throw UnitSpill.problem() }
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      file = descriptor
      return descriptor
    }
  }
}

extension UnitStore {
  /// Appends a unit's words: tag, number of groups; each group: rank, number, contents; each content's words.
  func append(_ unit: Int, to words: inout [UInt64], values: Int) {
    let tag = tag(ofUnit: unit)
    words.append(tag.high)
    words.append(tag.low)
    words.append(UInt64(groupCount(ofUnit: unit)))
    unsafe forEachGroup(ofUnit: unit) { record, first in
      words.append(record.rank)
      words.append(UInt64(record.group))
      words.append(UInt64(record.contents))
      let count = record.contents * (ContentWord.values + values)
      unsafe words.append(contentsOf: UnsafeBufferPointer(start: first, count: count))
    }
  }

  /// Takes in the words of units; false when they are cut off.
  mutating func take(_ words: [UInt64], values: Int) -> Bool {
    let step = ContentWord.values + values
    return unsafe words.withUnsafeBufferPointer { words in
      var place = 0
      while place < words.count {
        guard words.count - place >= 3 else { return false }
        let unit = unsafe KeyedHash.Tag(high: words[place], low: words[place + 1])
        let groups = unsafe words[place + 2]
        place += 3
        for _ in 0..<groups {
          guard words.count - place >= 3 else { return false }
          let (rank, group) = unsafe (words[place], words[place + 1])
          let contents = unsafe words[place + 2]
          place += 3
          guard contents <= UInt64((words.count - place) / step), let base = words.baseAddress else { return false }
          for _ in 0..<contents {
            let content = unsafe base + place
            unsafe add(
              unit, rank: rank, group: group, tag: content[ContentWord.tag], copies: content[ContentWord.copies],
              values: content + ContentWord.values)
            place += step
          }
        }
      }
      return true
    }
  }

  /// Takes in another store's units, whose group `g` is this one's `renumber[g]`.
  mutating func take(_ other: borrowing UnitStore, values: Int, renumber: [Int]?) {
    let step = ContentWord.values + values
    for unit in 0..<other.count {
      let tag = other.tag(ofUnit: unit)
      unsafe other.forEachGroup(ofUnit: unit) { record, first in
        let group = UInt64(renumber?[record.group] ?? record.group)
        for index in 0..<record.contents {
          let content = unsafe first + index * step
          unsafe add(
            tag, rank: record.rank, group: group, tag: content[ContentWord.tag], copies: content[ContentWord.copies],
            values: content + ContentWord.values)
        }
      }
    }
  }
}
