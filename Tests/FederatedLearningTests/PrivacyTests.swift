import ExactMath
import FederatedLearning
import Foundation
import PrivacyAccounting
import Testing

@Suite struct PrivacyTests {
  /// Softmax regression on digits with private noise from the seed.
  static func configuration(
    sampling: CohortOptions = CohortOptions(sampling: "poisson", rate: ExactNumber(Rational(1, 10))),
    rounds: Int = 4, noise: String = "gaussian"
  ) -> SimulationConfiguration {
    var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: rounds)
    configuration.partition = PartitionOptions(kind: "iid", clients: 60)
    configuration.cohort = sampling
    configuration.evaluation.every = 100
    configuration.privacy = PrivacyOptions(
      clip: 1, noiseMultiplier: 1, delta: ExactNumber(Rational(1, 100_000)), noise: noise, noiseSource: "simulated")
    return configuration
  }

  static func refusal(_ configuration: SimulationConfiguration) -> String {
    do {
      _ = try SimulationPlan(configuration)
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  static func event(_ configuration: SimulationConfiguration) throws -> String {
    try #require(SimulationPlan(configuration).privacy).event(rounds: configuration.rounds).description
  }

  // MARK: Sampling and its theorem

  @Test func `a Poisson cohort is accounted as one under add-remove, and composes in full under replace-one`() throws {
    var configuration = Self.configuration()
    let sampled = try Self.event(configuration)
    #expect(sampled.hasPrefix("poisson(rate=1/10, gaussian(") || sampled.hasPrefix("poisson(rate=0.1, gaussian("))
    #expect(sampled.hasSuffix("* 4"))
    configuration.privacy?.adjacency = "replace-one"
    #expect(try !Self.event(configuration).contains("poisson"))
  }

  @Test func `a fixed cohort is amplified under replace-one only`() throws {
    var configuration = Self.configuration(sampling: CohortOptions(sampling: "fixed", size: 6))
    #expect(try !Self.event(configuration).contains("without-replacement"))
    configuration.privacy?.adjacency = "replace-one"
    #expect(try Self.event(configuration).hasPrefix("without-replacement(sample=6, population=60, gaussian("))
  }

  @Test func `an aggregator that sees the cohort gets no amplification claimed`() throws {
    var configuration = Self.configuration(noise: "discrete-gaussian")
    configuration.privacy?.placement = "distributed"
    configuration.aggregation.minContributors = 2
    #expect(try !Self.event(configuration).contains("poisson"))
    configuration.privacy?.placement = "local"
    configuration.privacy?.adjacency = "replace-one"
    configuration.aggregation.minContributors = nil
    #expect(try !Self.event(configuration).contains("poisson"))
  }

  @Test func `noise over sensitivity is the multiplier asked for`() throws {
    for (adjacency, multiplier) in [("add-remove", Rational(3, 2)), ("replace-one", Rational(7, 10))] {
      var configuration = Self.configuration(sampling: CohortOptions(sampling: "all"))
      configuration.privacy?.adjacency = adjacency
      configuration.privacy?.noiseMultiplier = ExactNumber(multiplier)
      let plan = try SimulationPlan(configuration)
      let privacy = try #require(plan.privacy)
      guard case .gaussian(let found) = privacy.roundEvent else {
        Issue.record("\(privacy.roundEvent)")
        continue
      }
      #expect(found.squared >= multiplier * multiplier)
      #expect(found.squared.doubleValue < multiplier.doubleValue * multiplier.doubleValue * 1.000001)
    }
  }

  @Test func `sampled noise is calibrated to its epsilon, and amplification pays`() throws {
    var configuration = Self.configuration(rounds: 30)
    configuration.privacy?.noiseMultiplier = nil
    configuration.privacy?.epsilon = 2
    let sampled = try #require(SimulationPlan(configuration).privacy)
    let bounds = try AutomaticAccountant().epsilon(
      of: sampled.event(rounds: 30), delta: sampled.delta, adjacency: sampled.adjacency)
    #expect(bounds.upper <= 2 && bounds.upper > 1.99)
    configuration.cohort = CohortOptions(sampling: "all")
    let full = try #require(SimulationPlan(configuration).privacy)
    #expect(sampled.variance.squared.doubleValue < 0.2 * full.variance.squared.doubleValue)
  }

  @Test func `max_epsilon ends a training before the round that would pass it`() throws {
    var configuration = Self.configuration(rounds: 50)
    configuration.privacy?.noiseSource = nil
    configuration.privacy?.maxEpsilon = 3
    let plan = try SimulationPlan(configuration)
    let privacy = try #require(plan.privacy)
    let affordable = privacy.affordableRounds
    #expect(affordable >= 1 && affordable < 50)
    func epsilon(_ rounds: Int) throws -> Double {
      try AutomaticAccountant().epsilon(
        of: privacy.event(rounds: rounds), delta: privacy.delta, adjacency: privacy.adjacency
      ).upper
    }
    #expect(try epsilon(affordable) <= 3)
    #expect(try epsilon(affordable + 1) > 3)
    let result = try SimulationTests.run(configuration)
    #expect(result.rounds.count == affordable && result.rounds.last?.accuracy != nil)
    #expect(try #require(result.epsilon).upper <= 3)
    configuration.privacy?.maxEpsilon = ExactNumber(Rational(1, 1000))
    #expect(Self.refusal(configuration) == "privacy.max_epsilon: would be exceeded by the first round")
  }

  @Test func `a budget that does not hold the training refuses it before the first round`() throws {
    var configuration = Self.configuration(rounds: 3)
    configuration.privacy?.noiseSource = nil
    let small = try SharedBudget(
      PrivacyBudget(.approximate(Epsilon(1), Delta(Rational(1, 100_000))), adjacency: .addOrRemove))
    var simulation = Simulation(try SimulationPlan(configuration), threads: 1)
    var seen = 0
    #expect(throws: BudgetRefusal.self) {
      try simulation.run(charging: small) { _ in
        seen += 1
        return true
      }
    }
    #expect(seen == 0)
  }

  // MARK: Adaptive clipping

  static func adaptive(rounds: Int) -> SimulationConfiguration {
    var configuration = Self.configuration(sampling: CohortOptions(sampling: "all"), rounds: rounds)
    configuration.privacy?.clip = nil
    configuration.privacy?.adaptsClip = true
    configuration.privacy?.noiseMultiplier = ExactNumber(Rational(1, 10))
    return configuration
  }

  @Test func `the number of updates within the clip is part of the sensitivity that is charged`() throws {
    let plan = try SimulationPlan(Self.adaptive(rounds: 2))
    let privacy = try #require(plan.privacy)
    let clip = try #require(privacy.adaptiveClip)
    guard case .gaussian(let multiplier) = privacy.roundEvent else {
      Issue.record("\(privacy.roundEvent)")
      return
    }
    let radius = Rational(Int(plan.quantizer.radius))
    let indicator = Rational(Int(clip.indicator))
    #expect(multiplier.squared == privacy.variance.squared / (radius * radius + indicator * indicator))
    // The published split: z_Δ = (z⁻² − (2σ_b)⁻²)^(−1/2), with σ_b = 60/20 clients.
    let z = multiplier.squared.doubleValue
    let split = 1 / (1 / z - 1 / 36)
    let values = privacy.variance.squared.doubleValue / (radius * radius).doubleValue
    #expect(abs(values / split - 1) < 1e-5)
  }

  @Test func `an adaptive clip finds the quantile of the norms`() throws {
    var configuration = Self.adaptive(rounds: 25)
    configuration.client.learningRate = 0.01
    configuration.privacy?.initialClip = ExactNumber(Rational(1, 100))
    configuration.privacy?.clipLearningRate = 0.5
    let result = try SimulationTests.run(configuration)
    let clips = result.rounds.compactMap(\.clip)
    #expect(clips.count == 25 && clips[0] == 0.01 && clips[1] > clips[0])
    // Once there, about half of the sixty updates are clipped.
    let late = result.rounds.suffix(8).map { Double($0.clipped) / 60 }
    let mean = late.reduce(0, +) / 8
    #expect(mean > 0.25 && mean < 0.75)
  }

  @Test func `an adaptive training is the same on any number of threads, under masks, and when resumed`() throws {
    let configuration = Self.adaptive(rounds: 4)
    let whole = try SimulationTests.run(configuration, threads: 1)
    #expect(try SimulationTests.run(configuration, threads: 3).weightsSHA256 == whole.weightsSHA256)
    var masked = configuration
    masked.aggregation = AggregationOptions(kind: "pairwise-graph")
    #expect(try SimulationTests.run(masked).weightsSHA256 == whole.weightsSHA256)
    let plan = try SimulationPlan(configuration)
    var first = Simulation(plan, threads: 2)
    _ = try first.run { $0.round < 2 }
    var second = Simulation(plan, threads: 2)
    second.resume(from: try Checkpoint(first.checkpoint().encoded(), of: plan))
    #expect(try second.run().weightsSHA256 == whole.weightsSHA256)
  }

  // MARK: Trees and separation

  @Test(arguments: [(60, 7), (64, 8), (61, 1), (1000, 3), (5, 5)])
  func `a client of separated cohorts never returns early`(_ clients: Int, _ size: Int) {
    let separation = clients / size
    let sampler = CohortSampling.separated(size: size, separation: separation)
    var last: [Int: Int] = [:]
    var counts = [Int](repeating: 0, count: clients)
    for round in 1...3 * separation + 2 {
      let cohort = sampler.cohort(clients: clients, round: round, seed: 9)
      #expect(Set(cohort).count == size && cohort == cohort.sorted())
      for client in cohort {
        if let before = last[client] { #expect(round - before >= separation) }
        last[client] = round
        counts[client] += 1
      }
    }
    #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
  }

  @Test func `the noise of a running sum is that of the nodes of its round`() throws {
    var configuration = Self.configuration(
      sampling: CohortOptions(sampling: "min-separation", size: 3), rounds: 20)
    configuration.privacy?.mechanism = "tree"
    let privacy = try #require(SimulationPlan(configuration).privacy)
    #expect(privacy.participation == .tree(rounds: 20))
    #expect(try privacy.event(rounds: 20).description.hasPrefix("tree(levels=5, gaussian("))
    let share = try NoiseShare(privacy, seed: 3)
    let tree = TreeNoise(rounds: 20)
    var sum = [Int64](repeating: 0, count: 50)
    for round in 1...20 {
      var change = [Int64](repeating: 0, count: 50)
      tree.fill(&change, round: round, share: share)
      for index in sum.indices { sum[index] += change[index] }
      // One node for every bit of the round that is set, made when all lower bits were zero.
      var nodes = [Int64](repeating: 0, count: 50)
      for bit in 0..<5 where (round >> bit) & 1 == 1 {
        var node = [Int64](repeating: 0, count: 50)
        share.fill(&node, round: (round >> bit) << bit, party: nil)
        for index in nodes.indices { nodes[index] += node[index] }
      }
      #expect(sum == nodes)
    }
  }

  @Test func `secret tree noise has the variance of as many nodes as bits are set`() throws {
    var configuration = Self.configuration(
      sampling: CohortOptions(sampling: "min-separation", size: 6), rounds: 8)
    configuration.privacy?.mechanism = "tree"
    configuration.privacy?.noiseSource = nil
    let privacy = try #require(SimulationPlan(configuration).privacy)
    let share = try NoiseShare(privacy, seed: 3)
    let tree = TreeNoise(rounds: 8)
    let count = 20_000
    var sum = [Int64](repeating: 0, count: count)
    for round in 1...8 {
      var change = [Int64](repeating: 0, count: count)
      tree.fill(&change, round: round, share: share)
      for index in sum.indices { sum[index] += change[index] }
      let squares = sum.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(count)
      let ratio = squares / privacy.variance.squared.doubleValue
      // The relative deviation of a variance from 20,000 draws is 0.01; seven of them fail less than once in 10^11.
      #expect(abs(ratio / Double(round.nonzeroBitCount) - 1) < 0.07)
    }
  }

  @Test func `separated cohorts compose once for every time round, and trees begin anew`() throws {
    var configuration = Self.configuration(
      sampling: CohortOptions(sampling: "min-separation", size: 6), rounds: 25)
    #expect(try Self.event(configuration).hasSuffix("* 3"))
    configuration.privacy?.mechanism = "tree"
    #expect(try Self.event(configuration).hasPrefix("tree(levels=4, gaussian("))
    #expect(try Self.event(configuration).hasSuffix("* 3"))
    configuration.privacy?.restart = 11
    #expect(Self.refusal(configuration).hasPrefix("privacy.restart: must be from 1 to"))
    configuration.privacy?.restart = nil
    configuration.cohort = CohortOptions(sampling: "all")
    #expect(Self.refusal(configuration).hasPrefix("privacy.mechanism: tree needs"))
  }

  @Test func `a tree's secret noise is never written, and a simulated one is found again`() throws {
    var configuration = Self.configuration(
      sampling: CohortOptions(sampling: "min-separation", size: 6), rounds: 7)
    configuration.privacy?.mechanism = "tree"
    let whole = try SimulationTests.run(configuration)
    let plan = try SimulationPlan(configuration)
    var first = Simulation(plan, threads: 2)
    _ = try first.run { $0.round < 5 }
    var second = Simulation(plan, threads: 1)
    second.resume(from: try Checkpoint(first.checkpoint().encoded(), of: plan))
    #expect(try second.run().weightsSHA256 == whole.weightsSHA256)
    configuration.privacy?.noiseSource = nil
    var secret = Simulation(try SimulationPlan(configuration), threads: 1)
    let folder = try CheckpointFolder(CheckpointTests.folder())
    defer { try? FileManager.default.removeItem(atPath: folder.path) }
    #expect(throws: FederatedError.self) { try secret.run(checkpoints: folder) }
  }

  // MARK: Local noise

  @Test func `local noise needs replace-one and is drawn by every client`() throws {
    var configuration = Self.configuration(sampling: CohortOptions(sampling: "all"), rounds: 1)
    configuration.privacy?.placement = "local"
    let local = try #require(SimulationPlan(configuration).privacy)
    #expect(local.adjacency == .replaceOne)
    configuration.privacy?.adjacency = "add-remove"
    #expect(Self.refusal(configuration).hasPrefix("privacy.adjacency: must be replace-one when local"))
    configuration.privacy?.adjacency = "replace-one"
    configuration.client.learningRate = 1e-12
    let one = try SimulationTests.run(configuration).parameters
    configuration.privacy?.placement = "central"
    let central = try SimulationTests.run(configuration).parameters
    func variance(_ values: [Float]) -> Double {
      values.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(values.count)
    }
    // Sixty draws instead of one, over 650 coordinates: the ratio's relative deviation is 0.08.
    #expect(abs(variance(one) / variance(central) / 60 - 1) < 0.6)
  }

  @Test func `what belongs together is asked for together`() {
    var configuration = Self.configuration()
    configuration.privacy?.targetQuantile = 0.5
    #expect(Self.refusal(configuration) == "privacy.target_quantile: belongs to privacy.clip adaptive")
    configuration = Self.configuration(noise: "gausian")
    #expect(Self.refusal(configuration).contains("did you mean gaussian?"))
    configuration = Self.configuration(sampling: CohortOptions(sampling: "all"))
    configuration.privacy?.placement = "distributed"
    #expect(Self.refusal(configuration).hasPrefix("privacy.noise: must be discrete-gaussian or skellam"))
    configuration = Self.configuration()
    configuration.quantize.bits = 6
    #expect(Self.refusal(configuration).hasPrefix("privacy.noise: gaussian needs a deviation of 64 grid steps"))
  }
}
