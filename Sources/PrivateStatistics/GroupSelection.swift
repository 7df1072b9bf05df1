public import ExactMath

/// How groups whose keys are not declared are chosen.
public struct GroupSelection: Sendable, Hashable {
  /// The mechanism that decides.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// The best there is for one group: keeps the most groups (Desfontaines, Voss and Gipson 2022).
    case optimal
    /// A noisy count above a threshold, discrete Laplace noise.
    case laplace
    /// A noisy count above a threshold, discrete Gaussian noise: better when a unit is in many groups.
    case gaussian
  }

  /// The mechanism.
  public let kind: Kind
  /// The selection's share of ε beside the metrics' weights.
  public let weight: Rational
  /// Groups of fewer units are never named, whatever the noise says: a pre-threshold.
  public let minimumUnits: Int

  /// Checks a choice.
  ///
  /// - Throws: ``StatisticsError`` for a weight of 0 or less or a minimum outside 1 … 10⁹.
  public init(kind: Kind = .optimal, weight: Rational = 1, minimumUnits: Int = 1) throws(StatisticsError) {
    guard weight.signum > 0 else { throw .query("selection.weight", "must be above 0") }
    guard (1...1_000_000_000).contains(minimumUnits) else {
      throw .query("selection.minimum_units", "must be a whole number from 1 to 1000000000")
    }
    self.kind = kind
    self.weight = weight
    self.minimumUnits = minimumUnits
  }

  private init() {
    kind = .optimal
    weight = .one
    minimumUnits = 1
  }

  /// Optimal, with the weight of one metric.
  public static let standard = GroupSelection()
}
