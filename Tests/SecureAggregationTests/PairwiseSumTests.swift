import SecureAggregation
import SecureRandom
import Testing

@Suite struct PairwiseSumTests {
  static func run(
    _ sum: inout PairwiseSum, round: Int, cohort: [Int], present: [Int], seed: UInt64
  ) throws -> (masked: [Int64], plain: [Int64]) {
    var generator = SimulationGenerator(seed: seed, stream: "values").substream(round)
    let shape = sum.shape
    try sum.begin(round: round, cohort: cohort)
    var client = sum.makeClient()
    var first = try sum.makeServer(round: round)
    var second = try sum.makeServer(round: round)
    var expected = [Int64](repeating: 0, count: shape.count)
    for (index, number) in present.enumerated() {
      let values = (0..<shape.count).map { _ in Int64(generator.uniform(below: 20_001)) - 10_000 }
      for place in expected.indices { expected[place] += values[place] }
      let input = try client.protect(values, client: number, round: round)
      if index % 2 == 0 { try first.add(input) } else { try second.add(input) }
    }
    try first.merge(second)
    #expect(first.contributors == present.sorted())
    return (try sum.open(first), expected)
  }

  @Test func `a thousand clients on a ring, some of them lost, give the plain sum`() throws {
    let shape = try SumShape(count: 20, ringBits: 32, maximumContributors: 1_000, minimumContributors: 500)
    // 20 of 1,000 drop out; a client of 24 neighbours can lose 11 of them: by the union bound over clients and sets of
    // 12 neighbours the round fails with probability below 1,000 · C(24, 12) · 0.02^12 < 2e-11.
    var sum = PairwiseSum(shape, pairing: .ring(neighbours: 24, threshold: 13))
    var generator = SimulationGenerator(seed: 8, stream: "present")
    var order = Array(0..<1_000)
    generator.shuffle(&order)
    let result = try Self.run(&sum, round: 1, cohort: Array(0..<1_000), present: Array(order.dropLast(20)), seed: 1)
    #expect(result.masked == result.plain)
    #expect(sum.phases.allSatisfy { $0.uploadBytes > 0 && $0.seconds > 0 })
  }

  @Test func `random cohorts of any size give the plain sum in narrow and wide rings`() throws {
    for bits in [20, 23, 24, 25, 32, 33, 62] {
      let shape = try SumShape(count: 9, ringBits: bits, maximumContributors: 40, minimumContributors: 2)
      var sum = PairwiseSum(shape)
      var generator = SimulationGenerator(seed: UInt64(bits), stream: "cohorts")
      for round in 1...3 {
        var order = Array(0..<100)
        generator.shuffle(&order)
        let cohort = Array(order.prefix(8 + generator.uniform(below: 12)))
        // Always enough for the threshold, half of the others.
        let present = Array(cohort.dropLast(generator.uniform(below: cohort.count / 2 - 1)))
        let result = try Self.run(&sum, round: round, cohort: cohort, present: present, seed: 2)
        #expect(result.masked == result.plain)
      }
    }
  }

  @Test func `too few clients give nothing, and a round is summed once`() throws {
    let shape = try SumShape(count: 2, ringBits: 20, maximumContributors: 9, minimumContributors: 5)
    var sum = PairwiseSum(shape)
    #expect(
      performing: { _ = try Self.run(&sum, round: 1, cohort: Array(0..<9), present: [0, 1, 2, 3], seed: 3) },
      throws: { code($0) == .tooFew })
    #expect(
      performing: { _ = try Self.run(&sum, round: 1, cohort: Array(0..<9), present: Array(0..<9), seed: 3) },
      throws: { code($0) == .replayed })
    let again = try Self.run(&sum, round: 2, cohort: Array(0..<9), present: Array(0..<9), seed: 3)
    #expect(again.masked == again.plain)
  }

  /// What the server sees of a client does not depend on its values: a smoke test of the masks, not a proof.
  ///
  /// Eight cells of 8,000 residues each; χ² with 7 degrees of freedom exceeds 60 with probability 2e-10.
  @Test(arguments: [Int64(0), 7, -4]) func `masked values are uniform for extreme values`(_ value: Int64) throws {
    let round = try MaskingRound(clients: 3, count: 8_000, bits: 3, threshold: 2)
    try round.keys(round.numbers)
    try round.shares(round.numbers)
    try round.accept(round.numbers)
    let input = try round.with(2) { client, identity in
      try client.mask([Int64](repeating: value, count: 8_000), as: identity)
    }
    var cells = [Int](repeating: 0, count: 8)
    for index in 0..<8_000 {
      var residue = 0
      for bit in 0..<3 {
        let place = 3 * index + bit
        residue |= Int(input.payload[place / 8] >> UInt8(place % 8) & 1) << bit
      }
      cells[residue] += 1
    }
    let statistic = cells.reduce(0.0) { $0 + (Double($1) - 1_000) * (Double($1) - 1_000) / 1_000 }
    #expect(statistic < 60)
  }
}
