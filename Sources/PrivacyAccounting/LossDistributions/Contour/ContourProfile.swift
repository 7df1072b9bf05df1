private import Glibc

/// The privacy profile of a composition near one loss, enclosed, from the contour integral of its transform.
///
/// With K = ln M and φ(t) = M(λ + it)/M(λ), composed of all parts, for every λ > 0
///
///     δ(ε) = e^(K(λ) − λε)·(1/2π)∫φ(t)e^(−itε)/((λ + it)(λ + it + 1)) dt
///
/// because ∫₀^∞(1 − e^(−x))e^(−zx)dx = 1/(z(z + 1)). The sum with spacing Δ over all nodes kΔ is, by Poisson's summation
/// formula, Σₙe^(nλP)δ(ε + nP) with P = 2π/Δ: never less than δ(ε), and more by two geometric series. The sum stops where
/// ``DecayBound`` makes the rest small. The articles of the module carry the whole budget of errors.
struct ContourProfile: LossProfile {
  private let lambda: Double
  private let spacing: Double
  /// Terms of the sum, turned to the mean of the composed law, and the sum of their sizes.
  private let real: [Double]
  private let imaginary: [Double]
  private let size: Double
  private let weightedTime: Double
  private let mean: Double
  private let meanSize: Double
  private let partCount: Double
  /// A bound on the error of the sum, apart from rounding at the time of asking.
  private let error: Double
  private let logTotal: (low: Double, high: Double)
  private let logPeriodAbove: (offset: Double, lambda: Double)
  private let logBelow: Double
  private let infinity: (low: Double, high: Double)
  let hasLower: Bool
  let range: ClosedRange<Double>
  /// Where the plan expects the answer.
  let centre: Double

  private static let unit = 0x1p-52

  init?(_ law: ContourLaw, _ plan: ContourPlan) {
    let (lambda, spacing, count) = (plan.lambda, plan.spacing, plan.count)
    let reach = Double(count) * spacing
    var powers = ContourPowers(count: count)
    for (part, times) in law.parts {
      switch part {
      case .sampled(let sample, let removal):
        guard
          let quadrature = SampledQuadrature(sample, removal: removal, lambda: lambda, reach: reach)
        else { return nil }
        powers.multiply(quadrature.nodes, times, spacing: spacing)
      case .atoms(let atomic): powers.multiply(atomic.tilted(lambda), times, spacing: spacing)
      case .gaussian(let squaredMu): powers.multiply(squaredMu: squaredMu, times, lambda: lambda, spacing: spacing)
      case .laplace(let epsilon):
        powers.multiply(LaplaceTransform(epsilon: epsilon, lambda: lambda), times, spacing: spacing)
      }
    }
    partCount = Double(law.parts.count)
    let terms = powers.terms(lambda: lambda, spacing: spacing, parts: partCount)
    (real, imaginary, size, weightedTime) = (terms.real, terms.imaginary, terms.size, terms.weightedTime)
    self.lambda = lambda
    self.spacing = spacing
    mean = powers.mean
    meanSize = powers.meanSize
    // Nodes beyond: Σ Δ/t² over k > K is at most 1/t_K, twice for both signs, over 2π.
    let last = Double(count - 1) * spacing
    error = terms.error + Glibc.exp(plan.logDecay) / (Double.pi * last) * 1.01
    logTotal = (powers.logTotal - powers.totalError, powers.logTotal + powers.totalError)
    let period = 2 * Double.pi / spacing
    // What lies a period or more below is at most 1 each, what lies above is bounded at the larger tilt.
    logBelow = -Glibc.log(Glibc.expm1(lambda * period * (1 - 1e-12)))
    let gap = (plan.above.lambda - lambda) * period * (1 - 1e-12)
    logPeriodAbove = (
      plan.above.cumulant + 1e-12 * (1 + plan.above.cumulant.magnitude) - Glibc.log(Glibc.expm1(gap)),
      plan.above.lambda
    )
    infinity = law.infinity
    hasLower = law.isTight
    centre = plan.centre
    range = 0...(plan.centre + period / 2)
    guard error.isFinite, size.isFinite, logTotal.high.isFinite else { return nil }
  }

