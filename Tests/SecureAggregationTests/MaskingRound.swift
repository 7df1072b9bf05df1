import SecureAggregation
import SecureRandom
import Testing

/// When a client of a test falls silent.
enum Leaving: Int, CaseIterable {
  case beforeKeys, beforeShares, beforeInput, beforeConfirmation, beforeReveal, never
}

/// A whole cohort in one process, for tests: real clients, a real server, every message through its bytes.
final class MaskingRound {
  final class Party {
    let identity: ClientIdentity
    var client: MaskingClient?
    init(_ identity: consuming ClientIdentity) { self.identity = identity }
  }

  let plan: MaskPlan
  var parties: [Int: Party] = [:]
  var server: MaskingServer
  let numbers: [Int]

  init(
    clients: Int, count: Int = 3, bits: Int = 20, least: Int = 2, threshold: Int? = nil,
    graph: MaskGraph.Form = .complete, round: Int = 1, context: [UInt8] = []
  ) throws {
    // Numbers with gaps, so that nothing can confuse a number with a position.
    numbers = (0..<clients).map { 3 * $0 + 2 }
    for number in numbers { parties[number] = Party(ClientIdentity(client: number)) }
    var enrolled: [EnrolledClient] = []
    for party in parties.values { enrolled.append(party.identity.enrolled) }
    let shape = try SumShape(
      count: count, ringBits: bits, maximumContributors: clients, minimumContributors: least)
    plan = try MaskPlan(
      shape, round: round, cohort: Enrollment(enrolled), graph: graph, threshold: threshold ?? (clients / 2 + 1),
      context: context)
    server = MaskingServer(plan)
    for number in numbers { parties[number]?.client = try MaskingClient(plan, client: number) }
  }

  /// Calls `body` with a client and its identity.
  func with<Result>(
    _ number: Int, _ body: (inout MaskingClient, borrowing ClientIdentity) throws -> Result
  ) throws -> Result {
    let party = try #require(parties[number])
    guard var client = party.client.take() else { throw AggregationError(.foreign, "client \(number)", "is gone") }
    do {
      let result = try body(&client, party.identity)
      party.client = consume client
      return result
    } catch {
      party.client = consume client
      throw error
    }
  }

  func keys(_ who: [Int]) throws {
    for number in who {
      let message = try with(number) { client, identity in try client.advertise(as: identity) }
      try server.receive(KeyAdvertisement(parsing: message.serialized()))
    }
    try server.closeKeys()
  }

  func shares(_ who: [Int]) throws {
    for number in who {
      let list = try KeyList(parsing: server.keyList(for: number).serialized())
      let message = try with(number) { client, identity in try client.share(list, as: identity) }
      try server.receive(ShareBundle(parsing: message.serialized()))
    }
    try server.closeShares()
  }

  func accept(_ who: [Int]) throws {
    for number in who {
      let delivery = try ShareDelivery(parsing: server.delivery(for: number).serialized())
      try with(number) { client, _ in try client.accept(delivery) }
    }
  }

  func inputs(_ who: [Int], _ values: [Int: [Int64]]) throws -> SurvivorSet {
    for number in who {
      let own = try #require(values[number])
      let message = try with(number) { client, identity in try client.mask(own, as: identity) }
      try server.receive(MaskedInput(parsing: message.serialized()))
    }
    return try SurvivorSet(parsing: server.closeInputs().serialized())
  }

  func confirm(_ who: [Int], _ set: SurvivorSet) throws {
    for number in who {
      let message = try with(number) { client, identity in try client.confirm(set, as: identity) }
      try server.receive(SurvivorConfirmation(parsing: message.serialized()))
    }
    try server.closeConfirmations()
  }

  func reveal(_ who: [Int]) throws {
    for number in who {
      let list = try ConfirmationList(parsing: server.confirmations(for: number).serialized())
      let message = try with(number) { client, identity in try client.reveal(list, as: identity) }
      try server.receive(ShareReveal(parsing: message.serialized()))
    }
  }

  /// Plays all phases; clients leave as told.
  func play(_ values: [Int: [Int64]], leaving: [Int: Leaving] = [:]) throws -> [Int64] {
    func present(_ phase: Leaving) -> [Int] {
      numbers.filter { (leaving[$0] ?? .never).rawValue > phase.rawValue }
    }
    try keys(present(.beforeKeys))
    try shares(present(.beforeShares))
    let online = present(.beforeInput)
    try accept(online)
    let set = try inputs(online, values)
    try confirm(present(.beforeConfirmation), set)
    try reveal(present(.beforeReveal))
    return try server.finish()
  }

  /// Values that stay within the ring when all are added.
  func randomValues(_ generator: inout SimulationGenerator) -> [Int: [Int64]] {
    var values: [Int: [Int64]] = [:]
    for number in numbers {
      values[number] = (0..<plan.shape.count).map { _ in Int64(generator.uniform(below: 2_001)) - 1_000 }
    }
    return values
  }

  static func plainSum(_ values: [Int: [Int64]], _ who: [Int], count: Int) -> [Int64] {
    (0..<count).map { index in who.reduce(Int64(0)) { $0 + (values[$1]?[index] ?? 0) } }
  }
}

/// The code of a refusal.
func code(_ error: any Error) -> AggregationError.Code? { (error as? AggregationError)?.code }
