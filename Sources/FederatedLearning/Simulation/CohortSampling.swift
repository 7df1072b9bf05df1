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

  /// `size` clients of a fixed shuffled circle, so that a client returns only after `separation` rounds or more.
  case separated(size: Int, separation: Int)

  /// What an accountant may assume about a sampler.
  public enum Accounting: Sendable, Hashable {
    /// Each unit joins each round independently with this probability; the size is hidden or divided by a constant.
    case poisson(rate: Rational)
    /// Each round sees a uniform subset of this size.
    case withoutReplacement(size: Int)
    /// A unit is in at most one of so many successive rounds.
    case separated(by: Int)
    /// A unit may be in every round: rounds compose in full.
    case everyRound
    /// A unit may be counted several times in one round: no bound is claimed.
    case unbounded
  }

  /// The accounting that holds for this sampler.
  ///
  /// Each kind has its own theorem, and an accountant that has none for the adjacency in use composes rounds in full.
  public var accounting: Accounting {
    switch self {
    case .all: .everyRound
    case .fixed(let size): .withoutReplacement(size: size)
    case .poisson(let rate): .poisson(rate: rate)
    case .separated(_, let separation): .separated(by: separation)
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
    case .fixed(let size): return CohortSampling.subset(size, of: clients, &generator)
    case .withReplacement(let size): return (0..<size).map { _ in generator.uniform(below: clients) }
    case .separated(let size, _):
      // Windows of one shuffled circle: a client returns after ⌊clients/size⌋ or ⌈clients/size⌉ rounds.
      let circle = ShuffledCircle(count: clients, seed: seed)
      let start = Int((UInt128(round - 1) * UInt128(size)) % UInt128(clients))
      return (0..<size).map { circle[(start + $0) % clients] }.sorted()
    }
  }

  /// A uniform subset in increasing order, by Floyd's method (Bentley and Floyd 1987): one draw for each member.
  private static func subset(_ size: Int, of clients: Int, _ generator: inout SimulationGenerator) -> [Int] {
    guard size < clients else { return Array(0..<clients) }
    // A small part of many is a set, with the memory of the part alone; a larger part is a bit for every client.
    if size < clients / 256 {
      var chosen = Set<Int>(minimumCapacity: size)
      for last in clients - size..<clients {
        let draw = generator.uniform(below: last + 1)
        chosen.insert(chosen.contains(draw) ? last : draw)
      }
      return chosen.sorted()
    }
    var bits = [UInt64](repeating: 0, count: clients / 64 + 1)
    for last in clients - size..<clients {
      let draw = generator.uniform(below: last + 1)
      let member = bits[draw / 64] >> UInt64(draw % 64) & 1 == 0 ? draw : last
      bits[member / 64] |= 1 << UInt64(member % 64)
    }
    var result: [Int] = []
    result.reserveCapacity(size)
    for (place, word) in bits.enumerated() {
      var rest = word
      while rest != 0 {
        result.append(64 * place + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
    return result
  }

  /// The expected number of participations in a round: the constant that sums are divided by under privacy.
  public func expectedSize(clients: Int) -> Double {
    switch self {
    case .all: Double(clients)
    case .poisson(let rate): rate.doubleValue * Double(clients)
    case .fixed(let size), .withReplacement(let size), .separated(let size, _): Double(size)
    }
  }

  /// The largest possible cohort.
  public func largestSize(clients: Int) -> Int {
    switch self {
    case .all, .poisson: clients
    case .fixed(let size), .withReplacement(let size), .separated(let size, _): size
    }
  }
}

/// A permutation of 0 ..< count that is computed element by element, so that a million clients need no list.
///
/// Four rounds of a balanced Feistel network on the next even number of bits, applied again while the result lies
/// outside (cycle walking; Black and Rogaway 2002). The expected number of applications is below four.
struct ShuffledCircle {
  private let count: Int
  private let half: Int
  private let generator: SimulationGenerator

  init(count: Int, seed: UInt64) {
    self.count = count
    half = max(1, (Int.bitWidth - max(1, count - 1).leadingZeroBitCount + 1) / 2)
    generator = SimulationGenerator(seed: seed, stream: "circle")
  }

  subscript(_ place: Int) -> Int {
    var value = place
    repeat { value = permute(value) } while value >= count
    return value
  }

  private func permute(_ value: Int) -> Int {
    let mask = 1 << half - 1
    var (left, right) = (value >> half, value & mask)
    for turn in 0..<4 {
      var draws = generator.substream(turn).substream(right)
      (left, right) = (right, left ^ Int(truncatingIfNeeded: draws.next()) & mask)
    }
    return left << half | right
  }
}
