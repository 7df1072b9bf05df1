extension Accumulator {
  /// The accumulator as canonical bytes: the same for the same rows, however they were split, ordered and merged.
  ///
  /// **The bytes are raw data**: exact sums, or every unit's kept contributions under a keyed pseudonym. They need
  /// the protection of the table itself.
  ///
  /// Layout, little-endian: `TACITPRT`, version (8 bytes), the canonical query (length, UTF-8), a check of the
  /// sampling key (16 bytes), then either the cells (count, 16 bytes each) or the units in ascending order of their
  /// tags (count; each: tag, number of groups; each: tag, group, number of contents; each: tag, multiplicity,
  /// values), and a checksum (16 bytes).
  public borrowing func partial() -> [UInt8] {
    var writer = PartialWriter()
    writer.put(Array(PartialFormat.mark.utf8))
    writer.put(PartialFormat.version)
    let text = Array(query.canonicalText.utf8)
    writer.put(UInt64(text.count))
    writer.put(text)
    writer.put(keyCheck)
    if let units {
      writer.put(UInt64(units.units.count))
      for unit in units.units.keys.sorted() { writer.put(unit, units.units[unit] ?? []) }
    } else {
      writer.put(UInt64(cells.values.count))
      for value in cells.values {
        writer.put(UInt64(truncatingIfNeeded: value))
        writer.put(UInt64(truncatingIfNeeded: value >> 64))
      }
    }
    return writer.finish()
  }

  /// The canonical text of the query that a partial answers.
  ///
  /// - Throws: ``StatisticsError`` naming `name` when the bytes are no partial of this version, or damaged.
  public static func queryText(ofPartial bytes: [UInt8], name: String) throws(StatisticsError) -> String {
    var reader = try PartialReader(bytes, name: name)
    return try reader.text()
  }

  /// An accumulator from its canonical bytes; it merges and releases, but takes no more rows.
  ///
  /// - Parameters:
  ///   - bytes: What ``partial()`` wrote.
  ///   - query: The query it must answer.
  ///   - name: The name of the source, for errors.
  /// - Throws: ``StatisticsError`` when the bytes are damaged, or of another query or version.
  public init(partial bytes: [UInt8], of query: Query, name: String) throws(StatisticsError) {
    var reader = try PartialReader(bytes, name: name)
    guard try reader.text() == query.canonicalText else {
      throw StatisticsError(.invalidPartial, name, "answers another query")
    }
    let plan = try NoisePlan(query)
    let check = try reader.tag()
    var cells = Cells(groups: query.groupCount, width: plan.width)
    var units: UnitTable?
    if query.privacyUnit == .rows {
      guard try reader.count(of: 16) == cells.values.count else { throw reader.damaged }
      var values: [Int128] = []
      values.reserveCapacity(cells.values.count)
      for _ in 0..<cells.values.count {
        let low = try reader.word()
        values.append(Int128(Int64(bitPattern: try reader.word())) << 64 | Int128(low))
      }
      cells = Cells(width: plan.width, values: values)
    } else {
      units = try reader.units(query)
    }
    guard reader.isAtEnd else { throw reader.damaged }
    self.init(query, plan: plan, cells: cells, units: units, keyCheck: check)
  }
}

private enum PartialFormat {
  static let mark = "TACITPRT"
  static let version: UInt64 = 1
  static let checksumBytes = 16

  /// Finds accidents, not attackers: the key is public.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> KeyedHash.Tag {
    unsafe bytes.withUnsafeBytes { unsafe KeyedHash(0x7461_6369, 0x7061_7274)($0) }
  }
}

private struct PartialWriter {
  private var bytes: [UInt8] = []

  mutating func put(_ more: [UInt8]) { bytes += more }

  mutating func put(_ word: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
  }

  mutating func put(_ tag: KeyedHash.Tag) {
    put(tag.high)
    put(tag.low)
  }

  mutating func put(_ unit: KeyedHash.Tag, _ groups: [UnitTable.Group]) {
    put(unit)
    put(UInt64(groups.count))
    for group in groups {
      put(group.rank)
      put(UInt64(group.group))
      put(UInt64(group.entries.count))
      for entry in group.entries {
        put(entry.tag)
        put(entry.count)
        for value in entry.values { put(UInt64(bitPattern: Int64(value))) }
      }
    }
  }

  consuming func finish() -> [UInt8] {
    put(PartialFormat.checksum(bytes[...]))
    return bytes
  }
}

