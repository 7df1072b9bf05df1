package import SecureRandom

/// What the reference samplers draw: uniform integers and rational coin flips.
///
/// Any source of words is one. Tests supply others: one that walks the whole tree of outcomes, and one that follows
/// the byte rules of published vectors.
package protocol UniformSource: RandomWords, ~Copyable {
  /// A uniform integer in `0 ..< bound`.
  mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width

  /// True with probability `numerator / denominator`, at most one.
  mutating func bernoulli<Width: CheckedWhole>(_ numerator: Width, outOf denominator: Width) -> Bool

  /// True with probability e^(−a/b) for a ≤ b, given that the series' first `start` − 1 coins came up true.
  mutating func bernoulliExp<Width: CheckedWhole>(unit a: Width, over b: Width, from start: UInt64) -> Bool
}

extension UniformSource where Self: ~Copyable {
  package mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width {
    Width.uniform(below: bound, from: &self)
  }

  package mutating func bernoulli<Width: CheckedWhole>(_ numerator: Width, outOf denominator: Width) -> Bool {
    uniform(under: denominator) < numerator
  }
}

extension SecureGenerator: UniformSource {}
extension SimulationGenerator: UniformSource {}
