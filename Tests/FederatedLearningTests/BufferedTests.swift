import FederatedLearning
import Foundation
import SecureRandom
import Testing

@Suite struct BufferedTests {
  static func configuration(concurrency: Int, buffer: Int, rounds: Int = 6) -> SimulationConfiguration {
    var configuration = SimulationTests.small("softmax")
    configuration.algorithm = AlgorithmOptions(kind: "fedbuff")
    configuration.algorithm.buffer = buffer
    configuration.cohort = CohortOptions(sampling: "fixed", size: concurrency)
    configuration.client.batchSize = 0
    configuration.rounds = rounds
    return configuration
  }

  @Test func `with all clients equally fast and a buffer for all, nobody is stale and it is averaging`() throws {
    let buffered = Self.configuration(concurrency: 20, buffer: 20)
    var averaging = buffered
    averaging.algorithm = AlgorithmOptions(kind: "fedavg")
    averaging.cohort = CohortOptions(sampling: "all")
    averaging.weighting = "uniform"
    let (a, b) = (try SimulationTests.run(buffered), try SimulationTests.run(averaging))
    #expect(a.weightsSHA256 == b.weightsSHA256)
    #expect(a.rounds.allSatisfy { $0.staleness == 0 })
  }

  @Test func `more at a time than the buffer holds makes updates stale, and threads change nothing`() throws {
    var configuration = Self.configuration(concurrency: 12, buffer: 3, rounds: 12)
    configuration.devices.spread = 1
    configuration.dropout = 0.1
    let one = try SimulationTests.run(configuration, threads: 1)
    let four = try SimulationTests.run(configuration, threads: 4)
    #expect(one.weightsSHA256 == four.weightsSHA256)
    let staleness = one.rounds.compactMap(\.staleness)
    #expect(staleness[0] == 0 && (staleness.last ?? 0) > 0)
    #expect(one.rounds.allSatisfy { $0.contributors == 3 && $0.virtualSeconds >= 0 })
  }

  @Test func `a buffered training that is stopped and resumed ends in the same bytes`() throws {
    var configuration = Self.configuration(concurrency: 9, buffer: 4, rounds: 8)
    configuration.devices.spread = 0.7
    configuration.dropout = 0.2
    let whole = try SimulationTests.run(configuration)
    let plan = try SimulationPlan(configuration)
    var first = Simulation(plan, threads: 1)
    _ = try first.run { $0.round < 5 }
    var second = Simulation(plan, threads: 2)
    second.resume(from: try Checkpoint(first.checkpoint().encoded(), of: plan))
    #expect(try second.run().weightsSHA256 == whole.weightsSHA256)
  }

