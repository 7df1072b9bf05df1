private import Crypto

/// Phase 3, client to server: the masked residues, signed.
public struct MaskedInput: Sendable, Hashable {
  /// The sender.
  public let client: Int
  /// Residues modulo 2^ringBits, packed.
  public let payload: [UInt8]
  let signature: [UInt8]

  static func statement(_ plan: MaskPlan, _ client: Int, _ payload: [UInt8]) -> [UInt8] {
    Digest.of("masked input", plan.digest, bytes(of: client), payload)
  }

  init(client: Int, payload: [UInt8], signature: [UInt8]) {
    (self.client, self.payload, self.signature) = (client, payload, signature)
  }

  /// A payload of any content, signed by its sender: what a corrupt client can send.
  package init(payload: [UInt8], for plan: MaskPlan, as identity: borrowing ClientIdentity) throws {
    self.init(
      client: identity.client, payload: payload,
      signature: try identity.sign(MaskedInput.statement(plan, identity.client, payload)))
  }

  /// Reads a message; the payload's length is the plan's business and checked there.
  public init(parsing bytes: [UInt8]) throws(AggregationError) {
    var reader = try WireReader(bytes, .maskedInput, "masked input")
    client = try reader.integer(in: 0...Int.max, "client")
    payload = try reader.field(try reader.count(of: 1))
    signature = try reader.field(64)
    try reader.finish()
  }

  /// The canonical encoding.
  public func serialized() -> [UInt8] {
    var writer = WireWriter(.maskedInput, reserving: payload.count + 96)
    writer.add(client)
    writer.add(payload.count)
    writer.add(payload)
    writer.add(signature)
    return writer.bytes
  }

  /// Bytes of a message of a plan.
  static func byteCount(_ shape: SumShape) -> Int { 5 + 16 + RingVector.byteCount(shape) + 64 }
}

/// Phase 4, server to clients: who is in the sum, one bit a member of the cohort.
public struct SurvivorSet: Sendable, Hashable {
  let bits: [UInt8]

  package init(_ survivors: some Sequence<Int>, of cohort: Enrollment) {
    var bits = [UInt8](repeating: 0, count: (cohort.clients.count + 7) / 8)
    for client in survivors {
      guard let position = cohort.position(of: client) else { continue }
      bits[position / 8] |= 1 << UInt8(position % 8)
    }
    self.bits = bits
  }

  /// The clients in the set, increasing.
  ///
  /// - Throws: ``AggregationError`` with code `malformed` for a set over another cohort.
  func clients(of cohort: Enrollment) throws(AggregationError) -> [Int] {
    let count = cohort.clients.count
    guard bits.count == (count + 7) / 8, count % 8 == 0 || (bits.last ?? 0) >> UInt8(count % 8) == 0 else {
      throw AggregationError(.malformed, "survivor set", "is not one of this cohort")
    }
    var clients: [Int] = []
    for place in 0..<count {
      let bit = bits[place / 8] >> UInt8(place % 8)
      if bit & 1 == 1 { clients.append(cohort.clients[place].client) }
    }
    return clients
  }

  func statement(_ plan: MaskPlan) -> [UInt8] { Digest.of("survivors", plan.digest, bits) }

  /// Reads a message.
  public init(parsing bytes: [UInt8]) throws(AggregationError) {
    var reader = try WireReader(bytes, .survivors, "survivor set")
    bits = try reader.field(try reader.count(of: 1))
    try reader.finish()
  }

  /// The canonical encoding.
  public func serialized() -> [UInt8] {
    var writer = WireWriter(.survivors)
    writer.add(bits.count)
    writer.add(bits)
    return writer.bytes
  }
}

/// Phase 4, client to server: the one survivor set this client accepts, signed.
public struct SurvivorConfirmation: Sendable, Hashable {
  /// The sender.
  public let client: Int
  let statement: [UInt8]
  let signature: [UInt8]

  init(client: Int, statement: [UInt8], signature: [UInt8]) {
    (self.client, self.statement, self.signature) = (client, statement, signature)
  }

  init(reading reader: inout WireReader) throws(AggregationError) {
    client = try reader.integer(in: 0...Int.max, "client")
    statement = try reader.field(32)
    signature = try reader.field(64)
  }

  func write(to writer: inout WireWriter) {
    writer.add(client)
    writer.add(statement)
    writer.add(signature)
  }

