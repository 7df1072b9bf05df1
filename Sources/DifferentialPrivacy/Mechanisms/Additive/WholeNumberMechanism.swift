public import PrivacyAccounting
public import SecureRandom

/// A mechanism that adds independent noise to whole numbers, one or a vector of them.
///
/// Clamping, adding and handing out noise are written once, here: a mechanism brings its law as ``noise`` and says what
/// it costs. Only this module makes a ``WholeNumberNoise``, so no foreign noise can be given an event it does not have.
///
/// **Edge cases**: values are clamped to ±2⁶¹ and answers to ±2⁶¹, which changes no distance between neighbours and
/// post-processes the unbounded answer; nothing overflows or traps, whatever the data.
public protocol WholeNumberMechanism: NoiseMechanism {
  /// The number of whole numbers in one release.
  var dimension: Dimension { get }

  /// The law of the noise.
  var noise: WholeNumberNoise { get }
}

/// The exact law of a ``WholeNumberMechanism``'s noise; it can be drawn from through a mechanism only.
public struct WholeNumberNoise: Sendable {
  let source: NoiseSource

  init(_ law: NoiseLaw) {
    source = NoiseSource(law)
  }
}

extension WholeNumberMechanism {
  /// The value with noise.
  ///
  /// - Precondition: the mechanism's dimension is 1.
  public func release(_ value: Int64, using generator: inout SecureGenerator) -> Int64 {
    noise.release(value, dimension, using: &generator)
  }

  /// The values with independent noise.
  ///
  /// - Precondition: there are as many values as the mechanism's dimension.
  public func release(_ values: [Int64], using generator: inout SecureGenerator) -> [Int64] {
    noise.release(values, dimension, using: &generator)
  }

  /// Noise for `count` later releases of one value each.
  ///
  /// - Precondition: the mechanism's dimension is 1.
  public func prepare(_ count: Int, using generator: inout SecureGenerator) -> PreparedNoise {
    noise.prepare(count, event, dimension, using: &generator)
  }

  /// The values with noise from a simulation's stream.
  package func simulate(_ values: [Int64], using generator: inout SimulationGenerator) -> Simulated<[Int64]> {
    Simulated(draw(values, using: &generator))
  }

  package func draw<Source: UniformSource & ~Copyable>(_ values: [Int64], using source: inout Source) -> [Int64] {
    noise.release(values, dimension, using: &source)
  }
}

extension WholeNumberNoise {
  func release<Source: UniformSource & ~Copyable>(
    _ value: Int64, _ dimension: Dimension, using source: inout Source
  ) -> Int64 {
    precondition(dimension.value == 1, "a vector mechanism releases vectors of its dimension")
    return self.source.noisy(value, using: &source)
  }

  func release<Source: UniformSource & ~Copyable>(
    _ values: [Int64], _ dimension: Dimension, using source: inout Source
  ) -> [Int64] {
    precondition(values.count == dimension.value, "a vector mechanism releases vectors of its dimension")
    var result = values
    self.source.add(to: &result, using: &source)
    return result
  }

  func prepare(
    _ count: Int, _ event: PrivacyEvent, _ dimension: Dimension, using generator: inout SecureGenerator
  ) -> PreparedNoise {
    precondition(dimension.value == 1, "noise is prepared for single values")
    return PreparedNoise(source, count: count, event: event, using: &generator)
  }
}
