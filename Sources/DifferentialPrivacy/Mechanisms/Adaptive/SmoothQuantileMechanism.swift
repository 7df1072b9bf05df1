public import ExactMath
private import Glibc
public import PrivacyAccounting
public import SecureRandom

/// A quantile of whole numbers with noise in proportion to its smooth sensitivity: pure ε, and as little noise as the
/// data around the quantile asks for.
///
/// Nissim, Raskhodnikova and Smith (2007). The smooth sensitivity is S = max_k w_k·A_k, where A_k is the largest local
/// sensitivity at k replacements and w_k ≈ e^(−βk). Here w_k are whole numbers over 2⁶² that never
/// fall faster than e^(−β), so w_k·A_k ≤ e^β·w_(k+1)·A_(k+1)′ for neighbours: S is β-smooth *exactly*, a rational number.
///
/// The noise is S/α·z for z of density ∝ 1/(1 + z²)² (Student's t of three degrees of freedom; Bun and Steinke 2019),
/// exactly sampled and rounded. Its privacy, directly: moving z by s costs at most 2|s|, since |d ln p/dz| =
/// 4|z|/(1 + z²) ≤ 2, and stretching it by e^t at most 3|t|, since the derivative in t is −1 + 4y²/(1 + y²) ∈ [−1, 3).
/// Neighbours differ by at most S, that is α in units of the noise, and in ln S by at most β: ε = 2α + 3β, pure. Half of ε
/// goes to each.
///
/// Values are a public number of records, one a person, under replace-one: with additions the rank itself moves.
///
/// Cost: sorting, O(K²) comparisons for the smooth sensitivity with K ≈ (6/ε)·ln(range/spread) and at most 2¹³, a few
/// draws. From 2¹³ replacements on A_k is taken to be the whole range, which keeps S smooth.
///
/// **Edge cases**: values outside the range are clamped into it, and so is the answer; no values at all count as the lower
/// end. The time depends on the values: release at a fixed tick where that matters.
public struct SmoothQuantileMechanism: PureDP {
  /// The pure loss.
  public let epsilon: Epsilon
  /// The quantile, 0 … 1.
  public let quantile: Rational
  /// The smallest and the largest value and answer.
  public let range: ClosedRange<Int64>
  /// w_k·2⁶², for as long as they fall.
  private let weights: [UInt64]
  private let alpha: Rational

