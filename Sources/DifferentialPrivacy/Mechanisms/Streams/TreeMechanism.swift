import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Running totals of a stream, released after every step, with noise that grows with the logarithm of its length.
///
/// Chan, Shi and Song (2011); Dwork, Naor, Pitassi and Rothblum (2010). Every aligned block of 2^j steps whose length
/// fits the stream gets noise once; a total is the sum of the blocks that make up the steps so far, at most one of each
/// length. One step lies in at most one block of each of ⌊log₂ horizon⌋ + 1 lengths, which is the number of releases
/// the event counts.
///
/// Cost: one draw a step and ⌊log₂ horizon⌋ + 1 numbers of memory. For Gaussian noise ``ToeplitzMechanism`` has a
/// smaller error.
///
/// The protected change is of one step, by at most the node's sensitivity; a person present in several steps is a group.
///
/// **Edge cases**: steps are clamped to ±2⁴⁰, which keeps every sum in range and raises no sensitivity; totals are
/// clamped to ±2⁶².
public struct TreeMechanism<Node: WholeNumberMechanism>: Sendable {
  /// The number of steps a stream may have.
  public let horizon: Int
  /// The noise of every node.
  public let node: Node

  /// The longest stream.
  public static var longestHorizon: Int { 1 << 20 }

  /// A tree whose every node gets this noise: discrete Laplace, discrete Gaussian, Skellam or staircase.
  ///
  /// - Throws: `ParameterError` for a horizon outside 1 … 2²⁰ or noise of more than one dimension.
  public init(horizon: Int, node: Node) throws(ParameterError) {
    guard (1...TreeMechanism.longestHorizon).contains(horizon) else {
      throw ParameterError(.outOfRange, "horizon", "must be from 1 to 2^20 steps")
    }
    guard node.dimension.value == 1 else {
      throw ParameterError(.outOfRange, "dimension", "must be 1 for the noise of one node")
    }
    self.horizon = horizon
    self.node = node
  }

  /// The number of block lengths: of nodes that one step can change.
  public var levels: LevelCount { LevelCount(unchecked: Int.bitWidth - horizon.leadingZeroBitCount) }

  /// One whole stream, however many of its steps are taken.
  public var event: PrivacyEvent { .tree(levels: levels, node: node.event) }

  /// The standard deviation of the noise in the total after `steps` steps: the node's times the root of the number of
  /// ones in the binary form of `steps`.
  public func standardDeviation(after steps: Int) -> Double {
    node.standardDeviation * Double(max(0, steps).nonzeroBitCount).squareRoot()
  }

  /// Starts a stream.
  public func start() -> ContinualCount<Node> { ContinualCount(horizon: horizon, levels: levels.value, node: node) }
}

/// One stream of a ``TreeMechanism``: it holds sums without noise, so it can be neither copied nor printed.
public struct ContinualCount<Node: WholeNumberMechanism>: ~Copyable, Sendable {
  private let horizon: Int
  private let node: Node
  private var taken = 0
  private var exact: [Int64]
  private var noisy: [Int64]

  init(horizon: Int, levels: Int, node: Node) {
    self.horizon = horizon
    self.node = node
    exact = [Int64](repeating: 0, count: levels)
    noisy = exact
  }

  /// The number of steps so far.
  public var steps: Int { taken }

  /// Takes a step and gives the noisy total of all steps so far; `nil` once the horizon is behind.
  public mutating func add(_ value: Int64, using generator: inout SecureGenerator) -> Int64? {
    draw(value, using: &generator)
  }

  package mutating func draw<Source: UniformSource & ~Copyable>(_ value: Int64, using source: inout Source) -> Int64? {
    guard taken < horizon else { return nil }
    taken += 1
    // The block that ends here takes in all shorter ones that led up to it.
    let level = taken.trailingZeroBitCount
    var sum = min(max(value, -(1 << 40)), 1 << 40)
    for lower in 0..<level {
      sum += exact[lower]
      exact[lower] = 0
      noisy[lower] = 0
    }
    exact[level] = sum
    noisy[level] = node.draw([sum], using: &source)[0]
    let total = noisy.reduce(into: Int128(0)) { $0 += Int128($1) }
    return Int64(min(max(total, -(1 << 62)), 1 << 62))
  }
}

extension TreeMechanism: PureDP where Node: PureDP {
  /// A step changes one node of each length: the node's loss times the number of lengths.
  public var pureLoss: Epsilon { Epsilon(unchecked: node.pureLoss.value * Rational(levels.value)) }
}

extension TreeMechanism: ConcentratedDP where Node: ConcentratedDP {
  /// A step changes one node of each length: the node's loss times the number of lengths.
  public var concentratedLoss: Rho { Rho(unchecked: node.concentratedLoss.value * Rational(levels.value)) }
}
