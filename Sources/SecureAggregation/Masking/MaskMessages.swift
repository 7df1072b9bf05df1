/// Phase 1, client to server: two X25519 keys for this round only, signed.
public struct KeyAdvertisement: Sendable, Hashable {
  /// The sender.
  public let client: Int
  let maskKey: [UInt8]
  let shareKey: [UInt8]
  let signature: [UInt8]

  static let byteCount = 8 + 32 + 32 + 64

  static func statement(_ plan: MaskPlan, _ client: Int, _ maskKey: [UInt8], _ shareKey: [UInt8]) -> [UInt8] {
    Digest.of("keys", plan.digest, bytes(of: client), maskKey, shareKey)
  }

  func verify(_ plan: MaskPlan) throws(AggregationError) {
    try plan.cohort.verify(
      signature, of: KeyAdvertisement.statement(plan, client, maskKey, shareKey), by: client)
  }

  init(client: Int, maskKey: [UInt8], shareKey: [UInt8], signature: [UInt8]) {
    (self.client, self.maskKey, self.shareKey, self.signature) = (client, maskKey, shareKey, signature)
  }

  init(reading reader: inout WireReader) throws(AggregationError) {
    client = try reader.integer(in: 0...Int.max, "client")
    maskKey = try reader.field(32)
    shareKey = try reader.field(32)
    signature = try reader.field(64)
  }

  func write(to writer: inout WireWriter) {
    writer.add(client)
    writer.add(maskKey)
    writer.add(shareKey)
    writer.add(signature)
  }

  /// Reads a message; its signature is checked by whoever uses it.
  public init(parsing bytes: [UInt8]) throws(AggregationError) {
    var reader = try WireReader(bytes, .advertisement, "key advertisement")
    try self.init(reading: &reader)
    try reader.finish()
  }

  /// The canonical encoding.
  public func serialized() -> [UInt8] {
    var writer = WireWriter(.advertisement)
    write(to: &writer)
    return writer.bytes
  }
}

/// Phase 1, server to client: the keys of those neighbours that sent some, by increasing number.
public struct KeyList: Sendable, Hashable {
  let entries: [KeyAdvertisement]

  init(entries: [KeyAdvertisement]) { self.entries = entries }

  /// Reads a message.
  public init(parsing bytes: [UInt8]) throws(AggregationError) {
    var reader = try WireReader(bytes, .keyList, "key list")
    var entries: [KeyAdvertisement] = []
    for _ in 0..<(try reader.count(of: KeyAdvertisement.byteCount)) {
      let entry = try KeyAdvertisement(reading: &reader)
      if let last = entries.last, last.client == entry.client {
        throw AggregationError(.equivocation, "client \(entry.client)", "appears with two keys")
      }
      guard (entries.last?.client ?? -1) < entry.client else { throw reader.error }
      entries.append(entry)
    }
    try reader.finish()
    self.entries = entries
  }

  /// The canonical encoding.
  public func serialized() -> [UInt8] {
    var writer = WireWriter(.keyList, reserving: 16 + entries.count * KeyAdvertisement.byteCount)
    writer.add(entries.count)
    for entry in entries { entry.write(to: &writer) }
    return writer.bytes
  }
}

/// A pair of shares on its way, readable by its receiver only, with commitments to both.
struct SealedShares: Sendable, Hashable {
  /// The receiver in a bundle, the sender in a delivery.
  let client: Int
  /// SHA-256 of the self-seed's share, bound to dealer and holder.
  let selfCommitment: [UInt8]
  /// The same of the mask key's share.
  let keyCommitment: [UInt8]
  /// Both shares under ChaCha20-Poly1305 (RFC 8439).
  let box: [UInt8]

  static let boxBytes = 2 * SeedShares.byteCount + 16
  static let byteCount = 8 + 64 + boxBytes

  init(client: Int, selfCommitment: [UInt8], keyCommitment: [UInt8], box: [UInt8]) {
    (self.client, self.selfCommitment, self.keyCommitment, self.box) = (client, selfCommitment, keyCommitment, box)
  }

  init(reading reader: inout WireReader) throws(AggregationError) {
    client = try reader.integer(in: 0...Int.max, "client")
    selfCommitment = try reader.field(32)
    keyCommitment = try reader.field(32)
    box = try reader.field(SealedShares.boxBytes)
  }

