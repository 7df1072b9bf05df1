import FederatedLearning
import SecureRandom
import Testing

@Suite struct RobustTests {
  /// The worked example of the byzfl documentation, f = 1.
  static let example: [[Int32]] = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]

  static func close(_ x: [Double], _ y: [Double], _ tolerance: Double = 1e-9) -> Bool {
    x.count == y.count && zip(x, y).allSatisfy { abs($0 - $1) <= tolerance }
  }

  @Test func `the worked example of the byzfl documentation`() throws {
    let x = Self.example
    for rule in [RobustRule.median, .trimmedMean(bad: 1), .centeredClipping(radius: 100, iterations: 1)] {
      #expect(Self.close(try rule.combine(x), [4, 5, 6]))
    }
    for rule in [RobustRule.minimumDiameter(bad: 1), .meanAroundMedian(bad: 1)] {
      #expect(Self.close(try rule.combine(x), [2.5, 3.5, 4.5]))
    }
    var generator = SimulationGenerator(seed: 1)
    let mixed = RobustPreparation.nearestNeighborMixing(bad: 1)
      .prepare(x.map { $0.map { 2 * $0 } }, using: &generator)
    #expect(mixed == [[5, 7, 9], [5, 7, 9], [11, 13, 15]])
  }

  @Test func `attacks on the worked example`() {
    var generator = SimulationGenerator(seed: 1)
    func forge(_ attack: UpdateAttack) -> [Double] {
      attack.forge(own: [4, 5, 6], honest: Self.example, attackers: 1, using: &generator)
    }
    #expect(forge(.signFlip(scale: 1)) == [-4, -5, -6])
    #expect(forge(.innerProduct(scale: 2)) == [-8, -10, -12])
    #expect(Self.close(forge(.littleIsEnough(z: -1.5)), [8.5, 9.5, 10.5]))
    #expect(forge(.mimic) == [1, 2, 3])
    #expect(forge(.backdoor(scale: 3)) == [12, 15, 18])
    // 4.0 is 0x40800000; without bits 30 to 32 and with bit 22 it is -2^-126·1.25·2^2… far below a grid step.
    #expect(forge(.bitFlip(step: 1)).allSatisfy { $0 <= 0 && $0 > -1e-9 })
    // A hundredth is of an exponent that becomes huge.
    #expect(forge(.bitFlip(step: 0.001)).allSatisfy { $0 < -1e18 })
    for (n, f, z) in [(50, 12, 0.336038), (25, 5, 0.253347), (20, 4, 0.157311)] {
      #expect(abs(UpdateAttack.quietDeviation(all: n, bad: f) - z) < 1e-6)
    }
  }

  /// Honest normal updates, and what a fuzzer's attackers send.
  static func round(_ trial: Int, n: Int, f: Int, d: Int) -> (honest: [[Int32]], all: [[Int32]]) {
    var generator = SimulationGenerator(seed: UInt64(trial), stream: "fuzz")
    let honest = (0..<n - f).map { _ in (0..<d).map { _ in Int32(1000 * generator.normal() + 300) } }
    let attacks: [UpdateAttack] = [
      .signFlip(scale: 3), .gaussian(deviation: 1e5), .innerProduct(scale: 0.5), .innerProduct(scale: 10),
      .littleIsEnough(z: nil), .littleIsEnough(z: 2), .minMax, .minSum, .mimic, .scaled(scale: 100),
    ]
    let attack = attacks[trial % attacks.count]
    let bad = (0..<f).map { index in
      attack.forge(own: honest[index], honest: honest, attackers: f, using: &generator)
        .map { Int32($0.rounded()) }
    }
    var all = honest + bad
    generator.shuffle(&all)
    return (honest, all)
  }

  @Test func `every rule keeps its robustness inequality under every attack`() throws {
    let (n, f, d) = (11, 2, 9)
    let ratio = Double(f) / Double(n - 2 * f)
    // (f, κ)-robustness with the constants of Allouah et al. 2023.
    let rules: [(RobustRule, Double)] = [
      (.trimmedMean(bad: f), 6 * ratio * (1 + ratio)), (.krum(bad: f), 6 * (1 + ratio)),
      (.median, 4 * (1 + ratio) * (1 + ratio)),
      (.geometricMedian(iterations: 60, smoothing: 1e-3), 4 * (1 + ratio) * (1 + ratio)),
    ]
    for trial in 0..<60 {
      let (honest, all) = Self.round(trial, n: n, f: f, d: d)
      let mean = try RobustRule.mean.combine(honest)
      let spread = honest.reduce(0.0) { $0 + Self.squared($1.map(Double.init), mean) } / Double(honest.count)
      for (rule, constant) in rules {
        #expect(Self.squared(try rule.combine(all), mean) <= constant * spread, "\(rule), trial \(trial)")
      }
    }
  }

  static func squared(_ x: [Double], _ y: [Double]) -> Double {
    zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  @Test func `rules do not depend on the order of updates nor on threads, and move with a shift`() throws {
    let rules: [RobustRule] = [
      .mean, .median, .trimmedMean(bad: 2), .meanAroundMedian(bad: 2), .krum(bad: 2), .multiKrum(bad: 2),
      .bulyan(bad: 2), .minimumDiameter(bad: 2),
    ]
    for trial in 0..<5 {
      let (_, all) = Self.round(trial, n: 13, f: 2, d: 5000)
      for rule in rules {
        let once = try rule.combine(all)
        #expect(once == (try rule.combine(all.reversed(), threads: 3)), "\(rule)")
        let shifted = try rule.combine(all.map { $0.map { $0 + 77 } })
        #expect(Self.close(shifted, once.map { $0 + 77 }, 1e-9), "\(rule)")
      }
    }
  }

  @Test func `columns are sorted for every number of updates`() throws {
    var generator = SimulationGenerator(seed: 4)
    for n in 1...40 {
      let updates = (0..<n).map { _ in (0..<17).map { _ in Int32(generator.uniform(below: 7)) } }
      let median = try RobustRule.median.combine(updates)
      for j in 0..<17 {
        let sorted = updates.map { $0[j] }.sorted()
        #expect(median[j] == Double(sorted[(n - 1) / 2] + sorted[n / 2]) / 2)
      }
    }
  }

  @Test func `min-max and min-sum stay inside the honest spread and use all of it`() {
    let (honest, _) = Self.round(0, n: 12, f: 2, d: 6)
    let points = honest.map { $0.map(Double.init) }
    var generator = SimulationGenerator(seed: 1)
    let far = UpdateAttack.minMax.forge(own: honest[0], honest: honest, attackers: 2, using: &generator)
    let diameter = points.flatMap { a in points.map { Self.squared(a, $0) } }.max() ?? 0
    let reach = points.map { Self.squared(far, $0) }.max() ?? 0
    #expect(abs(reach - diameter) < 1e-6 * diameter)
    let sum = UpdateAttack.minSum.forge(own: honest[0], honest: honest, attackers: 2, using: &generator)
    let most = points.map { a in points.reduce(0) { $0 + Self.squared(a, $1) } }.max() ?? 0
    let total = points.reduce(0) { $0 + Self.squared(sum, $1) }
    #expect(abs(total - most) < 1e-6 * most)
  }

  @Test func `a robust rule survives an attack that ruins the mean`() throws {
    var configuration = SimulationTests.small("softmax")
    configuration.partition = PartitionOptions(kind: "iid", clients: 20)
    configuration.cohort = CohortOptions()
    configuration.rounds = 6
    configuration.client.epochs = 5
    configuration.attack = AttackOptions(kind: "sign-flip", fraction: 0.25, scale: 5)
    let ruined = try #require(SimulationTests.run(configuration).finalAccuracy)
    configuration.robust = RobustOptions(kind: "trimmed-mean", bad: 5)
    let runs = try [1, 3].map { try SimulationTests.run(configuration, threads: $0) }
    #expect(runs[0].weightsSHA256 == runs[1].weightsSHA256)
    let kept = try #require(runs[0].finalAccuracy)
    #expect(kept > ruined + 0.3)
  }

  @Test func `too few updates and pairs that do not fit are refused by name`() throws {
    #expect(throws: FederatedError.self) { try RobustRule.krum(bad: 1).combine(Self.example) }
    var configuration = SimulationTests.small("softmax")
    configuration.robust = RobustOptions(kind: "krum", bad: 1)
    configuration.aggregation = AggregationOptions(kind: "paillier", keyBits: 2048)
    #expect { try SimulationPlan(configuration) } throws: { ($0 as? FederatedError)?.subject == "robust.kind" }
    configuration.aggregation = AggregationOptions()
    configuration.weighting = "examples"
    #expect { try SimulationPlan(configuration) } throws: { ($0 as? FederatedError)?.subject == "weighting" }
  }
}

