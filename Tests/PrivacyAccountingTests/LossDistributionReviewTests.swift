import ExactMath
import PrivacyAccounting
import Testing

/// Extreme parameters at which a second reading found a bound on the wrong side, or an error that was not counted.
///
/// Truth is summed or integrated directly in 60 digits, with neither a transform nor a grid.
@Suite struct LossDistributionReviewTests {
  let accountant = LossDistributionAccountant()

  @Test(arguments: [
    ("poisson(rate=1e-13, gaussian(sigma=1))", "0", 3.8292492254802621e-14),
    ("poisson(rate=1e-16, gaussian(sigma=0.5))", "0", 6.826894921370859e-17),
    ("poisson(rate=1e-9, gaussian(sigma=0.2))", "3", 8.2662633763531039e-12),
    ("poisson(rate=0.999999999999, gaussian(sigma=2))", "1", 0.0068295949830867407),
    ("poisson(rate=1e-12, gaussian(sigma=1000))", "0", 3.9894226377883828e-16),
    ("poisson(rate=0.3, gaussian(sigma=0.13))", "20", 0.24882316745393741),
    ("poisson(rate=0.02, gaussian(sigma=1))", "0.0202", 0.0037654105396360586),
    ("poisson(rate=0.75, gaussian(sigma=50))", "0.001", 0.005501072662913765),
    ("poisson(rate=0.5, gaussian(sigma=1))", "28", 6.062109042008961e-177),
    ("poisson(rate=1e-9, epsilon-delta(epsilon=20, delta=0)) * 3", "0.3", 8.366617354521621e-10),
    ("poisson(rate=0.2, epsilon-delta(epsilon=0.05, delta=0)) * 30", "0.1", 0.00076920834040333838),
    ("poisson(rate=0.01, epsilon-delta(epsilon=12, delta=0)) * 5", "20", 8.742994324033048e-6),
    ("poisson(rate=0.9, epsilon-delta(epsilon=3, delta=0)) * 20", "45", 0.45678755147218832),
    ("poisson(rate=0.1, discrete-gaussian(sigma=2, sensitivity=3))", "8", 6.1656909214686554e-12),
    ("poisson(rate=0.1, discrete-gaussian(sigma=1, sensitivity=10))", "0.1", 0.099999849471077391),
    ("poisson(rate=0.001, discrete-gaussian(sigma=0.7, sensitivity=2))", "25", 5.7747406464134444e-26),
    ("poisson(rate=0.5, discrete-gaussian(sigma=5, sensitivity=1))", "0.6", 1.8165050155660657e-8),
  ])
  func `extreme rates, noise and losses are enclosed`(text: String, epsilon: String, exact: Double) throws {
    let event = try PrivacyEvent(parsing: text)
    let bounds = try accountant.delta(of: event, epsilon: Epsilon(epsilon), adjacency: .addOrRemove)
    #expect((bounds.lower ?? 0) <= exact * (1 + 1e-15), "\(text): \(bounds) \(exact)")
    #expect(exact * (1 - 1e-15) <= bounds.upper, "\(text): \(bounds) \(exact)")
  }

  // Weights at the cut underflowed for these, the mass beyond became zero, and the law passed for a bounded one: δ above
  // its supposed edge, 19.4 for σ = 2, was certified as exactly 0.
  @Test(arguments: ["2", "2.5", "1", "3"], ["40", "100"])
  func `an unbounded discrete gaussian never has a delta of zero`(sigma: String, epsilon: String) throws {
    for text in ["discrete-gaussian(sigma=\(sigma))", "poisson(rate=0.5, discrete-gaussian(sigma=\(sigma)))"] {
      let bounds = try accountant.delta(
        of: PrivacyEvent(parsing: text), epsilon: Epsilon(epsilon), adjacency: .addOrRemove)
      #expect(bounds.upper > 0, "\(text) at \(epsilon)")
    }
  }

  /// All routes enclose the same number, so any two enclosures overlap.
  private func expectOverlap(_ text: String, _ epsilon: String, _ adjacency: Adjacency) throws -> Int {
    let event = try PrivacyEvent(parsing: text)
    let routes = try accountant.routes(of: event, epsilon: Epsilon(epsilon), adjacency: adjacency)
    for one in routes {
      for other in routes {
        #expect((one.bounds.lower ?? 0) <= other.bounds.upper, "\(text) at \(epsilon): \(one) \(other)")
      }
    }
    return routes.count
  }

