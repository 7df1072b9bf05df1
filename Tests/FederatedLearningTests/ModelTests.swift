import FederatedLearning
import Foundation
import PrivacyAccounting
import SecureRandom
import Testing

@Suite struct ModelTests {
  /// Compares a step of rate one with central differences of the mean loss; returns how many corners were met.
  static func compare<Model: FederatedModel>(
    _ model: Model, on data: LabeledData, every stride: Int = 1, tolerance: Double
  ) -> Int {
    var generator = SimulationGenerator(seed: 9, stream: "start")
    var start = model.initialParameters(&generator)
    for index in start.indices { start[index] += Float(generator.uniformUnit() - 0.5) * 0.1 }
    var scratch = model.makeScratch(batch: data.count)
    let examples = (0..<Int32(data.count)).map { $0 }
    var stepped = start
    _ = model.descend(&stepped, on: data, examples: examples[...], rate: 1, scratch: &scratch)
    var corners = 0
    for index in Swift.stride(from: 0, to: start.count, by: stride) {
      func loss(_ shift: Float) -> Double {
        var moved = start
        moved[index] += shift
        var answers: [Float] = []
        return model.evaluate(moved, on: data, range: 0..<data.count, scratch: &scratch, answers: &answers)
          / Double(data.count)
      }
      let width: Float = 1 / 256
      let (above, here, below) = (loss(width), loss(0), loss(-width))
      // Where a rectifier opens or another input becomes the largest, the loss has a corner and no derivative.
      if abs(above - 2 * here + below) > 1e-2 * Double(width) {
        corners += 1
        continue
      }
      let numeric = (above - below) / Double(2 * width)
      #expect(abs(numeric - Double(start[index] - stepped[index])) < tolerance, "parameter \(index)")
    }
    return corners
  }

  @Test func `the convolutional network has the published number of parameters`() {
    #expect(ConvolutionalNetwork(side: 28, classes: 10).parameterCount == 1_663_370)
    let model = ConvolutionalNetwork(side: 28, classes: 10)
    #expect(model.layout.reduce(0) { $0 + $1.count } == 1_663_370)
  }

  @Test(arguments: [3, 18])
  func `the convolutional step is minus the gradient that finite differences give`(_ batch: Int) throws {
    let data = try NetworkTests.data(batch, width: 64, classes: 3)
    let model = ConvolutionalNetwork(side: 8, channels: [3, 4], hidden: 6, classes: 3)
    let corners = Self.compare(model, on: data, every: batch > 16 ? 11 : 3, tolerance: 1e-2)
    #expect(corners < 40)
  }

