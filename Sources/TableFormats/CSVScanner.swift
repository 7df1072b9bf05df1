import CKernels

/// Finds records and fields in a block of delimited text.
///
/// Plain records, without quotes and with the right number of fields, are taken sixty-four bytes at a time by
/// `tacit_scan_records`; every other record is read here with care. The careful scan looks at eight bytes at a time for the next delimiter, quote or line feed ("SIMD within a register",
/// Mycroft's zero-byte test): the lowest set bit of the combined test is always a true hit.
struct CSVScanner {
  private let delimiter: UInt8
  private let quoting: Bool
  private let null: [UInt8]?
  /// `nil` while the header is read: one record, every field.
  private let fieldCount: Int?
  private let slots: [Int]
  private let outputCount: Int
  /// ``slots`` for the kernel; empty when every record needs care.
  private let plainSlots: [Int32]
  /// The line the next record starts on.
  var line = 1
  private var atStart = true
  /// Ranges of the current record whose doubled quotes are still doubled.
  private var doubled: [Int] = []

  init(dialect: CSVDialect, fieldCount: Int?, slots: [Int]) {
    delimiter = dialect.delimiter
    quoting = dialect.quoting
    null = dialect.null
    self.fieldCount = fieldCount
    self.slots = slots
    outputCount = slots.count { $0 >= 0 }
    plainSlots = dialect.null == nil && fieldCount != nil ? slots.map { Int32(truncatingIfNeeded: $0) } : []
  }

  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let quote = UInt8(ascii: "\"")

  /// How a field ended.
  private enum End {
    case delimiter, record, needsMore, broken(RowProblem)
  }

  /// Takes whole records from `batch.bytes[0..<count]`; returns the bytes consumed.
  mutating func scan(_ batch: TableBatch, count: Int, ended: Bool) -> Int {
    unsafe batch.bytes.storeBytes(of: 0, toByteOffset: count, as: UInt64.self)
    let bytes = unsafe UnsafeRawBufferPointer(start: batch.bytes.baseAddress, count: count)
    var position = 0
    if atStart {
      if count < 3 && !ended { return 0 }
      atStart = false
      if count >= 3, unsafe bytes[0] == 0xef, unsafe bytes[1] == 0xbb, unsafe bytes[2] == 0xbf { position = 3 }
    }
    guard let fieldCount else { return unsafe scanHeader(bytes, from: position, batch, ended: ended) }
    unsafe scanRows(bytes, &position, batch, fieldCount: fieldCount, ended: ended)
    return position
  }

  /// One record, every field of it.
  private mutating func scanHeader(
    _ bytes: UnsafeRawBufferPointer, from start: Int, _ batch: TableBatch, ended: Bool
  ) -> Int {
    var position = start
    let limit = bytes.count - start + 2
    var fields = 0
    var problem: UInt8?
    batch.ranges = unsafe [UInt32](unsafeUninitializedCapacity: 2 * limit) { ranges, initialized in
      guard let row = ranges.baseAddress else { return }
      problem = unsafe record(bytes, &position, row: row, nil, fields: &fields, ended: ended)
      initialized = 2 * fields
      if problem == 0 { unsafe undouble(batch, row) }
    }
    guard let problem, position > start else { return 0 }
    batch.lines.append(1)
    batch.problems.append(problem)
    batch.rowCount = 1
    return position
  }