  func write(to writer: inout WireWriter) {
    writer.add(client)
    writer.add(selfCommitment)
    writer.add(keyCommitment)
    writer.add(box)
  }

  static func commitment(_ plan: MaskPlan, dealer: Int, holder: Int, kind: UInt8, _ share: [UInt8]) -> [UInt8] {
    Digest.of("share", plan.digest, bytes(of: dealer), bytes(of: holder), [kind], share)
  }

  static func list(_ reader: inout WireReader) throws(AggregationError) -> [SealedShares] {
    var entries: [SealedShares] = []
    for _ in 0..<(try reader.count(of: byteCount)) {
      let entry = try SealedShares(reading: &reader)
      guard (entries.last?.client ?? -1) < entry.client else { throw reader.error }
      entries.append(entry)
    }
    return entries
  }
}

/// Phase 2, client to server: shares of the sender's two seeds for every neighbour, signed.
public struct ShareBundle: Sendable, Hashable {
  /// The sender.
  public let client: Int
  let seedCommitment: [UInt8]
  let entries: [SealedShares]
  let signature: [UInt8]

  private static func unsigned(_ client: Int, _ seedCommitment: [UInt8], _ entries: [SealedShares]) -> [UInt8] {
    var writer = WireWriter(.shareBundle, reserving: 120 + entries.count * SealedShares.byteCount)
    writer.add(client)
    writer.add(seedCommitment)
    writer.add(entries.count)
    for entry in entries { entry.write(to: &writer) }
    return writer.bytes
  }

  static func statement(
    _ plan: MaskPlan, _ client: Int, _ seedCommitment: [UInt8], _ entries: [SealedShares]
  ) -> [UInt8] {
    Digest.of("bundle", plan.digest, unsigned(client, seedCommitment, entries))
  }

  func verify(_ plan: MaskPlan) throws(AggregationError) {
    try plan.cohort.verify(
      signature, of: ShareBundle.statement(plan, client, seedCommitment, entries), by: client)
  }

  init(client: Int, seedCommitment: [UInt8], entries: [SealedShares], signature: [UInt8]) {
    (self.client, self.seedCommitment, self.entries, self.signature) = (client, seedCommitment, entries, signature)
  }

  /// Reads a message.
  public init(parsing bytes: [UInt8]) throws(AggregationError) {
    var reader = try WireReader(bytes, .shareBundle, "share bundle")
    client = try reader.integer(in: 0...Int.max, "client")
    seedCommitment = try reader.field(32)
    entries = try SealedShares.list(&reader)
    signature = try reader.field(64)
    try reader.finish()
  }

  /// The message with a commitment to another seed, signed again: what a corrupt dealer can send.
  package func corrupted(for plan: MaskPlan, as identity: borrowing ClientIdentity) throws -> ShareBundle {
    let other = Digest.of("another seed", seedCommitment)
    return ShareBundle(
      client: client, seedCommitment: other, entries: entries,
      signature: try identity.sign(ShareBundle.statement(plan, client, other, entries)))
  }

  /// The canonical encoding.
  public func serialized() -> [UInt8] { ShareBundle.unsigned(client, seedCommitment, entries) + signature }
}

/// Phase 2, server to client: the shares that the receiver's neighbours sealed for it, by increasing sender.
public struct ShareDelivery: Sendable, Hashable {
  let entries: [SealedShares]

  init(entries: [SealedShares]) { self.entries = entries }

  /// Reads a message.
  public init(parsing bytes: [UInt8]) throws(AggregationError) {
    var reader = try WireReader(bytes, .shareDelivery, "share delivery")
    entries = try SealedShares.list(&reader)
    try reader.finish()
  }

  /// The canonical encoding.
  public func serialized() -> [UInt8] {
    var writer = WireWriter(.shareDelivery, reserving: 16 + entries.count * SealedShares.byteCount)
    writer.add(entries.count)
    for entry in entries { entry.write(to: &writer) }
    return writer.bytes
  }
}

/// An integer as eight big-endian bytes, for hashing.
func bytes(of value: Int) -> [UInt8] {
  let word = UInt64(bitPattern: Int64(value))
  return (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
}
