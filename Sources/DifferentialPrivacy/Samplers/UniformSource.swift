package import SecureRandom

/// What the reference samplers draw: uniform integers and rational coin flips.
///
/// Any source of words is one. Tests supply others: one that walks the whole tree of outcomes, and one that follows
/// the byte rules of published vectors. Whole samples are asked for here too, so that a walk over a mechanism's
/// outcomes can take the law of a sampler, which has proofs of its own, as one step.
package protocol UniformSource: RandomWords, ~Copyable {
  /// A uniform integer in `0 ..< bound`.
  mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width

  /// True with probability `numerator / denominator`, at most one.
  mutating func bernoulli<Width: CheckedWhole>(_ numerator: Width, outOf denominator: Width) -> Bool

  /// True with probability e^(−a/b) for a ≤ b, given that the series' first `start` − 1 coins came up true.
  mutating func bernoulliExp<Width: CheckedWhole>(unit a: Width, over b: Width, from start: UInt64) -> Bool

  /// Overwrites `output` with independent samples of `law`, which `sampler` makes of this source's words.
  mutating func fill(
    _ output: UnsafeMutableBufferPointer<Int64>, with law: NoiseLaw,
    _ sampler: (UnsafeMutableBufferPointer<Int64>, inout Self) -> Void)

  /// One sample of heavy-tailed noise.
  mutating func sample(_ noise: HeavyTail) -> Int64

  /// The place of one item of a weighted choice.
  mutating func choose(_ choice: WeightedChoice) -> Int
}

extension UniformSource where Self: ~Copyable {
  package mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width {
    Width.uniform(below: bound, from: &self)
  }

  package mutating func bernoulli<Width: CheckedWhole>(_ numerator: Width, outOf denominator: Width) -> Bool {
    uniform(under: denominator) < numerator
  }

  package mutating func fill(
    _ output: UnsafeMutableBufferPointer<Int64>, with law: NoiseLaw,
    _ sampler: (UnsafeMutableBufferPointer<Int64>, inout Self) -> Void
  ) {
    unsafe sampler(output, &self)
  }

  package mutating func sample(_ noise: HeavyTail) -> Int64 { noise.sample(using: &self) }
  package mutating func choose(_ choice: WeightedChoice) -> Int { choice.draw(using: &self) }
}

extension SecureGenerator: UniformSource {}
extension SimulationGenerator: UniformSource {}
