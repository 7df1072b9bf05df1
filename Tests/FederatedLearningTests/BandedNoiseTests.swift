import ExactMath
import FederatedLearning
import PrivacyAccounting
import Testing

/// Noise correlated over rounds by a banded square root.
@Suite struct BandedNoiseTests {
  static func configuration(rounds: Int, size: Int = 3, bands: Int? = nil) -> SimulationConfiguration {
    var configuration = PrivacyTests.configuration(
      sampling: CohortOptions(sampling: "min-separation", size: size), rounds: rounds)
    configuration.privacy?.mechanism = "banded"
    configuration.privacy?.bands = bands
    return configuration
  }

  @Test func `the coefficients are those of the square root of running sums`() {
    // 1, 1/2, 3/8, 5/16, 35/128 of 4096.
    #expect(BandedFactorization(bands: 5).coefficients == [4096, 2048, 1536, 1280, 1120])
    // The square of the series is the series of ones, so C·C = A, to the rounding of 4096ths.
    let c = BandedFactorization(bands: 300).coefficients
    for place in 0..<300 {
      let product = (0...place).reduce(0) { $0 + c[$1] * c[place - $1] }
      #expect(abs(Double(product) / Double(1 << 24) - 1) < 0.02)
    }
    #expect(zip(c, c.dropFirst()).allSatisfy { $0 >= $1 })
  }

