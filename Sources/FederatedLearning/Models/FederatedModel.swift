public import SecureRandom

/// A model whose parameters are one flat array, trained by stochastic gradient descent.
///
/// The coordinator knows nothing else of a model: it copies parameters, calls ``descend(_:on:examples:rate:scratch:)``
/// batch by batch, and sums differences. Implementations must be deterministic functions of their arguments: no
/// parallel reductions, no library functions whose last bit differs between machines.
public protocol FederatedModel: Sendable {
  /// Working memory of one thread.
  associatedtype Scratch

  /// The length of the parameter array.
  var parameterCount: Int { get }

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

  /// Loss and hits of a model on a range of examples.
  ///
  /// - Returns: the summed loss, and how many examples the model classifies rightly.
  func evaluate(
    _ parameters: [Float], on data: LabeledData, range: Range<Int>, scratch: inout Scratch
  ) -> (loss: Double, correct: Int)
}
