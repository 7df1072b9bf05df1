import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Chooses several indices, best first, by running the exponential mechanism and taking each choice out of the race.
///
/// Exact: every choice is an exact exponential mechanism among the candidates left, which are public once the earlier
/// choices are, so the cost is that of the choices in sequence. The law is the one of adding Gumbel noise to all scores
/// once and sorting (Durfee and Rogers 2019, lemma 4.2).
///
/// **Edge cases**: with fewer candidates than choices all of them are returned, in their noisy order. The number of
/// candidates must be public; the time depends on the scores.
public struct TopKMechanism: Sendable {
  /// How many to choose.
  public let choices: Int
  private let single: ExponentialMechanism

  /// - Parameters:
  ///   - choices: how many indices to choose.
  ///   - epsilonPerChoice: the pure loss of each choice; all of them cost `choices` times as much.
  ///   - sensitivity: the largest change of any one score, in whole numbers.
  ///   - monotone: whether adding a record moves no two scores in opposite directions, which halves the cost.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(
    choices: Int, epsilonPerChoice: Epsilon, sensitivity: Int = 1, monotone: Bool = false
  ) throws(ParameterError) {
    guard choices > 0 else {
      throw ParameterError(.outOfRange, "k", "must be a whole number > 0")
    }
    self.choices = choices
    single = try ExponentialMechanism(epsilon: epsilonPerChoice, sensitivity: sensitivity, monotone: monotone)
  }

  /// All choices of one run.
  public var event: PrivacyEvent { .repeated(single.event, count: Repetitions(unchecked: choices)) }

  /// The chosen indices, in the order they were chosen.
  public func choose(_ scores: [Int64], using generator: inout SecureGenerator) -> [Int] {
    draw(scores, using: &generator)
  }

  package func draw<Source: UniformSource & ~Copyable>(_ scores: [Int64], using source: inout Source) -> [Int] {
    var left = Array(scores.indices)
    var scoresLeft = scores
    var chosen: [Int] = []
    while chosen.count < choices, !left.isEmpty {
      let place = single.draw(scoresLeft, using: &source)
      chosen.append(left[place])
      left.swapAt(place, left.count - 1)
      left.removeLast()
      scoresLeft.swapAt(place, scoresLeft.count - 1)
      scoresLeft.removeLast()
    }
    return chosen
  }
}

extension TopKMechanism: PureDP {
  /// The choices' losses, added.
  ///
  /// The range of the whole is not claimed: conversions go choice by choice, as the event says.
  public var pureLoss: Epsilon { Epsilon(unchecked: single.epsilon.value * Rational(choices)) }
}
