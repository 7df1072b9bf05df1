public import Paillier

/// The clients' and the server's side of an encrypted sum, the same for one key holder and for several.
public enum PaillierParties {
  /// Shared by all clients of a simulation: tables are public, each client's generator is its own.
  final class Tables: Sendable {
    let encryptor: Encryptor

    init(_ encryptor: consuming Encryptor) { self.encryptor = encryptor }
  }

  /// The phases of a sum: clients encrypt, the server adds, the openers get every contribution and open.
  static func makeMeter() -> PhaseMeter { PhaseMeter("encryption", "addition", "opening") }

  /// The client's side: reduction, packing, encryption, signature.
  public struct Client: SecureSumClient {
    let scope: PaillierScope
    let tables: Tables
    let identities: LocalIdentities
    let meter: PhaseMeter

    init(scope: PaillierScope, tables: Tables, identities: LocalIdentities, meter: PhaseMeter) {
      (self.scope, self.tables, self.identities, self.meter) = (scope, tables, identities, meter)
    }

    /// A client that knows the public key.
    ///
    /// - Parameter variableTime: as for ``PaillierSum``.
    /// - Throws: `PaillierError` when the shape does not fit a slot of this key.
    public init(_ shape: SumShape, _ publicKey: PaillierPublicKey, variableTime: Bool = false) throws {
      scope = try PaillierScope(shape, publicKey)
      tables = Tables(try Encryptor(publicKey, variableTime: variableTime))
      identities = LocalIdentities()
      meter = PaillierParties.makeMeter()
    }

    /// Reduces the values modulo 2^ringBits, encrypts them and signs the ciphertexts as a client of this process.
    public mutating func protect(_ values: [Int64], client: Int, round: Int) throws -> EncryptedContribution {
      try protect(values, round: round, as: identities.holder(client).identity)
    }

    /// Reduces the values modulo 2^ringBits, encrypts them and signs the ciphertexts.
    public mutating func protect(
      _ values: [Int64], round: Int, as identity: borrowing ClientIdentity
    ) throws -> EncryptedContribution {
      try scope.shape.check(values)
      var encryptor = tables.encryptor.sharingTables()
      let shape = scope.shape
      return try meter.measure(0) {
        let vector = try encryptor.encrypt(values.map { shape.centred(shape.residue($0)) }, scope.plan)
        return try EncryptedContribution(vector, round: round, scope, as: identity)
      } bytes: {
        ($0.byteCount, 0)
      }
    }

    /// The bytes of the message.
    public func wireBytes(_ contribution: EncryptedContribution) -> Int { contribution.byteCount }
  }

  /// The server's side: it multiplies ciphertexts, and keeps them for whoever has to check its product.
  public struct Server: SecureSumServer {
    var product: SignedProduct
    /// Every contribution, as the openers get them.
    public private(set) var contributions: [EncryptedContribution] = []

    private let meter: PhaseMeter

    init(_ product: SignedProduct, _ meter: PhaseMeter) {
      self.product = product
      self.meter = meter
    }

    /// The round.
    public var round: Int { product.roll.round }

    /// Bytes of all contributions, which every opener receives.
    var contributionBytes: Int { contributions.reduce(0) { $0 + $1.byteCount } }

    /// Adds one client's ciphertexts after checking its signature.
    public mutating func add(_ contribution: EncryptedContribution) throws {
      try meter.measure(1) { try product.add(contribution) }
      contributions.append(contribution)
    }

    /// Adds another running sum.
    public mutating func merge(_ other: Server) throws {
      try product.merge(other.product)
      contributions += other.contributions
    }

    /// Who contributed, in increasing order.
    public var contributors: [Int] { product.roll.clients.sorted() }
  }
}

/// The holder of the key: opens one product a round, which it forms itself from signed contributions.
///
/// The key lives and dies with this value and is wiped then.
public struct PaillierKeyHolder: ~Copyable, Sendable {
  /// What is summed, and how it is packed.
  public let scope: PaillierScope
  private let key: PaillierPrivateKey
  private let directory: Directory
  private let journal: RoundJournal?
  private var opened: Set<Int> = []

  /// A key holder that accepts contributions of enrolled clients only.
  ///
  /// - Parameter journal: where opened rounds are remembered after the process has ended; without one they are
  ///   remembered as long as this value lives.
  /// - Throws: `PaillierError` when the shape does not fit a slot of this key.
  public init(
    _ shape: SumShape, key: consuming PaillierPrivateKey, enrolled: Enrollment, journal: RoundJournal? = nil
  ) throws {
    try self.init(shape, key: key, .enrolled(enrolled), journal)
  }

  init(
    _ shape: SumShape, key: consuming PaillierPrivateKey, _ directory: Directory, _ journal: RoundJournal? = nil
  ) throws {
    self.journal = journal
    let publicKey = key.publicKey
    scope = try PaillierScope(shape, publicKey)
    self.key = key
    self.directory = directory
  }

  /// The sum of the contributions.
  ///
  /// The server's own product is not asked for: every factor is checked and multiplied here.
  ///
  /// - Throws: ``AggregationError``: `replayed` for a round opened before; `forged`, `foreign` or `duplicate` naming a
  ///   client; `tooFew` below the minimum of distinct signers; `journal` when the claim cannot be written down. `PaillierError` for a broken checksum.
  public mutating func open(_ contributions: [EncryptedContribution], round: Int) throws -> [Int64] {
    guard !opened.contains(round) else {
      throw AggregationError(.replayed, "round \(round)", "was opened before under this key")
    }
    var product = SignedProduct(scope, directory, round: round)
    for contribution in contributions { try product.add(contribution) }
    let total = try product.total()
    // Remembered before anything is decrypted, so that no failure earns a second look.
    try journal?.claim(key: scope.publicKey.id, round: round)
    opened.insert(round)
    let shape = scope.shape
    return try key.decrypt(total, minimumSummands: shape.minimumContributors).map {
      shape.centred(shape.residue($0))
    }
  }
}