  @Test(arguments: [
    ("poisson(rate=0.01, gaussian(sigma=1)) * 1000", "1.8"), ("poisson(rate=0.1, gaussian(sigma=2)) * 100", "4"),
    ("poisson(rate=0.9, gaussian(sigma=5)) * 20", "0"), ("poisson(rate=0.5, gaussian(sigma=0.7)) * 12", "30"),
    ("poisson(rate=1e-6, gaussian(sigma=0.5)) * 100000", "0.5"), ("laplace(scale=4) * 40", "6"),
    ("laplace(scale=2) * 8 + poisson(rate=0.1, gaussian(sigma=1)) * 50", "7"),
    ("epsilon-delta(epsilon=0.3, delta=0) * 60", "5.05"), ("discrete-gaussian(sigma=3) * 30", "9"),
    ("poisson(rate=0.2, discrete-gaussian(sigma=2)) * 40", "3"), ("discrete-laplace(scale=3, sensitivity=2) * 25", "4"),
    ("poisson(rate=0.1, epsilon-delta(epsilon=0.7, delta=1e-9)) * 60 + laplace(scale=3)", "1"),
  ])
  func `every route encloses the same delta`(text: String, epsilon: String) throws {
    #expect(try expectOverlap(text, epsilon, .addOrRemove) >= 2, "\(text)")
  }

  @Test func `routes overlap at random points`() throws {
    for _ in 0..<5 {
      let rate = Rational(.random(in: 1...900), 1_000)
      let sigma = Rational(.random(in: 12...100), 20)
      let count = Int.random(in: 10...3_000)
      _ = try expectOverlap(
        "poisson(rate=\(rate), gaussian(sigma=\(sigma))) * \(count)",
        "\(Rational(.random(in: 1...1_000), 100))", .addOrRemove)
    }
  }

  @Test func `bounds that contradict each other leave the wider claim`() {
    let one = Bounds(lower: 1, upper: 2)
    #expect(one.intersected(Bounds(lower: 1.5, upper: 3)) == Bounds(lower: 1.5, upper: 2))
    #expect(one.intersected(Bounds(lower: 3, upper: 4)) == Bounds(lower: nil, upper: 4))
    #expect(Bounds(lower: 3, upper: 4).intersected(one) == Bounds(lower: nil, upper: 4))
  }

  // The worst ε-DP mechanism is randomised response, which no sparse vector technique is: it has no lower bound.
  @Test func `a sparse vector release has no lower bound`() throws {
    let event = try PrivacyEvent(parsing: "sparse-vector(epsilon=1, cutoff=1) * 5")
    let delta = try Delta("1e-6")
    let worst = try PrivacyEvent(parsing: "epsilon-delta(epsilon=1, delta=0) * 5")
    for asked: any Accountant in [accountant, OptimalAccountant(), AutomaticAccountant()] {
      let bounds = try asked.epsilon(of: event, delta: delta, adjacency: .addOrRemove)
      #expect((bounds.lower ?? 0) == 0, "\(asked.name)")
      #expect(try bounds.upper <= asked.epsilon(of: worst, delta: delta, adjacency: .addOrRemove).upper + 1e-9)
    }
  }

  /// Under addition the losses of 30 samples end at −30·ln 0.8 = 6.69; beyond it δ is that of removal alone.
  ///
  /// The bounds must not fall back to the grid there, whose lower bound was half the upper one.
  @Test(arguments: [Rational(67, 10), 7, 8, 12]) func `delta beyond the largest loss of addition is enclosed tightly`(
    _ epsilon: Rational
  ) throws {
    let event = try PrivacyEvent(parsing: "poisson(rate=0.2, gaussian(sigma=0.995)) * 30")
    let bounds = try accountant.delta(of: event, epsilon: Epsilon(epsilon), adjacency: .addOrRemove)
    let lower = try #require(bounds.lower)
    #expect(bounds.upper < lower * (1 + 1e-6))
    // Consistent with the other question: the ε that this δ costs is the one asked about.
    let back = try accountant.epsilon(
      of: event, delta: Delta(#require(Rational(exactly: bounds.upper))), adjacency: .addOrRemove)
    #expect(back.lower ?? 0 <= epsilon.doubleRoundedUp)
    #expect(back.upper >= epsilon.doubleRoundedDown - 1e-6)
  }
}
