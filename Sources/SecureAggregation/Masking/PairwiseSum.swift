private import Dispatch
import Synchronization

/// A sum under pairwise masks with every party in one process: what a simulation runs and a benchmark measures.
///
/// Each round is a full run of ``MaskingClient`` and ``MaskingServer`` with fresh keys and signatures. Clients of the
/// cohort that never protect anything drop out after their shares are dealt, the costly case: their mask keys are
/// rebuilt.
public struct PairwiseSum: SecureSum, ~Copyable, Sendable {
  /// Who exchanges masks with whom.
  public enum Pairing: Sendable, Hashable {
    /// Everybody with everybody; `threshold` nil is the least that is safe when nobody colludes.
    case complete(threshold: Int? = nil)
    /// A ring lattice of neighbours (Bell et al. 2020), with a threshold from a ``MaskRule``.
    case ring(neighbours: Int, threshold: Int)
  }

  /// What is summed.
  public let shape: SumShape
  /// Who exchanges masks with whom.
  public let pairing: Pairing
  /// How many threads play the clients; the sum is the same for any number.
  public let threads: Int
  /// Bytes and seconds of each phase.
  public private(set) var phases = [
    PhaseCost("keys"), PhaseCost("shares"), PhaseCost("masked-input"), PhaseCost("confirmation"), PhaseCost("unmask"),
  ]

  private let context: [UInt8]
  private let identities = LocalIdentities()
  private var current: RoundState?
  private var opened: Set<Int> = []

  /// A protocol for rounds of the given shape.
  ///
  /// - Parameters:
  ///   - context: goes into every derived key and every signature.
  ///   - threads: how many threads play the clients in the phases before and after the masked inputs, at least 1.
  public init(_ shape: SumShape, pairing: Pairing = .complete(), context: [UInt8] = [], threads: Int = 1) {
    self.shape = shape
    self.threads = max(1, threads)
    self.pairing = pairing
    self.context = context
  }

  /// One client of a round; used by one thread at a time.
  final class Party: @unchecked Sendable {
    let holder: LocalIdentities.Holder
    var client: MaskingClient

    init(_ holder: LocalIdentities.Holder, _ plan: MaskPlan) throws {
      self.holder = holder
      client = try MaskingClient(plan, client: holder.enrolled.client)
    }
  }

  /// What all roles of a round know.
  final class RoundState: Sendable {
    let plan: MaskPlan
    let parties: [Int: Party]
    let server: Mutex<MaskingServer>
    /// Nanoseconds spent in masking, over all threads.
    let masking = Atomic<Int>(0)

    init(_ plan: MaskPlan, _ parties: [Int: Party]) {
      self.plan = plan
      self.parties = parties
      server = Mutex(MaskingServer(plan))
    }
  }

  /// Exchanges keys and shares between all clients of the cohort.
  ///
  /// - Throws: ``AggregationError``: `replayed` for a round begun before; `duplicate` for a client twice in the cohort;
  ///   `shape` or `tooFew` for a cohort that the pairing does not fit.
  public mutating func begin(round: Int, cohort: [Int]) throws {
    guard !opened.contains(round) else {
      throw AggregationError(.replayed, "round \(round)", "was summed before")
    }
    current = nil
    // Too small a cohort cannot be opened anyway, and two clients know each other's values from the sum.
    guard cohort.count >= max(3, shape.minimumContributors) else { return }
    var enrolled: [EnrolledClient] = []
    for client in cohort { enrolled.append(identities.enrolled(client)) }
    let enrollment = try Enrollment(enrolled)
    let plan = try PairwiseSum.plan(shape, round, enrollment, pairing, context)
    var parties: [Int: Party] = [:]
    for client in cohort { parties[client] = try Party(identities.holder(client), plan) }
    let state = RoundState(plan, parties)
    try exchange(state, cohort.sorted())
    current = state
  }

