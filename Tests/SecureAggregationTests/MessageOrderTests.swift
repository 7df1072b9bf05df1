import SecureAggregation
import Testing

/// Every message of the protocol against the same four abuses: sent twice, sent late, sent early, sent by a stranger.
@Suite struct MessageOrderTests {
  /// A message of a phase and how the server takes it.
  struct Step {
    let name: String
    let send: (inout MaskingServer) throws -> Void
    let stranger: (inout MaskingServer) throws -> Void
    let close: (inout MaskingServer) throws -> Void
  }

  /// All messages of client 2 in a round of four, and what client 4 of another round with the same plan would send.
  static func steps(_ round: MaskingRound) throws -> [Step] {
    let rest = Array(round.numbers.dropFirst())
    var steps: [Step] = []
    // Runs a copy of the server in step with the clients.
    var server = MaskingServer(round.plan)
    let other = try MaskingRound(clients: 4, threshold: 3)
    var closing: [(inout MaskingServer) throws -> Void] = []
    let key = try round.with(2) { client, identity in try client.advertise(as: identity) }
    let alien = try other.with(2) { client, identity in try client.advertise(as: identity) }
    var keys: [KeyAdvertisement] = [key]
    for number in rest {
      keys.append(try round.with(number) { client, identity in try client.advertise(as: identity) })
    }
    let allKeys = keys
    for message in allKeys { try server.receive(message) }
    closing.append { server in
      for message in allKeys.dropFirst() { try server.receive(message) }
      try server.closeKeys()
    }
    try server.closeKeys()
    steps.append(
      Step(name: "keys", send: { try $0.receive(key) }, stranger: { try $0.receive(alien) }, close: closing[0]))
    var bundles: [ShareBundle] = []
    for number in round.numbers {
      let list = try server.keyList(for: number)
      bundles.append(try round.with(number) { client, identity in try client.share(list, as: identity) })
    }
    let allBundles = bundles
    let alienBundle = try otherBundle()
    for message in allBundles { try server.receive(message) }
    try server.closeShares()
    steps.append(
      Step(
        name: "shares", send: { try $0.receive(allBundles[0]) }, stranger: { try $0.receive(alienBundle) },
        close: { server in
          for message in allBundles.dropFirst() { try server.receive(message) }
          try server.closeShares()
        }))
    for number in round.numbers {
      let delivery = try server.delivery(for: number)
      try round.with(number) { client, _ in try client.accept(delivery) }
    }
    var inputs: [MaskedInput] = []
    for number in round.numbers {
      inputs.append(try round.with(number) { client, identity in try client.mask([1, 2, 3], as: identity) })
    }
    let allInputs = inputs
    let alienInput = try MaskedInput(payload: inputs[0].payload, for: round.plan, as: ClientIdentity(client: 2))
    for message in allInputs { try server.receive(message) }
    let set = try server.closeInputs()
    steps.append(
      Step(
        name: "inputs", send: { try $0.receive(allInputs[0]) }, stranger: { try $0.receive(alienInput) },
        close: { server in
          for message in allInputs.dropFirst() { try server.receive(message) }
          _ = try server.closeInputs()
        }))
    var confirmations: [SurvivorConfirmation] = []
    for number in round.numbers {
      confirmations.append(try round.with(number) { client, identity in try client.confirm(set, as: identity) })
    }
    let allConfirmations = confirmations
    var alienBytes = confirmations[0].serialized()
    alienBytes[alienBytes.count - 1] ^= 1
    let alienConfirmation = try SurvivorConfirmation(parsing: alienBytes)
    for message in allConfirmations { try server.receive(message) }
    try server.closeConfirmations()
    steps.append(
      Step(
        name: "confirmations", send: { try $0.receive(allConfirmations[0]) },
        stranger: { try $0.receive(alienConfirmation) },
        close: { server in
          for message in allConfirmations.dropFirst() { try server.receive(message) }
          try server.closeConfirmations()
        }))
    let list = try server.confirmations(for: 2)
    let reveal = try round.with(2) { client, identity in try client.reveal(list, as: identity) }
    var revealBytes = reveal.serialized()
    revealBytes[revealBytes.count - 1] ^= 1
    let alienReveal = try ShareReveal(parsing: revealBytes)
    steps.append(
      Step(
        name: "reveals", send: { try $0.receive(reveal) }, stranger: { try $0.receive(alienReveal) }, close: { _ in }))
    return steps

    func otherBundle() throws -> ShareBundle {
      let fresh = try MaskingRound(clients: 4, threshold: 3)
      try fresh.keys(fresh.numbers)
      let list = try fresh.server.keyList(for: 2)
      return try fresh.with(2) { client, identity in try client.share(list, as: identity) }
    }
  }

