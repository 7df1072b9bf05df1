/// The server in a round of masked summation: it relays, adds, and removes masks that clients opened for it.
///
/// A phase ends with its `close…` method; messages of an ended phase are refused as out of order. A message that is
/// refused changes nothing, and the error names its sender.
public struct MaskingServer: Sendable {
  enum Phase: Int, Sendable { case keys, shares, inputs, confirmations, reveals, done }

  /// The round.
  public let plan: MaskPlan
  /// A hash of everything received so far, in the order in which it came.
  public private(set) var transcript: Transcript
  /// Clients that were caught: each with what it did.
  public internal(set) var accused: [AggregationError] = []

  private(set) var phase = Phase.keys
  var keys: [Int: KeyAdvertisement] = [:]
  var bundles: [Int: ShareBundle] = [:]
  private(set) var total: MaskedTotal
  private var announced: [UInt8] = []
  private(set) var survivors: [Int] = []
  private var confirmations: [Int: SurvivorConfirmation] = [:]
  /// Opened shares by dealer and then holder.
  private(set) var opened: [Int: [Int: [UInt8]]] = [:]
  private var revealed: Set<Int> = []

  /// A server at the start of a round.
  public init(_ plan: MaskPlan) {
    self.plan = plan
    transcript = Transcript(plan.digest)
    total = MaskedTotal(plan, members: [])
  }

  /// What a server knows about the values: the masked residues modulo 2^ringBits, and how many shares of each client's
  /// open seed it holds.
  package var holdings: (residues: [UInt64], shares: [Int: Int]) {
    ((0..<plan.shape.count).map { plan.shape.residue(Int64(bitPattern: total.sum[$0])) }, opened.mapValues(\.count))
  }

  // MARK: Phase 1: keys

  /// Takes a client's keys.
  ///
  /// - Throws: ``AggregationError``: `duplicate` or, for other keys than before, `equivocation`; `foreign`; `forged`.
  public mutating func receive(_ message: KeyAdvertisement) throws(AggregationError) {
    try enter(.keys, message.client)
    try message.verify(plan)
    if let before = keys[message.client] {
      let same = before.maskKey == message.maskKey && before.shareKey == message.shareKey
      let error = AggregationError(
        same ? .duplicate : .equivocation, "client \(message.client)",
        same ? "sent its keys twice" : "signed two different keys for one round")
      if !same { accused.append(error) }
      throw error
    }
    keys[message.client] = message
    transcript.add(message.serialized())
  }

  /// Ends the first phase.
  ///
  /// - Throws: ``AggregationError`` with code `tooFew`: the round is over.
  public mutating func closeKeys() throws(AggregationError) {
    try close(.keys, keys.count)
  }

  /// The keys of a client's neighbours.
  public func keyList(for client: Int) throws(AggregationError) -> KeyList {
    guard phase == .shares else { throw AggregationError(.outOfOrder, "server", "has not closed the phase of keys") }
    return KeyList(entries: try plan.neighbours(of: client).compactMap { keys[$0] })
  }

  // MARK: Phase 2: shares

  /// Takes a client's shares for its neighbours.
  public mutating func receive(_ message: ShareBundle) throws(AggregationError) {
    try enter(.shares, message.client)
    guard keys[message.client] != nil else {
      throw AggregationError(.foreign, "client \(message.client)", "advertised no keys")
    }
    try message.verify(plan)
    let receivers = try plan.neighbours(of: message.client).filter { keys[$0] != nil }
    guard message.entries.map(\.client) == receivers else {
      throw AggregationError(.malformed, "client \(message.client)", "must seal shares for each neighbour, once")
    }
    guard bundles[message.client] == nil else {
      throw AggregationError(.duplicate, "client \(message.client)", "sent its shares twice")
    }
    bundles[message.client] = message
    transcript.add(message.serialized())
  }

  /// Ends the second phase.
  public mutating func closeShares() throws(AggregationError) {
    try close(.shares, bundles.count)
    total = MaskedTotal(plan, members: Set(bundles.keys))
  }

  /// What its neighbours sealed for a client.
  public func delivery(for client: Int) throws(AggregationError) -> ShareDelivery {
    guard phase == .inputs else { throw AggregationError(.outOfOrder, "server", "has not closed the phase of shares") }
    return ShareDelivery(
      entries: try plan.neighbours(of: client).compactMap { dealer in
        guard let bundle = bundles[dealer] else { return nil }
        // Entries are sorted by receiver.
        guard let entry = bundle.entries.sortedEntry(for: client) else { return nil }
        return SealedShares(
          client: dealer, selfCommitment: entry.selfCommitment, keyCommitment: entry.keyCommitment, box: entry.box)
      })
  }

  // MARK: Phase 3: masked inputs

  /// An empty running total, of which several can be filled on several threads.
  public func makeTotal() throws(AggregationError) -> MaskedTotal {
    guard phase == .inputs else { throw AggregationError(.outOfOrder, "server", "is not in the phase of inputs") }
    return MaskedTotal(plan, members: Set(bundles.keys))
  }

  /// Takes a client's masked input.
  public mutating func receive(_ message: MaskedInput) throws(AggregationError) {
    try enter(.inputs, message.client)
    try total.add(message)
    transcript.add(message.signature)
  }

