public import PrivacyAccounting
public import SecureRandom

/// Chooses an index with probability ∝ e^(ε·score/(2Δ)), or e^(ε·score/Δ) for monotone scores.
///
/// McSherry and Talwar (2007). Exact: indices are drawn uniformly and kept with probability e^(−rate · gap to the best
/// score), a coin flipped in whole numbers. The law has bounded range ε (Dong, Durfee and Rogers 2020), which is what its
/// event says.
///
/// **Edge cases**: one score gives index 0. Drawing takes n tries on average in the worst case, and the number of tries
/// depends on the scores: time the answer only where the scores are public or the release leaves at a fixed tick.
public struct ExponentialMechanism: Sendable {
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
  public var event: PrivacyEvent { .exponential(epsilon: epsilon) }

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
    while true {
      let index = Int(source.uniform(under: UInt64(scores.count)))
      if coin.flip(gap: UInt64(bitPattern: best &- scores[index]), using: &source) { return index }
    }
  }
}