  @Test func `every kind of message is refused twice, early, late and from somebody else, naming the client`() throws {
    let round = try MaskingRound(clients: 4, threshold: 3)
    let steps = try Self.steps(round)
    #expect(steps.count == 5)
    func refusal(_ server: MaskingServer, _ action: (inout MaskingServer) throws -> Void) -> AggregationError? {
      var copy = server
      do {
        try action(&copy)
        return nil
      } catch { return error as? AggregationError }
    }
    var server = MaskingServer(round.plan)
    for (index, step) in steps.enumerated() {
      for (place, other) in steps.enumerated() where place != index {
        let error = refusal(server, other.send)
        #expect(error?.code == .outOfOrder && error?.subject == "client 2", "\(other.name) in \(step.name)")
      }
      let forged = refusal(server, step.stranger)
      #expect(forged?.code == .forged && forged?.subject == "client 2", "\(step.name)")
      let before = server.transcript
      try step.send(&server)
      #expect(server.transcript != before)
      let again = refusal(server, step.send)
      #expect(again?.code == .duplicate && again?.subject == "client 2", "\(step.name)")
      try step.close(&server)
    }
  }

  @Test func `a dealer whose shares meet in another seed than it committed to is named, and nothing is opened`() throws
  {
    let round = try MaskingRound(clients: 4, threshold: 3)
    try round.keys(round.numbers)
    for number in round.numbers {
      let list = try round.server.keyList(for: number)
      let honest = try round.with(number) { client, identity in try client.share(list, as: identity) }
      let party = try #require(round.parties[number])
      try round.server.receive(number == 8 ? honest.corrupted(for: round.plan, as: party.identity) : honest)
    }
    try round.server.closeShares()
    try round.accept(round.numbers)
    var values: [Int: [Int64]] = [:]
    for number in round.numbers { values[number] = [1, 2, 3] }
    let set = try round.inputs(round.numbers, values)
    try round.confirm(round.numbers, set)
    try round.reveal(round.numbers)
    #expect(
      performing: { _ = try round.server.finish() },
      throws: { code($0) == .invalidShare && ($0 as? AggregationError)?.subject == "client 8" })
    #expect(round.server.accused.map(\.subject) == ["client 8"])
  }

  @Test func `a client that confirms another set than the server announced is named`() throws {
    let round = try MaskedMaliceTests.ready()
    let set = try round.inputs(round.numbers, MaskedMaliceTests.values(round))
    let fewer = SurvivorSet(round.numbers.dropLast(), of: round.plan.cohort)
    let other = try round.with(5) { client, identity in try client.confirm(fewer, as: identity) }
    #expect(
      performing: { try round.server.receive(other) },
      throws: { code($0) == .equivocation && ($0 as? AggregationError)?.subject == "client 5" })
    let right = try round.with(2) { client, identity in try client.confirm(set, as: identity) }
    try round.server.receive(right)
  }

  @Test func `a vector of the wrong length names its client in the clear, and no ciphertext vector of it parses`()
    throws
  {
    let shape = try SumShape(count: 3, ringBits: 12, maximumContributors: 4)
    let wide = PlainSum(insecurelyShaped: try SumShape(count: 4, ringBits: 12, maximumContributors: 4))
    var stranger = wide.makeClient()
    var server = PlainSum(insecurelyShaped: shape).makeServer(round: 1)
    let long = try stranger.protect([1, 2, 3, 4], client: 3, round: 1)
    #expect(
      performing: { try server.add(long) },
      throws: { code($0) == .malformed && ($0 as? AggregationError)?.subject == "client 3" })
    #expect(server.contributors.isEmpty)
  }
}
