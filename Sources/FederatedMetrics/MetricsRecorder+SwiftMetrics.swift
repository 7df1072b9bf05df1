public import CoreMetrics
public import FederatedLearning

extension MetricsRecorder {
  /// A recorder that sets gauges of swift-metrics, one for each ``TrainingGauge`` under its name.
  ///
  /// - Parameters:
  ///   - plan: the training that is watched.
  ///   - dimensions: what tells this training from others, such as the name of a run.
  ///   - factory: who makes the gauges; the process's own unless given.
  public convenience init(
    of plan: SimulationPlan, dimensions: [(String, String)] = [], factory: any MetricsFactory = MetricsSystem.factory
  ) {
    var gauges: [TrainingGauge: Gauge] = [:]
    for gauge in TrainingGauge.allCases {
      gauges[gauge] = Gauge(label: gauge.name, dimensions: dimensions, factory: factory)
    }
    let made = gauges
    self.init(of: plan) { gauge, value in made[gauge]?.record(value) }
  }
}