  @Test(arguments: [1, 2, 7, 20])
  func `what is published determines integer sums of past rounds plus fresh noise`(_ bands: Int) throws {
    let privacy = try #require(SimulationPlan(Self.configuration(rounds: 20, bands: bands)).privacy)
    let c = try #require(privacy.factorization).coefficients
    #expect(c.count == bands)
    let share = try NoiseShare(privacy, seed: 3)
    let banded = BandedNoise(try #require(privacy.factorization))
    // Sums of rounds, any integers; the server sees x + w only.
    var published: [[Int64]] = []
    var sums: [[Int64]] = []
    for round in 1...20 {
      let sum = (0..<40).map { Int64($0 * $0 * round % 977) - 400 }
      var noise = [Int64](repeating: 0, count: 40)
      banded.fill(&noise, round: round, share: share)
      sums.append(sum)
      published.append(zip(sum, noise).map(+))
      var fresh = [Int64](repeating: 0, count: 40)
      share.fill(&fresh, round: round, party: nil)
      for index in 0..<40 {
        // y = Σ c·x + z, and the nearest integer to (y − Σ c·x̃)/c₀ of what was published before.
        var y = fresh[index]
        for back in 0..<min(bands, round) { y += Int64(c[back]) * sums[round - 1 - back][index] }
        for back in 1..<max(1, min(bands, round)) { y -= Int64(c[back]) * published[round - 1 - back][index] }
        #expect(abs(2 * (Int64(c[0]) * published[round - 1][index] - y)) <= Int64(c[0]))
      }
    }
  }

  @Test func `the sensitivity that is charged is that of the longest participation`() throws {
    let plan = try SimulationPlan(Self.configuration(rounds: 50, size: 6, bands: 8))
    let privacy = try #require(plan.privacy)
    let c = try #require(privacy.factorization).coefficients
    // Sixty clients in sixes return after ten rounds: five participations in fifty rounds.
    #expect(privacy.participation == .separated(by: 10))
    #expect(try privacy.event(rounds: 50).description.hasSuffix("* 5"))
    guard case .gaussian(let found) = privacy.roundEvent else {
      Issue.record("\(privacy.roundEvent)")
      return
    }
    // ‖C u‖² for every pattern of participations at least ten rounds apart, by brute force over columns: C's columns are
    // shifts, cut at the end, and those eight apart or more have no row in common.
    let radius = Rational(Int(plan.quantizer.radius))
    var longest = 0
    for first in 0..<10 {
      var vector = [Int](repeating: 0, count: 50)
      for start in stride(from: first, to: 50, by: 10) {
        for (row, value) in c.enumerated() where start + row < 50 { vector[start + row] += value }
      }
      longest = max(longest, vector.reduce(0) { $0 + $1 * $1 })
    }
    let sensitivity = Rational(longest) * radius * radius
    // Five Gaussian releases with multiplier m are one with m/√5.
    #expect(found.squared / Rational(5) <= privacy.variance.squared / sensitivity)
    #expect(found.squared >= 1)
  }

  @Test func `bands that outlast a client's absence and other misfits are refused`() {
    let cases: [((inout SimulationConfiguration) -> Void, String)] = [
      ({ $0.privacy?.bands = 11 }, "privacy.bands: must be from 1 to 10"),
      ({ $0.cohort = CohortOptions(sampling: "all") }, "privacy.mechanism: banded needs cohort"),
      ({ $0.privacy?.noise = "discrete-gaussian" }, "privacy.noise: must be gaussian"),
      ({ $0.privacy?.mechanism = "banned" }, "privacy.mechanism: has no value \"banned\"; did you mean banded?"),
      ({ $0.privacy?.placement = "local" }, "privacy.mechanism: banded needs privacy.placement central"),
      (
        {
          $0.privacy?.mechanism = nil
          $0.privacy?.bands = 2
        }, "privacy.bands: belongs to privacy.mechanism banded"
      ),
    ]
    for (change, expected) in cases {
      var configuration = Self.configuration(rounds: 50, size: 6)
      change(&configuration)
      let message = PrivacyTests.refusal(configuration)
      #expect(message.hasPrefix(expected), "\(message)")
    }
  }

  @Test func `secret banded noise has the covariance of the factorisation`() throws {
    var configuration = Self.configuration(rounds: 6)
    configuration.privacy?.noiseSource = nil
    let privacy = try #require(SimulationPlan(configuration).privacy)
    let share = try NoiseShare(privacy, seed: 3)
    let banded = BandedNoise(try #require(privacy.factorization))
    let count = 20_000
    let sigma = privacy.variance.squared.doubleValue.squareRoot() / 4096
    // The first column of A·C⁻¹ = A^{1/2}: 1, 1/2, 3/8, …
    let column = [1, 0.5, 0.375, 0.3125, 0.2734375, 0.24609375]
    var sum = [Double](repeating: 0, count: count)
    var first: [Double] = []
    for round in 1...6 {
      var noise = [Int64](repeating: 0, count: count)
      banded.fill(&noise, round: round, share: share)
      for index in 0..<count { sum[index] += Double(noise[index]) / sigma }
      if round == 1 { first = sum }
      let variance = sum.reduce(0) { $0 + $1 * $1 } / Double(count)
      let expected = column.prefix(round).reduce(0) { $0 + $1 * $1 }
      // The relative deviation of a variance from 20,000 draws is 0.01, that of a covariance at most 0.01·√2 of the
      // deviations; seven of them fail less than once in 10^11.
      #expect(abs(variance / expected - 1) < 0.07)
      let covariance = zip(sum, first).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
      #expect(abs(covariance - column[round - 1]) < 0.14)
    }
  }

  @Test func `at equal epsilon banded noise errs less than a tree, and a tree less than independent noise`() throws {
    func deviation(_ mechanism: String?, rounds: Int) throws -> Double {
      var configuration = Self.configuration(rounds: rounds, size: 1)
      configuration.privacy?.mechanism = mechanism
      configuration.privacy?.noiseMultiplier = nil
      configuration.privacy?.epsilon = 2
      let plan = try SimulationPlan(configuration)
      return try #require(plan.privacy?.runningDeviation(rounds: rounds, radius: plan.quantizer.radius))
    }
    // Sixty clients one by one: one participation in 60 rounds, two in 120.
    for rounds in [60, 120] {
      let banded = try deviation("banded", rounds: rounds)
      let tree = try deviation("tree", rounds: rounds)
      let independent = try deviation(nil, rounds: rounds)
      print("running sum of \(rounds) rounds: banded \(banded), tree \(tree), independent \(independent)")
      #expect(banded < tree && tree < independent)
    }
  }
}
