import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom
import Testing

/// Runs a release on two neighbours with the same random words and says what differs besides the value.
///
/// After the idea of Re:cord-play (2026): with the words fixed, an additive mechanism must take as many words on both
/// and its answers must differ by exactly the query's difference, which must lie within the declared sensitivity.
struct Replay {
  /// What a replay found.
  enum Violation: Hashable {
    /// The two runs took different numbers of words.
    case controlFlow
    /// The queries differ by more than was declared.
    case sensitivity
    /// The answers differ by something other than the queries' difference.
    case answer
    /// The shapes of the answers differ.
    case shape
  }

  /// The norm a sensitivity is declared in.
  enum Norm { case l1, squaredL2 }

  /// - Parameters:
  ///   - pairs: the queries' values on D and on D′.
  ///   - declared: the largest distance in the norm, or its square.
  ///   - release: values and a stream of words to answers.
  static func violations(
    _ pairs: [([Int64], [Int64])], _ norm: Norm, declared: Rational,
    _ release: ([Int64], inout SimulationGenerator) -> [Int64]
  ) -> Set<Violation> {
    var found: Set<Violation> = []
    for (index, (a, b)) in pairs.enumerated() {
      var first = SimulationGenerator(seed: UInt64(index), stream: "replay")
      var second = first
      let (answerA, answerB) = (release(a, &first), release(b, &second))
      if first.wordsDrawn != second.wordsDrawn { found.insert(.controlFlow) }
      guard answerA.count == answerB.count, a.count == b.count, answerA.count == a.count else {
        found.insert(.shape)
        continue
      }
      var distance = Rational.zero
      for coordinate in a.indices {
        // Values are clamped to ±2⁶¹ before anything else.
        let limit = Int64(1) << 61
        let change = min(max(a[coordinate], -limit), limit) - min(max(b[coordinate], -limit), limit)
        let size = Rational(Int(abs(change)))
        distance += norm == .l1 ? size : size * size
        // Answers are clamped to ±2⁶¹ after everything else; what the noise did is hidden there.
        if answerA[coordinate].magnitude == limit.magnitude || answerB[coordinate].magnitude == limit.magnitude {
          continue
        }
        if answerA[coordinate] &- answerB[coordinate] != change { found.insert(.answer) }
      }
      if distance > declared { found.insert(.sensitivity) }
    }
    return found
  }
}

@Suite struct RecordAndReplayTests {
  /// Values and neighbours of every kind within a distance of `sensitivity` in the L1 norm.
  private func neighbours(dimension: Int, sensitivity: Int64) -> [([Int64], [Int64])] {
    var random = SimulationGenerator(seed: 7, stream: "neighbours")
    let starts: [Int64] = [0, 1, -1, 1 << 40, -(1 << 53) - 1, .max, .min, (1 << 61) - 1, 1 << 61]
    var pairs: [([Int64], [Int64])] = []
    for start in starts {
      for _ in 0..<4 {
        let a = (0..<dimension).map { $0 == 0 ? start : Int64(random.uniform(below: 1_000)) }
        var b = a
        var left = sensitivity
        for coordinate in 0..<dimension where left > 0 {
          let change = Int64(random.uniform(below: Int(left) + 1))
          b[coordinate] = random.next() & 1 == 0 ? b[coordinate] &+ change : b[coordinate] &- change
          // A change that wraps is no neighbour.
          if (b[coordinate] > a[coordinate]) != (b[coordinate] &- a[coordinate] > 0) { b[coordinate] = a[coordinate] }
          left -= change
        }
        pairs.append((a, b))
      }
    }
    return pairs
  }

