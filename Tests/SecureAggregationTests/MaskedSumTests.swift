import SecureAggregation
import SecureRandom
import Testing

@Suite struct MaskedSumTests {
  /// Whether a round with these dropouts opens: everybody who speaks in a phase, and everybody whose seed is needed,
  /// has the threshold of neighbours around it.
  static func opens(_ round: MaskingRound, _ leaving: [Int: Leaving]) -> Bool {
    func present(_ phase: Leaving) -> Set<Int> {
      Set(round.numbers.filter { (leaving[$0] ?? .never).rawValue > phase.rawValue })
    }
    func around(_ client: Int) -> Set<Int> {
      let position = round.numbers.firstIndex(of: client) ?? 0
      return Set(round.plan.graph.neighbours(of: position).map { round.numbers[$0] })
    }
    let phases = [Leaving.beforeKeys, .beforeShares, .beforeInput, .beforeConfirmation, .beforeReveal].map(present)
    let threshold = round.plan.threshold
    guard phases[2].count >= round.plan.shape.minimumContributors else { return false }
    for (before, now) in zip(phases, phases.dropFirst()) {
      for client in now where around(client).intersection(before).count < threshold { return false }
    }
    for client in phases[1] {
      // A client that left before its input matters only where neighbours masked with it.
      guard phases[2].contains(client) || !around(client).isDisjoint(with: phases[2]) else { continue }
      if around(client).intersection(phases[4]).count < threshold { return false }
    }
    return true
  }

  /// Plays every combination of leaving points and compares with the plain sum.
  static func playAll(
    _ clients: Int, _ points: [Leaving], threshold: Int? = nil, ring: Int? = nil
  ) throws -> (opened: Int, closed: Int) {
    var generator = SimulationGenerator(seed: 11, stream: "patterns")
    var patterns = 1
    for _ in 0..<clients { patterns *= points.count }
    var counts = (opened: 0, closed: 0)
    for pattern in 0..<patterns {
      let graph = ring.map { MaskGraph.Form.ring(neighbours: $0, seed: Beacon.draw()) } ?? .complete
      let round = try MaskingRound(clients: clients, count: 2, least: 2, threshold: threshold, graph: graph)
      var rest = pattern
      var leaving: [Int: Leaving] = [:]
      for number in round.numbers {
        leaving[number] = points[rest % points.count]
        rest /= points.count
      }
      let values = round.randomValues(&generator)
      if opens(round, leaving) {
        let survivors = round.numbers.filter { (leaving[$0] ?? .never).rawValue > Leaving.beforeInput.rawValue }
        #expect(try round.play(values, leaving: leaving) == MaskingRound.plainSum(values, survivors, count: 2))
        counts.opened += 1
      } else {
        #expect(performing: { _ = try round.play(values, leaving: leaving) }, throws: { code($0) == .tooFew })
        counts.closed += 1
      }
    }
    return counts
  }

  /// The law of the whole protocol, by brute force: every client leaves at every point, in every combination.
  ///
  /// All six points for three and four clients, three of them for five, and for six the two that differ most.
  @Test(arguments: [3, 4, 5, 6]) func `every dropout pattern gives the plain sum of the survivors or nothing`(
    _ clients: Int
  ) throws {
    let points: [Leaving]
    switch clients {
    case 5: points = [.beforeInput, .beforeReveal, .never]
    case 6: points = [.beforeInput, .never]
    default: points = Leaving.allCases
    }
    let counts = try Self.playAll(clients, points)
    #expect(counts.opened > 0 && counts.closed > 0)
  }

  @Test func `every dropout pattern on a ring gives the plain sum of the survivors or nothing`() throws {
    for left in [Leaving.beforeInput, .beforeReveal] {
      let counts = try Self.playAll(6, [left, .never], threshold: 3, ring: 4)
      #expect(counts.opened > 0 && counts.closed > 0)
    }
  }

  @Test func `a thousand clients that leave at random points give the plain sum`() throws {
    var generator = SimulationGenerator(seed: 12, stream: "leaving")
    // 25 of 1,000 leave at any of five points; a client of 24 neighbours can lose 11: by the union bound over clients and
    // sets of 12 neighbours the round fails with probability below 1,000 · C(24, 12) · 0.025^12 < 2e-10.
    let round = try MaskingRound(
      clients: 1_000, count: 4, bits: 32, least: 500, threshold: 13,
      graph: .ring(neighbours: 24, seed: Beacon.draw()))
    var order = round.numbers
    generator.shuffle(&order)
    var leaving: [Int: Leaving] = [:]
    for (index, number) in order.prefix(25).enumerated() { leaving[number] = Leaving.allCases[index % 5] }
    let values = round.randomValues(&generator)
    let survivors = round.numbers.filter { (leaving[$0] ?? .never).rawValue > Leaving.beforeInput.rawValue }
    #expect(try round.play(values, leaving: leaving) == MaskingRound.plainSum(values, survivors, count: 4))
  }

  /// Random dropouts against everybody's masks, at every phase.
  @Test func `sixty clients that all share masks and leave at random give the plain sum or nothing`() throws {
    var generator = SimulationGenerator(seed: 13, stream: "leaving")
    for lost in [5, 20, 26, 34] {
      let round = try MaskingRound(clients: 60, count: 3, least: 10)
      var order = round.numbers
      generator.shuffle(&order)
      var leaving: [Int: Leaving] = [:]
      for number in order.prefix(lost) { leaving[number] = Leaving.allCases[generator.uniform(below: 5)] }
      let values = round.randomValues(&generator)
      if Self.opens(round, leaving) {
        let survivors = round.numbers.filter { (leaving[$0] ?? .never).rawValue > Leaving.beforeInput.rawValue }
        #expect(try round.play(values, leaving: leaving) == MaskingRound.plainSum(values, survivors, count: 3))
        #expect(lost < 30)
      } else {
        #expect(performing: { _ = try round.play(values, leaving: leaving) }, throws: { code($0) == .tooFew })
        #expect(lost > 30)
      }
    }
  }

  /// Everything a server holds when a round is abandoned, at the last phase with one share too few: χ² of eight cells
  /// of 8,000 residues exceeds 60 with probability 2e-10.
  @Test(arguments: [Int64(0), 3]) func `an abandoned round leaves the server a uniform total and too few shares`(
    _ value: Int64
  ) throws {
    for silent in [Leaving.beforeInput, .beforeConfirmation, .beforeReveal] {
      let round = try MaskingRound(clients: 5, count: 8_000, bits: 3, least: 4, threshold: 4)
      var values: [Int: [Int64]] = [:]
      for number in round.numbers { values[number] = [Int64](repeating: value, count: 8_000) }
      // Two leave at that point, so that three are left where four are needed.
      let leaving = [round.numbers[1]: silent, round.numbers[4]: silent]
      #expect(performing: { _ = try round.play(values, leaving: leaving) }, throws: { code($0) == .tooFew })
      let held = round.server.holdings
      #expect(held.shares.values.allSatisfy { $0 < round.plan.threshold })
      // A share of a survivor's seed was given in the last case only, and then three of the four needed.
      #expect(held.shares.isEmpty == (silent != .beforeReveal))
      var cells = [Int](repeating: 0, count: 8)
      for residue in held.residues { cells[Int(residue)] += 1 }
      let statistic = cells.reduce(0.0) { $0 + (Double($1) - 1_000) * (Double($1) - 1_000) / 1_000 }
      #expect(statistic < 60, "\(silent)")
    }
  }
}
