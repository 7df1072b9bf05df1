import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// The sum of people's vectors, each clipped to a norm on the integers, with noise for that norm.
///
/// L1 bounds go with discrete Laplace noise and pure ε, L2 bounds with discrete Gaussian noise and ρ; the pair is part of
/// the type. Adding or removing a person moves the sum by the bound, replacing one by twice as much.
///
/// Cost: one pass over the vectors and one draw a coordinate.
///
/// **Edge cases**: sums are formed in 128 bits and clamped to ±2⁶¹; no vectors at all give noise.
public struct VectorSumMechanism<Noise: WholeNumberMechanism>: Sendable {
  /// The bound that every person's vector is clipped to.
  public let bound: NormBound
  /// The neighbours that the event is for.
  public let adjacency: Adjacency
  /// The noise of the sum.
  public let noise: Noise

  fileprivate init(_ bound: NormBound, _ adjacency: Adjacency, _ noise: Noise) {
    self.bound = bound
    self.adjacency = adjacency
    self.noise = noise
  }

  /// One release.
  public var event: PrivacyEvent { noise.event }

  /// The sum of the clipped vectors with noise.
  ///
  /// - Precondition: every vector has the mechanism's dimension.
  public func release(_ vectors: [[Int64]], using generator: inout SecureGenerator) -> [Int64] {
    draw(vectors, using: &generator)
  }

  /// The sum with a simulation's stream.
  package func simulate(_ vectors: [[Int64]], using generator: inout SimulationGenerator) -> Simulated<[Int64]> {
    Simulated(draw(vectors, using: &generator))
  }

  package func draw<Source: UniformSource & ~Copyable>(_ vectors: [[Int64]], using source: inout Source) -> [Int64] {
    noise.draw(sum(vectors), using: &source)
  }

  package func sum(_ vectors: [[Int64]]) -> [Int64] {
    var sums = [Int128](repeating: 0, count: noise.dimension.value)
    for vector in vectors {
      precondition(vector.count == sums.count, "a vector mechanism releases vectors of its dimension")
      for (index, value) in bound.clip(vector).enumerated() { sums[index] += Int128(value) }
    }
    return sums.map { Int64(min(max($0, -(1 << 61)), 1 << 61)) }
  }
}

extension VectorSumMechanism where Noise == DiscreteLaplaceMechanism {
  /// A sum of vectors clipped in the L1 norm, of pure loss ε.
  ///
  /// - Parameter bound: in whole units, 1 … 2⁴⁰.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(l1Bound bound: Int, dimension: Int, epsilon: Epsilon, adjacency: Adjacency) throws(ParameterError) {
    let norm = try NormBound(.l1, bound: bound)
    let noise = try DiscreteLaplaceMechanism(
      epsilon: epsilon, sensitivity: bound * (adjacency == .replaceOne ? 2 : 1), dimension: dimension)
    self.init(norm, adjacency, noise)
  }
}

extension VectorSumMechanism where Noise == DiscreteGaussianMechanism {
  /// A sum of vectors clipped in the L2 norm, of concentrated loss ρ.
  ///
  /// - Parameter bound: in whole units, 1 … 2⁴⁰.
  /// - Throws: `ParameterError` for a parameter out of range, ρ = 0 included.
  public init(l2Bound bound: Int, dimension: Int, rho: Rho, adjacency: Adjacency) throws(ParameterError) {
    let norm = try NormBound(.l2, bound: bound)
    try ScaleLimits.checkPositive(rho.value, "rho")
    let change = Rational(bound * (adjacency == .replaceOne ? 2 : 1))
    let noise = try DiscreteGaussianMechanism(
      sigma: NoiseScale(variance: change * change / (2 * rho.value)), sensitivity: L2Sensitivity(change),
      dimension: Dimension(dimension))
    self.init(norm, adjacency, noise)
  }
}

extension VectorSumMechanism: PureDP where Noise: PureDP {
  /// That of the noise.
  public var pureLoss: Epsilon { noise.pureLoss }
}

extension VectorSumMechanism: ConcentratedDP where Noise: ConcentratedDP {
  /// That of the noise.
  public var concentratedLoss: Rho { noise.concentratedLoss }
}
