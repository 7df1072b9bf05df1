import ExactMath
private import Glibc
public import PrivacyAccounting

/// Staircase noise on whole numbers, P[x] ∝ e^(−ε·⌊(|x| + Δ − r)/Δ⌋): the least expected error at a pure ε.
///
/// Geng and Viswanath (2014; 2016 for whole numbers): for a whole-number query of sensitivity Δ some width r
/// of the first step minimises any symmetric, increasing cost among all ε-differentially private noises. A shift by at
/// most Δ moves ⌊(|x| + Δ − r)/Δ⌋ by at most one, so the loss is exactly ε. With Δ = 1 it is discrete Laplace noise of
/// scale 1/ε; the gain grows with ε and Δ.
///
/// Exact: one choice settled by whole-number bounds of e^(−ε), one geometric and one uniform number.
/// Cost: about ten words a draw.
public struct StaircaseMechanism: WholeNumberMechanism, PureDP {
  /// The pure loss of one release.
  public let epsilon: Epsilon
  /// Δ, the largest change of the value in grid steps, which is the width of a step.
  public let sensitivity: GridSensitivity
  /// r, the width of the first step, 1 … Δ.
  public let firstStep: Int
  /// The law of the noise.
  public let noise: WholeNumberNoise
  private let step: Int

  /// - Parameters:
  ///   - sensitivity: the largest change of the value, 1 … 2⁴⁰ grid steps.
  ///   - firstStep: the width of the first step; by default one of least expected error.
  /// - Throws: `ParameterError` for a parameter out of range, and unless Δ/ε lies in 2⁻¹⁰ … 2⁵⁰.
  public init(epsilon: Epsilon, sensitivity: Int = 1, firstStep: Int? = nil) throws(ParameterError) {
    try ScaleLimits.checkPositive(epsilon.value, "epsilon")
    guard (1...(1 << 40)).contains(sensitivity) else {
      throw ParameterError(.outOfRange, "sensitivity", "must be a whole number from 1 to 2^40")
    }
    try ScaleLimits.checkScale(Rational(sensitivity) / epsilon.value, "epsilon")
    let first =
      firstStep ?? StaircaseMechanism.bestFirstStep(epsilon: epsilon.value.doubleValue, sensitivity: sensitivity)
    guard (1...sensitivity).contains(first) else {
      throw ParameterError(.outOfRange, "first-step", "must be from 1 to the sensitivity")
    }
    self.epsilon = epsilon
    self.sensitivity = GridSensitivity(unchecked: Rational(sensitivity))
    self.firstStep = first
    step = sensitivity
    noise = WholeNumberNoise(.staircase(epsilon: epsilon.value, step: UInt64(sensitivity), first: UInt64(first)))
  }

  /// One whole number.
  public var dimension: Dimension { Dimension(unchecked: 1) }

  /// One release.
  public var event: PrivacyEvent { .epsilonDelta(epsilon: epsilon, delta: Delta(unchecked: 0)) }

  /// ε.
  public var pureLoss: Epsilon { epsilon }

  /// From the moments of the steps.
  public var standardDeviation: Double { law.variance.squareRoot() }

  /// From the moments of the steps.
  public var expectedError: Double { law.mean }

  /// The smallest such width, up to the rounding of doubles.
  public func errorBound(confidence: Double) -> Double {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    let target = (1 - confidence) * (1 - 1e-12)
    var high: Int64 = 1
    while law.tail(from: high) > target { high *= 2 }
    var low: Int64 = 0
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if law.tail(from: middle) > target { low = middle } else { high = middle }
    }
    return Double(high - 1)
  }

  private var law: StaircaseLaw { StaircaseLaw(epsilon: epsilon.value.doubleValue, step: step, first: firstStep) }

  /// The width of least expected |noise|, looked for around Δ/(1 + e^(ε/2)), its place for fine grids (Geng and
  /// Viswanath 2014).
  private static func bestFirstStep(epsilon: Double, sensitivity: Int) -> Int {
    let place = Double(sensitivity) / (1 + exp(epsilon / 2))
    let candidates = (-2...2).map { min(max(Int(place) + $0, 1), sensitivity) }
    return candidates.min { a, b in
      StaircaseLaw(epsilon: epsilon, step: sensitivity, first: a).mean
        < StaircaseLaw(epsilon: epsilon, step: sensitivity, first: b).mean
    } ?? 1
  }
}

/// Moments of the discrete staircase law, in doubles: for stating accuracy and choosing a public width.
private struct StaircaseLaw {
  let b: Double
  let rest: Double
  let step: Double
  let first: Double
  let height: Double

  init(epsilon: Double, step: Int, first: Int) {
    b = exp(-epsilon)
    rest = -expm1(-epsilon)
    self.step = Double(step)
    self.first = Double(first)
    // Geng and Viswanath: a = (1 − b) / (2r + 2b(Δ − r) − (1 − b)).
    height = rest / (2 * self.first + 2 * b * (self.step - self.first) - rest)
  }

  /// Σ b^k, Σ k·b^k and Σ k²·b^k.
  private var sums: (Double, Double, Double) {
    (1 / rest, b / (rest * rest), b * (1 + b) / (rest * rest * rest))
  }

  var mean: Double {
    let inner = first * (first - 1) / 2
    let start = first * sums.0 + step * sums.1
    return 2 * height * (inner + b * (step * start + step * (step - 1) / 2 * sums.0))
  }

  var variance: Double {
    let inner = (first - 1) * first * (2 * first - 1) / 6
    let start = first * sums.0 + step * sums.1
    let square = first * first * sums.0 + 2 * first * step * sums.1 + step * step * sums.2
    let within = (step - 1) * step * (2 * step - 1) / 6 * sums.0
    return 2 * height * (inner + b * (step * square + step * (step - 1) * start + within))
  }

  /// P[|x| ≥ m].
  func tail(from m: Int64) -> Double {
    let place = Double(m)
    if m <= 0 { return 1 }
    if place < first { return 2 * height * (first - place + step * b / rest) }
    let whole = ((place - first) / step).rounded(.down)
    let inside = place - first - whole * step
    return 2 * height * pow(b, whole + 1) * (step - inside + step * b / rest)
  }
}
