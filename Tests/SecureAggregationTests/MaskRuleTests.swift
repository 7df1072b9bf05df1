import ExactMath
import SecureAggregation
import Testing

/// The rule of a ring against the same numbers in exact rational arithmetic, from factorials instead of logarithms.
@Suite struct MaskRuleTests {
  /// n·P[more than `bound` of `marked` among `draws` of n − 1], exactly.
  static func failure(clients: Int, marked: Int, draws: Int, bound: Int) -> Rational {
    var sum = Rational(0)
    guard min(marked, draws) > bound else { return sum }
    for hits in bound + 1...min(marked, draws) {
      sum = sum + choose(marked, hits) * choose(clients - 1 - marked, draws - hits)
    }
    return sum * Rational(clients) / choose(clients - 1, draws)
  }

  static func choose(_ n: Int, _ k: Int) -> Rational {
    guard k >= 0, k <= n else { return Rational(0) }
    var product = Rational(1)
    for index in 0..<k { product = product * Rational(n - index) / Rational(index + 1) }
    return product
  }

  static func power(_ bits: Int) -> Rational { (0..<bits).reduce(Rational(1)) { value, _ in value / Rational(2) } }

  /// The least bound that is exceeded with probability at most 2^−bits by nobody.
  static func least(clients: Int, marked: Int, draws: Int, bits: Int) -> Int {
    let allowed = power(bits)
    var bound = 0
    while allowed < failure(clients: clients, marked: marked, draws: draws, bound: bound) { bound += 1 }
    return bound
  }

  @Test(arguments: [
    (1_000, 0, 50, 40, 20), (1_000, 0, 300, 40, 20), (1_000, 50, 50, 40, 20), (1_000, 100, 100, 40, 30),
    (300, 10, 30, 40, 20), (10_000, 500, 500, 40, 30), (100, 0, 10, 40, 20), (60, 3, 3, 20, 20),
  ])
  func `the rule's numbers are the least that exact hypergeometric tails allow`(
    _ clients: Int, _ corrupt: Int, _ dropped: Int, _ security: Int, _ correctness: Int
  ) throws {
    let rule = try MaskRule.ring(
      clients: clients, corrupt: corrupt, dropped: dropped, security: security, correctness: correctness)
    let k = rule.neighbours
    let c = Self.least(clients: clients, marked: corrupt, draws: k, bits: security)
    #expect(rule.corruptNeighbours == c)
    #expect(rule.threshold == k / 2 + c + 1)
    // Both promises, with their probabilities.
    #expect(
      !(Self.power(security) < Self.failure(clients: clients, marked: corrupt, draws: k, bound: rule.corruptNeighbours))
    )
    #expect(
      !(Self.power(correctness) < Self.failure(clients: clients, marked: dropped, draws: k, bound: rule.lostNeighbours))
    )
    // Two neighbours fewer break one of them.
    let fewer = k - 2
    if fewer >= 2 {
      let bad = Self.least(clients: clients, marked: corrupt, draws: fewer, bits: security)
      let room = fewer - (fewer / 2 + bad + 1)
      let lost = Self.least(clients: clients, marked: dropped, draws: fewer, bits: correctness)
      #expect(lost > room)
    }
  }

  @Test func `the inequalities that the argument uses follow from the rule`() throws {
    for clients in [50, 200, 1_000] {
      for corrupt in [0, clients / 50, clients / 20] {
        for global in [false, true] {
          guard
            let rule = try? MaskRule.ring(
              clients: clients, corrupt: corrupt, dropped: clients / 20, security: 30, global: global)
          else { continue }
          let (k, t, c) = (rule.neighbours, rule.threshold, rule.corruptNeighbours)
          // Both seeds of one client; a cut in the circle; who is hidden with whom.
          #expect(2 * t > k + c && t - c > k / 2 && k % 2 == 0 && t <= k)
          #expect(rule.hiddenAmong >= c + 3 && rule.hiddenAmong <= t - c + 1)
          if global {
            // Signers around two clients at most k/2 apart overlap, and more of them are on a side than may be missing.
            #expect(rule.agreesGlobally && 2 * (t - c) > k + k / 2 + 1 && t - c - k / 2 > k - t)
          }
        }
      }
    }
    for (clients, corrupt) in [(3, 0), (4, 1), (10, 3), (100, 33), (1_000, 0)] {
      let rule = try MaskRule.complete(clients: clients, corrupt: corrupt)
      #expect(2 * rule.threshold > clients - 1 + corrupt)
      #expect(2 * (rule.threshold - corrupt + 1) > clients - corrupt)
      // One less would not do.
      #expect(2 * (rule.threshold - 1) <= clients - 1 + corrupt)
    }
  }

  /// By brute force on a small ring: every way in which honest holders can each give one kind of share.
  @Test func `no division of holders opens both seeds of a client, and one share less would`() throws {
    for (k, c) in [(6, 0), (8, 1), (10, 2)] {
      let t = k / 2 + c + 1
      func opensBoth(_ threshold: Int) -> Bool {
        (0..<1 << (k - c)).contains { pattern in
          let first = pattern.nonzeroBitCount
          return first + c >= threshold && k - c - first + c >= threshold
        }
      }
      #expect(!opensBoth(t))
      #expect(opensBoth((k + c) / 2))
    }
  }
}