/// Reads a partial with every length and range checked, so that what comes out keeps every bound of its query.
private struct PartialReader {
  private let bytes: [UInt8]
  private let end: Int
  private var position = 0
  private let name: String

  init(_ bytes: [UInt8], name: String) throws(StatisticsError) {
    self.bytes = bytes
    self.name = name
    end = bytes.count - PartialFormat.checksumBytes
    guard end >= 16, bytes.starts(with: Array(PartialFormat.mark.utf8)) else {
      throw StatisticsError(.invalidPartial, name, "is not a partial aggregate")
    }
    position = 8
    guard try word() == PartialFormat.version else {
      throw StatisticsError(.invalidPartial, name, "is a partial aggregate of another version")
    }
    let sum = PartialFormat.checksum(bytes[..<end])
    var trailer = self
    trailer.position = end
    guard trailer.unchecked() == sum.high, trailer.unchecked() == sum.low else { throw damaged }
  }

  var damaged: StatisticsError { StatisticsError(.invalidPartial, name, "is damaged or cut off") }

  var isAtEnd: Bool { position == end }

  private mutating func unchecked() -> UInt64 {
    var word: UInt64 = 0
    for index in 0..<8 { word |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    position += 8
    return word
  }

  mutating func word() throws(StatisticsError) -> UInt64 {
    guard end - position >= 8 else { throw damaged }
    return unchecked()
  }

  mutating func tag() throws(StatisticsError) -> KeyedHash.Tag {
    KeyedHash.Tag(high: try word(), low: try word())
  }

  /// A number of items of at least `size` bytes each, which the rest of the file can hold.
  mutating func count(of size: Int) throws(StatisticsError) -> Int {
    let count = try word()
    guard count <= UInt64((end - position) / size) else { throw damaged }
    return Int(count)
  }

  mutating func text() throws(StatisticsError) -> String {
    let count = try count(of: 1)
    guard let text = String(validating: bytes[position..<(position + count)], as: UTF8.self) else { throw damaged }
    position += count
    return text
  }

  mutating func units(_ query: Query) throws(StatisticsError) -> UnitTable {
    let domains = query.metrics.map(\.domain)
    var table = UnitTable(bounds: query.bounds)
    var last: KeyedHash.Tag?
    for _ in 0..<(try count(of: 24)) {
      let unit = try tag()
      guard last.map({ $0 < unit }) ?? true else { throw damaged }
      last = unit
      let groups = try count(of: 32)
      guard (1...query.bounds.groupsPerUnit).contains(groups) else { throw damaged }
      var rank: KeyedHash.Tag?
      for _ in 0..<groups {
        let group = try group(query, domains)
        guard rank.map({ $0 < group.rank }) ?? true else { throw damaged }
        rank = group.rank
        table.add(unit, group)
      }
    }
    return table
  }

  private mutating func group(_ query: Query, _ domains: [ClosedRange<Int>]) throws(StatisticsError) -> UnitTable.Group
  {
    let rank = try tag()
    let index = try word()
    let entries = try count(of: 24 + 8 * domains.count)
    guard index < UInt64(query.groupCount),
      (1...UnitTable.contentLimit(rows: query.bounds.rowsPerGroup)).contains(entries)
    else { throw damaged }
    var result = UnitTable.Group(rank: rank, group: Int(index), entries: [])
    for _ in 0..<entries {
      let tag = try tag()
      let count = try word()
      guard count >= 1, count <= 1 << 47, result.entries.last.map({ $0.tag < tag }) ?? true else { throw damaged }
      var values: [Int] = []
      for domain in domains {
        let value = Int(truncatingIfNeeded: Int64(bitPattern: try word()))
        guard domain.contains(value) else { throw damaged }
        values.append(value)
      }
      result.entries.append(UnitTable.Entry(tag: tag, count: count, values: values))
    }
    return result
  }
}

extension Metric {
  /// The integers that a row's field may become.
  fileprivate var domain: ClosedRange<Int> {
    switch (kind, grid) {
    case (.quantile, _): 0...(NoisePlan.leafCount - 1)
    case (.sum, .some(let grid)): grid.lowest...grid.highest
    case (_, .some(let grid)): (grid.lowest - grid.middle)...(grid.highest - grid.middle)
    case (.histogram, .none): keys.isEmpty ? 0...(edges.count - 2) : -1...(keys.count - 1)
    case (_, .none): 0...0
    }
  }
}
