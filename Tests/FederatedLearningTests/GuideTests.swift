import FederatedLearning
import Foundation
import PrivacyAccounting
import Testing

@Suite struct GuideTests {
  @Test func `the first simulation of the guide trains within its epsilon`() throws {
    var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 30)
    configuration.partition = PartitionOptions(kind: "dirichlet", clients: 60, alpha: 0.5)
    configuration.cohort = CohortOptions(sampling: "poisson", rate: 0.2)
    configuration.client = ClientOptions(epochs: 2, batchSize: 10, learningRate: 0.2)
    configuration.privacy = PrivacyOptions(clip: 1, epsilon: 8, delta: 1e-4, noise: "gaussian")
    var simulation = Simulation(try SimulationPlan(configuration))
    var lines = 0
    let result = try simulation.run { record in
      lines += record.epsilon == nil ? 0 : 1
      return true
    }
    #expect(lines == 30 && result.rounds.count == 30)
    let epsilon = try #require(result.epsilon)
    #expect(epsilon.upper <= 8)
    // Far above guessing; the noise moves it by a few hundredths.
    #expect(try #require(result.finalAccuracy) > 0.5)
  }

  @Test func `the guide shows the code that these tests compile`() throws {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let guide = here.appendingPathComponent(
      "../../Sources/FederatedLearning/FederatedLearning.docc/FirstSimulation.md")
    // Tests may run away from their sources; then there is nothing to compare.
    guard let text = try? String(contentsOf: guide, encoding: .utf8) else { return }
    let compiled = try ["GuideTests.swift", "ModelTests.swift"]
      .map { try String(contentsOf: here.appendingPathComponent($0), encoding: .utf8) }
      .joined().split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let known = Set(compiled)
    var isCode = false
    var shown = 0
    for line in text.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
      if line.hasPrefix("```") {
        isCode = line == "```swift"
      } else if isCode, !line.hasPrefix("print(") {
        #expect(known.contains(line), "\(line)")
        shown += 1
      }
    }
    #expect(shown > 20)
  }
}