  /// Whole records until the block ends.
  ///
  /// A sound row has at least as many bytes as fields, with its line break. Where shorter rows fill the tables early,
  /// the rest of the block is left for the next batch.
  private mutating func scanRows(
    _ bytes: UnsafeRawBufferPointer, _ position: inout Int, _ batch: TableBatch, fieldCount: Int, ended: Bool
  ) {
    let step = 2 * outputCount
    let most = (bytes.count - position) / max(1, fieldCount) + 2
    let slots = self.slots
    var rows = 0
    batch.lines = unsafe [Int](unsafeUninitializedCapacity: most) { lines, lineCount in
      batch.problems = unsafe [UInt8](unsafeUninitializedCapacity: most) { problems, problemCount in
        batch.ranges = unsafe [UInt32](unsafeUninitializedCapacity: most * step + 2) { ranges, rangeCount in
          guard let table = ranges.baseAddress else { return }
          unsafe slots.withUnsafeBufferPointer { slots in
            while position < bytes.count, rows < most {
              let plain = unsafe scanPlain(bytes, &position, table + rows * step, most: most - rows)
              for _ in 0..<plain {
                unsafe lines[rows] = line
                unsafe problems[rows] = 0
                line += 1
                rows += 1
              }
              guard position < bytes.count, rows < most else { break }
              if fieldCount > 1, unsafe skipEmptyLine(bytes, &position, ended: ended) { continue }
              let (start, startLine) = (position, line)
              let row = unsafe table + rows * step
              var fields = 0
              guard
                let problem = unsafe record(bytes, &position, row: row, slots, fields: &fields, ended: ended)
              else {
                position = start
                line = startLine
                break
              }
              unsafe lines[rows] = startLine
              unsafe problems[rows] = fields == fieldCount || problem != 0 ? problem : RowProblem.fieldCount.rawValue
              let isEnded = unsafe bytes[position - 1] == CSVScanner.lineFeed
              if unsafe problems[rows] != 0, line - startLine > (isEnded ? 1 : 0) {
                unsafe problems[rows] =
                  problem == RowProblem.unterminatedQuote.rawValue ? problem : RowProblem.severalLines.rawValue
              }
              if unsafe problems[rows] != 0 {
                for index in stride(from: 0, to: step, by: 2) {
                  unsafe row[index] = 1
                  unsafe row[index + 1] = 0
                }
              } else if !doubled.isEmpty {
                unsafe undouble(batch, row)
              }
              rows += 1
            }
          }
          rangeCount = rows * step
        }
        problemCount = rows
      }
      lineCount = rows
    }
    batch.rowCount = rows
  }

  /// Takes plain records; returns their number.
  @inline(__always)
  private func scanPlain(
    _ bytes: UnsafeRawBufferPointer, _ position: inout Int, _ table: UnsafeMutablePointer<UInt32>, most: Int
  ) -> Int {
    guard !plainSlots.isEmpty, let base = bytes.baseAddress else { return 0 }
    return unsafe plainSlots.withUnsafeBufferPointer { slots in
      guard let first = slots.baseAddress else { return 0 }
      var records = unsafe tacit_records(
        delimiter: delimiter, quote: quoting ? CSVScanner.quote : delimiter, fields: UInt32(slots.count),
        slots: first, step: UInt32(2 * outputCount))
      return unsafe tacit_scan_records(
        base.assumingMemoryBound(to: UInt8.self), bytes.count, &records, table, most, &position)
    }
  }

  private mutating func skipEmptyLine(
    _ bytes: UnsafeRawBufferPointer, _ position: inout Int, ended: Bool
  ) -> Bool {
    if unsafe bytes[position] == CSVScanner.lineFeed {
      position += 1
    } else if unsafe bytes[position] == CSVScanner.carriageReturn, position + 1 < bytes.count,
      unsafe bytes[position + 1] == CSVScanner.lineFeed
    {
      position += 2
    } else {
      return false
    }
    line += 1
    return true
  }

  /// One record from `position`: its problem, 0 for none, or `nil` when the block ends before the record does.
  ///
  /// Without `slots` every field is stored.
  private mutating func record(
    _ bytes: UnsafeRawBufferPointer, _ position: inout Int, row: UnsafeMutablePointer<UInt32>,
    _ slots: UnsafeBufferPointer<Int>?, fields: inout Int, ended: Bool
  ) -> UInt8? {
    if !doubled.isEmpty { doubled.removeAll(keepingCapacity: true) }
    while true {
      var range = (start: position, end: position, doubled: false)
      let end = unsafe scanField(bytes, &position, &range, ended: ended)
      switch end {
      case .needsMore: return nil
      case .broken(let what):
        if what == .quote {
          guard unsafe skipLine(bytes, &position, ended: ended) else { return nil }
        }
        return what.rawValue
      case .delimiter, .record:
        let slot = unsafe slots.map { fields < $0.count ? unsafe $0[fields] : -1 } ?? fields
        if slot >= 0 {
          if let null, unsafe isNull(bytes, range, null) { range = (1, 0, false) }
          unsafe row[2 * slot] = UInt32(truncatingIfNeeded: range.start)
          unsafe row[2 * slot + 1] = UInt32(truncatingIfNeeded: range.end)
          if range.doubled { doubled.append(2 * slot) }
        }
        fields += 1
      }
      if case .record = end { return 0 }
    }
  }

  /// Resolves the doubled quotes of a record's fields in place.
  private func undouble(_ batch: TableBatch, _ row: UnsafeMutablePointer<UInt32>) {
    for index in doubled {
      var write = unsafe Int(row[index])
      var read = write
      let end = unsafe Int(row[index + 1])
      while read < end {
        let byte = unsafe batch.bytes[read]
        unsafe batch.bytes[write] = byte
        read += byte == CSVScanner.quote ? 2 : 1
        write += 1
      }
      unsafe row[index + 1] = UInt32(truncatingIfNeeded: write)
    }
  }

