/// A model given by the loss of one example and its gradient: all that a model of your own needs.
///
/// ```swift
/// struct Line: DifferentiableModel {
///   let parameterCount = 2
///   let classifies = false
///
///   func initialParameters(_ generator: inout SimulationGenerator) -> [Float] { [0, 0] }
///
///   func loss(_ w: Span<Float>, _ x: Span<Float>, target: Float, gradient: inout MutableSpan<Float>) -> Float {
///     let error = w[0] * x[0] + w[1] - target
///     gradient[0] += error * x[0]
///     gradient[1] += error
///     return error * error / 2
///   }
///
///   func answer(_ w: Span<Float>, _ x: Span<Float>) -> Float { w[0] * x[0] + w[1] }
/// }
/// ```
///
/// Batches, epochs, clients, privacy and aggregation are the coordinator's. Gradients are summed in the order of a
/// batch's examples, so results are the same on any number of threads.
public protocol DifferentiableModel: FederatedModel where Scratch == GradientScratch {
  /// The loss of one example, and its gradient added to `gradient`.
  ///
  /// - Parameters:
  ///   - parameters: the model.
  ///   - features: the example.
  ///   - target: its class, or the number to be predicted.
  ///   - gradient: one place for each parameter; add to it.
  func loss(
    _ parameters: Span<Float>, _ features: Span<Float>, target: Float, gradient: inout MutableSpan<Float>
  ) -> Float

  /// The class, or the number, that the model predicts for one example.
  func answer(_ parameters: Span<Float>, _ features: Span<Float>) -> Float
}

/// The gradient of a batch; see ``DifferentiableModel``.
public struct GradientScratch: Sendable {
  var gradient: [Float]
}

extension DifferentiableModel {
  /// One gradient.
  public func makeScratch(batch: Int) -> GradientScratch {
    GradientScratch(gradient: [Float](repeating: 0, count: parameterCount))
  }

  /// Sums the gradients of a batch and takes one step along their mean.
  public func descend(
    _ parameters: inout [Float], on data: LabeledData, examples: ArraySlice<Int32>, rate: Float,
    scratch: inout GradientScratch
  ) -> Double {
    let loss = lossAndGradient(parameters, on: data, examples: examples, gradient: &scratch.gradient)
    let scale = rate / Float(examples.count)
    let change = scratch.gradient.span
    var target = parameters.mutableSpan
    for index in target.indices { target[index] -= scale * change[index] }
    return loss
  }

  /// The summed loss of examples, and the sum of their gradients.
  ///
  /// - Parameter gradient: overwritten; one place for each parameter.
  public func lossAndGradient(
    _ parameters: [Float], on data: LabeledData, examples: ArraySlice<Int32>, gradient: inout [Float]
  ) -> Double {
    for index in gradient.indices { gradient[index] = 0 }
    var total = 0.0
    var span = gradient.mutableSpan
    for example in examples {
      let row = Int(example) * data.width
      let features = data.features.span.extracting(row..<row + data.width)
      total += Double(
        loss(parameters.span, features, target: data.target(Int(example)), gradient: &span))
    }
    return total
  }

  /// Losses and answers one by one.
  public func evaluate(
    _ parameters: [Float], on data: LabeledData, range: Range<Int>, scratch: inout GradientScratch,
    answers: inout [Float]
  ) -> Double {
    var total = 0.0
    for example in range {
      let row = example * data.width
      let features = data.features.span.extracting(row..<row + data.width)
      var span = scratch.gradient.mutableSpan
      total += Double(loss(parameters.span, features, target: data.target(example), gradient: &span))
      answers.append(answer(parameters.span, features))
    }
    return total
  }
}