  /// - Parameters:
  ///   - quantile: from 0, the minimum, through 1, the maximum; ½ is the median.
  ///   - range: a public range within ±2⁶⁰; it must not be chosen by looking at the values.
  ///   - epsilon: the pure loss under replace-one, 2⁻¹⁰ … 2¹⁰.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(quantile: Rational, range: ClosedRange<Int64>, epsilon: Epsilon) throws(ParameterError) {
    guard quantile.signum >= 0, quantile <= 1, quantile.denominatorWords.count == 1,
      quantile.denominatorWords[0] <= 1 << 16
    else {
      throw ParameterError(.outOfRange, "quantile", "must be a fraction from 0 to 1 with a denominator up to 2^16")
    }
    guard range.lowerBound >= -(1 << 60), range.upperBound <= 1 << 60 else {
      throw ParameterError(.outOfRange, "range", "must lie within ±2^60")
    }
    guard epsilon.value >= Rational(1, 1_024), epsilon.value <= 1_024,
      epsilon.value.denominatorWords.count <= ScaleLimits.words
    else {
      throw ParameterError(.outOfRange, "epsilon", "must be from 2^-10 to 2^10")
    }
    self.epsilon = epsilon
    self.quantile = quantile
    self.range = range
    alpha = epsilon.value / 4
    weights = SmoothQuantileMechanism.weights(beta: epsilon.value / 6)
  }

  /// One answer; ε is for replace-one.
  public var event: PrivacyEvent { .epsilonDelta(epsilon: epsilon, delta: Delta(unchecked: 0)) }

  /// ε.
  public var pureLoss: Epsilon { epsilon }

  /// The quantile with noise.
  public func release(_ values: [Int64], using generator: inout SecureGenerator) -> Int64 {
    draw(values, using: &generator)
  }

  /// The quantile with a simulation's stream.
  package func simulate(_ values: [Int64], using generator: inout SimulationGenerator) -> Simulated<Int64> {
    Simulated(draw(values, using: &generator))
  }

  /// A width that the noise on data of smooth sensitivity `smoothSensitivity` exceeds with probability at most
  /// 1 − `confidence`: for choosing ε ahead on data that may be looked at.
  public func errorBound(confidence: Double, smoothSensitivity: Double) -> Double {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    var high = 1.0
    while HeavyTail.tail(high) > 1 - confidence { high *= 2 }
    var low = 0.0
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if HeavyTail.tail(middle) > 1 - confidence { low = middle } else { high = middle }
    }
    return high * smoothSensitivity / alpha.doubleValue + 0.5
  }

  package func draw<Source: UniformSource & ~Copyable>(_ values: [Int64], using source: inout Source) -> Int64 {
    let sorted = SortedSample(values, range)
    let rank = rank(of: values.count)
    let sensitivity = smoothSensitivity(sorted, rank)
    let noise = HeavyTail(
      top: BigWhole(sensitivity) * BigWhole(denominatorOf: alpha), bottom: BigWhole(numeratorOf: alpha) << 62)
    let answer = sorted[rank] + source.sample(noise)
    return min(max(answer, range.lowerBound), range.upperBound)
  }

  /// ⌈p·n⌉, at least 1: the order statistic that is the quantile of n values.
  private func rank(of count: Int) -> Int {
    max(1, (quantile * Rational(count)).ceiling ?? 1)
  }

  /// 2⁶²·S for the values.
  package func smoothSensitivity(of values: [Int64]) -> UInt128 {
    smoothSensitivity(SortedSample(values, range), rank(of: values.count))
  }

  private func smoothSensitivity(_ sorted: SortedSample, _ rank: Int) -> UInt128 {
    let width = UInt128(UInt64(range.upperBound - range.lowerBound))
    var best: UInt128 = 0
    for (k, weight) in weights.enumerated() {
      // No later term is larger than the weight times the whole range.
      if UInt128(weight) * width <= best { return best }
      best = max(best, UInt128(weight) * UInt128(sorted.largestGap(rank, k)))
    }
    // From here on the weight stays where it is and the whole range stands in for A_k.
    return max(best, UInt128(weights[weights.count - 1]) * width)
  }

  /// From this many replacements on, the whole range stands in for A_k, and the last weight for w_k.
  private static let mostReplacements = 1 << 13

  /// ⌈r^k·2⁶²⌉ step by step, for a rational r ≥ e^(−β): no weight falls faster than e^(−β).
  private static func weights(beta: Rational) -> [UInt64] {
    let rate =
      ExactExponential.bounds(
        BigWhole(numeratorOf: beta), over: BigWhole(denominatorOf: beta), precision: 62
      ).high.word ?? .max
    var weights: [UInt64] = [1 << 62]
    while weights.count < mostReplacements, let last = weights.last {
      let (high, low) = last.multipliedFullWidth(by: rate)
      let product = UInt128(high) << 64 | UInt128(low)
      let next = UInt64((product + (1 << 62) - 1) >> 62)
      if next >= last { return weights }
      weights.append(next)
    }
    return weights
  }
}

/// Values in order, with the range's ends in place of those before the first and after the last.
private struct SortedSample {
  private let values: [Int64]
  private let range: ClosedRange<Int64>

  init(_ values: [Int64], _ range: ClosedRange<Int64>) {
    self.values = values.map { min(max($0, range.lowerBound), range.upperBound) }.sorted()
    self.range = range
  }

  /// The value of a rank, counted from 1.
  subscript(rank: Int) -> Int64 {
    if rank < 1 || values.isEmpty { return range.lowerBound }
    return rank > values.count ? range.upperBound : values[rank - 1]
  }

  /// The largest change of the value at `rank` by one replacement, after any `k` replacements: the widest window of k + 2
  /// neighbours that holds the rank.
  func largestGap(_ rank: Int, _ k: Int) -> UInt64 {
    if values.isEmpty { return UInt64(range.upperBound - range.lowerBound) }
    var widest: Int64 = 0
    for offset in 0...(k + 1) { widest = max(widest, self[rank + offset] - self[rank + offset - k - 1]) }
    return UInt64(widest)
  }
}
