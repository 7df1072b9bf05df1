import SecureAggregation
import SecureRandom
import Testing

@Suite struct MaskGraphTests {
  static func cohort(_ count: Int) throws -> Enrollment {
    try Enrollment((0..<count).map { ClientIdentity(client: $0).enrolled })
  }

  @Test func `neighbours are mutual, distinct and as many as asked for`() throws {
    let cohort = try Self.cohort(31)
    for neighbours in [2, 8, 30] {
      let graph = try MaskGraph(.ring(neighbours: neighbours, seed: Beacon.draw()), over: cohort)
      for position in 0..<31 {
        let around = graph.neighbours(of: position)
        #expect(Set(around).count == neighbours && !around.contains(position))
        for other in around { #expect(graph.neighbours(of: other).contains(position)) }
      }
    }
  }

  @Test func `the order is a function of the seed and the cohort and of nothing else`() throws {
    let cohort = try Self.cohort(40)
    let seed = Beacon.draw()
    let one = try MaskGraph(.ring(neighbours: 6, seed: seed), over: cohort)
    let two = try MaskGraph(.ring(neighbours: 6, seed: seed), over: cohort)
    #expect(one == two)
    // Equal with probability below 40!/80 ways of turning a circle: never.
    #expect(try one != MaskGraph(.ring(neighbours: 6, seed: Beacon.draw()), over: cohort))
  }

  /// The claim the threshold rests on, by brute force on a small circle: whatever clients are missing, a part cut off
  /// from the rest contains somebody with at most k/2 neighbours in it.
  @Test func `every part that is cut off has a member with at most half of its neighbours`() throws {
    let count = 11
    let cohort = try Self.cohort(count)
    for neighbours in [2, 4, 6] {
      let graph = try MaskGraph(.ring(neighbours: neighbours, seed: Beacon.draw()), over: cohort)
      let around = (0..<count).map { Set(graph.neighbours(of: $0)) }
      for pattern in 1..<(1 << count) {
        let present = Set((0..<count).filter { pattern >> $0 & 1 == 1 })
        guard let start = present.min() else { continue }
        var part: Set<Int> = [start]
        var frontier = [start]
        while let next = frontier.popLast() {
          for other in around[next] where present.contains(other) && part.insert(other).inserted {
            frontier.append(other)
          }
        }
        guard part.count < present.count else { continue }
        #expect(part.contains { around[$0].intersection(part).count <= neighbours / 2 })
      }
    }
  }

  @Test func `a rule keeps its inequalities and asks for more as it promises more`() throws {
    let easy = try MaskRule.ring(clients: 1_000, corrupt: 0, dropped: 50)
    let lossy = try MaskRule.ring(clients: 1_000, corrupt: 0, dropped: 300)
    let hostile = try MaskRule.ring(clients: 1_000, corrupt: 100, dropped: 50)
    for rule in [easy, lossy, hostile] {
      #expect(rule.threshold > rule.neighbours / 2 + rule.corruptNeighbours)
      #expect(rule.lostNeighbours == rule.neighbours - rule.threshold)
    }
    #expect(easy.neighbours < lossy.neighbours && easy.neighbours < hostile.neighbours)
    #expect(try MaskRule.ring(clients: 1_000, corrupt: 0, dropped: 100, global: true).agreesGlobally)
    #expect(performing: { _ = try MaskRule.ring(clients: 10, corrupt: 5, dropped: 4) }, throws: { code($0) == .shape })
    // Neighbours grow much more slowly than clients.
    let many = try MaskRule.ring(clients: 16_000, corrupt: 0, dropped: 800)
    #expect(many.neighbours < 2 * easy.neighbours)
    let all = try MaskRule.complete(clients: 100, corrupt: 33)
    #expect(2 * all.threshold > 99 + 33 && all.threshold <= 67)
  }

  /// The hypergeometric tails by counting: dropouts drawn at random exceed the bound about as seldom as promised.
  @Test func `random dropouts stay within the losses of the rule`() throws {
    // At 2^−20 a round, 200 rounds fail with probability 2e-4; at 2^−40 with 2e-10, below the 1e-9 of a test.
    let rule = try MaskRule.ring(clients: 300, corrupt: 0, dropped: 60, correctness: 40)
    var generator = SimulationGenerator(seed: 5, stream: "losses")
    let cohort = try Self.cohort(300)
    let graph = try MaskGraph(.ring(neighbours: rule.neighbours, seed: Beacon.draw()), over: cohort)
    for _ in 0..<200 {
      var order = Array(0..<300)
      generator.shuffle(&order)
      let dropped = Set(order.prefix(60))
      for client in 0..<300 {
        #expect(graph.neighbours(of: client).filter { dropped.contains($0) }.count <= rule.lostNeighbours)
      }
    }
  }

  @Test func `a beacon needs every part that was committed to`() throws {
    let parts = [3: Beacon.draw(), 5: Beacon.draw()]
    var commitments: [Int: [UInt8]] = [:]
    for (party, part) in parts { commitments[party] = Beacon.commitment(part, of: party) }
    #expect(try Beacon.combine(commitments: commitments, openings: parts).count == 32)
    #expect(
      performing: { _ = try Beacon.combine(commitments: commitments, openings: [3: parts[3] ?? []]) },
      throws: { code($0) == .forged && "\($0)".contains("client 5") })
    #expect(
      performing: {
        _ = try Beacon.combine(commitments: commitments, openings: [3: parts[5] ?? [], 5: parts[3] ?? []])
      }, throws: { code($0) == .forged })
  }
}
