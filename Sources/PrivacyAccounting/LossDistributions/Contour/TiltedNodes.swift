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
    // exp of a difference, the sum in eight lanes, and the quotient.
    let count = Double(losses.count)
    weightError = errors * 1.01 + TiltedNodes.unit * (16 + count / 8)
  }

  /// A bound on the relative error of M(λ); its logarithm is off by as much and the rounding of the scale.
  var totalError: Double {
    weightError + truncation + (rule?.relativeError(at: 0) ?? 0) + 4 * TiltedNodes.unit * (1 + logTotal.magnitude)
  }

  /// A bound on the absolute error of φ(t) from ``characteristic(step:count:)``.
  ///
  /// An error τ of a weight counts twice, for it is in the total too; an error of a loss turns by t times as much; a
  /// phase is rounded to 2 units of its size, and turning it sixteen times adds 8 units a turn.
  func error(at t: Double) -> Double {
    let rounding = TiltedNodes.unit * (160 + Double(losses.count) / 4)
    return 2 * weightError + 2 * truncation + t * (lossError + 6 * TiltedNodes.unit * spread) + rounding
      + (rule?.relativeError(at: t) ?? 0) + (rule?.relativeError(at: 0) ?? 0)
  }

  /// e^(−it·mean)φ(t) at t = 0, step, 2·step, …
  func characteristic(step: Double, count: Int) -> (real: [Double], imaginary: [Double]) {
    let lanes = (losses.count + 7) / 8
    var centred = [SIMD8<Double>](repeating: .zero, count: lanes)
    var weight = centred
    for index in losses.indices {
      centred[index / 8][index % 8] = losses[index] - mean
      weight[index / 8][index % 8] = weights[index]
    }
    var turnReal = centred
    var turnImaginary = centred
    for lane in 0..<lanes { (turnReal[lane], turnImaginary[lane]) = TiltedNodes.unitCircle(centred[lane] * step) }
    var (real, imaginary) = (turnReal, turnImaginary)
    var result = (real: [Double](repeating: 0, count: count), imaginary: [Double](repeating: 0, count: count))
    for k in 0..<count {
      if k % 16 == 0 {
        for lane in 0..<lanes {
          let (c, s) = TiltedNodes.unitCircle(centred[lane] * (Double(k) * step))
          real[lane] = c * weight[lane]
          imaginary[lane] = s * weight[lane]
        }
      }
      var (sumReal, sumImaginary) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
      for lane in 0..<lanes {
        let (x, y, c, s) = (real[lane], imaginary[lane], turnReal[lane], turnImaginary[lane])
        sumReal += x
        sumImaginary += y
        real[lane] = x * c - y * s
        imaginary[lane] = x * s + y * c
      }
      result.real[k] = sumReal.sum()
      result.imaginary[k] = sumImaginary.sum()
    }
    return result
  }

  private static func unitCircle(_ angle: SIMD8<Double>) -> (SIMD8<Double>, SIMD8<Double>) {
    var (cosine, sine) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
    for index in 0..<8 {
      cosine[index] = Glibc.cos(angle[index])
      sine[index] = Glibc.sin(angle[index])
    }
    return (cosine, sine)
  }

  private static func sum(_ values: [Double]) -> Double {
    var lanes = SIMD8<Double>.zero
    for (index, value) in values.enumerated() { lanes[index % 8] += value }
    return lanes.sum()
  }
}
