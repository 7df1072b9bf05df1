import FederatedLearning

var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 2)
configuration.partition = PartitionOptions(kind: "iid", clients: 10)
var simulation = Simulation(try SimulationPlan(configuration))
let result = try simulation.run()
guard let accuracy = result.finalAccuracy, accuracy > 0.2 else { fatalError("nothing was learned") }
print("two rounds over ten clients: accuracy \(accuracy)")
