private import Crypto
import SecureRandom

/// A client in a round of masked summation, by the active setting of Bonawitz and others (2017, figure 4).
///
/// What it sends is y = x + PRG(b) + Σ ±PRG(s_v) modulo 2^ringBits: b is its own seed, s_v a seed shared with neighbour
/// v, added by the lower number and subtracted by the higher. Neighbours hold shares of b and of the key behind the
/// s_v, and reveal one kind or the other, so a client that is called dropped and answers late stays hidden by b.
///
/// Every method is one phase and is called once, in the order written here. A refusal leaves the client where it was.
/// Secrets live in this value alone and are wiped with it.
public struct MaskingClient: ~Copyable, Sendable {
  enum Phase: Int, Sendable { case start, advertised, shared, accepted, masked, confirmed, done }

  /// The round.
  public let plan: MaskPlan
  /// This client's number.
  public let client: Int
  /// A hash of everything sent and received so far.
  public private(set) var transcript: Transcript

  private(set) var phase = Phase.start
  private let neighbours: [Int]
  private let selfSeed: SecretBytes
  private let keySeed: SecretBytes
  private let maskKey: Curve25519.KeyAgreement.PrivateKey
  private let shareKey: Curve25519.KeyAgreement.PrivateKey
  private var own: KeyAdvertisement?
  private var keys: [Int: KeyAdvertisement] = [:]
  /// What the box keys agreed on with each neighbour, from the dealing of shares until theirs are opened.
  private var boxSecrets: [Int: SharedSecret] = [:]
  /// Both shares of each neighbour that dealt: those it exchanges masks with.
  private var held: [Int: SecretBytes] = [:]
  private var survivors: [Int] = []
  private var confirmed: [UInt8]?

  /// A client at the start of a round, with fresh keys.
  ///
  /// - Throws: ``AggregationError`` with code `foreign` for a client that is not in the plan's cohort.
  public init(_ plan: MaskPlan, client: Int) throws(AggregationError) {
    neighbours = try plan.neighbours(of: client)
    self.plan = plan
    self.client = client
    transcript = Transcript(plan.digest)
    var generator = SecureGenerator()
    selfSeed = SecretBytes(using: &generator)
    shareKey = Curve25519.KeyAgreement.PrivateKey()
    maskKey = Curve25519.KeyAgreement.PrivateKey()
    var raw = Array(maskKey.rawRepresentation)
    keySeed = SecretBytes(raw)
    wipe(&raw)
  }

  /// Phase 1: this round's public keys, signed by the client's identity.
  public mutating func advertise(
    as identity: borrowing ClientIdentity
  ) throws(AggregationError) -> KeyAdvertisement {
    try enter(.start)
    guard identity.client == client else {
      throw AggregationError(.foreign, "client \(identity.client)", "is not the client of this round")
    }
    let mask = Array(maskKey.publicKey.rawRepresentation)
    let share = Array(shareKey.publicKey.rawRepresentation)
    let signature = try identity.sign(KeyAdvertisement.statement(plan, client, mask, share))
    let message = KeyAdvertisement(client: client, maskKey: mask, shareKey: share, signature: signature)
    own = message
    transcript.add(message.serialized())
    phase = .advertised
    return message
  }

  /// Phase 2: checks the neighbours' keys and deals shares of both seeds to them.
  ///
  /// - Throws: ``AggregationError``: `foreign`, `forged` or `equivocation` naming a neighbour whose keys are not its
  ///   own; `tooFew` when fewer neighbours than the threshold sent keys.
  public mutating func share(
    _ list: KeyList, as identity: borrowing ClientIdentity
  ) throws(AggregationError) -> ShareBundle {
    try enter(.advertised)
    guard let own else { throw AggregationError(.outOfOrder, "client \(client)", "has no keys yet") }
    let known = Set(neighbours)
    var seen: Set<[UInt8]> = [own.maskKey, own.shareKey]
    var keys: [Int: KeyAdvertisement] = [:]
    for entry in list.entries {
      guard known.contains(entry.client) else {
        throw AggregationError(.foreign, "client \(entry.client)", "is not a neighbour of client \(client)")
      }
      try entry.verify(plan)
      guard keys.updateValue(entry, forKey: entry.client) == nil else {
        throw AggregationError(.equivocation, "client \(entry.client)", "appears with two keys")
      }
      guard seen.insert(entry.maskKey).inserted, seen.insert(entry.shareKey).inserted else {
        throw AggregationError(.equivocation, "client \(entry.client)", "uses a key twice")
      }
    }
    guard keys.count >= plan.threshold else {
      throw AggregationError(.tooFew, "client \(client)", "has fewer neighbours than the threshold")
    }
    boxSecrets = [:]
    let bundle = try deal(to: keys, own, identity)
    self.keys = keys
    transcript.add(list.serialized())
    transcript.add(bundle.serialized())
    phase = .shared
    return bundle
  }