  /// The sum at ε and a bound on its error.
  private func sum(_ epsilon: Double) -> (value: Double, error: Double) {
    let distance = epsilon - mean
    let turn = (Glibc.cos(spacing * distance), -Glibc.sin(spacing * distance))
    var (c, s) = (1.0, 0.0)
    var total = 0.0
    for k in real.indices {
      if k % 16 == 0 {
        let angle = Double(k) * spacing * distance
        (c, s) = (Glibc.cos(angle), -Glibc.sin(angle))
      }
      total += real[k] * c - imaginary[k] * s
      (c, s) = (c * turn.0 - s * turn.1, c * turn.1 + s * turn.0)
    }
    let unit = ContourProfile.unit
    let rounding =
      size * unit * (160 + Double(real.count))
      + weightedTime * unit * (8 + partCount) * (epsilon.magnitude + meanSize)
    return (total, error + rounding)
  }

  /// A bound on the rounding of a logarithm and a sum of three terms: eight units of each.
  private func slack(_ exponent: Double, _ epsilon: Double, _ log: Double) -> Double {
    8 * ContourProfile.unit * (1 + exponent.magnitude + (lambda * epsilon).magnitude + log.magnitude)
  }

  /// An upper bound on ln δ(ε).
  func upperLogDelta(_ epsilon: Double) -> Double {
    let (value, error) = sum(epsilon)
    // Where the sum does not stand out of its error the profile has nothing to say.
    guard value > 4 * error else { return 0 }
    let exponent = logTotal.high - lambda * epsilon
    let log = Glibc.log(value + error)
    let main = log + exponent + slack(exponent, epsilon, log)
    let whole =
      infinity.high > 0 ? LossMath.logAdd(main, Glibc.log(infinity.high)) + slack(main, epsilon, main) : main
    return whole.isNaN ? 0 : Swift.min(0, whole)
  }

  /// A lower bound on ln δ(ε).
  func lowerLogDelta(_ epsilon: Double) -> Double {
    guard hasLower else { return -.infinity }
    let (value, error) = sum(epsilon)
    let exponent = logTotal.low - lambda * epsilon
    let slack = slack(exponent, epsilon, 0)
    let aliases = LossMath.logAdd(logBelow, logPeriodAbove.offset - logPeriodAbove.lambda * epsilon) + 1e-12
    let net = (value - error) - Glibc.exp(aliases - exponent + slack) * (1 + 1e-12)
    let log = Glibc.log(Swift.max(0, net))
    let main = net > 0 ? log + exponent - self.slack(exponent, epsilon, log) : -.infinity
    guard infinity.low > 0 else { return main }
    return LossMath.logAdd(main, Glibc.log(infinity.low)) - 1e-15
  }
}

/// The transform of a composition at all nodes, in polar form, with bounds on the errors of its factors.
private struct ContourPowers {
  private var logSize: [Double]
  private var phase: [Double]
  /// Σ of multiplicity times ln(1 + e/|φ|) over the parts.
  private var logExcess: [Double]
  private(set) var mean = 0.0
  /// Σ of the sizes of what the mean is the sum of.
  private(set) var meanSize = 0.0
  private(set) var logTotal = 0.0
  private(set) var totalError = 0.0

  init(count: Int) {
    logSize = [Double](repeating: 0, count: count)
    phase = logSize
    logExcess = logSize
  }

  mutating func multiply(_ nodes: TiltedNodes, _ times: Double, spacing: Double) {
    let values = nodes.characteristic(step: spacing, count: logSize.count)
    for k in logSize.indices {
      multiply(k, values.real[k], values.imaginary[k], times, nodes.error(at: Double(k) * spacing))
    }
    move(times * nodes.mean)
    add(nodes.logTotal, nodes.totalError, times)
  }

