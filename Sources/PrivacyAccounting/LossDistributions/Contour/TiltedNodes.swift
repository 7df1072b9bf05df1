private import Glibc

/// A tilted privacy-loss law as weighted losses: atoms, or the nodes of a quadrature whose error is known.
///
/// The weights are those of e^(λL)P, normalised. With M(z) = E_P[e^(zL)] they give φ(t) = M(λ + it)/M(λ) as Σ w·e^(itL).
struct TiltedNodes {
  /// Losses, and weights that add up to 1.
  private(set) var losses: [Double] = []
  private(set) var weights: [Double] = []
  /// ln M(λ).
  private(set) var logTotal = 0.0
  /// Mean loss and variance under the weights.
  private(set) var mean = 0.0
  private(set) var variance = 0.0
  /// The mean relative error of a weight, and the mean absolute error of a loss.
  private var weightError = 0.0
  private var lossError = 0.0
  private var spread = 0.0
  /// The error of replacing the integral by a sum, for atoms none.
  var rule: QuadratureRule?
  /// The share that was left out at both ends.
  var truncation = 0.0

  private static let unit = 0x1p-52

  /// Nodes from the logarithms of unnormalised weights at tilt λ.
  ///
  /// - Parameters:
  ///   - logScale: what is added to the logarithm of the total.
  ///   - logErrors: bounds on the absolute errors of the logarithms.
  init(
    losses: [Double], logWeights: [Double], logErrors: [Double], lossErrors: [Double], logScale: Double = 0
  ) {
    let top = logWeights.max() ?? 0
    self.losses = losses
    weights = logWeights.map { Glibc.exp($0 - top) }
    let total = TiltedNodes.sum(weights)
    logTotal = Glibc.log(total) + top + logScale
    var errors = 0.0
    for index in weights.indices {
      weights[index] /= total
      errors += weights[index] * (logErrors[index] + TiltedNodes.unit * (logWeights[index] - top).magnitude)
      mean += weights[index] * losses[index]
    }
    for index in weights.indices {
      let distance = losses[index] - mean
      variance += weights[index] * distance * distance
      spread += weights[index] * distance.magnitude
      lossError += weights[index] * lossErrors[index]
    }
    // exp of a difference, the sum in four lanes, and the quotient.
    let count = Double(losses.count)
    weightError = errors * 1.01 + TiltedNodes.unit * (16 + count / 4)
  }

  /// A bound on the relative error of M(λ); its logarithm is off by as much and the rounding of the scale.
  var totalError: Double {
    weightError + truncation + (rule?.relativeError(at: 0) ?? 0) + 4 * TiltedNodes.unit * (1 + logTotal.magnitude)
  }

  /// A bound on the absolute error of φ(t) from ``characteristic(step:count:)``.
  ///
  /// An error τ of a weight counts twice, for it is in the total too; an error of a loss turns by t times as much; a
  /// phase is rounded to 2 units of its size, and turning it 32 times adds 8 units a turn.
  func error(at t: Double) -> Double {
    let rounding = TiltedNodes.unit * (300 + Double(losses.count) / 2)
    return 2 * weightError + 2 * truncation + t * (lossError + 6 * TiltedNodes.unit * spread) + rounding
      + (rule?.relativeError(at: t) ?? 0) + (rule?.relativeError(at: 0) ?? 0)
  }

  /// e^(−it·mean)φ(t) at t = 0, step, 2·step, …
  func characteristic(step: Double, count: Int) -> (real: [Double], imaginary: [Double]) {
    var wheel = PhaseWheel(angles: losses.map { $0 - mean }, sizes: weights)
    return wheel.sums(step: step, count: count)
  }

  private static func sum(_ values: [Double]) -> Double {
    var lanes = SIMD4<Double>.zero
    for (index, value) in values.enumerated() { lanes[index % 4] += value }
    return lanes.sum()
  }
}
