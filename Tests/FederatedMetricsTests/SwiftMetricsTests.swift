import CoreMetrics
import FederatedLearning
import FederatedMetrics
import Synchronization
import Testing

/// A collector that keeps what gauges were set to.
private final class Collector: MetricsFactory, Sendable {
  let seen = Mutex<[String: [Double]]>([:])
  let dimensions = Mutex<Set<String>>([])

  private final class Keeper: RecorderHandler {
    let label: String
    let collector: Collector

    init(_ label: String, _ collector: Collector) { (self.label, self.collector) = (label, collector) }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { collector.seen.withLock { $0[label, default: []].append(value) } }
  }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    self.dimensions.withLock { $0.formUnion(dimensions.map { "\($0)=\($1)" }) }
    return Keeper(label, self)
  }
  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { NOOPMetricsHandler.instance }
  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}
}

@Suite struct SwiftMetricsTests {
  @Test func `swift-metrics sees the numbers of every round under their names`() throws {
    var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 4)
    configuration.cohort = CohortOptions(sampling: "fixed", size: 7)
    configuration.evaluation.every = 2
    let plan = try SimulationPlan(configuration)
    let collector = Collector()
    var simulation = Simulation(plan)
    let result = try simulation.run(callbacks: [
      MetricsRecorder(of: plan, dimensions: [("run", "a")], factory: collector)
    ])
    let seen = collector.seen.withLock { $0 }
    #expect(seen["tacit_training_round"] == [1, 2, 3, 4])
    #expect(seen["tacit_training_clients"] == [7, 7, 7, 7])
    #expect(seen["tacit_training_loss"] == result.rounds.compactMap(\.loss))
    #expect(seen["tacit_training_accuracy"]?.count == 2)
    #expect(seen["tacit_training_epsilon_spent"] == nil)
    #expect(collector.dimensions.withLock { $0 } == ["run=a"])
  }
}
