import SecureAggregation
import SecureRandom
import Testing

/// What a corrupt party can do to a masked sum, and who is named for it.
@Suite struct MaskedMaliceTests {
  static func values(_ round: MaskingRound) -> [Int: [Int64]] {
    var values: [Int: [Int64]] = [:]
    for number in round.numbers { values[number] = (0..<round.plan.shape.count).map { Int64(number + $0) } }
    return values
  }

  /// A round of six in which all keys and shares are exchanged.
  static func ready(round number: Int = 1, threshold: Int = 3) throws -> MaskingRound {
    let round = try MaskingRound(clients: 6, least: 4, threshold: threshold, round: number)
    try round.keys(round.numbers)
    try round.shares(round.numbers)
    try round.accept(round.numbers)
    return round
  }

  @Test func `a vector of the wrong length is refused by its client, and by the server, which names the sender`() throws
  {
    let round = try Self.ready()
    #expect(
      performing: { try round.with(2) { client, identity in _ = try client.mask([1, 2], as: identity) } },
      throws: { code($0) == .malformed })
    let party = try #require(round.parties[5])
    let short = try MaskedInput(payload: [1, 2, 3], for: round.plan, as: party.identity)
    #expect(
      performing: { try round.server.receive(short) },
      throws: { code($0) == .malformed && "\($0)".contains("client 5") })
  }

  @Test func `bits after the last residue are refused`() throws {
    let round = try Self.ready()
    let party = try #require(round.parties[5])
    // Three residues of 20 bits end in four unused bits.
    let loose = try MaskedInput(payload: [UInt8](repeating: 255, count: 8), for: round.plan, as: party.identity)
    #expect(performing: { try round.server.receive(loose) }, throws: { code($0) == .malformed })
    let tight = try MaskedInput(payload: [UInt8](repeating: 255, count: 7) + [15], for: round.plan, as: party.identity)
    try round.server.receive(tight)
  }

  @Test func `values outside the ring are reduced and move the sum by a multiple of the modulus only`() throws {
    let round = try MaskingRound(clients: 3, count: 2, least: 2, threshold: 2)
    let modulus = Int64(1) << 20
    let sum = try round.play([2: [modulus + 7, -modulus], 5: [3 * modulus, 5], 8: [1, -9]])
    #expect(sum == [8, -4])
  }

  @Test func `a client that signs two different keys is named as equivocating`() throws {
    let round = try MaskingRound(clients: 4, threshold: 2)
    let party = try #require(round.parties[2])
    var one = try MaskingClient(round.plan, client: 2)
    var two = try MaskingClient(round.plan, client: 2)
    try round.server.receive(one.advertise(as: party.identity))
    let second = try two.advertise(as: party.identity)
    #expect(
      performing: { try round.server.receive(second) },
      throws: { code($0) == .equivocation && "\($0)".contains("client 2") })
    #expect(round.server.accused.map(\.code) == [.equivocation])
  }

  @Test func `keys that the server puts in a client's mouth are refused by the receiver`() throws {
    let round = try MaskingRound(clients: 4, threshold: 2)
    let other = try MaskingRound(clients: 4, threshold: 2)
    try round.keys(round.numbers)
    try other.keys(other.numbers)
    // The other round has the same numbers with other identities.
    let list = try other.server.keyList(for: 2)
    #expect(
      performing: { try round.with(2) { client, identity in _ = try client.share(list, as: identity) } },
      throws: { code($0) == .forged && "\($0)".contains("client 5") })
  }

  @Test func `a sealed share that does not open names its dealer`() throws {
    let round = try MaskingRound(clients: 4, threshold: 2)
    try round.keys(round.numbers)
    try round.shares(round.numbers)
    var bytes = try round.server.delivery(for: 2).serialized()
    bytes[bytes.count - 1] ^= 1
    let bad = try ShareDelivery(parsing: bytes)
    #expect(
      performing: { try round.with(2) { client, _ in try client.accept(bad) } },
      throws: { code($0) == .invalidShare && "\($0)".contains("client 11") })
  }

  @Test func `a share that fails its commitment names the holder, and the others still open the sum`() throws {
    let round = try Self.ready()
    let values = Self.values(round)
    let set = try round.inputs(Array(round.numbers.dropLast()), values)
    let survivors = Array(round.numbers.dropLast())
    try round.confirm(survivors, set)
    try round.reveal(Array(survivors.dropFirst()))
    let list = try round.server.confirmations(for: 2)
    let honest = try round.with(2) { client, identity in try client.reveal(list, as: identity) }
    let party = try #require(round.parties[2])
    let bad = try honest.corrupted(for: round.plan, as: party.identity)
    #expect(
      performing: { try round.server.receive(bad) },
      throws: { code($0) == .invalidShare && "\($0)".contains("client 2:") })
    #expect(round.server.accused.map(\.subject) == ["client 2"])
    #expect(try round.server.finish() == MaskingRound.plainSum(values, survivors, count: 3))
  }

  @Test func `a server that asks one client for two survivor sets gets an answer to the first only`() throws {
    let round = try Self.ready()
    _ = try round.inputs(round.numbers, Self.values(round))
    let all = SurvivorSet(round.numbers, of: round.plan.cohort)
    let fewer = SurvivorSet(round.numbers.dropLast(), of: round.plan.cohort)
    try round.with(2) { client, identity in _ = try client.confirm(all, as: identity) }
    #expect(
      performing: { try round.with(2) { client, identity in _ = try client.confirm(fewer, as: identity) } },
      throws: { code($0) == .equivocation && "\($0)".contains("server") })
  }

  @Test func `a server that shows different survivor sets to different clients opens no share`() throws {
    let round = try Self.ready()
    _ = try round.inputs(round.numbers, Self.values(round))
    let all = SurvivorSet(round.numbers, of: round.plan.cohort)
    let fewer = SurvivorSet(round.numbers.dropLast(), of: round.plan.cohort)
    var entries: [SurvivorConfirmation] = []
    for (index, number) in round.numbers.dropLast().enumerated() {
      entries.append(
        try round.with(number) { client, identity in
          try client.confirm(index % 2 == 0 ? all : fewer, as: identity)
        })
    }
    for number in round.numbers.dropLast() {
      // Everything the clients signed: the two sets contradict each other.
      let mixed = ConfirmationList(collecting: entries.filter { $0.client != number })
      #expect(
        performing: { try round.with(number) { client, identity in _ = try client.reveal(mixed, as: identity) } },
        throws: { code($0) == .equivocation })
      // Only what agrees with this client's set: too few.
      let index = try #require(round.numbers.firstIndex(of: number))
      let agreeing = ConfirmationList(
        collecting: entries.enumerated().filter { $0.offset % 2 == index % 2 && $0.offset != index }.map(\.element))
      #expect(
        performing: { try round.with(number) { client, identity in _ = try client.reveal(agreeing, as: identity) } },
        throws: { code($0) == .tooFew })
    }
  }

  @Test func `a client that the set leaves out does not answer`() throws {
    let round = try Self.ready()
    _ = try round.inputs(round.numbers, Self.values(round))
    let fewer = SurvivorSet(round.numbers.dropFirst(), of: round.plan.cohort)
    #expect(
      performing: { try round.with(2) { client, identity in _ = try client.confirm(fewer, as: identity) } },
      throws: { code($0) == .foreign })
  }

  @Test func `fewer survivors than promised are confirmed by nobody`() throws {
    let round = try Self.ready()
    _ = try round.inputs(round.numbers, Self.values(round))
    let three = SurvivorSet(round.numbers.prefix(3), of: round.plan.cohort)
    #expect(
      performing: { try round.with(2) { client, identity in _ = try client.confirm(three, as: identity) } },
      throws: { code($0) == .tooFew })
    let lost = try Self.ready()
    #expect(
      performing: { _ = try lost.inputs(Array(lost.numbers.prefix(3)), Self.values(lost)) },
      throws: { code($0) == .tooFew })
  }

  @Test func `replays, strangers, other rounds and messages out of order are refused by name`() throws {
    let round = try Self.ready()
    let other = try Self.ready(round: 2)
    let values = Self.values(round)
    let own = try #require(values[2])
    let input = try round.with(2) { client, identity in try client.mask(own, as: identity) }
    try round.server.receive(input)
    #expect(
      performing: { try round.server.receive(input) },
      throws: { code($0) == .duplicate && "\($0)".contains("client 2") })
    // The same bytes in another round carry no valid signature there.
    #expect(performing: { try other.server.receive(input) }, throws: { code($0) == .forged })
    let stranger = try MaskedInput(payload: input.payload, for: round.plan, as: ClientIdentity(client: 4))
    #expect(
      performing: { try round.server.receive(stranger) },
      throws: { code($0) == .foreign && "\($0)".contains("client 4") })
    #expect(
      performing: { try round.with(2) { client, identity in _ = try client.mask(own, as: identity) } },
      throws: { code($0) == .outOfOrder })
    #expect(
      performing: { try round.with(5) { client, identity in _ = try client.advertise(as: identity) } },
      throws: { code($0) == .outOfOrder })
    _ = try round.inputs(Array(round.numbers.dropFirst().dropLast()), values)
    let late = try round.with(17) { client, identity in try client.mask(own, as: identity) }
    #expect(
      performing: { try round.server.receive(late) },
      throws: { code($0) == .outOfOrder && "\($0)".contains("client 17") })
  }

  @Test func `the context is part of every key, so clients of different models do not sum`() throws {
    let one = try MaskingRound(clients: 3, threshold: 2, context: [1])
    #expect(try one.plan.digest != MaskingRound(clients: 3, threshold: 2, context: [2]).plan.digest)
  }

  @Test func `parties of one exchange agree on what was said, and disagree once it was not`() throws {
    let round = try Self.ready()
    let before = round.server.transcript
    _ = try round.inputs(round.numbers, Self.values(round))
    #expect(round.server.transcript != before)
  }
}