  private static func plan(
    _ shape: SumShape, _ round: Int, _ cohort: Enrollment, _ pairing: Pairing, _ context: [UInt8]
  ) throws -> MaskPlan {
    let count = cohort.clients.count
    if case .ring(let neighbours, let threshold) = pairing, neighbours < count {
      // All parties are in this process, so its generator is as good as a public beacon.
      return try MaskPlan(
        shape, round: round, cohort: cohort, graph: .ring(neighbours: neighbours, seed: Beacon.draw()),
        threshold: threshold, context: context)
    }
    var threshold = try MaskRule.complete(clients: count, corrupt: 0).threshold
    if case .complete(let wanted?) = pairing { threshold = wanted }
    return try MaskPlan(shape, round: round, cohort: cohort, threshold: threshold, context: context)
  }

  private mutating func exchange(_ state: RoundState, _ cohort: [Int]) throws {
    var server = MaskingServer(state.plan)
    let keyTime = try PairwiseSum.measured { seconds in
      for message in try PairwiseSum.eachParty(
        state, threads, cohort, &seconds, { try $0.client.advertise(as: $0.holder.identity) })
      {
        phases[0].uploadBytes += message.serialized().count
        try server.receive(message)
      }
      try server.closeKeys()
    }
    phases[0].seconds += keyTime
    let shareTime = try PairwiseSum.measured { seconds in
      let keyed = server
      let bundles = try PairwiseSum.eachParty(state, threads, cohort, &seconds) { party in
        let list = try keyed.keyList(for: party.client.client)
        return (list.serialized().count, try party.client.share(list, as: party.holder.identity))
      }
      for (bytes, message) in bundles {
        phases[0].downloadBytes += bytes
        phases[1].uploadBytes += message.serialized().count
        try server.receive(message)
      }
      try server.closeShares()
      let shared = server
      let received = try PairwiseSum.eachParty(state, threads, cohort, &seconds) { party in
        let delivery = try shared.delivery(for: party.client.client)
        try party.client.accept(delivery)
        return delivery.serialized().count
      }
      phases[1].downloadBytes += received.reduce(0, +)
    }
    phases[1].seconds += shareTime
    let ready = server
    state.server.withLock { $0 = ready }
  }

  /// Calls `body` for every party, on up to `threads` threads, and returns what they said in the order of `cohort`.
  ///
  /// Adds to `spare` the seconds that running side by side saved, so that phases add up as if it had not.
  private static func eachParty<Message: Sendable>(
    _ state: RoundState, _ threads: Int, _ cohort: [Int], _ spare: inout Double,
    _ body: @Sendable (Party) throws -> Message
  ) throws -> [Message] {
    let parties = cohort.compactMap { state.parties[$0] }
    let lanes = max(1, min(threads, parties.count))
    let results = Mutex<[Int: Result<Message, any Error>]>([:])
    let busy = Atomic<Int>(0)
    let clock = ContinuousClock()
    let began = clock.now
    DispatchQueue.concurrentPerform(iterations: lanes) { lane in
      let started = clock.now
      var own: [Int: Result<Message, any Error>] = [:]
      for index in stride(from: lane, to: parties.count, by: lanes) {
        own[index] = Result { try body(parties[index]) }
      }
      let found = own
      results.withLock { $0.merge(found) { first, _ in first } }
      busy.add(Int((clock.now - started).seconds * 1e9), ordering: .relaxed)
    }
    spare += Double(busy.load(ordering: .relaxed)) * 1e-9 - (clock.now - began).seconds
    let all = results.withLock { $0 }
    return try parties.indices.compactMap { try all[$0]?.get() }
  }

  /// The seconds that `body` took, and those it says were saved by running side by side.
  private static func measured(_ body: (inout Double) throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let began = clock.now
    var spare = 0.0
    try body(&spare)
    return (clock.now - began).seconds + spare
  }

  /// A client's side, for any client of the cohort.
  public func makeClient() -> Client { Client(state: current) }