  /// Takes a total that was formed elsewhere.
  public mutating func merge(_ other: MaskedTotal) throws(AggregationError) {
    guard phase == .inputs else { throw AggregationError(.outOfOrder, "server", "is not in the phase of inputs") }
    try total.merge(other)
  }

  /// Ends the third phase and says who is in the sum.
  ///
  /// - Throws: ``AggregationError`` with code `tooFew`: the round is over and no mask is opened.
  public mutating func closeInputs() throws(AggregationError) -> SurvivorSet {
    try close(.inputs, total.roll.clients.count)
    survivors = total.contributors
    let set = SurvivorSet(survivors, of: plan.cohort)
    announced = set.statement(plan)
    transcript.add(announced)
    return set
  }

  // MARK: Phase 4: confirmations

  /// Takes a client's word on the survivors.
  public mutating func receive(_ message: SurvivorConfirmation) throws(AggregationError) {
    try enter(.confirmations, message.client)
    try plan.cohort.verify(message.signature, of: message.statement, by: message.client)
    guard total.roll.clients.contains(message.client) else {
      throw AggregationError(.foreign, "client \(message.client)", "is not a survivor")
    }
    guard message.statement == announced else {
      throw AggregationError(.equivocation, "client \(message.client)", "confirms another set of survivors")
    }
    guard confirmations.updateValue(message, forKey: message.client) == nil else {
      throw AggregationError(.duplicate, "client \(message.client)", "confirmed twice")
    }
    transcript.add(message.serialized())
  }

  /// Ends the fourth phase.
  public mutating func closeConfirmations() throws(AggregationError) {
    try close(.confirmations, max(confirmations.count, plan.shape.minimumContributors))
  }

  /// What a client's neighbours confirmed.
  public func confirmations(for client: Int) throws(AggregationError) -> ConfirmationList {
    guard phase == .reveals else {
      throw AggregationError(.outOfOrder, "server", "has not closed the phase of confirmations")
    }
    return ConfirmationList(entries: try plan.neighbours(of: client).compactMap { confirmations[$0] })
  }

  // MARK: Phase 5: shares of the masks

  /// Takes a client's shares, each checked against what its dealer committed to.
  ///
  /// - Throws: ``AggregationError``: `invalidShare` naming the sender, none of whose shares is used.
  public mutating func receive(_ message: ShareReveal) throws(AggregationError) {
    try enter(.reveals, message.client)
    try plan.cohort.verify(
      message.signature, of: ShareReveal.statement(plan, message.client, message.entries), by: message.client)
    guard confirmations[message.client] != nil else {
      throw AggregationError(.foreign, "client \(message.client)", "did not confirm the survivors")
    }
    guard revealed.insert(message.client).inserted else {
      throw AggregationError(.duplicate, "client \(message.client)", "opened its shares twice")
    }
    do { try check(message) } catch {
      accused.append(error)
      throw error
    }
    for entry in message.entries { opened[entry.dealer, default: [:]][message.client] = entry.share }
    transcript.add(message.serialized())
  }

  private func check(_ message: ShareReveal) throws(AggregationError) {
    for entry in message.entries {
      let error = AggregationError(
        .invalidShare, "client \(message.client)", "opened a share of client \(entry.dealer) that was not dealt to it")
      let wanted: ShareReveal.Kind = total.roll.clients.contains(entry.dealer) ? .selfSeed : .maskKey
      guard entry.kind == wanted, let dealt = bundles[entry.dealer]?.entries.sortedEntry(for: message.client) else {
        throw error
      }
      let commitment = SealedShares.commitment(
        plan, dealer: entry.dealer, holder: message.client, kind: entry.kind.rawValue, entry.share)
      guard SeedShares.isCanonical(entry.share),
        commitment == (entry.kind == .selfSeed ? dealt.selfCommitment : dealt.keyCommitment)
      else { throw error }
    }
  }

  /// Removes the masks and returns the sum of the survivors' values as signed integers of least magnitude.
  ///
  /// - Throws: ``AggregationError``: `tooFew` naming a client whose masks cannot be opened, so that the sum stays hidden;
  ///   `invalidShare` naming a dealer whose shares do not meet in what it committed to.
  public mutating func finish() throws(AggregationError) -> [Int64] {
    guard phase == .reveals else { throw AggregationError(.outOfOrder, "server", "has no open shares to use") }
    var sum = total.sum
    do { try unmask(&sum) } catch {
      accused.append(error)
      throw error
    }
    phase = .done
    opened = [:]
    return (0..<plan.shape.count).map { plan.shape.centred(sum[$0]) }
  }

  private mutating func enter(_ expected: Phase, _ client: Int) throws(AggregationError) {
    guard phase == expected else {
      throw AggregationError(.outOfOrder, "client \(client)", "sent a message outside its phase")
    }
  }

  private mutating func close(_ expected: Phase, _ count: Int) throws(AggregationError) {
    guard phase == expected else { throw AggregationError(.outOfOrder, "server", "is not in this phase") }
    guard count >= plan.shape.minimumContributors else {
      phase = .done
      throw AggregationError(
        .tooFew, "round \(plan.round)", "has \(count) clients left, needs \(plan.shape.minimumContributors)")
    }
    phase = Phase(rawValue: expected.rawValue + 1) ?? .done
  }
}

extension [SealedShares] {
  /// The entry of a client, by bisection.
  func sortedEntry(for client: Int) -> SealedShares? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].client < client { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low].client == client ? self[low] : nil
  }
}
