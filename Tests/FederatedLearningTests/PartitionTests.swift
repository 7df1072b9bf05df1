import ExactMath
import FederatedLearning
import SecureRandom
import Testing

@Suite struct PartitionTests {
  static let kinds: [Partition] = [
    .iid(clients: 7), .shards(clients: 30, shardsPerClient: 2), .dirichlet(clients: 12, alpha: 0.1, minimumExamples: 3),
    .dirichlet(clients: 5, alpha: 100, minimumExamples: 0), .powerLaw(clients: 40, exponent: 1.3),
    .iid(clients: 1437), .powerLaw(clients: 1, exponent: 0),
  ]

  @Test(arguments: kinds)
  func `nobody's example is another's, and the same seed deals the same`(_ partition: Partition) throws {
    let data = try DataSplit.digits().training
    let dealt = try partition.deal(data, seed: 4)
    #expect(dealt.count == partition.clients)
    let all = dealt.flatMap { $0 }
    #expect(Set(all).count == all.count)
    #expect(all.allSatisfy { $0 >= 0 && $0 < data.count })
    #expect(try partition.deal(data, seed: 4) == dealt)
    let other = try partition.deal(data, seed: 5)
    #expect(other != dealt)
    if case .shards = partition { return }
    #expect(all.count == data.count)
    #expect(dealt.allSatisfy { !$0.isEmpty } || partition == Self.kinds[3])
  }

  @Test func `shards hold few classes and are of one size`() throws {
    let data = try DataSplit.digits().training
    let dealt = try Partition.shards(clients: 100, shardsPerClient: 2).deal(data, seed: 1)
    #expect(dealt.allSatisfy { $0.count == 14 })
    let classes = dealt.map { Set($0.map { data.labels[Int($0)] }).count }
    // A shard of seven sorted examples spans at most two classes, so two shards at most four.
    #expect(classes.allSatisfy { $0 <= 4 })
    #expect(classes.reduce(0, +) < 260)
  }

  @Test func `a small concentration skews labels more than a large one`() throws {
    let data = try DataSplit.digits().training
    func purity(_ alpha: Double) throws -> Double {
      let dealt = try Partition.dirichlet(clients: 10, alpha: alpha, minimumExamples: 10).deal(data, seed: 3)
      return dealt.map { part in
        let counts = part.reduce(into: [Int](repeating: 0, count: 10)) { $0[Int(data.labels[Int($1)])] += 1 }
        return Double(counts.max() ?? 0) / Double(part.count)
      }.reduce(0, +) / 10
    }
    let (skewed, even) = (try purity(0.1), try purity(100))
    #expect(skewed > 0.35 && even < 0.2)
  }

  @Test func `more clients than examples, no clients, and laws without meaning are refused`() throws {
    let data = try DataSplit.digits().training
    for partition in [
      .iid(clients: 1438), .iid(clients: 0), .shards(clients: 800, shardsPerClient: 2),
      .dirichlet(clients: 10, alpha: 0, minimumExamples: 1), .dirichlet(clients: 10, alpha: .nan, minimumExamples: 1),
      .dirichlet(clients: 1000, alpha: 1, minimumExamples: 2), .powerLaw(clients: 3, exponent: -1),
    ] as [Partition] {
      #expect(throws: FederatedError.self) { try partition.deal(data, seed: 1) }
    }
  }

  @Test func `cohorts are functions of seed and round, of the promised size`() {
    let fixed = CohortSampling.fixed(size: 10)
    for round in 1...50 {
      let cohort = fixed.cohort(clients: 37, round: round, seed: 9)
      #expect(cohort.count == 10 && Set(cohort).count == 10 && cohort.allSatisfy { (0..<37).contains($0) })
      #expect(cohort == fixed.cohort(clients: 37, round: round, seed: 9))
    }
    #expect(CohortSampling.all.cohort(clients: 5, round: 1, seed: 1) == [0, 1, 2, 3, 4])
    #expect(CohortSampling.fixed(size: 5).cohort(clients: 5, round: 3, seed: 1) == [0, 1, 2, 3, 4])
  }

  @Test(arguments: [(37, 10), (64, 63), (65, 1), (256, 1), (5_120, 19), (5_120, 20), (100_000, 390), (100_000, 50_000)])
  func `a small and a large part of many are drawn by the same method`(_ clients: Int, _ size: Int) {
    for round in 1...3 {
      var generator = SimulationGenerator(seed: 4, stream: "cohort").substream(round)
      var chosen = Set<Int>()
      for last in clients - size..<clients {
        let draw = generator.uniform(below: last + 1)
        chosen.insert(chosen.contains(draw) ? last : draw)
      }
      #expect(CohortSampling.fixed(size: size).cohort(clients: clients, round: round, seed: 4) == chosen.sorted())
    }
  }

  // 200 rounds of 1,000 clients: the count is binomial with deviation 190; seven deviations are below 1e-11.
  @Test func `a Poisson cohort has the promised rate`() {
    let sampling = CohortSampling.poisson(rate: Rational(1, 4))
    let total = (1...200).reduce(0) { $0 + sampling.cohort(clients: 1_000, round: $1, seed: 2).count }
    #expect(abs(total - 50_000) < 1_370)
  }
}
