public import SecureRandom

/// A model whose parameters are one flat array, trained by stochastic gradient descent.
///
/// The coordinator knows nothing else of a model: it copies parameters, calls ``descend(_:on:examples:rate:scratch:)``
/// batch by batch, and sums differences. Implementations must be deterministic functions of their arguments: no
/// parallel reductions, no library functions whose last bit differs between machines. A model of your own is easiest
/// as a ``DifferentiableModel``, which needs a loss and a gradient only.
public protocol FederatedModel: Sendable {
  /// Working memory of one thread.
  associatedtype Scratch

  /// The length of the parameter array.
  var parameterCount: Int { get }

  /// The named parts of the parameter array, in order: what model files call them.
  var layout: [ModelPart] { get }

  /// Whether answers are classes, so that accuracy means something.
  var classifies: Bool { get }

  /// The starting parameters, drawn from a simulation stream.
  func initialParameters(_ generator: inout SimulationGenerator) -> [Float]

  /// Working memory for batches of at most `batch` examples.
  func makeScratch(batch: Int) -> Scratch

  /// One step of gradient descent in place: y ← y − rate·∇(mean loss of the batch at y).
  ///
  /// - Parameters:
  ///   - parameters: the local model y.
  ///   - data: the shared examples.
  ///   - examples: positions of the batch's examples; not empty and at most as many as the scratch was made for.
  ///   - rate: the learning rate.
  ///   - scratch: this thread's memory.
  /// - Returns: the summed loss of the batch before the step.
  func descend(
    _ parameters: inout [Float], on data: LabeledData, examples: ArraySlice<Int32>, rate: Float, scratch: inout Scratch
  ) -> Double

  /// Loss and answers of a model on a range of examples.
  ///
  /// - Parameter answers: one is appended for each example: the class, or the predicted number.
  /// - Returns: the summed loss.
  func evaluate(
    _ parameters: [Float], on data: LabeledData, range: Range<Int>, scratch: inout Scratch, answers: inout [Float]
  ) -> Double
}

extension FederatedModel {
  /// One part with all parameters.
  public var layout: [ModelPart] { [ModelPart("parameters", [parameterCount])] }

  /// True: most models classify.
  public var classifies: Bool { true }
}

/// A named part of a parameter array, as model files know it.
public struct ModelPart: Sendable, Hashable {
  /// Its name.
  public let name: String
  /// Its dimensions, the slowest first.
  public let shape: [Int]

  /// A part of a name and a shape.
  public init(_ name: String, _ shape: [Int]) {
    self.name = name
    self.shape = shape
  }

  /// How many numbers it has.
  public var count: Int { shape.reduce(1, *) }
}

/// One thread's hold on a model whose type is known to itself only: one dynamic call for each batch.
class ModelRunner {
  func descend(
    _ parameters: inout [Float], on data: LabeledData, examples: ArraySlice<Int32>, rate: Float
  ) -> Double { 0 }

  func evaluate(
    _ parameters: [Float], on data: LabeledData, range: Range<Int>, answers: inout [Float]
  ) -> Double { 0 }
}

private final class TypedRunner<Model: FederatedModel>: ModelRunner {
  private let model: Model
  private var scratch: Model.Scratch

  init(_ model: Model, batch: Int) {
    self.model = model
    scratch = model.makeScratch(batch: batch)
  }

  override func descend(
    _ parameters: inout [Float], on data: LabeledData, examples: ArraySlice<Int32>, rate: Float
  ) -> Double {
    model.descend(&parameters, on: data, examples: examples, rate: rate, scratch: &scratch)
  }

  override func evaluate(
    _ parameters: [Float], on data: LabeledData, range: Range<Int>, answers: inout [Float]
  ) -> Double {
    model.evaluate(parameters, on: data, range: range, scratch: &scratch, answers: &answers)
  }
}

extension FederatedModel {
  /// Working memory for one thread and batches of at most `batch` examples.
  func makeRunner(batch: Int) -> ModelRunner { TypedRunner(self, batch: batch) }

  /// What a trained model says of examples: loss, and a class or a number for each.
  ///
  /// - Precondition: one number for each parameter, and data of the model's shape.
  public func predict(_ parameters: [Float], on data: LabeledData) -> (meanLoss: Double, answers: [Float]) {
    precondition(parameters.count == parameterCount, "one number for every parameter")
    let runner = makeRunner(batch: 256)
    var answers: [Float] = []
    var loss = 0.0
    for start in stride(from: 0, to: data.count, by: 256) {
      loss += runner.evaluate(
        parameters, on: data, range: start..<min(data.count, start + 256), answers: &answers)
    }
    return (loss / Double(max(1, data.count)), answers)
  }
}
