private import ExactMath
private import Glibc

/// The tilted composition of the upper and the lower grid law on a ring of grid points, with a bound on its error.
struct TiltedSpectrum {
  /// Composed tilted masses; position p stands for the grid index `baseIndex + p` modulo the length.
  private(set) var upper: [Double] = []
  private(set) var lower: [Double] = []
  /// A bound on the absolute error of every mass.
  private(set) var error = 0.0
  private(set) var upperCumulant = 0.0
  private(set) var lowerCumulant = 0.0
  private(set) var baseIndex = 0
  private(set) var multiplicity = 0.0

  /// Coefficients below e^−70 are treated as zero, and counted as error.
  private static let negligible = -70.0

  init(_ composition: LossComposition, _ plan: TiltPlan) {
    let transform = FourierTransform(count: plan.count)
    let half = plan.count / 2
    var upperSum = PowerSum(count: half + 1)
    var lowerSum = PowerSum(count: half + 1)
    for part in composition.parts {
      let count = Double(part.count)
      multiplicity += count
      let rate = plan.lambda * composition.step
      var real = [Double](repeating: 0, count: plan.count)
      var imaginary = real
      let up = LossComposition.logSum(part.upper, first: part.first, rate)
      let down = LossComposition.logSum(part.lower, first: part.first, rate)
      upperCumulant += count * up
      lowerCumulant += count * down
      let anchor = TiltedSpectrum.fold(part, rate, up, down, &real, &imaginary)
      baseIndex += part.count * anchor
      var norm = 0.0
      for index in real.indices { norm += real[index] * real[index] + imaginary[index] * imaginary[index] }
      let size = (norm * Double(plan.count)).squareRoot()
      transform.forward(&real, &imaginary)
      // The tilt itself: e^(λℓ)/M has a relative error of a few ulps of its exponent.
      let coefficientError =
        transform.relativeError * size + 1e-15
        * (10 + rate / composition.step * composition.widest + abs(up) + abs(down))
      for k in 0...half {
        let mirror = (plan.count - k) & (plan.count - 1)
        let (a, b, c, d) = (real[k], imaginary[k], real[mirror], imaginary[mirror])
        // Packed as upper + i·lower: both spectra are Hermitian.
        upperSum.multiply(k, (a + c) / 2, (b - d) / 2, count, coefficientError)
        lowerSum.multiply(k, (b + d) / 2, (c - a) / 2, count, coefficientError)
      }
    }
    var real = [Double](repeating: 0, count: plan.count)
    var imaginary = real
    var norm = 0.0
    for k in 0...half {
      let (ur, ui, ue) = upperSum.value(k, TiltedSpectrum.negligible)
      let (lr, li, le) = lowerSum.value(k, TiltedSpectrum.negligible)
      let twice = k == 0 || k == half ? 1.0 : 2.0
      error += twice * (ue + le)
      norm += twice * (ur * ur + ui * ui + lr * lr + li * li)
      // Conjugated for the inverse: conj(U + iL) at k, conj(conj U + i·conj L) at −k.
      real[k] = ur - li
      imaginary[k] = -(ui + lr)
      if k != 0, k != half {
        real[plan.count - k] = ur + li
        imaginary[plan.count - k] = ui - lr
      }
    }
    transform.forward(&real, &imaginary)
    let n = Double(plan.count)
    upper = real.map { $0 / n }
    lower = imaginary.map { -$0 / n }
    error = error / n * (1 + 1e-9) + transform.relativeError * (norm / n).squareRoot()
  }

  /// Folds the tilted, normalised masses onto the ring around their mean; returns the grid index of position 0.
  private static func fold(
    _ part: LossComposition.Part, _ rate: Double, _ up: Double, _ down: Double, _ real: inout [Double],
    _ imaginary: inout [Double]
  ) -> Int {
    var tilted = [Double](repeating: 0, count: part.upper.count)
    var mean = 0.0
    for index in part.upper.indices where part.upper[index] > 0 {
      let exponent = rate * Double(part.first + index)
      tilted[index] = part.upper[index] * Glibc.exp(exponent - up)
      mean += tilted[index] * Double(index)
    }
    let anchor = part.first + Int(mean.rounded())
    let mask = real.count - 1
    let correction = Glibc.exp(up - down)
    for index in part.upper.indices {
      let position = (part.first + index - anchor) & mask
      real[position] += tilted[index]
      if part.upper[index] > 0 {
        imaginary[position] += tilted[index] / part.upper[index] * part.lower[index] * correction
      }
    }
    return anchor
  }
}

/// Products of powers of Fourier coefficients in polar form, with a bound on each.
private struct PowerSum {
  private var logSize: [Double]
  private var logBound: [Double]
  private var phase: [Double]
  private var relativeError: [Double]

  init(count: Int) {
    logSize = [Double](repeating: 0, count: count)
    logBound = logSize
    phase = logSize
    relativeError = logSize
  }

  mutating func multiply(_ k: Int, _ x: Double, _ y: Double, _ count: Double, _ error: Double) {
    let size = (x * x + y * y).squareRoot()
    logBound[k] += count * Glibc.log(size + error)
    // What is no number is kept, for the bound on its error.
    guard logBound[k] > -200 || logBound[k].isNaN else {
      logSize[k] = -.infinity
      return
    }
    logSize[k] += count * Glibc.log(size)
    // Reduced modulo a turn so that many repetitions keep their digits; the angle itself is good to 4 ulps.
    phase[k] += Glibc.remainder(count * Glibc.atan2(y, x), 2 * Double.pi)
    relativeError[k] += count * (error / (size + error) + 4e-15)
  }

  /// The product and a bound on its error.
  func value(_ k: Int, _ negligible: Double) -> (real: Double, imaginary: Double, error: Double) {
    guard logBound[k] < .infinity else { return (0, 0, .infinity) }
    let bound = logBound[k] > -700 ? Glibc.exp(logBound[k]) : 1e-300
    guard logSize[k] > negligible else { return (0, 0, bound * 1.000001) }
    let size = Glibc.exp(logSize[k])
    return (size * Glibc.cos(phase[k]), size * Glibc.sin(phase[k]), bound * (relativeError[k] + 1e-13))
  }
}
