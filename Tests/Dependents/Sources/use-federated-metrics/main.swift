import FederatedLearning
import FederatedMetrics

let configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 2)
let plan = try SimulationPlan(configuration)
var simulation = Simulation(plan)
let result = try simulation.run(callbacks: [MetricsRecorder(of: plan)])
print("two rounds watched by swift-metrics: accuracy \(result.finalAccuracy ?? 0)")
