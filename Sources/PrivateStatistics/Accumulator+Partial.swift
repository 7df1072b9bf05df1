extension Accumulator {
  /// The accumulator as canonical bytes: the same for the same rows, however they were split, ordered and merged.
  ///
  /// **The bytes are raw data**: exact sums, or every unit's kept contributions under a keyed pseudonym. They need
  /// the protection of the table itself.
  ///
  /// Layout, little-endian: `TACITPRT`, version (8 bytes), the canonical query (length, UTF-8), a check of the
  /// sampling key (16 bytes), the names of groups when keys are not declared (count; each: length, bytes; ascending),
  /// then either the cells (count, 16 bytes each) or the units in ascending order of their tags (count; each: tag of
  /// 16 bytes, number of groups; each: rank, group, number of contents; each: tag, multiplicity, values), then,
  /// where dropped rows are counted, what is known of them (count; the rows, or the tags of units, ascending), and a
  /// checksum (16 bytes).
  ///
  /// **Edge cases**: where a memory limit has moved units to a temporary file, ``writePartial(to:)`` says when that
  /// file cannot be read; here it is a fault of the program to go on.
  public borrowing func partial() -> [UInt8] {
    var bytes: [UInt8] = []
    do {
      try writePartial { bytes += $0 }
    } catch {
      preconditionFailure("\(error)")
    }
    return bytes
  }

  /// Writes the bytes of ``partial()`` piece by piece, so that they need not fit into memory.
  ///
  /// - Parameter sink: Takes the next bytes.
  /// - Throws: What `sink` throws, and ``StatisticsError`` when a temporary file cannot be read.
  public borrowing func writePartial(to sink: ([UInt8]) throws -> Void) throws {
    var writer = PartialWriter()
    writer.put(Array(PartialFormat.mark.utf8))
    writer.put(PartialFormat.version)
    let text = Array(query.canonicalText.utf8)
    writer.put(UInt64(text.count))
    writer.put(text)
    writer.put(keyCheck)
    let places = try putGroups(&writer)
    if let units {
      writer.put(UInt64(try units.unitCount()))
      for shard in units.shards {
        try shard.withWhole { store in
          for unit in store.orderedUnits() { writer.put(store, unit, places, values: units.limits.values) }
        }
        try sink(writer.drain())
      }
    } else {
      let cells = try boundedCells()
      let groups = groupOrder.filter { (places?[$0] ?? 0) >= 0 }
      writer.put(UInt64(groups.count * cells.width))
      for group in groups {
        for value in cells.values[(group * cells.width)..<((group + 1) * cells.width)] {
          writer.put(UInt64(truncatingIfNeeded: value))
          writer.put(UInt64(truncatingIfNeeded: value >> 64))
        }
      }
    }
    if let dropped {
      let words = dropped.words
      writer.put(UInt64(words.count))
      for word in words { writer.put(word) }
    }
    try sink(writer.finish())
  }

  /// Writes the names of undeclared groups that any unit is in, in order; returns their places by number.
  private borrowing func putGroups(_ writer: inout PartialWriter) throws(StatisticsError) -> [Int]? {
    guard let open else { return nil }
    let names = open.names
    let cells = try boundedCells()
    // The last cell counts the units that selection reads.
    let isUsed = names.indices.map { cells.values[($0 + 1) * cells.width - 1] > 0 }
    var places = [Int](repeating: -1, count: names.count)
    let used = groupOrder.filter { isUsed[$0] }
    writer.put(UInt64(used.count))
    for (place, group) in used.enumerated() {
      places[group] = place
      writer.put(UInt64(names[group].count))
      writer.put(names[group])
    }
    return places
  }

  /// The canonical text of the query that a partial answers.
  ///
  /// - Throws: ``StatisticsError`` naming `name` when the bytes are no partial of this version, or damaged.
  public static func queryText(ofPartial bytes: [UInt8], name: String) throws(StatisticsError) -> String {
    var reader = try PartialReader(PartialEnvelope(opening: bytes, name: name).body, name: name)
    return try reader.text()
  }

  /// An accumulator from its canonical bytes; it merges and releases, but takes no more rows.
  ///
  /// - Parameters:
  ///   - bytes: What ``enveloped()`` or ``partial()`` wrote. Without an envelope neither the number of rows nor a repeat
  ///     is known.
  ///   - query: The query it must answer.
  ///   - name: The name of the source, for errors.
  /// - Throws: ``StatisticsError`` when the bytes are damaged, or of another query or version.
  public init(partial bytes: [UInt8], of query: Query, name: String) throws(StatisticsError) {
    let envelope = try PartialEnvelope(opening: bytes, name: name)
    var reader = try PartialReader(envelope.body, name: name)
    let text = try reader.text()
    guard text == query.canonicalText else {
      let theirs = Query.fingerprint(ofCanonicalText: text)
      throw StatisticsError(.invalidPartial, name, "answers query \(theirs), not \(query.fingerprint)")
    }
    let plan = try NoisePlan(query)
    let check = try reader.tag()
    let parts = Parts(query, plan: plan, salt: 0)
    var groups = query.groupCount ?? 0
    if let open = parts.open { groups = try reader.names(into: open, columns: query.groupBy.count) }
    if let units = parts.units {
      try reader.units(query, parts.layout, groups: groups, into: units)
    } else {
      let width = plan.cellWidth
      guard try reader.count(of: 16) == groups * width else { throw reader.damaged }
      var values: [Int128] = []
      values.reserveCapacity(groups * width)
      for _ in 0..<(groups * width) {
        let low = try reader.word()
        values.append(Int128(Int64(bitPattern: try reader.word())) << 64 | Int128(low))
      }
      parts.cells.merge(Cells(width: width, values: values), renumber: nil, groups: groups)
    }
    if let dropped = parts.dropped {
      var words: [UInt64] = []
      for _ in 0..<(try reader.count(of: 8)) { words.append(try reader.word()) }
      guard dropped.add(words) else { throw reader.damaged }
    }
    guard reader.isAtEnd else { throw reader.damaged }
    self.init(query, plan: plan, parts, hash: nil, keyCheck: check, run: RunID(), merged: envelope.runs)
  }
}