  @Test(arguments: [1, 3, 300])
  func `additive mechanisms draw alike on neighbours and move by the query alone`(dimension: Int) throws {
    let sensitivity: Int64 = 3
    let pairs = neighbours(dimension: dimension, sensitivity: sensitivity)
    let laplace = try DiscreteLaplaceMechanism(scale: 50, sensitivity: Int(sensitivity), dimension: dimension)
    let gaussian = try DiscreteGaussianMechanism(sigma: 50, sensitivity: 3, dimension: dimension)
    let skellam = try SkellamMechanism(sigma: 50, sensitivity: 3, dimension: dimension)
    let real = try GaussianMechanism(sigma: 50, sensitivity: 3, dimension: dimension)
    let fixedLaplace = try FixedCostMechanism(laplace)
    let fixedGaussian = try FixedCostMechanism(gaussian)
    typealias Release = ([Int64], inout SimulationGenerator) -> [Int64]
    let releases: [Release] = [
      { laplace.simulate($0, using: &$1).value }, { gaussian.simulate($0, using: &$1).value },
      { skellam.simulate($0, using: &$1).value }, { real.simulate(steps: $0, using: &$1).value },
      { fixedLaplace.simulate($0, using: &$1).value }, { fixedGaussian.simulate($0, using: &$1).value },
    ]
    for release in releases {
      #expect(Replay.violations(pairs, .l1, declared: Rational(Int(sensitivity)), release).isEmpty)
      #expect(Replay.violations(pairs, .squaredL2, declared: gaussian.sensitivity.squared, release).isEmpty)
    }
    if dimension == 1 {
      let single = try LaplaceMechanism(scale: 50, sensitivity: 3)
      let found = Replay.violations(pairs, .l1, declared: 3) { [single.simulate(steps: $0[0], using: &$1).value.steps] }
      #expect(found.isEmpty)
    }
  }

  @Test func `a randomised response draws alike whatever the answer`() throws {
    let response = try RandomizedResponse(replacement: Rational(1, 3), categories: 5)
    let hashing = try LocalHashing(replacement: Rational(1, 3), bucketBits: 3, categories: 100)
    for seed in 0..<200 as Range<UInt64> {
      let start = SimulationGenerator(seed: seed, stream: "local")
      let words = [Int.min, 0, 1, 4, 99, .max].map { answer -> [UInt64] in
        var (first, second) = (start, start)
        _ = response.simulate(answer, using: &first)
        _ = hashing.simulate(answer, using: &second)
        return [first.wordsDrawn, second.wordsDrawn]
      }
      #expect(Set(words).count == 1)
    }
  }

  @Test func `clamped sums on a grid move by at most their bound, whatever the rows`() throws {
    let grid = try Grid(exponent: -6)
    let bound = Rational(5, 2)
    let steps = try #require((bound / grid.step).floor)
    func sum(_ rows: [Double]) -> Int64 {
      rows.reduce(0) { $0 + min(max(grid.steps(toward: $1) ?? 0, -Int64(steps)), Int64(steps)) }
    }
    let odd: [Double] = [
      .nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, 0x1p53 + 2, -0x1p60, 2.5, 2.499_999_999, -2.51, 0.1,
    ]
    let mechanism = try DiscreteLaplaceMechanism(scale: 100, sensitivity: steps)
    var pairs: [([Int64], [Int64])] = []
    for extra in odd {
      for base in [[], [1.25], odd, odd + odd] {
        pairs.append(([sum(base)], [sum(base + [extra])]))
        pairs.append(([sum([extra] + base)], [sum(base)]))
      }
    }
    #expect(
      Replay.violations(pairs, .l1, declared: mechanism.sensitivity.value) {
        mechanism.simulate($0, using: &$1).value
      }.isEmpty)
    // A clipped copy beside raw data (smartnoise #622) is seen at once.
    func raw(_ rows: [Double]) -> Int64 { rows.reduce(0) { $0 + (grid.steps(toward: $1) ?? 0) / 8 } }
    let broken = [([raw([1])], [raw([1, 1_000])])]
    #expect(
      Replay.violations(broken, .l1, declared: mechanism.sensitivity.value) {
        mechanism.simulate($0, using: &$1).value
      } == [.sensitivity])
  }

  @Test func `the harness sees every way of breaking a release`() throws {
    let pairs = (0..<20).map { _ in ([Int64(4)], [Int64(5)]) }
    let sampler = DiscreteLaplaceReference(scale: 20)
    func found(_ release: ([Int64], inout SimulationGenerator) -> [Int64]) -> Set<Replay.Violation> {
      Replay.violations(pairs, .l1, declared: 1, release)
    }
    // A draw only where the value is odd.
    #expect(
      found { values, source in
        if values[0] % 2 == 1 { _ = source.next() }
        return [values[0] + Int64(source.next() & 7)]
      }.contains(.controlFlow))
    // Noise scaled by the value.
    #expect(found { values, source in [values[0] + values[0] * sampler.sample(using: &source).clamped] } == [.answer])
    // A group that is left out when it is empty.
    #expect(found { values, _ in values[0] == 4 ? [] : values } == [.shape])
    // A query that moves by more than it declares.
    #expect(Replay.violations([([0], [2])], .l1, declared: 1) { values, _ in values } == [.sensitivity])
  }
}
