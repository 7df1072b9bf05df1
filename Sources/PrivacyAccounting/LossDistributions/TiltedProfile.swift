private import ExactMath
private import Glibc

/// The privacy profile of a composition near one loss, enclosed, from one tilted Fourier transform.
///
/// Convolving w(ℓ) ∝ e^(λℓ)m(ℓ) instead of m puts the loss of interest at the peak, so the transform's absolute error is
/// a relative error of δ, however small δ is: δ(ε) = e^K Σ_{ℓ>ε} e^(−λℓ) y(ℓ)(1 − e^(ε−ℓ)) with y = w^{*T} and K the
/// cumulant. Both the dominating and the dominated grid law go through the same complex transform.
///
/// The error of every cell of y is at most E = Σ_k|Ỹ_k − Y_k|/N + η‖y‖₂: a computed coefficient F̃ differs from the exact
/// one by e = η√N‖w‖₂, so its power differs by (|F̃| + e)^T·T(e/(|F̃| + e) + rounding). Mass outside the window wraps
/// around; Chernoff bounds at two other tilts limit it.
struct TiltedProfile: LossProfile {
  private let plan: TiltPlan
  private let step: Double
  private let lowIndex: Int
  private let upper: Side
  private let lower: Side
  private let infinity: Double
  private let lowerOffset: Double
  private let lossError: Double
  /// A bound on the relative error of suffix sums and of the exponentials in them.
  private let rounding: Double
  /// Whether lower bounds hold for the event at all.
  let hasLower: Bool

  private struct Side {
    /// Suffix sums of e^(−λ(ℓ−c))·y and of that times e^(−(ℓ−c)), at each window position and above.
    var plain: [Double] = []
    var damped: [Double] = []
    /// K − λc.
    var logScale = 0.0
    /// What wraps around or is lost, relative to e^(K−λc).
    var outside = 0.0
  }

  init(_ composition: LossComposition, _ plan: TiltPlan) {
    self.plan = plan
    step = composition.step
    infinity = composition.infinity
    lowerOffset = composition.lowerOffset
    lossError = composition.lossError
    hasLower = composition.isTight
    lowIndex = Int((plan.centre / step).rounded()) - plan.count / 2
    // Sums of at most 2¹⁹ positive terms, and exponentials of λ(ℓ − c), whose argument is off by a few units of λℓ and λc.
    let farthest = abs(plan.centre) + Double(plan.count) * step
    rounding = 1e-9 + 1e-15 * (plan.lambda + 1) * farthest
    let spectrum = TiltedSpectrum(composition, plan)
    let total = composition.cumulant(plan.lambda)
    let top = Double(lowIndex + plan.count) * step
    let bottom = Double(lowIndex - 1) * step
    let logAbove = composition.cumulant(plan.above) - (plan.above - plan.lambda) * top
    let logBelow = composition.cumulant(plan.below) + (plan.lambda - plan.below) * bottom
    // Rounding of a cumulant: that of its exponents, up to tilt times loss, and a few units for sum and logarithm; once
    // for each repetition, and once more for the sum over parts.
    let steepest = Swift.max(plan.above, plan.lambda) * composition.widest
    let margin =
      1e-12 + 1e-15 * (abs(total) + abs(logAbove) + abs(logBelow) + abs(plan.above * top) + abs(plan.lambda * bottom))
      + 1e-15 * spectrum.multiplicity * (8 + steepest)
    let outsideUpper = Glibc.exp(logAbove - spectrum.upperCumulant + margin)
    let outsideLower =
      Glibc.exp(logAbove - spectrum.lowerCumulant + margin) + Glibc.exp(logBelow - spectrum.lowerCumulant + margin)
    upper = TiltedProfile.side(
      spectrum.upper, error: spectrum.error, sign: 1, plan: plan, lowIndex: lowIndex, step: step,
      base: spectrum.baseIndex, logScale: spectrum.upperCumulant + margin - plan.lambda * plan.centre,
      outside: outsideUpper)
    lower = TiltedProfile.side(
      spectrum.lower, error: spectrum.error, sign: -1, plan: plan, lowIndex: lowIndex, step: step,
      base: spectrum.baseIndex, logScale: spectrum.lowerCumulant - margin - plan.lambda * plan.centre,
      outside: outsideLower)
  }

