import Foundation
import Paillier
import SecureAggregation
import Testing

@Suite struct PaillierPartiesTests {
  /// Contributions of enrolled clients to one key holder.
  struct Setting: ~Copyable {
    var holder: PaillierKeyHolder
    var client: PaillierParties.Client
    let identities: [Identity]

    final class Identity {
      let identity: ClientIdentity
      init(_ number: Int) { identity = ClientIdentity(client: number) }
    }
  }

  static func shape(least: Int = 2) throws -> SumShape {
    try SumShape(count: 6, ringBits: 14, maximumContributors: 8, minimumContributors: least)
  }

  static func setting(least: Int = 2) throws -> Setting {
    let identities = (0..<4).map { Setting.Identity($0) }
    var enrolled: [EnrolledClient] = []
    for entry in identities { enrolled.append(entry.identity.enrolled) }
    let key = try PaillierPrivateKey.generate(.insecure(bits: 512))
    let publicKey = key.publicKey
    let holder = try PaillierKeyHolder(shape(least: least), key: key, enrolled: Enrollment(enrolled))
    let client = try PaillierParties.Client(shape(least: least), publicKey)
    return Setting(holder: holder, client: client, identities: identities)
  }

  @Test func `the key holder sums what distinct enrolled clients signed, from the bytes they sent, once`() throws {
    var setting = try Self.setting()
    var contributions: [EncryptedContribution] = []
    for entry in setting.identities {
      let made = try setting.client.protect([1, -2, 3, 0, 5, 6], round: 7, as: entry.identity)
      contributions.append(try EncryptedContribution(parsing: made.serialized(), scope: setting.holder.scope))
    }
    let sum = try setting.holder.open(contributions, round: 7)
    #expect(sum == [4, -8, 12, 0, 20, 24])
    do {
      _ = try setting.holder.open(contributions, round: 7)
      Issue.record("opened twice")
    } catch { #expect(code(error) == .replayed) }
  }

  @Test func `a server that repeats, forges, relabels or leaves out contributions opens nothing`() throws {
    var setting = try Self.setting(least: 3)
    var contributions: [EncryptedContribution] = []
    for entry in setting.identities {
      contributions.append(try setting.client.protect([1, 2, 3, 4, 5, 6], round: 1, as: entry.identity))
    }
    func refusal(_ list: [EncryptedContribution], round: Int = 1) -> AggregationError.Code? {
      do {
        _ = try setting.holder.open(list, round: round)
        return nil
      } catch { return code(error) }
    }
    #expect(refusal([contributions[0], contributions[0], contributions[1]]) == .duplicate)
    #expect(refusal(Array(contributions.prefix(2))) == .tooFew)
    #expect(refusal(contributions, round: 2) == .foreign)
    let stranger = try setting.client.protect([0, 0, 0, 0, 0, 0], round: 1, as: ClientIdentity(client: 9))
    #expect(refusal([stranger] + contributions) == .foreign)
    let impostor = try setting.client.protect([0, 0, 0, 0, 0, 0], round: 1, as: ClientIdentity(client: 3))
    #expect(refusal(Array(contributions.prefix(3)) + [impostor]) == .forged)
    // The client's number lies at bytes 5 to 12, the round's behind it.
    var bytes = contributions[0].serialized()
    bytes[20] ^= 3
    let moved = try EncryptedContribution(parsing: bytes, scope: setting.holder.scope)
    #expect(refusal([moved] + contributions.dropFirst(), round: 2) == .forged)
    #expect(refusal(contributions) == nil)
  }

  @Test func `a journal keeps a round closed for the next process too, and a claim cut short was none`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "rounds-\(UUID().uuidString)").path()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let key = try PaillierPrivateKey.generate(.insecure(bits: 512))
    let secret = Array(key.exportSecretJSON().utf8)
    let identities = [ClientIdentity.enrolling(0), ClientIdentity.enrolling(1)]
    let enrollment = try Enrollment(identities.map(\.enrolled))
    let shape = try Self.shape()
    var client = try PaillierParties.Client(shape, key.publicKey)
    var rounds: [Int: [EncryptedContribution]] = [:]
    for round in 1...2 {
      for holder in identities {
        rounds[round, default: []].append(
          try client.protect([1, 2, 3, 4, 5, 6], round: round, as: holder.identity))
      }
    }
    func open(_ round: Int) throws -> [Int64] {
      let again = try PaillierPrivateKey(parsingJSON: secret, policy: .insecureAnySize)
      var holder = try PaillierKeyHolder(
        shape, key: again, enrolled: enrollment, journal: RoundJournal(path: path))
      return try holder.open(rounds[round] ?? [], round: round)
    }
    #expect(try open(1) == [2, 4, 6, 8, 10, 12])
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
    #expect(mode?.intValue == 0o600)
    // A crash in the middle of the second claim: no line end, so it was never granted.
    let line = try String(contentsOfFile: path, encoding: .utf8)
    try (line + line.dropLast(2) + "2").write(toFile: path, atomically: false, encoding: .utf8)
    #expect(try open(2) == [2, 4, 6, 8, 10, 12])
    for round in 1...2 { #expect(performing: { _ = try open(round) }, throws: { code($0) == .replayed }) }
    #expect(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count == 2)
    // Without a place to write, nothing is opened.
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    #expect(performing: { _ = try open(2) }, throws: { code($0) == .journal })
  }