  private func isNull(
    _ bytes: UnsafeRawBufferPointer, _ range: (start: Int, end: Int, doubled: Bool), _ null: [UInt8]
  ) -> Bool {
    guard range.end - range.start == null.count else { return false }
    return unsafe bytes[range.start..<range.end].elementsEqual(null)
  }
}

extension CSVScanner {
  /// One field; leaves `position` after the delimiter or the line break.
  @inline(__always)
  private mutating func scanField(
    _ bytes: UnsafeRawBufferPointer, _ position: inout Int,
    _ range: inout (start: Int, end: Int, doubled: Bool), ended: Bool
  ) -> End {
    if quoting, position < bytes.count, unsafe bytes[position] == CSVScanner.quote {
      return unsafe scanQuoted(bytes, &position, &range, ended: ended)
    }
    let start = position
    let stop = unsafe nextSpecial(bytes, from: position)
    guard stop < bytes.count else {
      guard ended else { return .needsMore }
      position = bytes.count
      range = (start, bytes.count, false)
      return .record
    }
    let byte = unsafe bytes[stop]
    if byte == delimiter {
      position = stop + 1
      range = (start, stop, false)
      return .delimiter
    }
    if byte == CSVScanner.lineFeed {
      position = stop + 1
      line += 1
      let end = unsafe stop > start && bytes[stop - 1] == CSVScanner.carriageReturn ? stop - 1 : stop
      range = (start, end, false)
      return .record
    }
    position = stop
    return .broken(.quote)
  }

  private mutating func scanQuoted(
    _ bytes: UnsafeRawBufferPointer, _ position: inout Int,
    _ range: inout (start: Int, end: Int, doubled: Bool), ended: Bool
  ) -> End {
    let start = position + 1
    var index = start
    var doubled = false
    var lines = 0
    while true {
      while index < bytes.count, unsafe bytes[index] != CSVScanner.quote {
        if unsafe bytes[index] == CSVScanner.lineFeed { lines += 1 }
        index += 1
      }
      if index >= bytes.count {
        guard ended else { return .needsMore }
        position = bytes.count
        line += lines
        return .broken(.unterminatedQuote)
      }
      if index + 1 < bytes.count, unsafe bytes[index + 1] == CSVScanner.quote {
        doubled = true
        index += 2
        continue
      }
      if index + 1 >= bytes.count && !ended { return .needsMore }
      break
    }
    range = (start, index, doubled)
    index += 1
    if index >= bytes.count {
      position = bytes.count
      line += lines
      return .record
    }
    if unsafe bytes[index] == delimiter {
      position = index + 1
      line += lines
      return .delimiter
    }
    if unsafe bytes[index] == CSVScanner.carriageReturn {
      if index + 1 >= bytes.count, !ended { return .needsMore }
      if unsafe index + 1 >= bytes.count || bytes[index + 1] == CSVScanner.lineFeed { index += 1 }
    }
    if unsafe index >= bytes.count || bytes[index] == CSVScanner.lineFeed {
      position = min(index + 1, bytes.count)
      line += lines + 1
      return .record
    }
    line += lines
    position = index
    return .broken(.quote)
  }

  /// Skips to the start of the next line; false when the block ends first.
  private mutating func skipLine(
    _ bytes: UnsafeRawBufferPointer, _ position: inout Int, ended: Bool
  ) -> Bool {
    var index = position
    while index < bytes.count, unsafe bytes[index] != CSVScanner.lineFeed { index += 1 }
    if index >= bytes.count {
      position = bytes.count
      return ended
    }
    position = index + 1
    line += 1
    return true
  }

  /// The first delimiter, line feed or (where fields may be quoted) quote at or after `position`, or the end.
  @inline(__always)
  private func nextSpecial(_ bytes: UnsafeRawBufferPointer, from position: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    let delimiters = ones &* UInt64(delimiter)
    let feeds = ones &* UInt64(CSVScanner.lineFeed)
    let quotes = quoting ? ones &* UInt64(CSVScanner.quote) : delimiters
    guard let base = bytes.baseAddress else { return bytes.count }
    var index = position
    while index < bytes.count {
      // The batch is padded, so eight bytes can always be read.
      let word = unsafe base.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
      let a = word ^ delimiters
      let b = word ^ feeds
      let c = word ^ quotes
      let hits =
        (((a &- ones) & ~a) | ((b &- ones) & ~b) | ((c &- ones) & ~c)) & highs
      if hits != 0 { return min(index + hits.trailingZeroBitCount / 8, bytes.count) }
      index += 8
    }
    return bytes.count
  }
}
