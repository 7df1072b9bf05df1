public import Paillier

/// One client's encrypted residues, signed over the key, the round, the plan and the ciphertexts.
///
/// The signature is what lets a key holder know whose ciphertexts are in a product: without it a server could pass off
/// one client's ciphertexts, and encryptions of zero of its own, as a sum.
public struct EncryptedContribution: Sendable {
  /// The sender.
  public let client: Int
  /// The round.
  public let round: Int
  let vector: EncryptedVector<Fresh>
  let digest: [UInt8]
  let signature: [UInt8]

  static func statement(_ scope: PaillierScope, _ client: Int, _ round: Int, _ digest: [UInt8]) -> [UInt8] {
    Digest.of("encrypted input", scope.digest, bytes(of: client), bytes(of: round), digest)
  }

  init(
    _ vector: EncryptedVector<Fresh>, round: Int, _ scope: PaillierScope, as identity: borrowing ClientIdentity
  ) throws(AggregationError) {
    client = identity.client
    self.round = round
    self.vector = vector
    digest = Digest.of("ciphertexts", vector.serialized())
    signature = try identity.sign(
      EncryptedContribution.statement(scope, identity.client, round, digest))
  }

  /// Reads a message for the key and plan that the reader expects.
  ///
  /// - Throws: ``AggregationError`` with code `malformed`, also for another key or plan.
  public init(parsing bytes: [UInt8], scope: PaillierScope) throws(AggregationError) {
    var reader = try WireReader(bytes, .encryptedInput, "encrypted input")
    client = try reader.integer(in: 0...Int.max, "client")
    round = try reader.integer(in: 0...Int.max, "round")
    let body = try reader.field(try reader.count(of: 1))
    signature = try reader.field(64)
    try reader.finish()
    guard let vector = try? EncryptedVector<Fresh>(parsing: body, key: scope.publicKey, plan: scope.plan) else {
      throw AggregationError(.malformed, "client \(client)", "sent ciphertexts of another key, plan or range")
    }
    self.vector = vector
    digest = Digest.of("ciphertexts", body)
  }

  /// The canonical encoding.
  public func serialized() -> [UInt8] {
    let body = vector.serialized()
    var writer = WireWriter(.encryptedInput, reserving: body.count + 96)
    writer.add(client)
    writer.add(round)
    writer.add(body.count)
    writer.add(body)
    writer.add(signature)
    return writer.bytes
  }

  /// Bytes of a message without writing it.
  var byteCount: Int { 5 + 24 + 80 + vector.ciphertextCount * vector.publicKey.ciphertextByteCount + 64 }
}

/// What contributions to one encrypted sum have in common: key, packing, shape.
public struct PaillierScope: Sendable {
  /// What is summed; a residue is a signed value of `ringBits` bits, with room for the most contributors.
  public let shape: SumShape
  /// The key that clients encrypt for.
  public let publicKey: PaillierPublicKey
  /// How many residues share a ciphertext.
  public let plan: SlotPlan
  let digest: [UInt8]

  /// - Throws: `PaillierError` when the shape does not fit a slot of this key.
  public init(_ shape: SumShape, _ publicKey: PaillierPublicKey) throws(PaillierError) {
    self.shape = shape
    self.publicKey = publicKey
    plan = try SlotPlan(
      valueBits: shape.ringBits, maxSummands: shape.maximumContributors, signed: true, checksum: true, for: publicKey)
    var writer = WireWriter(.plan)
    for value in [
      shape.count, shape.ringBits, shape.maximumContributors, shape.minimumContributors, plan.slotBits,
      plan.valuesPerCiphertext,
    ] { writer.add(value) }
    digest = Digest.of("paillier plan", publicKey.id, writer.bytes)
  }
}

/// A product of signed contributions: whoever forms it knows that distinct enrolled clients sent every factor.
struct SignedProduct: Sendable {
  let scope: PaillierScope
  let directory: Directory
  var roll: Roll
  private var pending: [EncryptedVector<Fresh>] = []
  private var running: EncryptedVector<Derived>?

  init(_ scope: PaillierScope, _ directory: Directory, round: Int) {
    self.scope = scope
    self.directory = directory
    roll = Roll(round: round, maximum: scope.shape.maximumContributors)
  }

  mutating func add(_ contribution: EncryptedContribution) throws {
    let vector = contribution.vector
    guard vector.publicKey == scope.publicKey, vector.plan == scope.plan, vector.count == scope.shape.count,
      vector.totalWeight == 1, vector.netWeight == 1
    else {
      throw AggregationError(.malformed, "client \(contribution.client)", "sent a vector of another key or shape")
    }
    try directory.verify(
      contribution.signature,
      of: EncryptedContribution.statement(scope, contribution.client, contribution.round, contribution.digest),
      by: contribution.client)
    try roll.admit(contribution.client, round: contribution.round)
    pending.append(vector)
    // A long product needs one correction; 64 vectors bound the memory.
    if pending.count >= 64 { try settle() }
  }

  mutating func merge(_ other: SignedProduct) throws {
    guard other.scope.digest == scope.digest else {
      throw AggregationError(.foreign, "round \(roll.round)", "partial sums differ in key or shape")
    }
    try roll.merge(other.roll)
    pending += other.pending
    if let theirs = other.running { running = try running.map { try .sum([$0, theirs]) } ?? theirs }
    try settle()
  }

  private mutating func settle() throws {
    guard !pending.isEmpty else { return }
    let part = try EncryptedVector<Fresh>.sum(pending)
    running = try running.map { try EncryptedVector<Derived>.sum([$0, part]) } ?? part
    pending = []
  }

  /// The product, when enough distinct clients are in it.
  mutating func total() throws -> EncryptedVector<Derived> {
    let contributors = roll.clients.count
    guard contributors >= scope.shape.minimumContributors else {
      throw AggregationError(
        .tooFew, "round \(roll.round)", "has \(contributors) contributors, needs \(scope.shape.minimumContributors)")
    }
    try settle()
    guard let running, running.totalWeight == contributors else {
      throw AggregationError(.malformed, "round \(roll.round)", "holds another number of summands than its roll")
    }
    return running
  }
}
