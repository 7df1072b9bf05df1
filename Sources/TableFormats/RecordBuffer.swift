/// Cuts a byte stream into batches that end where a record ends, carrying the rest over.
struct RecordBuffer: ~Copyable {
  private var source: ByteSource
  private var carry: [UInt8] = []
  private var ended = false
  /// Whether nothing is left.
  private(set) var finished = false
  static let blockBytes = 1 << 17

  init(_ source: consuming ByteSource) {
    self.source = source
  }

  var name: String { source.name }

  /// Fills a fresh batch and lets `scan` take whole records from it.
  ///
  /// `scan` gets the batch, the number of content bytes and whether the stream has ended, and returns how many
  /// bytes it consumed; with none consumed it is called again with more.
  mutating func next(
    columnCount: Int, line: Int,
    _ scan: (TableBatch, Int, Bool) throws(TableError) -> Int
  ) throws(TableError) -> TableBatch? {
    var capacity = max(RecordBuffer.blockBytes, 2 * carry.count)
    while !finished {
      let batch = TableBatch(columnCount: columnCount, capacity: capacity)
      var count = carry.count
      for index in 0..<count { unsafe batch.bytes[index] = carry[index] }
      while count < capacity, !ended {
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: batch.bytes[count..<capacity])
        let more = unsafe try source.read(into: room)
        if more == 0 { ended = true }
        count += more
      }
      if count == 0 {
        finished = true
        return nil
      }
      let consumed = try scan(batch, count, ended)
      if consumed == 0, !ended {
        guard capacity <= TableLimits.rowBytes else {
          throw TableError(
            .tooLarge, source: source.name, line: line,
            reason: "a row is longer than \(TableLimits.rowBytes) bytes; is a quote left open?")
        }
        carry = unsafe Array(batch.bytes[..<count])
        capacity *= 2
        continue
      }
      carry = unsafe Array(batch.bytes[consumed..<count])
      if ended && carry.isEmpty { finished = true }
      return batch
    }
    return nil
  }
}
