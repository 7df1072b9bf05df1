public import SecureRandom

/// The convolutional network of McMahan, Moore, Ramage, Hampson and Agüera y Arcas (2017): two 5×5 convolutions with
/// rectifiers, each followed by 2×2 maximum pooling, a rectified hidden layer and a softmax output.
///
/// With 32 and 64 channels, 512 hidden units, 28×28 images and ten classes it has the published 1,663,370 parameters.
/// Convolutions keep the size (zero padding). Images are square with one channel; their side is divisible by four.
///
/// A convolution is a dense layer over patches: every output place has a row of 5·5·channels inputs. The gradient is
/// derived by hand and fused into the step as in ``Network``; the error of a pooled place goes to the first of its
/// largest inputs.
public struct ConvolutionalNetwork: FederatedModel, Hashable {
  /// The side of an image.
  public let side: Int
  /// Channels after the first and the second convolution.
  public let channels: [Int]
  /// Units of the hidden layer.
  public let hidden: Int
  /// The number of classes.
  public let classes: Int

  /// The side of a kernel.
  static let kernel = 5
  /// Images that are worked on at once; a larger batch is cut, with the gradient taken at the model before the step.
  static let most = 16

  /// A network for square images.
  ///
  /// - Precondition: the side is a positive multiple of four and all numbers are positive.
  public init(side: Int, channels: [Int] = [32, 64], hidden: Int = 512, classes: Int) {
    precondition(side > 0 && side % 4 == 0, "the side of an image is a positive multiple of four")
    precondition(
      channels.count == 2 && channels.allSatisfy { $0 > 0 } && hidden > 0 && classes > 0, "sizes are positive")
    self.side = side
    self.channels = channels
    self.hidden = hidden
    self.classes = classes
  }

  /// Inputs and outputs of the four dense layers.
  var layers: [(inputs: Int, outputs: Int)] {
    let area = ConvolutionalNetwork.kernel * ConvolutionalNetwork.kernel
    return [
      (area, channels[0]), (area * channels[0], channels[1]), (side / 4 * (side / 4) * channels[1], hidden),
      (hidden, classes),
    ]
  }

  /// Where each layer's weights begin; its biases follow them.
  var offsets: [Int] {
    var place = 0
    return layers.map { layer in
      defer { place += (layer.inputs + 1) * layer.outputs }
      return place
    }
  }

  /// The length of the parameter array.
  public var parameterCount: Int { layers.reduce(0) { $0 + ($1.inputs + 1) * $1.outputs } }

  /// Kernels as height × width × inputs × outputs, dense layers as inputs × outputs, each before its biases.
  public var layout: [ModelPart] {
    let k = ConvolutionalNetwork.kernel
    let shapes = [[k, k, 1, channels[0]], [k, k, channels[0], channels[1]]]
    return layers.enumerated().flatMap { index, layer in
      let name = index < 2 ? "convolution\(index)" : "dense\(index - 2)"
      let shape = index < 2 ? shapes[index] : [layer.inputs, layer.outputs]
      return [ModelPart("\(name).weight", shape), ModelPart("\(name).bias", [layer.outputs])]
    }
  }

  /// Uniform weights within ±√(6/inputs), ±√(1/inputs) at the output (He, Zhang, Ren and Sun 2015); zero biases.
  public func initialParameters(_ generator: inout SimulationGenerator) -> [Float] {
    var parameters = [Float](repeating: 0, count: parameterCount)
    for (index, (layer, offset)) in zip(layers, offsets).enumerated() {
      let bound = ((index == 3 ? 1.0 : 6.0) / Double(layer.inputs)).squareRoot()
      for place in 0..<layer.inputs * layer.outputs {
        parameters[offset + place] = Float((2 * generator.uniformUnit() - 1) * bound)
      }
    }
    return parameters
  }

  /// The activations and errors of one thread, for at most sixteen images.
  public struct Scratch {
    let batch: Int
    /// Patches and outputs of the two convolutions, pooled outputs, and which of four inputs was largest.
    var patches: [[Float]]
    var outputs: [[Float]]
    var pooled: [[Float]]
    var largest: [[UInt8]]
    var hidden: [Float]
    var logits: [Float]
    var labels: [UInt16]
    /// Errors of the same.
    var patchError: [Float]
    var outputErrors: [[Float]]
    var pooledErrors: [[Float]]
    var hiddenError: [Float]
    /// The model before a step that is taken in parts.
    var frozen: [Float] = []
  }

  /// Working memory; larger batches are worked on in parts.
  public func makeScratch(batch: Int) -> Scratch {
    let rows = max(1, min(batch, ConvolutionalNetwork.most))
    let area = [side * side, side * side / 4]
    func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: rows * count) }
    let outputs = [zeros(area[0] * channels[0]), zeros(area[1] * channels[1])]
    let pooled = [zeros(area[0] / 4 * channels[0]), zeros(area[1] / 4 * channels[1])]
    return Scratch(
      batch: rows, patches: [zeros(area[0] * layers[0].inputs), zeros(area[1] * layers[1].inputs)], outputs: outputs,
      pooled: pooled, largest: pooled.map { [UInt8](repeating: 0, count: $0.count) }, hidden: zeros(hidden),
      logits: zeros(classes), labels: [UInt16](repeating: 0, count: rows),
      patchError: zeros(area[1] * layers[1].inputs), outputErrors: outputs, pooledErrors: pooled,
      hiddenError: zeros(hidden))
  }
}