  @Test func `what a server that waits for nobody cannot do is refused by name`() {
    for (more, key) in [
      (#""cohort":{"sampling":"all"}"#, "cohort.sampling"),
      (#""cohort":{"sampling":"fixed","size":5},"weighting":"examples""#, "weighting"),
      (#""cohort":{"sampling":"fixed","size":5},"aggregation":{"kind":"pairwise"}"#, "aggregation.kind"),
      (#""cohort":{"sampling":"fixed","size":5},"devices":{"timeout":3}"#, "devices"),
      (#""cohort":{"sampling":"fixed","size":5},"privacy":{"clip":1,"epsilon":1,"delta":1e-5}"#, "algorithm.kind"),
    ] {
      #expect(ConfigurationTests.refusal(#""algorithm":{"kind":"fedbuff"},\#(more)"#).hasPrefix("\(key): "))
    }
  }
}

@Suite struct CompressionTests {
  static func values(_ count: Int) -> [Float] {
    var generator = SimulationGenerator(seed: 6, stream: "values")
    return (0..<count).map { _ in Float(generator.normal()) }
  }

  @Test func `top-k sends the largest and keeps the rest for the next time`() {
    var generator = SimulationGenerator(seed: 1, stream: "")
    var update: [Float] = [3, -5, 1, 0, 4]
    var residual: [Float] = []
    Compressor.topK(fraction: 0.4).apply(to: &update, residual: &residual, using: &generator)
    #expect(update == [0, -5, 0, 0, 4] && residual == [3, 0, 1, 0, 0])
    update = [0, 0, 1, 0, 0]
    Compressor.topK(fraction: 0.4).apply(to: &update, residual: &residual, using: &generator)
    #expect(update == [3, 0, 2, 0, 0] && residual == [0, 0, 0, 0, 0])
  }

  @Test func `error feedback loses nothing: what was sent and what is kept add up`() {
    var generator = SimulationGenerator(seed: 1, stream: "")
    var residual: [Float] = []
    var sent = [Double](repeating: 0, count: 100)
    var given = sent
    for turn in 0..<30 {
      var update = Self.values(100).map { $0 * Float(turn % 3) }
      for index in given.indices { given[index] += Double(update[index]) }
      Compressor.topK(fraction: 0.05).apply(to: &update, residual: &residual, using: &generator)
      for index in sent.indices { sent[index] += Double(update[index]) }
    }
    for index in sent.indices { #expect(abs(sent[index] + Double(residual[index]) - given[index]) < 1e-3) }
  }

  @Test(arguments: [Compressor.stochastic(bits: 2), .rotated(bits: 2), .stochastic(bits: 6), .rotated(bits: 6)])
  func `stochastic levels are right on average`(_ compressor: Compressor) {
    let values = Self.values(50)
    let root = SimulationGenerator(seed: 1, stream: "turns")
    let turns = 4_000
    var sums = [Double](repeating: 0, count: 50)
    for turn in 0..<turns {
      var generator = root.substream(turn)
      var update = values
      var residual: [Float] = []
      compressor.apply(to: &update, residual: &residual, using: &generator)
      for index in sums.indices { sums[index] += Double(update[index]) }
    }
    // A level is at most 2 wide, or 4 after rotation with two bits: deviations of a mean below 0.04; seven of them.
    for index in sums.indices { #expect(abs(sums[index] / Double(turns) - Double(values[index])) < 0.28) }
  }

  @Test func `sixteen bits after a rotation give back nearly what was there`() {
    var generator = SimulationGenerator(seed: 1, stream: "")
    let values = Self.values(777)
    var update = values
    var residual: [Float] = []
    Compressor.rotated(bits: 16).apply(to: &update, residual: &residual, using: &generator)
    for (found, truth) in zip(update, values) { #expect(abs(found - truth) < 2e-3) }
  }

  @Test(arguments: [("top-k", 0.05, nil), ("stochastic", nil, 4), ("rotated", nil, 4)] as [(String, Double?, Int?)])
  func `compressed training is the same on any number of threads and when resumed`(
    _ kind: String, _ fraction: Double?, _ bits: Int?
  ) throws {
    var configuration = SimulationTests.small("softmax")
    configuration.compression = CompressionOptions(kind: kind, fraction: fraction, bits: bits)
    configuration.rounds = 4
    let one = try SimulationTests.run(configuration, threads: 1)
    #expect(try SimulationTests.run(configuration, threads: 3).weightsSHA256 == one.weightsSHA256)
    let plan = try SimulationPlan(configuration)
    var first = Simulation(plan, threads: 1)
    _ = try first.run { $0.round < 2 }
    var second = Simulation(plan, threads: 2)
    second.resume(from: try Checkpoint(first.checkpoint().encoded(), of: plan))
    #expect(try second.run().weightsSHA256 == one.weightsSHA256)
    let plain = try SimulationTests.run(SimulationTests.small("softmax"))
    #expect(one.rounds[0].wireBytes < plain.rounds[0].wireBytes)
  }
}

@Suite struct CallbackTests {
  @Test func `a training ends when it gets no better, and the best model is kept`() throws {
    var configuration = SimulationTests.small("softmax")
    configuration.rounds = 60
    let (stop, best, average) = (EarlyStop(patience: 3), BestModel(), AveragedModel(decay: 0.5))
    var simulation = Simulation(try SimulationPlan(configuration), threads: 2)
    var models: [[Float]] = []
    final class Watch: RoundCallback {
      var seen: [[Float]] = []
      func afterRound(_ record: RoundRecord, parameters: [Float]) -> Bool {
        seen.append(parameters)
        return true
      }
    }
    let watch = Watch()
    let result = try simulation.run(callbacks: [stop, best, average, watch])
    models = watch.seen
    #expect(result.rounds.count < 60 && models.count == result.rounds.count)
    let accuracies = result.rounds.map { $0.accuracy ?? 0 }
    let top = try #require(accuracies.max())
    let first = try #require(accuracies.firstIndex(of: top))
    #expect(best.round == first + 1 && best.parameters == models[first])
    #expect(result.rounds.count == first + 4)
    var expected = models[0]
    for model in models.dropFirst() { for i in model.indices { expected[i] += 0.5 * (model[i] - expected[i]) } }
    #expect(average.parameters == expected)
  }
}

@Suite struct TrustTests {
  @Test func `trust is the published weighted mean`() throws {
    // g = (3, 4): the first update is twice g, the second at right angles, the third opposite.
    let answer = try RobustRule.trust.combine([[6, 8], [-4, 3], [-3, -4]], trusted: [3, 4])
    #expect(answer == [3, 4])
    // cos((5, 0), g) = 3/5, scaled to norm 5; with g itself of trust 1.
    let mixed = try RobustRule.trust.combine([[5, 0], [3, 4]], trusted: [3, 4])
    #expect(abs(mixed[0] - (0.6 * 5 + 3) / 1.6) < 1e-12 && abs(mixed[1] - 4 / 1.6) < 1e-12)
    #expect(try RobustRule.trust.combine([[1, 1]]) == [0, 0])
  }

  @Test func `trust survives a majority of sign flips`() throws {
    var configuration = SimulationTests.small("softmax")
    configuration.partition = PartitionOptions(kind: "iid", clients: 20)
    configuration.cohort = CohortOptions(sampling: "all")
    configuration.weighting = "uniform"
    configuration.attack = AttackOptions(kind: "sign-flip", fraction: 0.6, scale: 3)
    configuration.rounds = 8
    configuration.evaluation.every = 8
    let ruined = try SimulationTests.run(configuration)
    configuration.robust = RobustOptions(kind: "trust")
    let kept = try SimulationTests.run(configuration)
    #expect(try #require(ruined.finalAccuracy) < 0.5)
    #expect(try #require(kept.finalAccuracy) > 0.75)
  }
}
