public import FederatedLearning
private import Glibc

/// Reads a training example out of the gradient, or the update, that it alone made.
///
/// For an affine layer z = x·W + b every unit i has ∂L/∂W_i = e_i·x and ∂L/∂b_i = e_i with the same error e_i, so
/// x = ∂W_i/∂b_i wherever e_i ≠ 0; of a softmax layer the label is the only unit with a negative error (Phong et al.
/// 2017; Zhao, Mopuri and Bilen 2020). A hidden first layer gives x through any unit that the example activates.
public struct GradientInversion: Sendable {
  /// What was read.
  public struct Reconstruction: Sendable {
    /// The example.
    public let features: [Double]
    /// Its class, when the output layer tells.
    public let label: Int?
    /// How far the units contradict each other, relative to the largest feature: near 0 for a single example, of
    /// order 1 for a mixture of several or for noise.
    public let disagreement: Double
  }

  private let widths: [Int]

  /// An attack on updates of a network.
  public init(_ network: Network) { widths = network.widths }

  /// The example behind a gradient, `nil` when no unit of the first layer was touched.
  ///
  /// - Parameter gradient: One number for each parameter in the network's order; any positive factor may be on it.
  ///
  /// **Edge cases**: numbers that are not finite are no evidence; the answer is `nil`.
  public func reconstruct(gradient: [Double]) -> Reconstruction? {
    let (rows, columns) = (widths[0], widths[1])
    precondition(gradient.count >= (rows + 1) * columns, "one number for every parameter")
    guard gradient.allSatisfy(\.isFinite) else { return nil }
    let errors = Array(gradient[rows * columns..<(rows + 1) * columns])
    let order = errors.indices.sorted { abs(errors[$0]) > abs(errors[$1]) }
    guard let best = order.first, errors[best] != 0 else { return nil }
    func read(_ unit: Int) -> [Double] { (0..<rows).map { gradient[$0 * columns + unit] / errors[unit] } }
    let features = read(best)
    var disagreement = 0.0
    if order.count > 1, errors[order[1]] != 0 {
      let other = read(order[1])
      let largest = features.reduce(0) { max($0, abs($1)) }
      disagreement = zip(features, other).reduce(0) { max($0, abs($1.0 - $1.1)) } / max(largest, 1e-300)
    }
    return Reconstruction(features: features, label: label(gradient), disagreement: disagreement)
  }

  /// The same from what a client sends after one step with all its examples: local minus global model, −η·gradient.
  ///
  /// - Parameter rate: The client's learning rate; its sign and size do not matter to the features.
  public func reconstruct(update: [Double], rate: Double) -> Reconstruction? {
    reconstruct(gradient: update.map { -$0 / rate })
  }

  /// The class with a negative error of the output, when it is the only one.
  private func label(_ gradient: [Double]) -> Int? {
    let classes = widths[widths.count - 1]
    let errors = gradient.suffix(classes).map { $0 }
    let negative = errors.indices.filter { errors[$0] < 0 }
    return negative.count == 1 ? negative[0] : nil
  }

  /// What a malicious server puts into the first layer so that sums of gradients fall apart into single examples.
  ///
  /// All units get the same direction and biases that open at growing thresholds of ⟨w, x⟩: unit j is active for the
  /// examples above threshold j, so the difference of neighbours holds those of one bin, and a bin with one example
  /// gives it away: x = (∂W_j − ∂W_{j+1})/(∂b_j − ∂b_{j+1}) (Fowl et al. 2022, "Robbing the Fed").
  public struct Imprint: Sendable, Hashable {
    /// The direction, one weight for each feature.
    public let direction: [Double]
    /// The thresholds, growing.
    public let thresholds: [Double]

    /// An imprint along the mean of the features, with bins between quantiles of typical rows.
    ///
    /// - Precondition: at least two units and two rows of the same width.
    public init(units: Int, typical rows: [[Double]]) {
      precondition(units >= 2 && rows.count >= 2, "at least two units and two rows")
      let width = rows[0].count
      // Any direction serves; unequal weights keep rows with the same sum apart.
      let direction = (0..<width).map { 1 + sin(Double($0) * 12.9898) / 2 }
      let sums = rows.map { row in zip(row, direction).reduce(0) { $0 + $1.0 * $1.1 } }.sorted()
      self.direction = direction
      thresholds = (0..<units).map { unit in
        // Quantiles of the typical sums; the first bin is open below.
        unit == 0
          ? sums[0] - 10 * abs(sums[sums.count - 1] - sums[0]) - 1
          : sums[min(sums.count - 1, unit * sums.count / units)]
      }
    }

    /// The parameters of a network whose first layer carries the imprint; the rest stays.
    ///
    /// Every unit of the second layer gets equal weights from all units of the first, so that all active units of an
    /// example have the same error.
    public func planted(in network: DenseNetwork) -> DenseNetwork {
      var result = network
      let first = network.layer(0)
      let columns = network.widths[1]
      precondition(columns == thresholds.count && direction.count == network.widths[0], "an imprint fits its network")
      for unit in 0..<columns {
        for row in direction.indices {
          result.parameters[first.weights.lowerBound + row * columns + unit] = direction[row]
        }
        result.parameters[first.biases.lowerBound + unit] = -thresholds[unit]
      }
      let second = network.layer(1)
      let next = network.widths[2]
      for unit in 1..<columns {
        for column in 0..<next {
          result.parameters[second.weights.lowerBound + unit * next + column] =
            result.parameters[second.weights.lowerBound + column]
        }
      }
      return result
    }

    /// The rows read from a gradient of the planted network, summed or averaged over examples; one for each bin that
    /// was touched.
    public func harvest(gradient: [Double]) -> [[Double]] {
      let (rows, columns) = (direction.count, thresholds.count)
      var found: [[Double]] = []
      for unit in 0..<columns {
        func above(_ index: Int) -> Double { unit + 1 < columns ? gradient[index + 1] : 0 }
        let place = rows * columns + unit
        let error = gradient[place] - above(place)
        guard abs(error) > 1e-12 else { continue }
        found.append((0..<rows).map { (gradient[$0 * columns + unit] - above($0 * columns + unit)) / error })
      }
      return found
    }
  }
}
