private import Glibc

/// A stream of bytes from a file, standard input or memory, unpacked when it is gzip.
///
/// Compression is recognised by its first two bytes, so a file's name does not matter. The source owns its
/// descriptor and closes it.
@safe
public struct ByteSource: ~Copyable {
  /// The name used in errors.
  public let name: String
  /// Told after every read how many bytes have been taken in, before any decompression.
  public var onRead: (@Sendable (Int) -> Void)?
  private var taken = 0
  private var raw: RawBytes
  private var inflater: GzipInflater?
  /// Bytes read while looking for the compression's mark, given out first.
  private var pending: [UInt8] = []

  /// Opens a file, or standard input for `-`.
  ///
  /// - Throws: ``TableError`` naming the file when it cannot be opened, is a folder, or is damaged gzip.
  public init(path: String) throws(TableError) {
    if path == "-" {
      try self.init(name: "standard input", raw: RawBytes(descriptor: STDIN_FILENO, owned: false))
      return
    }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw TableError(.unreadable, source: path, reason: systemReason())
    }
    try self.init(name: path, raw: RawBytes(descriptor: descriptor, owned: true))
  }

  /// Bytes already in memory.
  ///
  /// - Throws: ``TableError`` when they are damaged gzip.
  public init(_ bytes: [UInt8], name: String) throws(TableError) {
    try self.init(name: name, raw: RawBytes(memory: bytes))
  }

  private init(name: String, raw: consuming RawBytes) throws(TableError) {
    self.name = name
    self.raw = raw
    var start = [UInt8](repeating: 0, count: 2)
    var count = 0
    while count < 2 {
      let more = try read(&start, from: count)
      if more == 0 { break }
      count += more
    }
    pending = Array(start[..<count])
    if count == 2, start[0] == 0x1f, start[1] == 0x8b {
      inflater = GzipInflater(source: name)
    }
  }

  private mutating func read(_ bytes: inout [UInt8], from offset: Int) throws(TableError) -> Int {
    let source = name
    let result = unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe raw.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[offset...]))
    }
    guard result >= 0 else { throw TableError(.unreadable, source: source, reason: systemReason()) }
    return result
  }

  /// Reads up to `buffer.count` bytes.
  ///
  /// - Returns: The number of bytes, 0 only at the end (or for an empty buffer).
  /// - Throws: ``TableError`` when the system fails or the compressed stream is damaged or cut off.
  package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    if unsafe buffer.isEmpty { return 0 }
    if inflater != nil {
      return unsafe try inflate(into: buffer)
    }
    return unsafe try readStored(into: buffer)
  }

  private mutating func readStored(into buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    if !pending.isEmpty {
      let count = min(pending.count, buffer.count)
      for index in 0..<count { unsafe buffer[index] = pending[index] }
      pending.removeFirst(count)
      return count
    }
    let count = unsafe raw.read(into: buffer)
    guard count >= 0 else { throw TableError(.unreadable, source: name, reason: systemReason()) }
    taken += count
    onRead?(taken)
    return count
  }

  private mutating func inflate(into buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    guard let inflater else { return 0 }
    while true {
      let count = unsafe try inflater.write(into: buffer)
      if count > 0 { return count }
      if inflater.needsInput {
        var block = inflater.takeBlock()
        let size = try fill(&block)
        inflater.give(block, count: size)
        if size == 0 {
          try inflater.finish()
          return 0
        }
      }
    }
  }

  private mutating func fill(_ block: inout [UInt8]) throws(TableError) -> Int {
    var failure: TableError?
    let count = unsafe block.withUnsafeMutableBytes { buffer in
      do throws(TableError) {
        return unsafe try readStored(into: buffer)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return count
  }

  /// Reads everything that is left.
  ///
  /// - Parameter limit: The most bytes accepted.
  /// - Throws: ``TableError`` when there are more, or when reading fails.
  public consuming func readAll(limit: Int = 1 << 30) throws(TableError) -> [UInt8] {
    var result: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = try readBlock(&block)
      if count == 0 { return result }
      guard result.count + count <= limit else {
        throw TableError(.tooLarge, source: name, reason: "larger than \(limit) bytes")
      }
      result.append(contentsOf: block[..<count])
    }
  }

  /// Fills as much of `block` as one read gives.
  ///
  /// - Returns: The number of bytes, 0 at the end.
  public mutating func readBlock(_ block: inout [UInt8]) throws(TableError) -> Int {
    var failure: TableError?
    let count = unsafe block.withUnsafeMutableBytes { buffer in
      do throws(TableError) {
        return unsafe try read(into: buffer)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return count
  }
}

/// Bytes as the operating system or memory gives them.
@safe
private struct RawBytes: ~Copyable {
  private let descriptor: Int32
  private let owned: Bool
  private let memory: [UInt8]
  private var offset = 0

  init(descriptor: Int32, owned: Bool) {
    self.descriptor = descriptor
    self.owned = owned
    self.memory = []
  }

  init(memory: [UInt8]) {
    self.descriptor = -1
    self.owned = false
    self.memory = memory
  }

  deinit {
    if owned { close(descriptor) }
  }

  /// Bytes read, 0 at the end, -1 with `errno` set on failure.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    if descriptor < 0 {
      let count = min(buffer.count, memory.count - offset)
      unsafe memory.withUnsafeBytes { bytes in
        unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)]))
      }
      offset += count
      return count
    }
    while true {
      let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 || errno != EINTR { return count }
    }
  }
}

/// The text of the C library's last error.
private func systemReason(_ code: Int32 = errno) -> String {
  guard let text = unsafe strerror(code) else { return "error \(code)" }
  return unsafe String(cString: text)
}
