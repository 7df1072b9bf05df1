package import ExactMath

/// The discrete staircase law P[x] ∝ e^(−ε·⌊(|x| + Δ − r)/Δ⌋), sampled step by step with whole numbers.
///
/// The first step is r wide and every later one Δ. A choice between the first step and the second, by their weights r
/// and Δ·e^(−ε), is drawn exactly; the first is then taken back with probability e^(−ε), which leaves the weights
/// r·(1 − e^(−ε)) and Δ·e^(−ε), in the ratio of the first step to all later ones. How far a later one lies out is
/// geometric, and the place in a step uniform. A negative zero is taken back, so that zero is not counted twice.
package struct StaircaseSampler: Sendable {
  private let first: UInt64
  private let step: UInt64
  private let s: BigWhole
  private let t: BigWhole
  private let stairs: WeightedChoice

  /// - Parameters:
  ///   - step: Δ, the width of a step.
  ///   - first: r, the width of the first step, 1 … Δ.
  package init(epsilon: Rational, step: UInt64, first: UInt64) {
    precondition(epsilon.signum > 0 && first >= 1 && first <= step && step <= 1 << 40, "a staircase has steps")
    self.first = first
    self.step = step
    s = BigWhole(numeratorOf: epsilon)
    t = BigWhole(denominatorOf: epsilon)
    stairs = WeightedChoice([
      WeightedChoice.Item(width: first, numerator: .zero, denominator: .one),
      WeightedChoice.Item(width: step, numerator: s, denominator: t),
    ])
  }

  /// One sample, clamped to ±2⁶².
  package func sample<Source: UniformSource & ~Copyable>(using source: inout Source) -> Int64 {
    while true {
      guard let magnitude = magnitude(using: &source) else { continue }
      let negative = source.bernoulli(UInt64(1), outOf: UInt64(2))
      if !(negative && magnitude == 0) { return negative ? -magnitude : magnitude }
    }
  }

  private func magnitude<Source: UniformSource & ~Copyable>(using source: inout Source) -> Int64? {
    if stairs.draw(using: &source) == 0 {
      return source.bernoulliExp(s, over: t) ? nil : Int64(source.uniform(under: first))
    }
    let further = source.geometric(s, over: t)
    let place = source.uniform(under: step)
    guard case .word(let count) = further else { return SignedSample.limit }
    let (skipped, overflow) = count.multipliedReportingOverflow(by: step)
    let limit = UInt64(SignedSample.limit)
    return overflow || skipped > limit ? SignedSample.limit : Int64(min(first + skipped + place, limit))
  }

  /// Overwrites `output` with independent samples.
  package func fill<Source: UniformSource & ~Copyable>(
    _ output: UnsafeMutableBufferPointer<Int64>, using source: inout Source
  ) {
    for index in output.indices { unsafe output[index] = sample(using: &source) }
  }
}
