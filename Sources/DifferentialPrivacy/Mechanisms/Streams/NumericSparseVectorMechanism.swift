import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// The sparse vector technique that also releases a noisy number for every value above the threshold.
///
/// Lyu, Su and Li (2017, algorithm 7): comparisons cost ε₁ + ε₂ as in ``SparseVectorMechanism``; each of the
/// at most c numbers is released with *fresh* exact discrete Laplace noise of scale cΔ/ε₃, for ε₃ in all. Releasing the
/// noisy value that was compared would be private for no ε.
///
/// Cost: one draw a value, and one more for every answer above.
///
/// **Edge cases**: values are clamped to ±2⁶¹ and numbers to ±2⁶¹.
public struct NumericSparseVectorMechanism: PureDP {
  /// The total pure loss of one stream, numbers included.
  public let epsilon: Epsilon
  /// After how many answers "above" a stream ends.
  public let cutoff: Cutoff
  private let comparisons: SparseVectorMechanism
  /// The noise of one released number.
  public let answers: DiscreteLaplaceMechanism

  /// - Parameters:
  ///   - comparisonEpsilon: ε₁ + ε₂, for saying which values lie above.
  ///   - answerEpsilon: ε₃, for all released numbers together.
  ///   - sensitivity: the largest change of any value, in whole numbers.
  ///   - monotone: whether adding a record moves no two values in opposite directions.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(
    comparisonEpsilon: Epsilon, answerEpsilon: Epsilon, cutoff: Cutoff, sensitivity: Int = 1, monotone: Bool = false
  ) throws(ParameterError) {
    try ScaleLimits.checkPositive(answerEpsilon.value, "epsilon")
    comparisons = try SparseVectorMechanism(
      epsilon: comparisonEpsilon, cutoff: cutoff, sensitivity: sensitivity, monotone: monotone)
    answers = try DiscreteLaplaceMechanism(
      scale: Rational(cutoff.value) * Rational(sensitivity) / answerEpsilon.value, sensitivity: sensitivity)
    epsilon = try Epsilon(comparisonEpsilon.value + answerEpsilon.value)
    self.cutoff = cutoff
  }

  /// One whole stream, however many values it has.
  public var event: PrivacyEvent { .sparseVector(epsilon: epsilon, cutoff: cutoff) }

  /// ε, for one whole stream.
  public var pureLoss: Epsilon { epsilon }

  /// Starts a stream against a public threshold.
  public func start(threshold: Int64, using generator: inout SecureGenerator) -> NumericSparseVectorStream {
    begin(threshold: threshold, using: &generator)
  }

  package func begin<Source: UniformSource & ~Copyable>(
    threshold: Int64, using source: inout Source
  ) -> NumericSparseVectorStream {
    NumericSparseVectorStream(comparisons: comparisons.begin(threshold: threshold, using: &source), answers: answers)
  }
}

/// What a ``NumericSparseVectorStream`` says of one value.
public enum SparseVectorAnswer: Sendable, Hashable {
  /// The noisy value lies below the noisy threshold.
  case below
  /// It does not; the number is the value with noise of its own.
  case above(Int64)
}

/// One stream of a ``NumericSparseVectorMechanism``; it can be neither copied nor printed.
public struct NumericSparseVectorStream: ~Copyable, Sendable {
  private var comparisons: SparseVectorStream
  private let answers: DiscreteLaplaceMechanism

  init(comparisons: consuming SparseVectorStream, answers: DiscreteLaplaceMechanism) {
    self.comparisons = comparisons
    self.answers = answers
  }

  /// Whether the stream has ended.
  public var hasEnded: Bool { comparisons.hasEnded }

  /// What the stream says of the value; `nil`, for every value, once the stream has ended.
  public mutating func answer(_ value: Int64, using generator: inout SecureGenerator) -> SparseVectorAnswer? {
    draw(value, using: &generator)
  }

  package mutating func draw<Source: UniformSource & ~Copyable>(
    _ value: Int64, using source: inout Source
  ) -> SparseVectorAnswer? {
    guard let above = comparisons.draw(value, using: &source) else { return nil }
    return above ? .above(answers.draw([value], using: &source)[0]) : .below
  }
}
