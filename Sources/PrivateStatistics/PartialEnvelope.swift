extension Accumulator {
  /// The canonical bytes in an envelope that names the runs in them: what a worker sends.
  ///
  /// The envelope differs from run to run; the bytes in it are those of ``partial()``. Merging unions the names and
  /// refuses one that comes twice, so a partial that an engine delivers twice is never counted twice.
  ///
  /// Layout, little-endian: `TACITENV`, version (8 bytes), number of runs (8 bytes), the runs in ascending order (each:
  /// name of 16 bytes, rows or all ones where unknown), length of the partial, a checksum of all that (16 bytes), the
  /// partial.
  public borrowing func enveloped() -> [UInt8] {
    PartialEnvelope(runs: runs, body: partial()).bytes
  }

  /// Writes the bytes of ``enveloped()`` piece by piece, so that they need not fit into memory.
  ///
  /// The partial is made twice: once for its length, which stands before it.
  ///
  /// - Parameter sink: Takes the next bytes.
  /// - Throws: What `sink` throws, and ``StatisticsError`` when a temporary file cannot be read.
  public borrowing func writeEnveloped(to sink: ([UInt8]) throws -> Void) throws {
    var length = 0
    try writePartial { length += $0.count }
    try sink(PartialEnvelope.head(runs, length: length))
    try writePartial(to: sink)
  }

  /// Which runs are in the bytes of ``enveloped()``, without reading the rest.
  ///
  /// - Returns: `nil` for a partial that has no envelope.
  /// - Throws: ``StatisticsError`` naming `name` when the envelope is damaged or of another version.
  public static func runs(ofPartial bytes: [UInt8], name: String) throws(StatisticsError) -> PartialRuns? {
    guard PartialEnvelope.isOne(bytes) else { return nil }
    return try PartialEnvelope(reading: bytes, name: name).runs
  }
}

/// A partial and the runs in it.
struct PartialEnvelope {
  let runs: PartialRuns
  /// The canonical bytes.
  let body: [UInt8]

  private static let mark = Array("TACITENV".utf8)
  private static let version: UInt64 = 1
  private static let unknownRows = UInt64.max

  init(runs: PartialRuns, body: [UInt8]) {
    self.runs = runs
    self.body = body
  }

  /// Whether bytes begin like an envelope.
  static func isOne(_ bytes: [UInt8]) -> Bool { bytes.starts(with: mark) }

  /// Takes a partial out of its envelope.
  ///
  /// One without counts as a run of its own whenever it is read: neither a repeat nor its number of rows can be known.
  init(opening bytes: [UInt8], name: String) throws(StatisticsError) {
    guard PartialEnvelope.isOne(bytes) else {
      var runs = PartialRuns()
      runs.insert(RunID(), rows: nil)
      self.init(runs: runs, body: bytes)
      return
    }
    try self.init(reading: bytes, name: name)
  }

  /// Reads an envelope.
  init(reading bytes: [UInt8], name: String) throws(StatisticsError) {
    let damaged = StatisticsError(.invalidPartial, name, "is damaged or cut off")
    var position = 8
    func word() throws(StatisticsError) -> UInt64 {
      guard bytes.count - position >= 8 else { throw damaged }
      var word: UInt64 = 0
      for index in 0..<8 { word |= UInt64(bytes[position + index]) << UInt64(8 * index) }
      position += 8
      return word
    }
    let version = try word()
    guard version == PartialEnvelope.version else {
      throw StatisticsError(
        .invalidPartial, name, "is in an envelope of version \(version), not \(PartialEnvelope.version)")
    }
    let count = try word()
    guard count >= 1, count <= UInt64((bytes.count - position) / 24) else { throw damaged }
    var runs = PartialRuns()
    var last: RunID?
    for _ in 0..<count {
      let name = RunID(high: try word(), low: try word())
      let rows = try word()
      guard last.map({ $0 < name }) ?? true, rows == PartialEnvelope.unknownRows || rows < 1 << 56 else {
        throw damaged
      }
      last = name
      runs.insert(name, rows: rows == PartialEnvelope.unknownRows ? nil : Int(rows))
    }
    let length = try word()
    let sum = PartialEnvelope.checksum(bytes[..<position])
    guard try word() == sum.high, try word() == sum.low, length == UInt64(bytes.count - position) else { throw damaged }
    self.init(runs: runs, body: Array(bytes[position...]))
  }

  /// The envelope with the partial in it.
  var bytes: [UInt8] { PartialEnvelope.head(runs, length: body.count) + body }

  /// What comes before the partial.
  static func head(_ runs: PartialRuns, length: Int) -> [UInt8] {
    var result = mark
    func put(_ word: UInt64) { for index in 0..<8 { result.append(UInt8(truncatingIfNeeded: word >> (8 * index))) } }
    put(version)
    put(UInt64(runs.count))
    for name in runs.names {
      put(name.high)
      put(name.low)
      put(runs.rows(of: name).map { UInt64($0) } ?? unknownRows)
    }
    put(UInt64(length))
    let sum = checksum(result[...])
    put(sum.high)
    put(sum.low)
    return result
  }

  /// Finds accidents, not attackers: the key is public.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> KeyedHash.Tag {
    unsafe bytes.withUnsafeBytes { unsafe KeyedHash(0x7461_6369, 0x656e_7665)($0) }
  }
}

extension Query {
  /// A short public name of a query, for messages: a digest of its canonical text.
  var fingerprint: String { Query.fingerprint(ofCanonicalText: canonicalText) }

  static func fingerprint(ofCanonicalText text: String) -> String {
    let bytes = Array(text.utf8)
    return hexadecimal(unsafe bytes.withUnsafeBytes { unsafe KeyedHash(0x7461_6369, 0x7175_6572)($0).high })
  }
}
