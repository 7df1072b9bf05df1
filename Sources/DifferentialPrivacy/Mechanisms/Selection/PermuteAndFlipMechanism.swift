import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Chooses an index by visiting them in random order and keeping each with probability e^(−rate · gap to the best).
///
/// McKenna and Sheldon (2020, algorithm 1): never worse than the exponential mechanism at the same pure ε, and the law of
/// report-noisy-max with exponential noise (Ding et al. 2021). Exact: whole-number coins.
///
/// Its event is pure ε. It has no bounded range of ε, so the conversion ε²/8 to zero-concentrated privacy, which the
/// exponential mechanism has, does not exist for it.
///
/// **Edge cases**: one score gives index 0. The number of coins depends on the scores.
public struct PermuteAndFlipMechanism: Sendable {
  /// The total pure loss.
  public let epsilon: Epsilon
  /// The largest change of any score.
  public let sensitivity: Int
  private let coin: SelectionCoin

  /// - Parameters:
  ///   - sensitivity: the largest change of any one score, in whole numbers.
  ///   - monotone: whether adding a record moves no two scores in opposite directions, which halves the cost.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(epsilon: Epsilon, sensitivity: Int = 1, monotone: Bool = false) throws(ParameterError) {
    coin = try SelectionCoin(epsilon: epsilon, sensitivity: sensitivity, monotone: monotone)
    self.epsilon = epsilon
    self.sensitivity = sensitivity
  }

  /// One choice.
  public var event: PrivacyEvent { .epsilonDelta(epsilon: epsilon, delta: Delta(unchecked: 0)) }

  /// The index of the chosen score.
  ///
  /// - Precondition: there is at least one score.
  public func choose(_ scores: [Int64], using generator: inout SecureGenerator) -> Int {
    draw(scores, using: &generator)
  }

  /// The choice with a simulation's stream.
  package func simulate(_ scores: [Int64], using generator: inout SimulationGenerator) -> Simulated<Int> {
    Simulated(draw(scores, using: &generator))
  }

  package func draw<Source: UniformSource & ~Copyable>(_ scores: [Int64], using source: inout Source) -> Int {
    guard let best = scores.max() else { preconditionFailure("a choice needs at least one score") }
    var order = Array(scores.indices)
    for last in stride(from: order.count - 1, through: 0, by: -1) {
      order.swapAt(last, Int(source.uniform(under: UInt64(last + 1))))
      let index = order[last]
      if coin.flip(gap: UInt64(bitPattern: best &- scores[index]), using: &source) { return index }
    }
    preconditionFailure("the best score is always kept")
  }
}
