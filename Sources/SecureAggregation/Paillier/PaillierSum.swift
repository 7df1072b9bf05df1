public import Paillier

/// A sum under Paillier encryption with one key holder, all parties in one process.
///
/// Clients reduce, pack, encrypt and sign; the server multiplies ciphertexts and learns nothing (Paillier is IND-CPA
/// under decisional composite residuosity; the fast noise also assumes that factoring is hard); the key holder checks
/// every signature, forms the product itself and opens it once a round, when at least the minimum number of distinct
/// clients are in it. The checksum slot shows mistakes such as a carry; against lies the signatures stand.
///
/// The server and the key holder together can open a single client: they must not collude. ``ThresholdPaillierSum``
/// asks that of fewer.
public struct PaillierSum: SecureSum, ~Copyable, Sendable {
  /// What is summed, and how it is packed.
  public var scope: PaillierScope { holder.scope }
  /// What is summed.
  public var shape: SumShape { holder.scope.shape }
  /// The key that clients encrypt for.
  public var publicKey: PaillierPublicKey { holder.scope.publicKey }
  /// How many residues share a ciphertext.
  public var plan: SlotPlan { holder.scope.plan }

  private var holder: PaillierKeyHolder
  private let tables: PaillierParties.Tables
  private let identities = LocalIdentities()
  private let meter = PaillierParties.makeMeter()

  /// Bytes and seconds of encryption, addition and opening.
  public var phases: [PhaseCost] { meter.phases }

  /// Takes a key and prepares the clients' tables.
  ///
  /// - Parameters:
  ///   - shape: what is summed; a residue is a signed value of `ringBits` bits, with room for the most contributors.
  ///   - key: the key holder's key.
  ///   - variableTime: lets clients index tables with secret bits, which is faster and safe only where nobody else
  ///     watches the machine's caches, as in a simulation.
  /// - Throws: `PaillierError` when the shape does not fit a slot of this key.
  public init(_ shape: SumShape, key: consuming PaillierPrivateKey, variableTime: Bool = false) throws {
    let publicKey = key.publicKey
    let made = PaillierParties.Tables(try Encryptor(publicKey, variableTime: variableTime))
    holder = try PaillierKeyHolder(shape, key: key, .local(identities))
    tables = made
  }

  /// A client's side, sharing the noise tables.
  public func makeClient() -> PaillierParties.Client {
    PaillierParties.Client(scope: scope, tables: tables, identities: identities, meter: meter)
  }

  /// An empty running sum of a round.
  public func makeServer(round: Int) -> PaillierParties.Server {
    PaillierParties.Server(SignedProduct(scope, .local(identities), round: round), meter)
  }

  /// Hands the contributions to the key holder, which opens their sum and nothing else.
  ///
  /// - Throws: as ``PaillierKeyHolder/open(_:round:)``.
  public mutating func open(_ server: PaillierParties.Server) throws -> [Int64] {
    try meter.measure(2) {
      try holder.open(server.contributions, round: server.round)
    } bytes: { _ in
      (0, server.contributionBytes)
    }
  }
}