  private mutating func deal(
    to keys: [Int: KeyAdvertisement], _ own: KeyAdvertisement, _ identity: borrowing ClientIdentity
  ) throws(AggregationError) -> ShareBundle {
    var generator = SecureGenerator()
    let holders = keys.keys.sorted()
    let points = holders.map { (plan.cohort.position(of: $0) ?? 0) + 1 }
    var selfShares = selfSeed.withCopy {
      SeedShares.deal($0, threshold: plan.threshold, points: points, using: &generator)
    }
    var keyShares = keySeed.withCopy {
      SeedShares.deal($0, threshold: plan.threshold, points: points, using: &generator)
    }
    var entries: [SealedShares] = []
    entries.reserveCapacity(holders.count)
    for (index, holder) in holders.enumerated() {
      guard let peer = keys[holder] else { continue }
      let selfCommitment = SealedShares.commitment(
        plan, dealer: client, holder: holder, kind: ShareReveal.Kind.selfSeed.rawValue, selfShares[index])
      let keyCommitment = SealedShares.commitment(
        plan, dealer: client, holder: holder, kind: ShareReveal.Kind.maskKey.rawValue, keyShares[index])
      let secret = try MaskSecrets.boxSecret(shareKey, peer: peer)
      boxSecrets[holder] = secret
      let key = MaskSecrets.boxKey(secret, plan, sender: own, receiver: peer)
      var plain = selfShares[index] + keyShares[index]
      // The key seals this one box, so the nonce may be fixed.
      guard let nonce = try? ChaChaPoly.Nonce(data: [UInt8](repeating: 0, count: 12)),
        let sealed = try? ChaChaPoly.seal(
          plain, using: key, nonce: nonce, authenticating: selfCommitment + keyCommitment)
      else { throw AggregationError(.malformed, "client \(client)", "cannot seal its shares") }
      wipe(&plain)
      wipe(&selfShares[index])
      wipe(&keyShares[index])
      entries.append(
        SealedShares(
          client: holder, selfCommitment: selfCommitment, keyCommitment: keyCommitment,
          box: Array(sealed.ciphertext) + Array(sealed.tag)))
    }
    let commitment = selfSeed.withCopy { Digest.of("self seed", plan.digest, bytes(of: client), $0) }
    let signature = try identity.sign(ShareBundle.statement(plan, client, commitment, entries))
    return ShareBundle(client: client, seedCommitment: commitment, entries: entries, signature: signature)
  }

  /// Phase 2, the other side: opens the shares that neighbours dealt.
  ///
  /// Masks are exchanged with these neighbours only.
  ///
  /// - Throws: ``AggregationError``: `foreign` naming a sender whose keys were not listed; `invalidShare` naming a dealer
  ///   whose box does not open or does not hold what it committed to; `tooFew` below the threshold.
  public mutating func accept(_ delivery: ShareDelivery) throws(AggregationError) {
    try enter(.shared)
    guard let own else { throw AggregationError(.outOfOrder, "client \(client)", "has no keys yet") }
    var held: [Int: SecretBytes] = [:]
    for entry in delivery.entries {
      guard let peer = keys[entry.client], let secret = boxSecrets[entry.client] else {
        throw AggregationError(.foreign, "client \(entry.client)", "dealt shares without listed keys")
      }
      let key = MaskSecrets.boxKey(secret, plan, sender: peer, receiver: own)
      let refusal = AggregationError(.invalidShare, "client \(entry.client)", "dealt shares that do not open")
      guard let nonce = try? ChaChaPoly.Nonce(data: [UInt8](repeating: 0, count: 12)),
        let box = try? ChaChaPoly.SealedBox(
          nonce: nonce, ciphertext: entry.box.dropLast(16), tag: entry.box.suffix(16)),
        let plain = try? ChaChaPoly.open(box, using: key, authenticating: entry.selfCommitment + entry.keyCommitment)
      else { throw refusal }
      var shares = Array(plain)
      defer { wipe(&shares) }
      for kind in [ShareReveal.Kind.selfSeed, .maskKey] {
        let share = MaskingClient.part(shares, kind)
        let commitment = SealedShares.commitment(
          plan, dealer: entry.client, holder: client, kind: kind.rawValue, share)
        guard SeedShares.isCanonical(share),
          commitment == (kind == .selfSeed ? entry.selfCommitment : entry.keyCommitment)
        else { throw refusal }
      }
      held[entry.client] = SecretBytes(shares)
    }
    guard held.count >= plan.threshold else {
      throw AggregationError(.tooFew, "client \(client)", "has shares of fewer neighbours than the threshold")
    }
    self.held = held
    boxSecrets = [:]
    transcript.add(delivery.serialized())
    phase = .accepted
  }

  private static func part(_ shares: [UInt8], _ kind: ShareReveal.Kind) -> [UInt8] {
    Array(kind == .selfSeed ? shares.prefix(SeedShares.byteCount) : shares.suffix(SeedShares.byteCount))
  }

