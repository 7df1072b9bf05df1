public import SecureRandom

/// Linear regression with half the squared error: a weight for each feature, and an intercept.
public struct LinearRegression: DifferentiableModel, Hashable {
  /// The number of features.
  public let inputs: Int

  /// A model of `inputs` features.
  ///
  /// - Precondition: `inputs` is positive.
  public init(inputs: Int) {
    precondition(inputs > 0, "at least one feature")
    self.inputs = inputs
  }

  /// A weight for each feature and the intercept.
  public var parameterCount: Int { inputs + 1 }

  /// Weights, then the intercept.
  public var layout: [ModelPart] { [ModelPart("weight", [inputs]), ModelPart("bias", [1])] }

  /// False: answers are numbers.
  public var classifies: Bool { false }

  /// Zeros.
  public func initialParameters(_ generator: inout SimulationGenerator) -> [Float] {
    [Float](repeating: 0, count: parameterCount)
  }

  /// ½(w·x + b − y)², with the gradient (w·x + b − y)·(x, 1).
  public func loss(
    _ parameters: Span<Float>, _ features: Span<Float>, target: Float, gradient: inout MutableSpan<Float>
  ) -> Float {
    let error = answer(parameters, features) - target
    for index in 0..<inputs { gradient[index] += error * features[index] }
    gradient[inputs] += error
    return error * error / 2
  }

  /// w·x + b.
  public func answer(_ parameters: Span<Float>, _ features: Span<Float>) -> Float {
    var sum = parameters[inputs]
    for index in 0..<inputs { sum += parameters[index] * features[index] }
    return sum
  }
}
