import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Any number of quantiles, counts and ranks from one release: noisy counts of a hierarchy of intervals.
///
/// The range is cut into branching^height leaves; every node below the root gets one noisy count (Hay et al. 2010; Amin
/// et al. 2022, "Plume"). A value raises one count a level, so adding or removing a person with m values moves the counts
/// by height·m in the L1 norm and m·√height in the L2 norm at most; replacing moves them by twice, or √2 times, as much.
/// Everything asked of the released ``QuantileTree`` is post-processing.
///
/// Cost: one draw a node, (branching^(height + 1) − branching)/(branching − 1) of them.
///
/// **Edge cases**: values outside the range are clamped into it; no values at all give noise.
public struct QuantileTreeMechanism<Noise: WholeNumberMechanism>: Sendable {
  /// The smallest and the largest value.
  public let range: ClosedRange<Int64>
  /// The number of children of a node.
  public let branching: Int
  /// The number of levels below the root.
  public let height: Int
  /// The neighbours that the event is for.
  public let adjacency: Adjacency
  /// The noise of all counts.
  public let noise: Noise

  private init(
    _ range: ClosedRange<Int64>, _ branching: Int, _ height: Int, _ adjacency: Adjacency, _ noise: Noise
  ) {
    self.range = range
    self.branching = branching
    self.height = height
    self.adjacency = adjacency
    self.noise = noise
  }

  /// One release of all counts.
  public var event: PrivacyEvent { noise.event }

  /// The noisy counts of the values.
  ///
  /// - Parameter values: those of all people, each with no more than the number the mechanism was made for.
  public func release(_ values: [Int64], using generator: inout SecureGenerator) -> QuantileTree {
    draw(values, using: &generator)
  }

  /// The noisy counts with a simulation's stream.
  package func simulate(_ values: [Int64], using generator: inout SimulationGenerator) -> Simulated<QuantileTree> {
    Simulated(draw(values, using: &generator))
  }

  package func draw<Source: UniformSource & ~Copyable>(_ values: [Int64], using source: inout Source) -> QuantileTree {
    tree(noise.draw(counts(values), using: &source))
  }

  /// The counts without noise, level by level.
  package func counts(_ values: [Int64]) -> [Int64] {
    let layout = TreeLayout(branching: branching, height: height)
    var counts = [Int64](repeating: 0, count: layout.nodes)
    for value in values {
      var node = layout.leaf(of: value, in: range)
      for level in stride(from: height, through: 1, by: -1) {
        counts[layout.start(of: level) + node] += 1
        node /= branching
      }
    }
    return counts
  }

  private func tree(_ counts: [Int64]) -> QuantileTree {
    QuantileTree(counts: counts, range: range, layout: TreeLayout(branching: branching, height: height))
  }

  /// The standard deviation of a noisy rank: at most branching − 1 counts a level are added.
  public var rankDeviation: Double {
    noise.standardDeviation * Double(height * (branching - 1)).squareRoot()
  }

  fileprivate static func nodes(
    _ range: ClosedRange<Int64>, _ branching: Int, _ height: Int, _ valuesPerUnit: Int
  ) throws(ParameterError) -> Int {
    guard (2...256).contains(branching) else {
      throw ParameterError(.outOfRange, "branching", "must be from 2 to 256")
    }
    guard (1...20).contains(height) else {
      throw ParameterError(.outOfRange, "height", "must be from 1 to 20")
    }
    var leaves = 1
    for _ in 0..<height {
      leaves *= branching
      guard leaves <= 1 << 20 else {
        throw ParameterError(.outOfRange, "height", "must leave at most 2^20 leaves")
      }
    }
    guard range.lowerBound >= -(1 << 61), range.upperBound <= 1 << 61 else {
      throw ParameterError(.outOfRange, "range", "must lie within ±2^61")
    }
    guard (1...(1 << 20)).contains(valuesPerUnit) else {
      throw ParameterError(.outOfRange, "values-per-unit", "must be from 1 to 2^20")
    }
    return TreeLayout(branching: branching, height: height).nodes
  }
}

extension QuantileTreeMechanism where Noise == DiscreteLaplaceMechanism {
  /// A tree of pure loss ε.
  ///
  /// - Parameters:
  ///   - range: a public range within ±2⁶¹.
  ///   - valuesPerUnit: the most values one person may have.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(
    range: ClosedRange<Int64>, epsilon: Epsilon, adjacency: Adjacency, branching: Int = 16, height: Int = 4,
    valuesPerUnit: Int = 1
  ) throws(ParameterError) {
    let nodes = try QuantileTreeMechanism.nodes(range, branching, height, valuesPerUnit)
    let change = height * valuesPerUnit * (adjacency == .replaceOne ? 2 : 1)
    let noise = try DiscreteLaplaceMechanism(epsilon: epsilon, sensitivity: change, dimension: nodes)
    self.init(range, branching, height, adjacency, noise)
  }
}

extension QuantileTreeMechanism where Noise == DiscreteGaussianMechanism {
  /// A tree of concentrated loss ρ.
  ///
  /// - Parameters:
  ///   - range: a public range within ±2⁶¹.
  ///   - valuesPerUnit: the most values one person may have.
  /// - Throws: `ParameterError` for a parameter out of range, ρ = 0 included.
  public init(
    range: ClosedRange<Int64>, rho: Rho, adjacency: Adjacency, branching: Int = 16, height: Int = 4,
    valuesPerUnit: Int = 1
  ) throws(ParameterError) {
    let nodes = try QuantileTreeMechanism.nodes(range, branching, height, valuesPerUnit)
    try ScaleLimits.checkPositive(rho.value, "rho")
    let values = Rational(valuesPerUnit)
    let change = Rational(height) * values * values * (adjacency == .replaceOne ? 2 : 1)
    let noise = try DiscreteGaussianMechanism(
      sigma: NoiseScale(variance: change / (2 * rho.value)), sensitivity: L2Sensitivity(squared: change),
      dimension: Dimension(nodes))
    self.init(range, branching, height, adjacency, noise)
  }
}

extension QuantileTreeMechanism: PureDP where Noise: PureDP {
  /// That of the noise.
  public var pureLoss: Epsilon { noise.pureLoss }
}

extension QuantileTreeMechanism: ConcentratedDP where Noise: ConcentratedDP {
  /// That of the noise.
  public var concentratedLoss: Rho { noise.concentratedLoss }
}
