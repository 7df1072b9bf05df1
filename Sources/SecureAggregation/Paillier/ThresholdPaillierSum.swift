public import Paillier

/// One of several decryptors: it gives its part for one product a round, which it forms itself.
public struct ThresholdDecryptor: ~Copyable, Sendable {
  /// What is summed, and how it is packed.
  public let scope: PaillierScope
  /// Which party this is, from 1.
  public var party: Int { share.party }
  private let share: ThresholdShare
  private let directory: Directory
  private let journal: RoundJournal?
  private let threads: Int
  private var opened: Set<Int> = []

  /// A decryptor that accepts contributions of enrolled clients only.
  ///
  /// - Parameters:
  ///   - journal: as for ``PaillierKeyHolder``.
  ///   - threads: how many threads share the decryption.
  /// - Throws: `PaillierError` when the shape does not fit a slot of this key.
  public init(
    _ shape: SumShape, share: consuming ThresholdShare, enrolled: Enrollment, journal: RoundJournal? = nil,
    threads: Int = 1
  ) throws {
    try self.init(shape, share: share, .enrolled(enrolled), journal, threads)
  }

  init(
    _ shape: SumShape, share: consuming ThresholdShare, _ directory: Directory, _ journal: RoundJournal? = nil,
    _ threads: Int = 1
  ) throws {
    self.journal = journal
    self.threads = threads
    let publicKey = share.key.publicKey
    scope = try PaillierScope(shape, publicKey)
    self.share = share
    self.directory = directory
  }

  /// This party's part of the decryption, with its proofs.
  ///
  /// - Throws: as ``PaillierKeyHolder/open(_:round:)``.
  public mutating func part(_ contributions: [EncryptedContribution], round: Int) throws -> PartialDecryption {
    guard !opened.contains(round) else {
      throw AggregationError(.replayed, "round \(round)", "was opened before by party \(party)")
    }
    var product = SignedProduct(scope, directory, round: round)
    for contribution in contributions { try product.add(contribution) }
    let total = try product.total()
    try journal?.claim(key: scope.publicKey.id, round: round)
    opened.insert(round)
    return try share.decryptPart(
      total, minimumSummands: scope.shape.minimumContributors, context: ThresholdPaillierSum.context(scope, round),
      threads: threads)
  }
}

/// A sum under Paillier encryption that takes several decryptors to open, all parties in one process.
///
/// No party opens anything alone, and fewer than the threshold learn nothing. Every part comes with proofs, so a party
/// that answers wrongly is named and left out, and the sum is opened as long as enough others answer rightly. Whoever
/// dealt the shares knew the key and must have forgotten it.
public struct ThresholdPaillierSum: SecureSum, Sendable {
  /// What is summed, and how it is packed.
  public let scope: PaillierScope
  /// What is summed.
  public var shape: SumShape { scope.shape }
  /// The key, its threshold and number of parties.
  public let key: ThresholdKey
  /// Parties whose parts were refused, with the reason.
  public private(set) var accused: [AggregationError] = []

  private let parties: [Party]
  private let tables: PaillierParties.Tables
  private let identities = LocalIdentities()
  private let meter = PaillierParties.makeMeter()

  /// Bytes and seconds of encryption, addition and opening; the openings of several decryptors add up.
  public var phases: [PhaseCost] { meter.phases }

  /// A decryptor that can be an element of an array; used by one thread at a time.
  private final class Party: @unchecked Sendable {
    var decryptor: ThresholdDecryptor
    init(_ decryptor: consuming ThresholdDecryptor) { self.decryptor = decryptor }
  }

  /// Takes dealt shares and prepares the clients' tables.
  ///
  /// - Parameters:
  ///   - shape: as for ``PaillierSum``.
  ///   - dealing: the shares; each goes to a decryptor of its own.
  ///   - variableTime: as for ``PaillierSum``.
  ///   - threads: how many threads share a decryptor's work.
  /// - Throws: `PaillierError` when the shape does not fit a slot of this key.
  public init(
    _ shape: SumShape, dealing: consuming ThresholdDealing, variableTime: Bool = false, threads: Int = 1
  ) throws {
    let key = dealing.key
    self.key = key
    scope = try PaillierScope(shape, key.publicKey)
    tables = PaillierParties.Tables(try Encryptor(key.publicKey, variableTime: variableTime))
    var parties: [Party] = []
    for number in 1...key.parties {
      parties.append(
        Party(try ThresholdDecryptor(shape, share: dealing.share(of: number), .local(identities), nil, threads)))
    }
    self.parties = parties
  }

  /// A client's side, sharing the noise tables.
  public func makeClient() -> PaillierParties.Client {
    PaillierParties.Client(scope: scope, tables: tables, identities: identities, meter: meter)
  }

  /// An empty running sum of a round.
  public func makeServer(round: Int) -> PaillierParties.Server {
    PaillierParties.Server(SignedProduct(scope, .local(identities), round: round), meter)
  }

  /// Asks decryptors until enough parts are proven, and combines those.
  public mutating func open(_ server: PaillierParties.Server) throws -> [Int64] {
    try open(server, corrupting: [:])
  }

  /// As ``open(_:)``, with some parties' parts replaced on the way: what a corrupt decryptor can do.
  package mutating func open(
    _ server: PaillierParties.Server, corrupting: [Int: (inout PartialDecryption) -> Void]
  ) throws -> [Int64] {
    var product = SignedProduct(scope, .local(identities), round: server.round)
    for contribution in server.contributions { try product.add(contribution) }
    let total = try product.total()
    let context = ThresholdPaillierSum.context(scope, server.round)
    var good: [PartialDecryption] = []
    for party in parties {
      var part = try meter.measure(2) {
        try party.decryptor.part(server.contributions, round: server.round)
      } bytes: {
        ($0.json.utf8.count, server.contributionBytes)
      }
      corrupting[part.party]?(&part)
      good.append(part)
      guard good.count >= key.threshold else { continue }
      switch meter.measure(2, { combined(good, total, context) }) {
      case .success(let sum): return sum
      case .failure(let error):
        guard error.code == .invalidShare else { throw error }
        accused.append(AggregationError(.invalidShare, error.parameter, error.message))
        good.removeAll { "party \($0.party)" == error.parameter }
      }
    }
    throw AggregationError(.tooFew, "round \(server.round)", "has fewer proven parts than the threshold")
  }

  private func combined(
    _ parts: [PartialDecryption], _ total: EncryptedVector<Derived>, _ context: String
  ) -> Result<[Int64], PaillierError> {
    let shape = scope.shape
    do throws(PaillierError) {
      let sum = try key.combine(parts, total, context: context)
      return .success(sum.map { shape.centred(shape.residue($0)) })
    } catch {
      return .failure(error)
    }
  }

  static func context(_ scope: PaillierScope, _ round: Int) -> String {
    "round \(round) of \(RoundJournal.hexadecimal(scope.digest))"
  }
}