  private static func side(
    _ values: [Double], error: Double, sign: Double, plan: TiltPlan, lowIndex: Int, step: Double, base: Int,
    logScale: Double, outside: Double
  ) -> Side {
    var side = Side()
    side.logScale = logScale
    side.outside = outside
    var plainSums = [Double](repeating: 0, count: plan.count + 1)
    var dampedSums = plainSums
    let mask = plan.count - 1
    let exactCentre = plan.centre
    var (plain, damped) = (0.0, 0.0)
    for position in stride(from: plan.count - 1, through: 0, by: -1) {
      let index = lowIndex + position
      // Positions of the transform are relative to the base, modulo its length.
      let enclosed = values[(index - base) & mask] + sign * error
      // A value that is no number stands for any mass; a maximum would make it zero and hide it from an upper bound.
      let value = enclosed.isNaN ? (sign > 0 ? .infinity : 0) : Swift.max(0, enclosed)
      if value > 0 {
        let distance = Double(index) * step - exactCentre
        let exponent = -plan.lambda * distance
        // Where the exponential leaves the range of doubles it is replaced by a bound on the safe side: an underflow
        // taken for zero would hide mass from an upper bound.
        plain += value * bounded(exponent, upward: sign > 0)
        damped += value * bounded(exponent - distance, upward: sign < 0)
      }
      plainSums[position] = plain
      dampedSums[position] = damped
    }
    side.plain = plainSums
    side.damped = dampedSums
    return side
  }

  /// e^x, or a bound on it where it is no normal number: above it when `upward`, below it otherwise.
  private static func bounded(_ exponent: Double, upward: Bool) -> Double {
    if exponent < -690 { return upward ? 1e-299 : 0 }
    if exponent > 690 { return upward ? .infinity : 1e299 }
    return Glibc.exp(exponent)
  }

  /// The losses at which the profile may be asked.
  var range: ClosedRange<Double> {
    Double(lowIndex + 1) * step...Double(lowIndex + plan.count - 2) * step
  }

  /// An upper bound on ln δ(ε), at most 0; useful near the centre, valid everywhere in `range`.
  func upperLogDelta(_ epsilon: Double) -> Double {
    let (plain, damped) = sums(upper, epsilon - lossError)
    let difference = plain * (1 + rounding) - damped * (1 - rounding)
    let finite = difference.isNaN ? .infinity : difference
    let lost = upper.outside * Glibc.exp(-plan.lambda * (range.upperBound - plan.centre))
    let main = upper.logScale + Glibc.log(Swift.max(0, finite) + lost) + 1e-12
    let value = infinity > 0 ? LossMath.logAdd(main, Glibc.log(infinity)) : main
    return value.isNaN ? 0 : Swift.min(0, value)
  }

  /// A lower bound on ln δ(ε).
  func lowerLogDelta(_ asked: Double) -> Double {
    guard hasLower else { return -.infinity }
    // The dominated law lies on a grid of its own.
    let epsilon = asked - lowerOffset + 0x1p-50 * (asked.magnitude + lowerOffset.magnitude) + lossError
    let (plain, damped) = sums(lower, epsilon)
    let lambda = plan.lambda
    // Wrapped mass adds at most max_u e^(−λu)(1 − e^(−u)) ≤ 1/(1 + λ) times e^(−λ(ε−c)) per unit.
    let wrapped = lower.outside * Glibc.exp(-lambda * (epsilon - plan.centre)) / (1 + lambda)
    let finite = plain * (1 - rounding) - damped * (1 + rounding) - wrapped
    guard finite > 0 else { return -.infinity }
    return lower.logScale + Glibc.log(finite) - 1e-12
  }

  /// Σ over grid losses above ε of the weights, and e^(ε−c) times the damped ones.
  private func sums(_ side: Side, _ epsilon: Double) -> (Double, Double) {
    let position = Int((epsilon / step).rounded(.down)) + 1 - lowIndex
    let clamped = Swift.min(Swift.max(position, 0), plan.count)
    return (side.plain[clamped], side.damped[clamped] * Glibc.exp(epsilon - plan.centre))
  }
}

enum LossMath {
  static func logAdd(_ a: Double, _ b: Double) -> Double {
    let (small, large) = a < b ? (a, b) : (b, a)
    return large == -.infinity ? large : large + Glibc.log1p(Glibc.exp(small - large))
  }
}
