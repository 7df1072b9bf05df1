public import ExactMath
import SecureRandom

/// Which clients take part in a round, and what that may claim for privacy.
///
/// A cohort is a pure function of the seed and the round, so a resumed run needs no generator state.
public enum CohortSampling: Sendable, Hashable {
  /// Every client in every round.
  case all
  /// Each client independently with probability `rate`; the size of a cohort is random.
  case poisson(rate: Rational)
  /// A uniform subset of `size` clients.
  case fixed(size: Int)
  /// `size` independent uniform draws; a client drawn twice takes part once for each draw.
  case withReplacement(size: Int)

  /// What an accountant may assume about a sampler.
  public enum Accounting: Sendable, Hashable {
    /// Each unit joins each round independently with this probability; the size is hidden or divided by a constant.
    case poisson(rate: Rational)
    /// A unit may be in every round: rounds compose in full.
    case everyRound
    /// A unit may be counted several times in one round: no bound is claimed.
    case unbounded
  }

  /// The accounting that holds for this sampler.
  ///
  /// A fixed-size subset would be amplified under replace-one only, by a theorem of its own; until it is used the
  /// rounds compose in full, which is an upper bound for any sampler without repetition.
  public var accounting: Accounting {
    switch self {
    case .all, .fixed: .everyRound
    case .poisson(let rate): .poisson(rate: rate)
    case .withReplacement: .unbounded
    }
  }

  /// The clients of a round, in increasing order except with replacement.
  public func cohort(clients: Int, round: Int, seed: UInt64) -> [Int] {
    var generator = SimulationGenerator(seed: seed, stream: "cohort").substream(round)
    switch self {
    case .all: return Array(0..<clients)
    case .poisson(let rate):
      // In units of 2^-53, rounded down: never more often than the accountant was told.
      let threshold = UInt64((rate * Rational(1 << 53)).floor ?? 0)
      return (0..<clients).filter { _ in generator.next() >> 11 < threshold }
    case .fixed(let size):
      // Floyd's method (Bentley and Floyd 1987): memory and time of the subset alone.
      var chosen = Set<Int>()
      for last in clients - size..<clients {
        let draw = generator.uniform(below: last + 1)
        chosen.insert(chosen.contains(draw) ? last : draw)
      }
      return chosen.sorted()
    case .withReplacement(let size): return (0..<size).map { _ in generator.uniform(below: clients) }
    }
  }

  /// The expected number of participations in a round: the constant that sums are divided by under privacy.
  public func expectedSize(clients: Int) -> Double {
    switch self {
    case .all: Double(clients)
    case .poisson(let rate): rate.doubleValue * Double(clients)
    case .fixed(let size), .withReplacement(let size): Double(size)
    }
  }

  /// The largest possible cohort.
  public func largestSize(clients: Int) -> Int {
    switch self {
    case .all, .poisson: clients
    case .fixed(let size), .withReplacement(let size): size
    }
  }
}
