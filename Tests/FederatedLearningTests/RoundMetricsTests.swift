import FederatedLearning
import Foundation
import PrivacyAccounting
import Testing

@Suite struct RoundMetricsTests {
  private static func seen(_ configuration: SimulationConfiguration) throws -> [TrainingGauge: [Double]] {
    let plan = try SimulationPlan(configuration)
    var seen: [TrainingGauge: [Double]] = [:]
    var simulation = Simulation(plan)
    _ = try simulation.run(callbacks: [MetricsRecorder(of: plan) { seen[$0, default: []].append($1) }])
    return seen
  }

  @Test func `every gauge is handed over in every round that has it`() throws {
    var configuration = PrivacyTests.configuration(sampling: CohortOptions(sampling: "fixed", size: 8), rounds: 4)
    configuration.evaluation.every = 2
    configuration.privacy?.noiseSource = nil
    let seen = try Self.seen(configuration)
    #expect(seen[.round] == [1, 2, 3, 4])
    #expect(seen[.clients] == [8, 8, 8, 8])
    #expect(seen[.rejectedUpdates] == [0, 0, 0, 0])
    #expect(seen[.loss]?.count == 4 && seen[.accuracy]?.count == 2)
    let spent = try #require(seen[.epsilonSpent])
    #expect(spent.count == 2 && spent[0] > 0 && spent[1] > spent[0])
    #expect(Set(TrainingGauge.allCases.map(\.name)).count == TrainingGauge.allCases.count)
    #expect(TrainingGauge.allCases.allSatisfy { $0.name.hasPrefix("tacit_training_") && $0.help.hasSuffix(".") })
  }

  @Test func `no epsilon is shown for noise that comes from the seed`() throws {
    var configuration = PrivacyTests.configuration(sampling: CohortOptions(sampling: "fixed", size: 8), rounds: 2)
    configuration.privacy?.noiseSource = "simulated"
    let seen = try Self.seen(configuration)
    #expect(seen[.epsilonSpent] == nil && seen[.round] == [1, 2])
  }

  @Test(arguments: ["0.05", "0.3"])
  func `a calibrated training prints no more than the epsilon that was asked for`(_ rate: String) throws {
    var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 3)
    configuration.cohort = CohortOptions(sampling: "poisson")
    configuration.cohort.rate = try JSONDecoder().decode(ExactNumber.self, from: Data(rate.utf8))
    configuration.evaluation.every = 3
    configuration.privacy = PrivacyOptions(clip: 1, epsilon: 8, delta: 1e-5, noise: "gaussian")
    let epsilon = try #require(SimulationTests.run(configuration).epsilon)
    #expect(epsilon.upper <= 8 && epsilon.upper > 7.99)
    #expect(try #require(epsilon.lower) <= epsilon.upper)
  }

  @Test func `a backdoor takes the mean over and is measured, and a robust rule keeps it out`() throws {
    func success(_ rule: String) throws -> Double {
      var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 12)
      configuration.partition = PartitionOptions(kind: "iid", clients: 20)
      configuration.client.learningRate = 0.2
      configuration.weighting = "uniform"
      configuration.quantize.range = 4
      configuration.attack = AttackOptions(kind: "backdoor", fraction: 0.2, scale: 5)
      configuration.robust = RobustOptions(kind: rule, bad: rule == "none" ? nil : 4)
      return try #require(SimulationTests.run(configuration).rounds.last?.attackSuccess)
    }
    let (mean, median) = (try success("none"), try success("median"))
    #expect(mean > 0.9)
    #expect(median < 0.5)
  }
}
