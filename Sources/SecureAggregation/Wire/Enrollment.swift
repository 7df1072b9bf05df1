private import Crypto

/// A client's long-term identity: an Ed25519 key that signs what the client sends (RFC 8032).
///
/// The private key is wiped by the cryptography library when the value is released; it is neither printable nor
/// Codable.
public struct ClientIdentity: ~Copyable, Sendable {
  /// The client's number.
  public let client: Int
  private let key: Curve25519.Signing.PrivateKey

  /// A new identity.
  public init(client: Int) {
    self.client = client
    key = Curve25519.Signing.PrivateKey()
  }

  /// What others need to check this client's signatures.
  public var enrolled: EnrolledClient {
    EnrolledClient(client: client, publicKey: Array(key.publicKey.rawRepresentation))
  }

  func sign(_ digest: [UInt8]) throws(AggregationError) -> [UInt8] {
    do { return Array(try key.signature(for: digest)) } catch {
      throw AggregationError(.malformed, "client \(client)", "cannot sign")
    }
  }
}

/// A client as others know it: a number and a public signing key.
public struct EnrolledClient: Sendable, Hashable {
  /// The client's number, not negative.
  public let client: Int
  /// The 32 bytes of an Ed25519 public key.
  public let publicKey: [UInt8]

  /// A client with its key.
  public init(client: Int, publicKey: [UInt8]) {
    self.client = client
    self.publicKey = publicKey
  }
}

/// The clients of a cohort, with their keys, in increasing order of their numbers.
public struct Enrollment: Sendable, Hashable {
  /// The clients in increasing order.
  public let clients: [EnrolledClient]
  private let positions: [Int: Int]

  /// Checks and sorts a cohort.
  ///
  /// - Throws: ``AggregationError``: `duplicate` for a number or a key that appears twice (one client may not pose as
  ///   two), `malformed` for a negative number or a key of the wrong length.
  public init(_ clients: [EnrolledClient]) throws(AggregationError) {
    let sorted = clients.sorted { $0.client < $1.client }
    var positions: [Int: Int] = [:]
    var keys: Set<[UInt8]> = []
    for (position, entry) in sorted.enumerated() {
      guard entry.client >= 0, entry.publicKey.count == 32 else {
        throw AggregationError(.malformed, "client \(entry.client)", "has no valid number and key")
      }
      guard positions.updateValue(position, forKey: entry.client) == nil, keys.insert(entry.publicKey).inserted else {
        throw AggregationError(.duplicate, "client \(entry.client)", "is enrolled twice")
      }
    }
    self.clients = sorted
    self.positions = positions
  }

  /// Where a client stands in the order, from 0.
  public func position(of client: Int) -> Int? { positions[client] }

  /// Checks a signature of a client.
  ///
  /// - Throws: ``AggregationError``: `foreign` for an unknown client, `forged` for a signature that does not verify.
  func verify(_ signature: [UInt8], of digest: [UInt8], by client: Int) throws(AggregationError) {
    guard let position = positions[client] else {
      throw AggregationError(.foreign, "client \(client)", "is not enrolled in this round")
    }
    guard signature.count == 64,
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: clients[position].publicKey),
      key.isValidSignature(signature, for: digest)
    else { throw AggregationError(.forged, "client \(client)", "did not sign this message") }
  }

  var encoded: [UInt8] {
    var writer = WireWriter(.plan, reserving: 40 * clients.count)
    for entry in clients {
      writer.add(entry.client)
      writer.add(entry.publicKey)
    }
    return writer.bytes
  }
}
