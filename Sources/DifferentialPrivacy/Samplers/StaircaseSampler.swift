package import ExactMath
import SecureRandom

/// The discrete staircase law P[x] ∝ e^(−ε·⌊(|x| + Δ − r)/Δ⌋), sampled step by step with whole numbers.
///
/// The first step is r wide and every later one Δ, so of the magnitudes the first step has the share
/// r·(1 − b) / (r + (Δ − r)·b) with b = e^(−ε), and how far a later one lies out is geometric. The share falls with b: bounds
/// of b bound it, and a uniform number is compared with them, with more bits of both until they decide. The place in a step
/// is uniform. A negative zero is taken back, so that zero is not counted twice.
package struct StaircaseSampler: Sendable {
  private let first: UInt64
  private let step: UInt64
  private let s: BigWhole
  private let t: BigWhole
  private let words: (s: UInt64, t: UInt64)?
  /// A first word below `surely` is in the first step, one of at least `surelyNot` is not.
  private let surely: BigWhole
  private let surelyNot: BigWhole

  /// - Parameters:
  ///   - step: Δ, the width of a step.
  ///   - first: r, the width of the first step, 1 … Δ.
  package init(epsilon: Rational, step: UInt64, first: UInt64) {
    precondition(epsilon.signum > 0 && first >= 1 && first <= step && step <= 1 << 40, "a staircase has steps")
    self.first = first
    self.step = step
    s = BigWhole(numeratorOf: epsilon)
    t = BigWhole(denominatorOf: epsilon)
    words = if let s = s.word, let t = t.word { (s, t) } else { nil }
    let (low, high) = StaircaseSampler.share(s, t, step, first, precision: 192)
    surely = (low.0 << 64) / low.1
    surelyNot = (high.0 << 64) / high.1 + .one
  }

  /// One sample, clamped to ±2⁶².
  package func sample<Source: UniformSource & ~Copyable>(using source: inout Source) -> Int64 {
    while true {
      let magnitude = isFirst(using: &source) ? Int64(source.uniform(under: first)) : further(using: &source)
      let negative = source.bernoulli(UInt64(1), outOf: UInt64(2))
      if !(negative && magnitude == 0) { return negative ? -magnitude : magnitude }
    }
  }

  /// Overwrites `output` with independent samples.
  package func fill<Source: UniformSource & ~Copyable>(
    _ output: UnsafeMutableBufferPointer<Int64>, using source: inout Source
  ) {
    for index in output.indices { unsafe output[index] = sample(using: &source) }
  }

  /// A magnitude beyond the first step.
  private func further<Source: UniformSource & ~Copyable>(using source: inout Source) -> Int64 {
    let skipped = if let words { source.geometric(words.s, over: words.t) } else { source.geometric(s, over: t) }
    let place = source.uniform(under: step)
    guard case .word(let count) = skipped else { return SignedSample.limit }
    let (distance, overflow) = count.multipliedReportingOverflow(by: step)
    let limit = UInt64(SignedSample.limit)
    return overflow || distance > limit ? SignedSample.limit : Int64(min(first + distance + place, limit))
  }

  /// True with the first step's share.
  private func isFirst<Source: UniformSource & ~Copyable>(using source: inout Source) -> Bool {
    var level = BigWhole(source.next())
    if level < surely { return true }
    if level >= surelyNot { return false }
    var bits = 64
    while true {
      level = (level << 64) + BigWhole(source.next())
      bits += 64
      let (low, high) = StaircaseSampler.share(s, t, step, first, precision: bits + 128)
      if (level + .one) * low.1 <= low.0 << bits { return true }
      if level * high.1 >= high.0 << bits { return false }
    }
  }

  /// A lower and an upper bound of r·(1 − b) / (r + (Δ − r)·b), as fractions.
  private static func share(
    _ s: BigWhole, _ t: BigWhole, _ step: UInt64, _ first: UInt64, precision: Int
  ) -> (low: (BigWhole, BigWhole), high: (BigWhole, BigWhole)) {
    let unit = BigWhole.one << precision
    let b = ExactExponential.bounds(s, over: t, precision: precision)
    let r = BigWhole(first)
    let rest = BigWhole(step - first)
    func fraction(_ b: BigWhole) -> (BigWhole, BigWhole) {
      (b < unit ? r * (unit - b) : .zero, r * unit + rest * b)
    }
    return (low: fraction(b.high), high: fraction(b.low))
  }
}