  /// Reads a message.
  public init(parsing bytes: [UInt8]) throws(AggregationError) {
    var reader = try WireReader(bytes, .confirmation, "confirmation")
    try self.init(reading: &reader)
    try reader.finish()
  }

  /// The canonical encoding.
  public func serialized() -> [UInt8] {
    var writer = WireWriter(.confirmation)
    write(to: &writer)
    return writer.bytes
  }
}

/// Phase 5, server to client: what the client's neighbours confirmed, by increasing number.
public struct ConfirmationList: Sendable, Hashable {
  let entries: [SurvivorConfirmation]

  init(entries: [SurvivorConfirmation]) { self.entries = entries }

  /// A list of any confirmations: what a corrupt server can send.
  package init(collecting entries: [SurvivorConfirmation]) {
    self.entries = entries.sorted { $0.client < $1.client }
  }

  /// Reads a message.
  public init(parsing bytes: [UInt8]) throws(AggregationError) {
    var reader = try WireReader(bytes, .confirmationList, "confirmation list")
    var entries: [SurvivorConfirmation] = []
    for _ in 0..<(try reader.count(of: 104)) {
      let entry = try SurvivorConfirmation(reading: &reader)
      guard (entries.last?.client ?? -1) < entry.client else { throw reader.error }
      entries.append(entry)
    }
    try reader.finish()
    self.entries = entries
  }

  /// The canonical encoding.
  public func serialized() -> [UInt8] {
    var writer = WireWriter(.confirmationList, reserving: 16 + 104 * entries.count)
    writer.add(entries.count)
    for entry in entries { entry.write(to: &writer) }
    return writer.bytes
  }
}

/// Phase 5, client to server: for every neighbour one share, of the self-seed if it survived and of the mask key if it
/// dropped out, never both; signed.
public struct ShareReveal: Sendable, Hashable {
  /// Which seed a share belongs to.
  enum Kind: UInt8, Sendable {
    case selfSeed = 0
    case maskKey = 1
  }

  struct Entry: Sendable, Hashable {
    let dealer: Int
    let kind: Kind
    let share: [UInt8]
  }

  /// The sender.
  public let client: Int
  let entries: [Entry]
  let signature: [UInt8]

  /// The message with a bit of its first share flipped, signed again: what a corrupt holder can send.
  package func corrupted(for plan: MaskPlan, as identity: borrowing ClientIdentity) throws -> ShareReveal {
    var changed = entries
    if let first = changed.first {
      var share = first.share
      share[SeedShares.byteCount - 1] ^= 1
      changed[0] = Entry(dealer: first.dealer, kind: first.kind, share: share)
    }
    return ShareReveal(
      client: client, entries: changed,
      signature: try identity.sign(ShareReveal.statement(plan, client, changed)))
  }

  private static func unsigned(_ client: Int, _ entries: [Entry]) -> [UInt8] {
    var writer = WireWriter(.reveal, reserving: 100 + entries.count * 49)
    writer.add(client)
    writer.add(entries.count)
    for entry in entries {
      writer.add(entry.dealer)
      writer.add([entry.kind.rawValue])
      writer.add(entry.share)
    }
    return writer.bytes
  }

  static func statement(_ plan: MaskPlan, _ client: Int, _ entries: [Entry]) -> [UInt8] {
    Digest.of("reveal", plan.digest, unsigned(client, entries))
  }

  init(client: Int, entries: [Entry], signature: [UInt8]) {
    (self.client, self.entries, self.signature) = (client, entries, signature)
  }

  /// Reads a message.
  public init(parsing bytes: [UInt8]) throws(AggregationError) {
    var reader = try WireReader(bytes, .reveal, "share reveal")
    client = try reader.integer(in: 0...Int.max, "client")
    var entries: [Entry] = []
    for _ in 0..<(try reader.count(of: 49)) {
      let dealer = try reader.integer(in: 0...Int.max, "client")
      guard let kind = Kind(rawValue: try reader.field(1)[0]), (entries.last?.dealer ?? -1) < dealer else {
        throw reader.error
      }
      entries.append(Entry(dealer: dealer, kind: kind, share: try reader.field(SeedShares.byteCount)))
    }
    self.entries = entries
    signature = try reader.field(64)
    try reader.finish()
  }

  /// The canonical encoding.
  public func serialized() -> [UInt8] { ShareReveal.unsigned(client, entries) + signature }
}
