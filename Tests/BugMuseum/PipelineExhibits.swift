import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom
import Testing

/// Broken transformations and releases around a mechanism, each a small twin of a recorded bug or a class of bugs.
@Suite struct PipelineExhibits {
  /// One row: who it belongs to, its group and its value.
  private struct Row {
    var person: Int
    var group: Int
    var value: Int64
  }

  /// The L1 distance of two vectors of sums.
  private func distance(_ a: [Int64], _ b: [Int64]) -> Int64 {
    zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) }
  }

  @Test func `a bound on contributions does not survive a new grouping`() throws {
    // opendp #2949: rows are truncated to one a person and group, then the group is redefined; the old bound stays.
    let limit = 2
    func truncated(_ rows: [Row]) -> [Row] {
      var seen: [Int: Set<Int>] = [:]
      return rows.filter { row in
        let groups = seen[row.person, default: []]
        guard groups.contains(row.group) || groups.count < limit else { return false }
        seen[row.person] = groups.union([row.group])
        return true
      }
    }
    func regrouped(_ rows: [Row]) -> [Row] {
      rows.enumerated().map { Row(person: $1.person, group: $0 % 6, value: $1.value) }
    }
    func groups(_ rows: [Row]) -> [Int64] {
      (0..<6).map { group in rows.contains { $0.group == group } ? 1 : 0 }
    }
    // One person with six rows in one old group, and the neighbour without that person.
    let rows = (0..<6).map { _ in Row(person: 1, group: 0, value: 1) }
    let broken = distance(groups(regrouped(truncated(rows))), groups([]))
    let correct = distance(groups(truncated(regrouped(rows))), groups([]))
    let declared = try DiscreteLaplaceMechanism(scale: 10, sensitivity: limit, dimension: 6).sensitivity.value
    #expect(Rational(Int(broken)) > declared)
    #expect(Rational(Int(correct)) <= declared)
  }

  @Test func `squared deviations from a rounded mean move by more than the formula says`() throws {
    // opendp #2923: at values near 2^50 the mean is rounded and the deviations are not what the proof is about.
    let large = 0x1p50
    func broken(_ rows: [Double]) -> Double {
      let mean = rows.reduce(0, +) / Double(rows.count)
      return rows.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    // For n values in an interval of width w, changing one moves the sum by at most w²·(n − 1)/n.
    let rows = [Double](repeating: large, count: 3) + [large + 0.25]
    let neighbour = [Double](repeating: large, count: 4)
    let declared = 0.25 * 0.25 * 3 / 4
    #expect(abs(broken(rows) - broken(neighbour)) > declared)
    // In whole steps from a public origin, n·Σx² − (Σx)² is exact, and so is its bound.
    func correct(_ rows: [Int64]) -> Int64 {
      Int64(rows.count) * rows.reduce(0) { $0 + $1 * $1 } - rows.reduce(0, +) * rows.reduce(0, +)
    }
    #expect(correct([0, 0, 0, 1]) - correct([0, 0, 0, 0]) == 3)
  }

  @Test func `a table that fills its empty groups in afterwards says which are empty`() throws {
    // opendp #2345: groups nobody is in are filled with zeros that carry no noise.
    var generator = SecureGenerator()
    let mechanism = try DiscreteLaplaceMechanism(scale: 100)
    func broken(_ counts: [Int64]) -> [Int64] {
      counts.map { $0 == 0 ? 0 : mechanism.release($0, using: &generator) }
    }
    // A zero has probability 1/200 at scale 100; forty runs of zeros under noise have probability below 1e-92.
    let zeros = (0..<40).filter { _ in broken([0])[0] == 0 }.count
    #expect(zeros == 40)
    let noisy = (0..<40).filter { _ in mechanism.release(0, using: &generator) == 0 }.count
    #expect(noisy < 40)
  }

  @Test func `the time of a rejection sampler tells the noise, and that of a fixed-cost one does not`() throws {
    // Jin et al. (2022); libprio-rs #645; opendp #303, #321 and #1324. Words drawn stand for time.
    func correlation(_ draws: [(Int64, UInt64)]) -> Double {
      let sizes = draws.map { Double(abs($0.0)) }
      let words = draws.map { Double($0.1) }
      let count = Double(draws.count)
      let (a, b) = (sizes.reduce(0, +) / count, words.reduce(0, +) / count)
      let cross = zip(sizes, words).reduce(0.0) { $0 + ($1.0 - a) * ($1.1 - b) }
      let square = sizes.reduce(0.0) { $0 + ($1 - a) * ($1 - a) } * words.reduce(0.0) { $0 + ($1 - b) * ($1 - b) }
      return square == 0 ? 0 : cross / square.squareRoot()
    }
    func watch(_ draw: (inout SimulationGenerator) -> Int64) -> [(Int64, UInt64)] {
      var source = SimulationGenerator(seed: 1, stream: "timing")
      return (0..<20_000).map { _ in
        let before = source.wordsDrawn
        let noise = draw(&source)
        return (noise, source.wordsDrawn - before)
      }
    }
    let reference = DiscreteLaplaceReference(scale: 10)
    #expect(correlation(watch { reference.sample(using: &$0).clamped }) > 0.4)
    let fixed = try FixedCostMechanism(DiscreteLaplaceMechanism(scale: 10))
    let draws = watch { fixed.simulate([0], using: &$0).value[0] }
    #expect(Set(draws.map(\.1)).count == 1)
    #expect(Set(draws.map(\.0)).count > 50)
  }

  @Test func `a cut tail that is not charged is not private at all`() throws {
    // A table that ends gives outputs that a neighbour cannot give: δ is the mass there, not zero.
    let edge = 12
    func law(_ x: Int) -> Double { abs(x) <= edge ? exp(-Double(abs(x))) : 0 }
    let total = (-edge...edge).reduce(0.0) { $0 + law($1) }
    let claimed = 0.0
    let delta = (-edge...(edge + 1)).reduce(0.0) { $0 + max(0, (law($1) - exp(1) * law($1 - 1)) / total) }
    #expect(delta > claimed)
    let event = try FixedCostMechanism(DiscreteLaplaceMechanism(scale: 1)).event
    let accountant = PureAccountant()
    #expect(try accountant.epsilon(of: event, delta: Delta(0), adjacency: .addOrRemove).upper == .infinity)
    #expect(try accountant.epsilon(of: event, delta: Delta("1e-18"), adjacency: .addOrRemove).upper == 1)
  }

  @Test func `an acceptance step that compares doubles keeps what it should not`() {
    // "Exact" samplers whose last step is u < exp(−γ) with 53 bits of u: at γ = 40 the coin is 26 times too kind.
    let gamma = 40.0
    let broken = (exp(-gamma) * 0x1p53).rounded(.up) * 0x1p-53
    #expect(broken > 20 * exp(-gamma))
    // The exact coin's bounds hold the probability to as many places as are asked for.
    let bounds = ExactExponential.bounds(BigWhole(UInt64(40)), over: .one, precision: 120)
    let digits = Double((bounds.high >> 8).word ?? 0) * 0x1p-112
    #expect(abs(digits / exp(-gamma) - 1) < 1e-12)
    #expect(bounds.high - bounds.low <= BigWhole(UInt64(8)))
  }

  @Test func `a sampler of weighted rows does not draw at the rate it declares`() throws {
    // opacus #813: weights change who is drawn; the account is for the rate that was declared.
    let rate = 0.1
    var random = SimulationGenerator(seed: 3, stream: "weights")
    let weights = [Double](repeating: 1, count: 99) + [50]
    let mean = weights.reduce(0, +) / 100
    let included = (0..<5_000).filter { _ in random.uniformUnit() < min(1, rate * weights[99] / mean) }.count
    // The declared rate would include 500 of 5,000 with a deviation of 21; this is thirty of them away.
    #expect(included > 500 + 30 * 21)
    let event = try PrivacyEvent.poissonSampled(rate: Rational(1, 10), .gaussian(noiseMultiplier: 1))
    let heavy = try PrivacyEvent.poissonSampled(rate: 1, .gaussian(noiseMultiplier: 1))
    let accountant = RenyiAccountant()
    let delta = try Delta("1e-6")
    let claimed = try accountant.epsilon(of: event, delta: delta, adjacency: .addOrRemove).upper
    #expect(try accountant.epsilon(of: heavy, delta: delta, adjacency: .addOrRemove).upper > 1.5 * claimed)
  }

  @Test func `shares of a budget by weight are composed by weight`() throws {
    // A budget of ε = 1 split 5 : 1, where the first share is charged as if the weights were equal.
    let shares = [Rational(5, 6), Rational(1, 6)]
    let charged = [Rational(1, 2), Rational(1, 2)]
    func cost(_ parts: [Rational]) throws -> Double {
      let events = try parts.map { try DiscreteLaplaceMechanism(scale: 1 / $0).event }
      return try PureAccountant().epsilon(of: .composed(events), delta: Delta(0), adjacency: .addOrRemove).upper
    }
    // Twice the heavy query: the broken account thinks ε = 1 is spent where 5/3 is.
    #expect(try cost([charged[0], charged[0]]) <= 1)
    #expect(try cost([shares[0], shares[0]]) > 1.6)
    var budget = try PrivacyBudget(.pure(Epsilon(1)))
    let heavy = try DiscreteLaplaceMechanism(scale: 1 / shares[0])
    try budget.spend(heavy.event) {}
    #expect(throws: (any Error).self) { try budget.spend(heavy.event) {} }
  }
}
