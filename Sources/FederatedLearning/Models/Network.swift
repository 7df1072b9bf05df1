public import SecureRandom

/// A fully connected network with rectified hidden layers and a softmax output; without hidden layers it is softmax
/// regression.
///
/// Parameters lie layer after layer, each a row-major matrix of inputs × outputs followed by the biases. The gradient
/// is derived by hand: with p the softmax and t the one-hot label, the error of the output is (p − t)/B, the error of
/// a layer's input is the error times the transposed weights where the rectifier was open, and the step subtracts
/// η·inputᵀ·error. The step is fused: the error carries −η/B and is multiplied straight into the weights.
public struct Network: FederatedModel, Hashable {
  /// The number of inputs, of units of each hidden layer, and of classes.
  public let widths: [Int]
  /// The length of the parameter array.
  public let parameterCount: Int
  let offsets: [Int]
  /// Runs the portable twins of the kernels; the results are the same bits.
  package var usesPortableKernels = false

  /// A network for `inputs` features and `classes` classes.
  ///
  /// - Precondition: every width is positive.
  public init(inputs: Int, hidden: [Int] = [], classes: Int) {
    widths = [inputs] + hidden + [classes]
    precondition(widths.allSatisfy { $0 > 0 }, "widths are positive")
    var offsets: [Int] = []
    var total = 0
    for (rows, columns) in zip(widths, widths.dropFirst()) {
      offsets.append(total)
      total += rows * columns + columns
    }
    self.offsets = offsets
    parameterCount = total
  }

  /// The number of layers of weights.
  public var depth: Int { offsets.count }

  /// Layer i has `layer<i>.weight` of inputs × outputs and `layer<i>.bias`.
  public var layout: [ModelPart] {
    (0..<depth).flatMap { layer in
      [
        ModelPart("layer\(layer).weight", [widths[layer], widths[layer + 1]]),
        ModelPart("layer\(layer).bias", [widths[layer + 1]]),
      ]
    }
  }

  /// Zeros for softmax regression; otherwise uniform weights and zero biases.
  ///
  /// Hidden layers draw from ±√(6/inputs) (He, Zhang, Ren and Sun 2015), the output layer from ±√(1/inputs).
  public func initialParameters(_ generator: inout SimulationGenerator) -> [Float] {
    var parameters = [Float](repeating: 0, count: parameterCount)
    guard depth > 1 else { return parameters }
    for layer in 0..<depth {
      let bound = ((layer == depth - 1 ? 1.0 : 6.0) / Double(widths[layer])).squareRoot()
      for index in 0..<widths[layer] * widths[layer + 1] {
        parameters[offsets[layer] + index] = Float((2 * generator.uniformUnit() - 1) * bound)
      }
    }
    return parameters
  }

  /// The activations and errors of one thread.
  public struct Scratch {
    /// Inputs, then each layer's output; errors of each layer's output.
    var activations: [[Float]]
    var errors: [[Float]]
    var labels: [UInt16]
    /// Where the inputs of each layer are not zero; only for batches of at most ``Marks/mostRows``.
    var marks: [Marks]
    let batch: Int
  }

  /// Working memory for batches of at most `batch` examples.
  public func makeScratch(batch: Int) -> Scratch {
    Scratch(
      activations: widths.map { [Float](repeating: 0, count: $0 * batch) },
      errors: widths.map { [Float](repeating: 0, count: $0 * batch) }, labels: [UInt16](repeating: 0, count: batch),
      marks: widths.allSatisfy { $0 <= Marks.mostInputs }
        ? widths.dropLast().map { Marks(inputs: $0, rows: min(batch, Marks.mostRows)) } : [],
      batch: batch)
  }
}