private enum PartialFormat {
  static let mark = "TACITPRT"
  static let version: UInt64 = 2
  static let checksumBytes = 16

  /// Finds accidents, not attackers: the key is public.
  static let hash = KeyedHash(0x7461_6369, 0x7061_7274)

  static func checksum(_ bytes: ArraySlice<UInt8>) -> KeyedHash.Tag {
    unsafe bytes.withUnsafeBytes { unsafe hash($0) }
  }
}

private struct PartialWriter {
  private var bytes: [UInt8] = []
  private var checksum = PartialFormat.hash.stream

  mutating func put(_ more: [UInt8]) { bytes += more }

  mutating func put(_ word: UInt64) {
    unsafe withUnsafeBytes(of: word.littleEndian) { unsafe bytes.append(contentsOf: $0) }
  }

  mutating func put(_ tag: KeyedHash.Tag) {
    put(tag.high)
    put(tag.low)
  }

  /// One unit of a shard.
  mutating func put(_ store: borrowing UnitStore, _ unit: Int, _ places: [Int]?, values: Int) {
    put(store.tag(ofUnit: unit))
    put(UInt64(store.groupCount(ofUnit: unit)))
    unsafe store.forEachGroup(ofUnit: unit) { record, first in
      put(record.rank)
      put(UInt64(places?[record.group] ?? record.group))
      put(UInt64(record.contents))
      for word in 0..<(record.contents * (UnitStore.ContentWord.values + values)) { put(unsafe first[word]) }
    }
  }

  /// The bytes so far, but for less than eight, which are forgotten here.
  mutating func drain() -> [UInt8] {
    let whole = bytes.count & ~7
    let rest = Array(bytes[whole...])
    bytes.removeLast(rest.count)
    checksum.absorb(bytes)
    defer { bytes = rest }
    return bytes
  }

  /// The last bytes, with the checksum of all.
  consuming func finish() -> [UInt8] {
    let last = drain()
    let rest = bytes
    bytes = last + rest
    put(checksum.finish(rest))
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
    let version = try word()
    guard version == PartialFormat.version else {
      throw StatisticsError(
        .invalidPartial, name, "is a partial aggregate of version \(version), not \(PartialFormat.version)")
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

  /// Reads the names of undeclared groups; returns their number.
  mutating func names(into open: OpenGroups, columns: Int) throws(StatisticsError) -> Int {
    let count = try count(of: 8)
    var last: [UInt8]?
    for _ in 0..<count {
      let length = try self.count(of: 1)
      let name = Array(bytes[position..<(position + length)])
      position += length
      guard GroupName.keys(name)?.count == columns, last.map({ GroupName.isBefore($0, name) }) ?? true else {
        throw damaged
      }
      last = name
      _ = open.number(of: name)
    }
    return count
  }

  /// Reads units in ascending order of their tags.
  mutating func units(
    _ query: Query, _ layout: RowLayout, groups: Int, into table: UnitTable
  ) throws(StatisticsError) {
    var last: KeyedHash.Tag?
    var content = [UInt64](repeating: 0, count: UnitStore.ContentWord.values + layout.valueCount)
    for _ in 0..<(try count(of: 24)) {
      let unit = try tag()
      guard last.map({ $0 < unit }) ?? true else { throw damaged }
      last = unit
      let count = try self.count(of: 24)
      guard (1...query.bounds.groupsPerUnit).contains(count) else { throw damaged }
      var previous: (rank: UInt64, group: UInt64)?
      for _ in 0..<count {
        let rank = try word()
        let group = try word()
        guard group < UInt64(groups), previous.map({ $0 < (rank, group) }) ?? true else { throw damaged }
        previous = (rank, group)
        let contents = try self.count(of: 8 * content.count)
        guard (1...table.limits.contents).contains(contents) else { throw damaged }
        for _ in 0..<contents {
          try read(layout, into: &content)
          unsafe content.withUnsafeBufferPointer { words in
            guard let first = words.baseAddress else { return }
            table.shards[UnitTable.shard(of: unit)].withLock { store in
              unsafe store.add(
                unit, rank: rank, group: group, tag: first[UnitStore.ContentWord.tag],
                copies: first[UnitStore.ContentWord.copies], values: first + UnitStore.ContentWord.values)
            }
          }
        }
      }
    }
  }

  /// Reads one content, within its domains.
  private mutating func read(_ layout: RowLayout, into content: inout [UInt64]) throws(StatisticsError) {
    for index in content.indices { content[index] = try word() }
    let copies = content[UnitStore.ContentWord.copies]
    guard copies >= 1, copies <= UnitStore.mostCopies else { throw damaged }
    for (index, domain) in layout.domains.enumerated() {
      let value = Int(truncatingIfNeeded: Int64(bitPattern: content[UnitStore.ContentWord.values + index]))
      guard domain.contains(value) else { throw damaged }
    }
  }
}