  mutating func multiply(squaredMu: Double, _ times: Double, lambda: Double, spacing: Double) {
    // ln M(z) = μ²(z² + z)/2 exactly; μ² is rounded once.
    for k in logSize.indices {
      let t = Double(k) * spacing
      let log = squaredMu * times * t * t / 2
      logSize[k] -= log
      logExcess[k] += 0x1p-50 * (log + 1)
    }
    move(times * squaredMu * (lambda + 0.5))
    let total = squaredMu * lambda * (lambda + 1) / 2
    add(total, 0x1p-50 * total, times)
  }

  mutating func multiply(_ transform: LaplaceTransform, _ times: Double, spacing: Double) {
    for k in logSize.indices {
      let t = Double(k) * spacing
      let (x, y) = transform.characteristic(t)
      multiply(k, x, y, times, transform.error(at: t))
    }
    move(times * transform.epsilon)
    let total = transform.logTotal
    add(total, 0x1p-50 * (8 + total.magnitude + transform.lambda * transform.epsilon), times)
  }

  private mutating func move(_ distance: Double) {
    mean += distance
    meanSize += distance.magnitude
  }

  private mutating func add(_ log: Double, _ error: Double, _ times: Double) {
    logTotal += times * log
    totalError += times * (error + 0x1p-51 * log.magnitude) + 0x1p-51 * logTotal.magnitude
  }

  private mutating func multiply(_ k: Int, _ x: Double, _ y: Double, _ times: Double, _ error: Double) {
    let size = (x * x + y * y).squareRoot()
    guard size > 0 else {
      // Below the error: the bound alone counts.
      logSize[k] += times * Glibc.log(error)
      logExcess[k] = .infinity
      return
    }
    logSize[k] += times * Glibc.log(size)
    phase[k] += Glibc.remainder(times * Glibc.atan2(y, x), 2 * Double.pi)
    // Logarithm and angle are good to 2 units each, and rounded once more in the product.
    logExcess[k] += times * (Glibc.log1p(error / size) + 0x1p-49 * (1 + Glibc.log(size).magnitude))
  }

  /// The terms (Δ/π)·φ(kΔ)/(z(z + 1)), the first halved, turned so that the mean loss is zero.
  func terms(
    lambda: Double, spacing: Double, parts: Double
  ) -> (real: [Double], imaginary: [Double], size: Double, weightedTime: Double, error: Double) {
    var (real, imaginary) = (logSize, logSize)
    var (size, weightedTime, error) = (0.0, 0.0, 0.0)
    for k in logSize.indices {
      let t = Double(k) * spacing
      let factor = spacing / Double.pi * (k == 0 ? 0.5 : 1)
      // 1/(z(z + 1)) with z = λ + it.
      let (a, b) = (lambda * (lambda + 1) - t * t, t * (2 * lambda + 1))
      let norm = (lambda * lambda + t * t) * ((lambda + 1) * (lambda + 1) + t * t)
      let magnitude = factor / norm.squareRoot()
      guard logExcess[k].isFinite, logSize[k] > -700 else {
        (real[k], imaginary[k]) = (0, 0)
        let bound = logExcess[k].isFinite ? Swift.min(0, logSize[k] + logExcess[k]) : 0
        error += magnitude * (bound > -700 ? Glibc.exp(bound) : 1e-300) * 1.01
        continue
      }
      let power = Glibc.exp(logSize[k])
      let (c, s) = (power * Glibc.cos(phase[k]), power * Glibc.sin(phase[k]))
      real[k] = factor * (c * a + s * b) / norm
      imaginary[k] = factor * (s * a - c * b) / norm
      size += magnitude * power * 1.01
      weightedTime += magnitude * power * t * 1.01
      // |φ̃ − φ| ≤ e gives |φ̃^T − φ^T| ≤ (|φ̃| + e)^T − |φ̃|^T, and the same for products of powers.
      // The sum over parts rounds the logarithm once for each.
      let summed = 0x1p-52 * parts * (logSize[k].magnitude + 4 * parts)
      error += magnitude * power * (Glibc.expm1(logExcess[k] + summed) + 0x1p-48) * 1.01
    }
    return (real, imaginary, size, weightedTime, error)
  }
}