  /// An empty running sum of the round that has begun.
  public func makeServer(round: Int) throws -> Server {
    guard let current else { return Server(round: round, total: nil, shape: shape) }
    guard current.plan.round == round else {
      throw AggregationError(.foreign, "round \(round)", "is not the round that has begun")
    }
    return Server(round: round, total: try current.server.withLock { try $0.makeTotal() }, shape: shape)
  }

  /// Confirms the survivors with all of them, opens the masks and returns the sum.
  public mutating func open(_ server: Server) throws -> [Int64] {
    guard let state = current, let total = server.total else {
      throw AggregationError(.tooFew, "round \(server.round)", "has fewer clients than masks need")
    }
    guard opened.insert(server.round).inserted else {
      throw AggregationError(.replayed, "round \(server.round)", "was opened before")
    }
    var own = state.server.withLock { $0 }
    current = nil
    try own.merge(total)
    phases[2].uploadBytes += total.contributors.count * MaskedInput.byteCount(shape)
    phases[2].seconds += Double(state.masking.load(ordering: .relaxed)) * 1e-9
    var sum: [Int64] = []
    let confirmationTime = try PairwiseSum.measured { seconds in
      let set = try own.closeInputs()
      let size = set.serialized().count
      let messages = try PairwiseSum.eachParty(state, threads, total.contributors, &seconds) {
        try $0.client.confirm(set, as: $0.holder.identity)
      }
      for message in messages {
        phases[3].downloadBytes += size
        phases[3].uploadBytes += message.serialized().count
        try own.receive(message)
      }
      try own.closeConfirmations()
    }
    phases[3].seconds += confirmationTime
    let unmaskTime = try PairwiseSum.measured { seconds in
      let confirmed = own
      let messages = try PairwiseSum.eachParty(state, threads, total.contributors, &seconds) { party in
        let list = try confirmed.confirmations(for: party.client.client)
        return (list.serialized().count, try party.client.reveal(list, as: party.holder.identity))
      }
      for (bytes, message) in messages {
        phases[4].downloadBytes += bytes
        phases[4].uploadBytes += message.serialized().count
        try own.receive(message)
      }
      sum = try own.finish()
    }
    phases[4].seconds += unmaskTime
    return sum
  }

  /// The client's side: one mask a client and round.
  public struct Client: SecureSumClient {
    let state: RoundState?

    /// Reduces the values modulo 2^ringBits and masks them.
    ///
    /// - Throws: ``AggregationError``: `foreign` for a client outside the cohort; `outOfOrder` for a second input.
    public mutating func protect(_ values: [Int64], client: Int, round: Int) throws -> MaskedInput {
      guard let state, state.plan.round == round, let party = state.parties[client] else {
        throw AggregationError(.foreign, "client \(client)", "is not in the cohort of round \(round)")
      }
      let clock = ContinuousClock()
      let began = clock.now
      let input = try party.client.mask(values, as: party.holder.identity)
      state.masking.add(Int((clock.now - began).seconds * 1e9), ordering: .relaxed)
      return input
    }

    /// The bytes of the message.
    public func wireBytes(_ contribution: MaskedInput) -> Int { contribution.payload.count + 85 }
  }

  /// The server's side: a running total of masked residues.
  public struct Server: SecureSumServer {
    let round: Int
    var total: MaskedTotal?
    let shape: SumShape

    /// Adds one client's masked residues.
    public mutating func add(_ contribution: MaskedInput) throws {
      guard total != nil else {
        throw AggregationError(.tooFew, "round \(round)", "has fewer clients than masks need")
      }
      try total?.add(contribution)
    }

    /// Adds another running sum.
    public mutating func merge(_ other: Server) throws {
      guard let theirs = other.total else { return }
      try total?.merge(theirs)
    }

    /// Who contributed, in increasing order.
    public var contributors: [Int] { total?.contributors ?? [] }
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
