import Synchronization

/// Where signatures are checked against: a fixed enrollment, or the identities of clients that live in this process.
enum Directory: Sendable {
  case enrolled(Enrollment)
  case local(LocalIdentities)

  func verify(_ signature: [UInt8], of digest: [UInt8], by client: Int) throws(AggregationError) {
    switch self {
    case .enrolled(let enrollment): try enrollment.verify(signature, of: digest, by: client)
    case .local(let identities):
      try Enrollment([identities.enrolled(client)]).verify(signature, of: digest, by: client)
    }
  }
}

/// Identities of simulated clients, made when first asked for.
///
/// They exist so that a simulation runs the same signatures as a deployment; nobody outside the process knows them.
final class LocalIdentities: Sendable {
  /// An identity that can be an element of a dictionary.
  final class Holder: Sendable {
    let identity: ClientIdentity
    let enrolled: EnrolledClient

    init(_ client: Int) {
      let identity = ClientIdentity(client: client)
      enrolled = identity.enrolled
      self.identity = identity
    }
  }

  private let holders = Mutex<[Int: Holder]>([:])

  func holder(_ client: Int) -> Holder {
    holders.withLock { holders in
      if let known = holders[client] { return known }
      let made = Holder(client)
      holders[client] = made
      return made
    }
  }

  func enrolled(_ client: Int) -> EnrolledClient { holder(client).enrolled }
}
