import BigNumber

/// The public side of a key whose decryption takes several parties: any `threshold` of `parties`.
///
/// The construction is Shoup's (EUROCRYPT 2000) as Fouque, Poupard and Stern (FC 2000) and Damgård and Jurik (PKC 2001)
/// carry it over to Paillier. Whoever dealt the shares knew the key and has to be trusted to have forgotten it.
public struct ThresholdKey: Sendable {
  /// The key to encrypt for.
  public let publicKey: PaillierPublicKey
  /// How many parties it takes to decrypt.
  public let threshold: Int
  /// How many parties hold a share.
  public let parties: Int
  let verification: VerificationKeys

  /// The most parties: their factorial has to fit a machine word.
  public static let maximumParties = 20

  /// parties!, the factor that keeps Lagrange coefficients whole.
  var delta: UInt { (1...UInt(parties)).reduce(1, *) }
}

/// v, a random square modulo n², and v to the power of each party's share.
final class VerificationKeys: Sendable {
  let base: Natural
  private let keys: [SharedNatural]

  init(base: consuming Natural, keys: [SharedNatural]) {
    self.base = base
    self.keys = keys
  }

  /// The key of party 1, 2, ….
  func key(of party: Int) -> SharedNatural { keys[party - 1] }
}

/// A public number that can be an element of an array.
final class SharedNatural: Sendable {
  let value: Natural
  init(_ value: consuming Natural) { self.value = value }
}

/// What a trusted dealer hands out: the public key and one share a party.
///
/// Wiped when released.
@safe
public struct ThresholdDealing: ~Copyable, Sendable {
  /// The public side.
  public let key: ThresholdKey
  private let shares: [SharedSecret]

  /// Draws a key and deals its shares.
  ///
  /// Both primes are safe primes, so generation takes seconds at 2048 bits and minutes at 3072.
  ///
  /// - Parameters:
  ///   - size: Bits of n.
  ///   - threshold: How many parties it takes to decrypt, 1 to `parties`.
  ///   - parties: How many shares there are, 1 to ``ThresholdKey/maximumParties``.
  /// - Throws: ``PaillierError`` with code `invalidParameter`.
  public static func generate(
    _ size: KeySize = .standard, threshold: Int, parties: Int
  ) throws(PaillierError) -> ThresholdDealing {
    guard (1...ThresholdKey.maximumParties).contains(parties) else {
      throw PaillierError(.invalidParameter, "parties", "there are 1 to \(ThresholdKey.maximumParties) parties")
    }
    guard (1...parties).contains(threshold) else {
      throw PaillierError(.invalidParameter, "threshold", "the threshold is from 1 to the number of parties")
    }
    return ThresholdDealing(size, threshold, parties)
  }

  /// The share of party 1, 2, ….
  ///
  /// - Throws: ``PaillierError`` with code `invalidParameter` for a party that does not exist.
  public borrowing func share(of party: Int) throws(PaillierError) -> ThresholdShare {
    guard (1...key.parties).contains(party) else {
      throw PaillierError(.invalidParameter, "party", "there is no such party")
    }
    return ThresholdShare(key: key, party: party, secret: shares[party - 1])
  }

  init(key: ThresholdKey, shares: [SharedSecret]) {
    self.key = key
    self.shares = shares
  }
}

/// A secret number that can be an element of an array; wiped when the last owner lets go.
final class SharedSecret: Sendable {
  let value: SecretNatural
  init(_ value: consuming Natural) { self.value = SecretNatural(value) }
}