  /// Phase 3: the values, reduced modulo 2^ringBits and masked.
  ///
  /// - Throws: ``AggregationError`` with code `malformed` for another number of values.
  public mutating func mask(
    _ values: [Int64], as identity: borrowing ClientIdentity
  ) throws(AggregationError) -> MaskedInput {
    try enter(.accepted)
    try plan.shape.check(values)
    guard let own else { throw AggregationError(.outOfOrder, "client \(client)", "has no keys yet") }
    var sum = RingVector(plan.shape)
    sum.add(values)
    sum.apply(selfSeed.withCopy { MaskSecrets.selfStream($0, plan, client: client) }, subtracting: false)
    for (neighbour, _) in held {
      guard let peer = keys[neighbour] else { continue }
      let stream = try MaskSecrets.pairStream(maskKey, plan, own, peer, peer: peer)
      sum.apply(stream, subtracting: neighbour < client)
    }
    let payload = sum.packed()
    let signature = try identity.sign(MaskedInput.statement(plan, client, payload))
    let message = MaskedInput(client: client, payload: payload, signature: signature)
    transcript.add(signature)
    phase = .masked
    return message
  }

  /// Phase 4: signs the one set of survivors that this client accepts.
  ///
  /// - Throws: ``AggregationError``: `equivocation` when the server asks again for another set; `tooFew` for a set below
  ///   the promised minimum or with fewer neighbours than the threshold; `foreign` for a set without this client or
  ///   with a neighbour that dealt no shares.
  public mutating func confirm(
    _ set: SurvivorSet, as identity: borrowing ClientIdentity
  ) throws(AggregationError) -> SurvivorConfirmation {
    let statement = set.statement(plan)
    if let confirmed, confirmed != statement {
      throw AggregationError(.equivocation, "server", "asks client \(client) for a second set of survivors")
    }
    try enter(.masked)
    let survivors = try set.clients(of: plan.cohort)
    guard survivors.contains(client) else {
      throw AggregationError(.foreign, "server", "leaves client \(client) out and asks it to answer")
    }
    guard survivors.count >= plan.shape.minimumContributors else {
      throw AggregationError(.tooFew, "round \(plan.round)", "has fewer survivors than promised")
    }
    let known = Set(neighbours)
    let around = survivors.filter { known.contains($0) }
    if let stranger = around.first(where: { held[$0] == nil }) {
      throw AggregationError(.foreign, "client \(stranger)", "is called a survivor but dealt no shares")
    }
    guard around.count >= plan.threshold else {
      throw AggregationError(.tooFew, "client \(client)", "has fewer surviving neighbours than the threshold")
    }
    let signature = try identity.sign(statement)
    self.survivors = survivors
    confirmed = statement
    transcript.add(set.serialized())
    phase = .confirmed
    return SurvivorConfirmation(client: client, statement: statement, signature: signature)
  }

  /// Phase 5: one share of every neighbour, of the kind that the confirmed set calls for, and never another.
  ///
  /// - Throws: ``AggregationError``: `equivocation` naming a neighbour that confirmed another set, which proves that the
  ///   server announced two; `forged`; `tooFew` for fewer confirmations than the threshold.
  public mutating func reveal(
    _ list: ConfirmationList, as identity: borrowing ClientIdentity
  ) throws(AggregationError) -> ShareReveal {
    try enter(.confirmed)
    let known = Set(neighbours)
    var signers: Set<Int> = []
    for entry in list.entries where known.contains(entry.client) {
      try plan.cohort.verify(entry.signature, of: entry.statement, by: entry.client)
      guard entry.statement == confirmed else {
        throw AggregationError(
          .equivocation, "client \(entry.client)", "was shown another set of survivors than client \(client)")
      }
      signers.insert(entry.client)
    }
    guard signers.count >= plan.threshold else {
      throw AggregationError(.tooFew, "client \(client)", "has fewer confirmations of neighbours than the threshold")
    }
    let alive = Set(survivors)
    let entries = held.keys.sorted().compactMap { dealer -> ShareReveal.Entry? in
      let kind: ShareReveal.Kind = alive.contains(dealer) ? .selfSeed : .maskKey
      return held[dealer].map { secret in
        ShareReveal.Entry(dealer: dealer, kind: kind, share: secret.withCopy { MaskingClient.part($0, kind) })
      }
    }
    let signature = try identity.sign(ShareReveal.statement(plan, client, entries))
    let message = ShareReveal(client: client, entries: entries, signature: signature)
    held = [:]
    transcript.add(list.serialized())
    transcript.add(message.serialized())
    phase = .done
    return message
  }

  private func enter(_ expected: Phase) throws(AggregationError) {
    guard phase == expected else {
      throw AggregationError(.outOfOrder, "client \(client)", "is asked for a phase twice or too early")
    }
  }
}
