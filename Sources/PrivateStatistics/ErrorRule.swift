import ExactMath
import Glibc

/// The error of answers that are not a noisy sum itself, to first order in the noise, for `tacit explain`.
///
/// With n rows whose values x lie within ±R around the middle of the range, all in steps, let N, S, Q be the noises on
/// their number, sum and sum of squares, with standard deviations σ_N, σ_S, σ_Q.
///
/// **Mean** m = (Σx + S)/(n + N): the error is (S − mN)/n, and |m| ≤ R, so its deviation is at most √(σ_S² + R²σ_N²)/n.
/// **Variance** v = Σx²/n − m²: (Q − 2mS + (2m² − Σx²/n)N)/n. Since m² ≤ Σx²/n ≤ R², the last factor lies within ±R²:
/// at most √(σ_Q² + 4R²σ_S² + R⁴σ_N²)/n. **Standard deviation** d = √v: that over 2d.
/// **Covariance** c = Σxy/n − m·m′, y within ±R′: (P − m′S − mS′ + (2mm′ − Σxy/n)N)/n. With a = m/R, b = m′/R′,
/// e = Σxy/nRR′, averaging (1 ∓ x/R)(1 ± y/R′) ≥ 0 and (1 ± x/R)(1 ± y/R′) ≥ 0 gives |a + b| − 1 ≤ e ≤ 1 − |a − b|, and
/// 2ab − e lies within ±1 at the corners of the square, so everywhere: at most
/// √(σ_P² + R′²σ_S² + R²σ_S′² + R²R′²σ_N²)/n.
/// **Slope** b = c/v: (error of c − b·error of v)/v, at most (c's bound + |b|·v's bound)/v by the triangle inequality;
/// the intercept m′ − bm adds the means' errors and |m| times the slope's.
/// **Quantile**: the rows below an edge are a sum of at most 15 nodes on each of the two lower levels, and 16 on the
/// highest, weighted within max(q, 1 − q), against q times all: the rank is off by at most σ√(30 + 16·max(q, 1 − q)²).
/// **Minimum, maximum, bounds**: values with fewer rows beyond them than the threshold are taken for noise.
struct ErrorRule {
  /// One line.
  let text: String

  init?(_ metric: Metric, _ parts: [NoisePart]) {
    let sigma = parts.map(\.single.standardDeviation)
    let count = parts[0].single.errorBound(confidence: 1 - ReleaseFormula.miss)
    let rows = ", for n rows in the group where n is well above \(ErrorRule.short(count))"
    let step = metric.grid?.step.doubleValue ?? 1
    let radius = Double(metric.grid?.radius ?? 0)
    switch metric.kind {
    case .count, .units, .sum, .vectorSum, .histogram: return nil
    case .mean:
      let most = (sigma[1] * sigma[1] + radius * radius * sigma[0] * sigma[0]).squareRoot() * step
      text = "at most \(ErrorRule.short(most))/n\(rows)"
    case .variance:
      text =
        "at most \(ErrorRule.short(ErrorRule.variance(sigma[0], sigma[1], sigma[2], radius) * step * step))/n\(rows)"
    case .deviation:
      let most = ErrorRule.variance(sigma[0], sigma[1], sigma[2], radius) * step * step / 2
      text = "at most \(ErrorRule.short(most))/(n·d)\(rows); d is the standard deviation itself"
    case .covariance, .regression:
      guard let otherGrid = metric.otherGrid else { return nil }
      let other = Double(otherGrid.radius)
      let otherStep = otherGrid.step.doubleValue
      let squares = [
        sigma[3], other * sigma[1], radius * sigma[2], radius * other * sigma[0],
      ].reduce(0) { $0 + $1 * $1 }
      let covariance = squares.squareRoot() * step * otherStep
      guard metric.kind == .regression else {
        text = "at most \(ErrorRule.short(covariance))/n\(rows)"
        return
      }
      let variance = ErrorRule.variance(sigma[0], sigma[1], sigma[4], radius) * step * step
      text =
        "of the slope at most (\(ErrorRule.short(covariance)) + \(ErrorRule.short(variance))·|slope|)/(n·v)\(rows); "
        + "v is the variance of the first column"
    case .quantile, .median:
      let widest = metric.shares.map { max($0, 1 - $0) }.max() ?? 1
      text =
        "of the rank at most \(ErrorRule.short(sigma[0] * (30 + 16 * widest * widest).squareRoot())) rows; "
        + "how far apart the values of those ranks are depends on the data"
    case .minimum, .maximum:
      let reach = QuantileTree.extremeReach(parts[0].law, ReleaseFormula.miss)
      text = "depends on the data: about \(ErrorRule.short(reach)) rows lie beyond the answer"
    case .bounds:
      let chance = LogarithmicBins.miss / Double(parts[0].width)
      text =
        "depends on the data: fewer than about \(ErrorRule.short(parts[0].errorBound(chance))) rows between two "
        + "neighbouring powers of two are taken for noise"
    }
  }

  /// n times the deviation of a variance's error, at most, in squared steps.
  private static func variance(_ count: Double, _ sum: Double, _ squares: Double, _ radius: Double) -> Double {
    let parts = [squares, 2 * radius * sum, radius * radius * count]
    return parts.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// Three digits, rounded up; powers of ten from a million on.
  static func short(_ value: Double) -> String {
    guard value.isFinite, value > 0 else { return "\(value)" }
    let exponent = Int(log10(value).rounded(.down))
    let digits = (value / pow(10, Double(exponent - 2))).rounded(.up)
    guard (-4..<6).contains(exponent) else {
      return "\((Rational(Int(digits)) / 100).decimalDescription)e\(exponent)"
    }
    let scale = Rational.power(of: 10, abs(exponent - 2))
    let whole = Rational(Int(digits))
    return (exponent >= 2 ? whole * scale : whole / scale).decimalDescription
  }
}