  @Test func `a batch that is worked on in parts takes the step of the whole`() throws {
    let data = try NetworkTests.data(20, width: 64, classes: 3)
    let model = ConvolutionalNetwork(side: 8, channels: [2, 3], hidden: 5, classes: 3)
    var generator = SimulationGenerator(seed: 1, stream: "start")
    let start = model.initialParameters(&generator)
    var scratch = model.makeScratch(batch: 20)
    var whole = start
    let all = (0..<Int32(20)).map { $0 }
    _ = model.descend(&whole, on: data, examples: all[...], rate: 0.5, scratch: &scratch)
    var sum = [Double](repeating: 0, count: start.count)
    for example in all {
      var one = start
      _ = model.descend(&one, on: data, examples: [example], rate: 0.5, scratch: &scratch)
      for index in sum.indices { sum[index] += Double(one[index] - start[index]) / 20 }
    }
    for index in sum.indices { #expect(abs(Double(whole[index] - start[index]) - sum[index]) < 1e-5) }
  }

  @Test func `a small convolutional network learns the digits`() throws {
    var configuration = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "cnn"), rounds: 3)
    configuration.model.channels = [6, 8]
    configuration.model.hidden = [24]
    configuration.partition = PartitionOptions(kind: "iid", clients: 2)
    configuration.quantize.range = 4
    configuration.client = ClientOptions(epochs: 4, batchSize: 10, learningRate: 0.2)
    configuration.evaluation.every = 10
    let one = try SimulationTests.run(configuration, threads: 1)
    let two = try SimulationTests.run(configuration, threads: 2)
    #expect(one.weightsSHA256 == two.weightsSHA256)
    let losses = one.rounds.compactMap(\.loss)
    #expect(losses.count == 3 && losses[2] < 0.5 * losses[0])
  }

  @Test func `linear regression steps along its gradient and finds the line that data lie on`() throws {
    var generator = SimulationGenerator(seed: 3, stream: "line")
    let features: [Float] = (0..<400).map { _ in Float(generator.uniformUnit() * 2 - 1) }
    let targets: [Float] = stride(from: 0, to: 400, by: 2).map { (place: Int) -> Float in
      let (x, y): (Float, Float) = (features[place], features[place + 1])
      return 3 * x - 2 * y + 0.5
    }
    let data = try LabeledData(features: features, targets: targets, width: 2)
    #expect(Self.compare(LinearRegression(inputs: 2), on: data, tolerance: 1e-3) == 0)
    var configuration = SimulationConfiguration(data: "", model: ModelOptions(kind: "linear"), rounds: 40)
    configuration.partition = PartitionOptions(kind: "iid", clients: 5)
    configuration.client.learningRate = 0.2
    configuration.quantize = QuantizeOptions(bits: 28, range: 8)
    let plan = try SimulationPlan(configuration, data: DataSplit(training: data, test: data[0..<50]))
    var simulation = Simulation(plan)
    let result = try simulation.run()
    for (found, truth) in zip(result.parameters, [3, -2, 0.5] as [Float]) { #expect(abs(found - truth) < 1e-3) }
    let last = try #require(result.rounds.last?.testLoss)
    #expect(result.finalAccuracy == nil && last < 1e-6)
    let (loss, answers) = plan.model.predict(result.parameters, on: plan.data.test)
    #expect(loss < 1e-6 && answers.count == 50)
  }

  @Test func `numbers are read from a column and refused by a model of classes`() throws {
    let rows = (0..<12).map { "\($0),\(Double($0) * 0.5)" }.joined(separator: "\n")
    let path = try CheckpointTests.folder() + "/numbers.csv"
    try "x,y\n\(rows)\n".write(toFile: path, atomically: true, encoding: .utf8)
    var configuration = SimulationConfiguration(
      data: "csv:\(path);target=y", model: ModelOptions(kind: "linear"), rounds: 1)
    configuration.partition.clients = 2
    let plan = try SimulationPlan(configuration)
    #expect(zip(plan.data.training.features, plan.data.training.targets).allSatisfy { $0 * 0.5 == $1 })
    configuration.model = ModelOptions(kind: "softmax")
    #expect(throws: FederatedError.self) { try SimulationPlan(configuration) }
  }
}

// A model of one's own: thirty lines, as the guide shows them.

/// A line through the origin with a smooth hinge: two classes, one weight for each feature.
struct Hinge: DifferentiableModel {
  let parameterCount: Int

  func initialParameters(_ generator: inout SimulationGenerator) -> [Float] {
    [Float](repeating: 0, count: parameterCount)
  }

  private func score(_ w: Span<Float>, _ x: Span<Float>) -> Float {
    var sum: Float = 0
    for index in 0..<parameterCount { sum += w[index] * x[index] }
    return sum
  }

  func loss(_ w: Span<Float>, _ x: Span<Float>, target: Float, gradient: inout MutableSpan<Float>) -> Float {
    // A smooth hinge: ½(1 − ys)² inside the margin, nothing beyond it.
    let side: Float = target > 0 ? 1 : -1
    let slack = max(0, 1 - side * score(w, x))
    for index in 0..<parameterCount { gradient[index] -= slack * side * x[index] }
    return slack * slack / 2
  }

  func answer(_ w: Span<Float>, _ x: Span<Float>) -> Float { score(w, x) > 0 ? 1 : 0 }
}

@Suite struct CustomModelTests {
  @Test func `a model of one's own trains under privacy with everything the coordinator has`() throws {
    var generator = SimulationGenerator(seed: 3, stream: "own")
    let features = (0..<3000).map { _ in Float(generator.normal()) }
    let labels = stride(from: 0, to: 3000, by: 3).map { features[$0] + features[$0 + 1] > 0 ? UInt16(1) : 0 }
    let data = try LabeledData(features: features, labels: labels, width: 3, classes: 2)
    let split = try DataSplit(training: data[0..<800], test: data[800..<1000])
    #expect(ModelTests.compare(Hinge(parameterCount: 3), on: split.test, tolerance: 2e-2) <= 3)
    var configuration = SimulationConfiguration(data: "", model: ModelOptions(), rounds: 10)
    configuration.partition.clients = 80
    configuration.privacy = PrivacyOptions(clip: 1, epsilon: 8, delta: 1e-5, noise: "gaussian")
    let plan = try SimulationPlan(configuration, data: split, model: Hinge(parameterCount: 3))
    var simulation = Simulation(plan)
    let result = try simulation.run()
    #expect(try #require(result.finalAccuracy) > 0.8)
    #expect(try #require(result.epsilon).upper <= 8)
  }
}
