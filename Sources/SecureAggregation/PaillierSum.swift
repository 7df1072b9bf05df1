public import Paillier

/// A sum under Paillier encryption with one key holder.
///
/// Clients reduce, pack and encrypt; the server multiplies ciphertexts and learns nothing (Paillier is IND-CPA under
/// decisional composite residuosity; the fast noise also assumes that factoring is hard); the key holder opens sums
/// only, of at least the minimum number of contributors, once a round. The checksum slot shows mistakes such as a
/// carry. It proves nothing against a server that lies about whose ciphertexts it added.
///
/// The key lives and dies with this value and is wiped then.
public struct PaillierSum: SecureSum, ~Copyable, Sendable {
  /// What is summed.
  public let shape: SumShape
  /// The key that clients encrypt for.
  public var publicKey: PaillierPublicKey { key.publicKey }
  /// How many residues share a ciphertext.
  public let plan: SlotPlan

  private let key: PaillierPrivateKey
  private let tables: Tables
  private var opened: Set<Int> = []

  /// Takes a key and prepares the clients' tables.
  ///
  /// - Parameters:
  ///   - shape: what is summed; a residue is a signed value of `ringBits` bits, with room for the most contributors.
  ///   - key: the key holder's key.
  ///   - variableTime: lets clients index tables with secret bits, which is faster and safe only where nobody else
  ///     watches the machine's caches, as in a simulation.
  /// - Throws: `PaillierError` when the shape does not fit a slot of this key.
  public init(_ shape: SumShape, key: consuming PaillierPrivateKey, variableTime: Bool = false) throws {
    let prepared = try PaillierSum.prepare(shape, key.publicKey, variableTime)
    self.shape = shape
    plan = prepared.plan
    tables = prepared.tables
    self.key = key
  }

  private static func prepare(
    _ shape: SumShape, _ key: PaillierPublicKey, _ variableTime: Bool
  ) throws -> (plan: SlotPlan, tables: Tables) {
    let plan = try SlotPlan(
      valueBits: shape.ringBits, maxSummands: shape.maximumContributors, signed: true, checksum: true, for: key)
    return (plan, Tables(try Encryptor(key, variableTime: variableTime)))
  }

  /// A client's side, sharing the noise tables.
  public func makeClient() -> Client { Client(shape: shape, plan: plan, tables: tables) }

  /// An empty running sum of a round.
  public func makeServer(round: Int) -> Server {
    Server(shape: shape, publicKey: publicKey, plan: plan, roll: Roll(round: round, maximum: shape.maximumContributors))
  }

  /// Decrypts the sum and nothing else.
  ///
  /// - Throws: ``AggregationError`` for too few contributors or a round opened before; `PaillierError` for a sum under
  ///   another key, of fewer summands than the roll says, or with a broken checksum.
  public mutating func open(_ server: Server) throws -> [Int64] {
    let contributors = server.roll.clients.count
    guard contributors >= shape.minimumContributors else {
      throw AggregationError(
        .tooFew, "round \(server.roll.round)", "has \(contributors) contributors, needs \(shape.minimumContributors)")
    }
    guard !opened.contains(server.roll.round) else {
      throw AggregationError(.replayed, "round \(server.roll.round)", "was opened before")
    }
    guard let total = try server.total(), total.totalWeight == contributors else {
      throw AggregationError(.malformed, "round \(server.roll.round)", "holds another number of summands than its roll")
    }
    opened.insert(server.roll.round)
    return try key.decrypt(total, minimumSummands: shape.minimumContributors).map { shape.centred(shape.residue($0)) }
  }

  /// Shared by all clients of a simulation: tables are public, each client's generator is its own.
  final class Tables: Sendable {
    let encryptor: Encryptor

    init(_ encryptor: consuming Encryptor) { self.encryptor = encryptor }
  }

  /// One client's encrypted residues.
  public struct Contribution: Sendable {
    let client: Int
    let round: Int
    let vector: EncryptedVector<Fresh>
  }

  /// The client's side: reduction, packing, encryption.
  public struct Client: SecureSumClient {
    let shape: SumShape
    let plan: SlotPlan
    let tables: Tables

    /// Reduces the values modulo 2^ringBits and encrypts them.
    public mutating func protect(_ values: [Int64], client: Int, round: Int) throws -> Contribution {
      try shape.check(values)
      var encryptor = tables.encryptor.sharingTables()
      let vector = try encryptor.encrypt(values.map { shape.centred(shape.residue($0)) }, plan)
      return Contribution(client: client, round: round, vector: vector)
    }

    /// The ciphertexts' bytes.
    public func wireBytes(_ contribution: Contribution) -> Int {
      contribution.vector.ciphertextCount * contribution.vector.publicKey.ciphertextByteCount
    }
  }

  /// The server's side: it multiplies ciphertexts.
  public struct Server: SecureSumServer {
    let shape: SumShape
    let publicKey: PaillierPublicKey
    let plan: SlotPlan
    var roll: Roll
    private var pending: [EncryptedVector<Fresh>] = []
    private var running: EncryptedVector<Derived>?

    init(shape: SumShape, publicKey: PaillierPublicKey, plan: SlotPlan, roll: Roll) {
      self.shape = shape
      self.publicKey = publicKey
      self.plan = plan
      self.roll = roll
    }

    /// Adds one client's ciphertexts.
    public mutating func add(_ contribution: Contribution) throws {
      let vector = contribution.vector
      guard vector.publicKey == publicKey, vector.plan == plan, vector.count == shape.count, vector.totalWeight == 1
      else {
        throw AggregationError(.malformed, "client \(contribution.client)", "sent a vector of another key or shape")
      }
      try roll.admit(contribution.client, round: contribution.round)
      pending.append(vector)
      // A long product needs one correction; 64 vectors bound the memory.
      if pending.count >= 64 { try settle() }
    }

    /// Adds another running sum.
    public mutating func merge(_ other: Server) throws {
      guard other.publicKey == publicKey, other.plan == plan, other.shape == shape else {
        throw AggregationError(.foreign, "round \(roll.round)", "partial sums differ in key or shape")
      }
      try roll.merge(other.roll)
      pending += other.pending
      if let theirs = other.running { running = try running.map { try .sum([$0, theirs]) } ?? theirs }
      try settle()
    }

    /// Who contributed, in increasing order.
    public var contributors: [Int] { roll.clients.sorted() }

    private mutating func settle() throws {
      guard !pending.isEmpty else { return }
      let part = try EncryptedVector<Fresh>.sum(pending)
      running = try running.map { try EncryptedVector<Derived>.sum([$0, part]) } ?? part
      pending = []
    }

    func total() throws -> EncryptedVector<Derived>? {
      var copy = self
      try copy.settle()
      return copy.running
    }
  }
}
