public import FederatedLearning
private import Glibc

/// A fully connected softmax network in double precision, as an attacker computes with it.
///
/// Parameters lie as in `Network` of FederatedLearning: layer after layer a row-major matrix of inputs × outputs, then
/// the biases; hidden layers are rectified.
public struct DenseNetwork: Sendable, Hashable {
  /// The number of inputs, of units of each hidden layer, and of classes.
  public let widths: [Int]
  /// All parameters.
  public var parameters: [Double]

  /// A network of the same shape with these parameters.
  ///
  /// - Throws: ``AuditError`` when their number is not the network's.
  public init(_ network: Network, parameters: [Double]) throws(AuditError) {
    guard parameters.count == network.parameterCount else {
      throw AuditError(
        .invalidSetting, "model: has \(parameters.count) parameters, not \(network.parameterCount)")
    }
    widths = network.widths
    self.parameters = parameters
  }

  private init(widths: [Int], parameters: [Double]) {
    self.widths = widths
    self.parameters = parameters
  }

  /// Where the weights and the biases of a layer lie.
  public func layer(_ index: Int) -> (weights: Range<Int>, biases: Range<Int>) {
    var start = 0
    for earlier in 0..<index { start += (widths[earlier] + 1) * widths[earlier + 1] }
    let middle = start + widths[index] * widths[index + 1]
    return (start..<middle, middle..<middle + widths[index + 1])
  }

  /// The layers of weights.
  public var depth: Int { widths.count - 1 }

  /// The probabilities of all classes.
  public func probabilities(_ input: [Double]) -> [Double] { DenseNetwork.softmax(activations(input)[depth]) }

  /// The loss −ln p_y.
  public func loss(_ input: [Double], label: Int) -> Double {
    let logits = activations(input)[depth]
    let top = logits.max() ?? 0
    return log(logits.reduce(0) { $0 + exp($1 - top) }) + top - logits[label]
  }

  /// The gradients of the loss of one example, by all parameters and by the input.
  public func gradients(_ input: [Double], label: Int) -> (parameters: [Double], input: [Double]) {
    let activations = activations(input)
    var error = DenseNetwork.softmax(activations[depth])
    error[label] -= 1
    return back(activations, error)
  }

  /// The gradients of p_y by the input: what raises the confidence in a class.
  public func confidenceGradient(_ input: [Double], label: Int) -> [Double] {
    let activations = activations(input)
    let p = DenseNetwork.softmax(activations[depth])
    return back(activations, p.indices.map { p[label] * (($0 == label ? 1 : 0) - p[$0]) }).input
  }

  private func back(_ activations: [[Double]], _ last: [Double]) -> (parameters: [Double], input: [Double]) {
    var gradient = [Double](repeating: 0, count: parameters.count)
    var error = last
    for index in stride(from: depth - 1, through: 0, by: -1) {
      let (weights, biases) = layer(index)
      let (rows, columns) = (widths[index], widths[index + 1])
      var below = [Double](repeating: 0, count: rows)
      for row in 0..<rows {
        let x = activations[index][row]
        var sum = 0.0
        for column in 0..<columns {
          gradient[weights.lowerBound + row * columns + column] = x * error[column]
          sum += parameters[weights.lowerBound + row * columns + column] * error[column]
        }
        below[row] = index == 0 || x > 0 ? sum : 0
      }
      for column in 0..<columns { gradient[biases.lowerBound + column] = error[column] }
      error = below
    }
    return (gradient, error)
  }

  /// The input, then the output of every layer; the last holds the logits.
  private func activations(_ input: [Double]) -> [[Double]] {
    var all = [input]
    for index in 0..<depth {
      let (weights, biases) = layer(index)
      let columns = widths[index + 1]
      var output = Array(parameters[biases])
      for row in 0..<widths[index] {
        let x = all[index][row]
        if x == 0 { continue }
        let base = weights.lowerBound + row * columns
        for column in 0..<columns { output[column] += x * parameters[base + column] }
      }
      if index < depth - 1 { for column in 0..<columns where output[column] < 0 { output[column] = 0 } }
      all.append(output)
    }
    return all
  }

  private static func softmax(_ logits: [Double]) -> [Double] {
    let top = logits.max() ?? 0
    let powers = logits.map { exp($0 - top) }
    let total = powers.reduce(0, +)
    return powers.map { $0 / total }
  }
}
