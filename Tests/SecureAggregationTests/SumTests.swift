import Paillier
import SecureAggregation
import SecureRandom
import Testing

@Suite struct SumTests {
  static func shape(_ count: Int = 5, bits: Int = 12, most: Int = 9, least: Int = 1) throws -> SumShape {
    try SumShape(count: count, ringBits: bits, maximumContributors: most, minimumContributors: least)
  }

  /// Sums vectors through any protocol, split over two servers that are merged.
  static func sum<Sum: SecureSum & ~Copyable>(
    _ vectors: [[Int64]], _ protocolled: inout Sum, round: Int = 1
  ) throws -> [Int64] {
    var client = try protocolled.makeClient()
    var first = try protocolled.makeServer(round: round)
    var second = try protocolled.makeServer(round: round)
    for (number, vector) in vectors.enumerated() {
      let contribution = try client.protect(vector, client: number, round: round)
      if number % 3 == 0 { try first.add(contribution) } else { try second.add(contribution) }
    }
    try first.merge(second)
    #expect(first.contributors == Array(vectors.indices))
    return try protocolled.open(first)
  }

  static func smallKey() throws -> PaillierPrivateKey { try .generate(.insecure(bits: 512)) }

  @Test func `a sum that fits its ring is the integer sum, in the clear and encrypted`() throws {
    var generator = SimulationGenerator(seed: 3, stream: "sums")
    var sealed = try PaillierSum(Self.shape(7, bits: 14), key: Self.smallKey())
    var open = PlainSum(insecurelyShaped: try Self.shape(7, bits: 14))
    for round in 1...4 {
      let clients = 1 + generator.uniform(below: 9)
      let vectors = (0..<clients).map { _ in (0..<7).map { _ in Int64(generator.uniform(below: 1_801)) - 900 } }
      let expected = (0..<7).map { index in vectors.reduce(Int64(0)) { $0 + $1[index] } }
      let sum1 = try Self.sum(vectors, &open, round: round)
      #expect(sum1 == expected)
      let sum2 = try Self.sum(vectors, &sealed, round: round)
      #expect(sum2 == expected)
    }
  }

  @Test func `values of any size are reduced alike, so noise never leaves its slot`() throws {
    let vectors: [[Int64]] = [
      [.max, .min, 2047, -2048, 2048], [1, -1, 1, -1, 0], [1 << 40, -(1 << 40), 5_000, -5_000, 2048],
    ]
    var sealed = try PaillierSum(Self.shape(), key: Self.smallKey())
    var open = PlainSum(insecurelyShaped: try Self.shape())
    let sum = try Self.sum(vectors, &open)
    let sum3 = try Self.sum(vectors, &sealed)
    #expect(sum3 == sum)
    #expect(sum == [0, -1, 7_048, -7_049, 0].map { Self.wrap($0) })
  }

  /// The representative in −2048 ..< 2048, by repeated addition.
  static func wrap(_ value: Int64) -> Int64 {
    var value = value
    while value >= 2048 { value -= 4096 }
    while value < -2048 { value += 4096 }
    return value
  }

  @Test func `fewer contributors than the minimum are never opened`() throws {
    var open = PlainSum(insecurelyShaped: try Self.shape(least: 4))
    var sealed = try PaillierSum(Self.shape(least: 4), key: Self.smallKey())
    let three = [[Int64]](repeating: [1, 2, 3, 4, 5], count: 3)
    #expect(performing: { _ = try Self.sum(three, &open) }, throws: { ($0 as? AggregationError)?.code == .tooFew })
    #expect(performing: { _ = try Self.sum(three, &sealed) }, throws: { ($0 as? AggregationError)?.code == .tooFew })
    let four = three + [[0, 0, 0, 0, 0]]
    let sum4 = try Self.sum(four, &open)
    #expect(sum4 == [3, 6, 9, 12, 15])
    let sum5 = try Self.sum(four, &sealed)
    #expect(sum5 == [3, 6, 9, 12, 15])
  }

  @Test func `a round is opened once`() throws {
    var sealed = try PaillierSum(Self.shape(), key: Self.smallKey())
    var open = PlainSum(insecurelyShaped: try Self.shape())
    let vectors: [[Int64]] = [[1, 1, 1, 1, 1], [2, 2, 2, 2, 2]]
    _ = try Self.sum(vectors, &sealed)
    _ = try Self.sum(vectors, &open)
    #expect(
      performing: { _ = try Self.sum(vectors, &sealed) }, throws: { ($0 as? AggregationError)?.code == .replayed })
    #expect(performing: { _ = try Self.sum(vectors, &open) }, throws: { ($0 as? AggregationError)?.code == .replayed })
  }

  @Test func `a client that contributes twice, or to another round, is refused by name and leaves no trace`() throws {
    var sealed = try PaillierSum(Self.shape(), key: Self.smallKey())
    var client = sealed.makeClient()
    var server = sealed.makeServer(round: 3)
    let once = try client.protect([1, 2, 3, 4, 5], client: 6, round: 3)
    try server.add(once)
    #expect(
      performing: { try server.add(once) },
      throws: {
        ($0 as? AggregationError)?.code == .duplicate && "\($0)".contains("client 6")
      })
    let late = try client.protect([1, 2, 3, 4, 5], client: 7, round: 2)
    #expect(performing: { try server.add(late) }, throws: { ($0 as? AggregationError)?.code == .foreign })
    let sum6 = try sealed.open(server)
    #expect(sum6 == [1, 2, 3, 4, 5])
  }

  @Test func `ciphertexts of another key are refused`() throws {
    let sealed = try PaillierSum(Self.shape(), key: Self.smallKey())
    let other = try PaillierSum(Self.shape(), key: Self.smallKey())
    var stranger = other.makeClient()
    var server = sealed.makeServer(round: 1)
    let contribution = try stranger.protect([1, 2, 3, 4, 5], client: 0, round: 1)
    #expect(performing: { try server.add(contribution) }, throws: { ($0 as? AggregationError)?.code == .malformed })
  }

  @Test func `a full round refuses one more`() throws {
    let shape = try Self.shape(most: 2)
    let open = PlainSum(insecurelyShaped: shape)
    var client = open.makeClient()
    var server = open.makeServer(round: 1)
    for number in 0..<2 { try server.add(client.protect([0, 0, 0, 0, 0], client: number, round: 1)) }
    let third = try client.protect([0, 0, 0, 0, 0], client: 2, round: 1)
    #expect(performing: { try server.add(third) }, throws: { ($0 as? AggregationError)?.code == .tooMany })
  }

  @Test func `the smallest ring holds the bound and no smaller one does`() throws {
    for bound in [1, 2, 3, 127, 128, 1 << 30, (1 << 61) - 1] as [Int64] {
      let bits = try SumShape.ringBits(holding: bound)
      let shape = try SumShape(count: 1, ringBits: bits, maximumContributors: 1)
      #expect(shape.centred(shape.residue(bound)) == bound)
      #expect(shape.centred(shape.residue(-bound)) == -bound)
      if bits > 2 {
        let narrow = try SumShape(count: 1, ringBits: bits - 1, maximumContributors: 1)
        #expect(narrow.centred(narrow.residue(bound)) != bound)
      }
    }
  }
}