@Suite struct PairDistanceTests {
  /// Squared distances by the definition.
  static func plain(_ x: [Int32], _ y: [Int32]) -> UInt128 {
    zip(x, y).reduce(0) { sum, pair in
      let difference = Int128(pair.0) - Int128(pair.1)
      return sum + UInt128(difference * difference)
    }
  }

  @Test(arguments: [(1, 3), (2, 512), (3, 513), (7, 1_030), (10, 2_000), (13, 515)])
  func `distances are exact at every size of value, on both paths and any number of threads`(
    _ count: Int, _ length: Int
  ) {
    for bits in [1, 7, 16, 23, 24, 25, 26, 31, 32] {
      var generator = SimulationGenerator(seed: UInt64(bits), stream: "distances")
      var updates = (0..<count).map { _ in
        (0..<length).map { _ in Int32(truncatingIfNeeded: Int64(bitPattern: generator.next()) >> (64 - bits)) }
      }
      // Rows of the largest magnitudes of either sign: the sums that come nearest to overflow.
      updates[0] = [Int32](repeating: Int32(truncatingIfNeeded: (Int64(1) << (bits - 1)) - 1), count: length)
      updates[count - 1] = [Int32](repeating: Int32(truncatingIfNeeded: -(Int64(1) << (bits - 1))), count: length)
      for (threads, portable) in [(1, false), (3, false), (2, true)] {
        let distances = PairDistances(updates, threads: threads, portable: portable)
        for i in 0..<count {
          for j in 0..<count { #expect(distances[i, j] == Self.plain(updates[i], updates[j])) }
        }
      }
    }
  }

  @Test func `Krum picks what its definition picks`() throws {
    for trial in 0..<20 {
      let (_, all) = RobustTests.round(trial, n: 12, f: 3, d: 700)
      let scores = all.map { update in
        all.map { Self.plain(update, $0) }.sorted().dropFirst().prefix(12 - 3 - 2).reduce(0, +)
      }
      let best = try #require(scores.min())
      let chosen = try RobustRule.krum(bad: 3).combine(all, threads: 2)
      #expect(all.indices.contains { scores[$0] == best && all[$0].map(Double.init) == chosen })
    }
  }
}