  @Test func `truncated, extended and foreign ciphertexts are refused`() throws {
    var setting = try Self.setting()
    let made = try setting.client.protect([1, 2, 3, 4, 5, 6], round: 1, as: ClientIdentity(client: 0))
    let bytes = made.serialized()
    for wrong in [Array(bytes.dropLast()), bytes + [0], Array(bytes.prefix(40))] {
      do {
        _ = try EncryptedContribution(parsing: wrong, scope: setting.holder.scope)
        Issue.record("parsed")
      } catch { #expect(code(error) == .malformed) }
    }
    let other = try PaillierScope(Self.shape(), PaillierPrivateKey.generate(.insecure(bits: 512)).publicKey)
    #expect(
      performing: { _ = try EncryptedContribution(parsing: bytes, scope: other) }, throws: { code($0) == .malformed })
  }

  @Test func `any threshold of decryptors opens the plain sum, and a corrupt one is named and left out`() throws {
    let shape = try Self.shape()
    var sum = try ThresholdPaillierSum(shape, dealing: .generate(.insecure(bits: 512), threshold: 2, parties: 4))
    let vectors: [[Int64]] = [[1, 2, 3, 4, 5, 6], [-9, 8, -7, 6, -5, 4], [100, 0, 0, 0, 0, -100]]
    let expected = try SumTests.sum(vectors, &sum)
    #expect(expected == [92, 10, -4, 10, 0, -90])
    var client = sum.makeClient()
    var server = sum.makeServer(round: 2)
    for (number, vector) in vectors.enumerated() { try server.add(client.protect(vector, client: number, round: 2)) }
    let opened = try sum.open(server, corrupting: [1: { $0.corrupt() }])
    #expect(opened == expected)
    #expect(sum.accused.map(\.subject) == ["party 1"])
    #expect(
      performing: { _ = try sum.open(server) }, throws: { code($0) == .replayed })
  }

  @Test func `with too many corrupt decryptors the sum stays closed`() throws {
    var sum = try ThresholdPaillierSum(
      Self.shape(), dealing: .generate(.insecure(bits: 512), threshold: 2, parties: 3))
    var client = sum.makeClient()
    var server = sum.makeServer(round: 1)
    for number in 0..<2 { try server.add(client.protect([1, 2, 3, 4, 5, 6], client: number, round: 1)) }
    #expect(
      performing: {
        _ = try sum.open(server, corrupting: [1: { $0.corrupt() }, 3: { $0.corrupt() }])
      }, throws: { code($0) == .tooFew })
    #expect(Set(sum.accused.map(\.subject)) == ["party 1", "party 3"])
  }
}

extension PartialDecryption {
  /// Another value with the same proof.
  mutating func corrupt() { values[0][values[0].count - 1] ^= 1 }
}

extension ClientIdentity {
  /// An identity that can be an element of an array.
  final class Holder {
    let identity: ClientIdentity
    let enrolled: EnrolledClient
    init(_ identity: consuming ClientIdentity) {
      enrolled = identity.enrolled
      self.identity = identity
    }
  }

  static func enrolling(_ client: Int) -> Holder { Holder(ClientIdentity(client: client)) }
}
