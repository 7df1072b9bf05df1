import SecureAggregation
import Testing

/// One encoding a message, and nothing else parses.
@Suite struct MessageTests {
  /// All messages of a round, with a parser that writes them again.
  static func messages() throws -> [(String, [UInt8], ([UInt8]) throws -> [UInt8])] {
    let round = try MaskingRound(clients: 4, threshold: 2)
    var one: [(String, [UInt8], ([UInt8]) throws -> [UInt8])] = []
    let key = try round.with(2) { client, identity in try client.advertise(as: identity) }
    one.append(("key", key.serialized(), { try KeyAdvertisement(parsing: $0).serialized() }))
    try round.server.receive(key)
    try round.keys(Array(round.numbers.dropFirst()))
    let list = try round.server.keyList(for: 2)
    one.append(("list", list.serialized(), { try KeyList(parsing: $0).serialized() }))
    let bundle = try round.with(2) { client, identity in try client.share(list, as: identity) }
    one.append(("bundle", bundle.serialized(), { try ShareBundle(parsing: $0).serialized() }))
    try round.server.receive(bundle)
    try round.shares(Array(round.numbers.dropFirst()))
    one.append(
      ("delivery", try round.server.delivery(for: 2).serialized(), { try ShareDelivery(parsing: $0).serialized() }))
    try round.accept(round.numbers)
    let input = try round.with(2) { client, identity in try client.mask([1, 2, 3], as: identity) }
    one.append(("input", input.serialized(), { try MaskedInput(parsing: $0).serialized() }))
    try round.server.receive(input)
    let rest = Array(round.numbers.dropFirst())
    let set = try round.inputs(rest, [5: [0, 0, 0], 8: [0, 0, 0], 11: [0, 0, 0]])
    one.append(("set", set.serialized(), { try SurvivorSet(parsing: $0).serialized() }))
    let confirmation = try round.with(2) { client, identity in try client.confirm(set, as: identity) }
    one.append(("confirmation", confirmation.serialized(), { try SurvivorConfirmation(parsing: $0).serialized() }))
    try round.server.receive(confirmation)
    try round.confirm(rest, set)
    let confirmations = try round.server.confirmations(for: 2)
    one.append(("confirmations", confirmations.serialized(), { try ConfirmationList(parsing: $0).serialized() }))
    let reveal = try round.with(2) { client, identity in try client.reveal(confirmations, as: identity) }
    one.append(("reveal", reveal.serialized(), { try ShareReveal(parsing: $0).serialized() }))
    return one
  }

  @Test func `every message is read back to the same bytes and from no others of its length`() throws {
    let all = try Self.messages()
    for (name, bytes, reread) in all {
      #expect(try reread(bytes) == bytes, "\(name)")
      for cut in [0, 4, 5, bytes.count / 2, bytes.count - 1] {
        #expect(performing: { _ = try reread(Array(bytes.prefix(cut))) }, throws: { code($0) == .malformed })
      }
      #expect(performing: { _ = try reread(bytes + [0]) }, throws: { code($0) == .malformed })
      for place in 0..<5 {
        var other = bytes
        other[place] ^= 0x40
        #expect(performing: { _ = try reread(other) }, throws: { code($0) == .malformed })
      }
      // A flipped bit anywhere either is refused or is another message.
      for place in stride(from: 5, to: bytes.count, by: 3) {
        var other = bytes
        other[place] ^= 0x80
        if let back = try? reread(other) { #expect(back == other, "\(name) at \(place)") }
      }
    }
  }

  @Test func `no message parses as another kind`() throws {
    let all = try Self.messages()
    for (index, (_, bytes, _)) in all.enumerated() {
      for (other, (_, _, reread)) in all.enumerated() where other != index {
        #expect(performing: { _ = try reread(bytes) }, throws: { code($0) == .malformed })
      }
    }
  }
}
