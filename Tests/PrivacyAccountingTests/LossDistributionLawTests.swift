import ExactMath
import PrivacyAccounting
import Testing

/// The metamorphic laws over random event trees that loss distributions take, under both adjacencies.
@Suite struct LossDistributionLawTests {
  let accountant = LossDistributionAccountant()
  let delta = Delta(unchecked: Rational(1, 1_000_000))

  /// A random tree of events with a dominating pair.
  func randomEvent(depth: Int, adjacency: Adjacency) throws -> PrivacyEvent {
    func number(_ range: ClosedRange<Int>) -> Rational { Rational(.random(in: range), 16) }
    let leaf: PrivacyEvent =
      switch Int.random(in: 0..<5) {
      case 0: try .laplace(scale: number(16...200))
      case 1: try .gaussian(noiseMultiplier: number(16...100))
      case 2: try .discreteLaplace(scale: number(16...100))
      case 3: try .discreteGaussian(sigma: number(24...80))
      default: try .epsilonDelta(epsilon: number(1...16), delta: Rational(1, 1_000_000_000))
      }
    guard depth > 0 else { return leaf }
    switch Int.random(in: 0..<4) {
    case 0: return try .repeated(randomEvent(depth: depth - 1, adjacency: adjacency), count: .random(in: 1...4))
    case 1:
      return .composed(
        try (0..<Int.random(in: 1...2)).map { _ in try randomEvent(depth: depth - 1, adjacency: adjacency) })
    case 2 where adjacency == .replaceOne:
      return try .sampledWithoutReplacement(sample: .random(in: 1...60), population: 64, leaf)
    case 2: return try .poissonSampled(rate: number(1...15), leaf)
    default: return leaf
    }
  }

  func bounds(_ event: PrivacyEvent, _ adjacency: Adjacency, _ delta: Delta? = nil) -> Bounds? {
    try? accountant.epsilon(of: event, delta: delta ?? self.delta, adjacency: adjacency)
  }

  @Test(arguments: [Adjacency.addOrRemove, .replaceOne])
  func `repetition, order, grouping and text change nothing, and every event adds loss`(adjacency: Adjacency) throws {
    for _ in 0..<2 {
      let (a, b) = (
        try randomEvent(depth: 2, adjacency: adjacency), try randomEvent(depth: 1, adjacency: adjacency)
      )
      let whole = try #require(bounds(.composed([a, b, a]), adjacency), "\(a) + \(b)")
      #expect(bounds(.composed([try .repeated(a, count: 2), b]), adjacency) == whole, "\(a) + \(b)")
      #expect(bounds(.composed([b, .composed([a, a])]), adjacency) == whole, "\(a) + \(b)")
      let text = try PrivacyEvent(parsing: PrivacyEvent.composed([a, b, a]).description)
      #expect(bounds(text, adjacency) == whole, "\(text)")
      let part = try #require(bounds(.composed([a, a]), adjacency), "\(a)")
      #expect((part.lower ?? 0) <= whole.upper, "\(a) + \(b): \(part) \(whole)")
      // A larger δ never certainly costs more.
      let larger = try #require(bounds(text, adjacency, try Delta("1e-4")))
      #expect((larger.lower ?? 0) <= whole.upper, "\(text)")
    }
  }

  @Test(arguments: [Adjacency.addOrRemove, .replaceOne])
  func `bounds keep their order against pure sums, the optimum and divergences`(adjacency: Adjacency) throws {
    for _ in 0..<2 {
      let event = try randomEvent(depth: 2, adjacency: adjacency)
      let loss = try #require(bounds(event, adjacency), "\(event)")
      for other: any Accountant in [
        PureAccountant(), OptimalAccountant(), ZCDPAccountant(), try RenyiAccountant(orders: [1.5, 2, 4, 8, 16, 32]),
      ] {
        guard let upper = try? other.epsilon(of: event, delta: delta, adjacency: adjacency).upper else { continue }
        #expect((loss.lower ?? 0) <= upper, "\(other.name): \(event) \(loss) \(upper)")
        // A composition of samples under replace-one may lie a little above a bound that knows less but another way.
        let slack = 2e-3 + (adjacency == .replaceOne ? 0.02 * upper : (loss.width ?? 0))
        #expect(loss.upper <= upper + slack, "\(other.name): \(event) \(loss) \(upper)")
      }
      let automatic = try AutomaticAccountant().epsilon(of: event, delta: delta, adjacency: adjacency)
      #expect(automatic.upper <= loss.upper && (automatic.lower ?? 0) >= (loss.lower ?? 0) * (1 - 1e-12), "\(event)")
    }
  }

  @Test func `sampling never costs more than no sampling, and a lower rate never certainly more`() throws {
    for inner in ["gaussian(sigma=1.5)", "laplace(scale=2)", "discrete-laplace(scale=3)", "discrete-gaussian(sigma=2)"]
    {
      for adjacency in [Adjacency.addOrRemove, .replaceOne] {
        let event = try PrivacyEvent(parsing: inner)
        let plain = try #require(bounds(try .repeated(event, count: 3), adjacency))
        let often = try #require(
          bounds(try .repeated(.poissonSampled(rate: Rational(3, 5), event), count: 3), adjacency))
        let seldom = try #require(
          bounds(try .repeated(.poissonSampled(rate: Rational(1, 5), event), count: 3), adjacency))
        #expect(often.upper <= plain.upper + 1e-3, "\(inner), \(adjacency): \(often) \(plain)")
        #expect((seldom.lower ?? 0) <= often.upper, "\(inner), \(adjacency)")
        #expect(seldom.upper < plain.lower ?? 0, "\(inner), \(adjacency): \(seldom) \(plain)")
      }
    }
  }

  @Test func `the trade-off of a gaussian is its closed form in every accountant that takes it`() throws {
    let event = try PrivacyEvent(parsing: "gaussian(sigma=1)")
    for accountant: any Accountant in [GaussianAccountant(), LossDistributionAccountant(), ZCDPAccountant()] {
      // 1 − 0.38914369 of `golden-dp`: the true positive rate at a false positive rate of 0.1 and μ = 1.
      let bounds = try accountant.falseNegativeRate(of: event, falsePositiveRate: 0.1, adjacency: .addOrRemove)
      let lower = try #require(bounds.lower)
      #expect(abs(bounds.upper - 0.61085631) < 1e-8 && bounds.upper - lower < 1e-12, "\(accountant.name)")
    }
    // 2Φ(½) − 1.
    let advantage = try GaussianAccountant().advantage(of: event, adjacency: .addOrRemove)
    #expect(abs(advantage.upper - 0.38292492254802624) < 1e-12)
    let pair = try PrivacyEvent(parsing: "epsilon-delta(epsilon=1, delta=0) * 2")
    let certain = try LossDistributionAccountant().falseNegativeRate(
      of: pair, falsePositiveRate: 0.05, adjacency: .addOrRemove)
    let crude = try ZCDPAccountant().falseNegativeRate(of: pair, falsePositiveRate: 0.05, adjacency: .addOrRemove)
    #expect((crude.lower ?? 1) <= certain.upper && (certain.lower ?? 0) > 0.5, "\(crude) \(certain)")
  }
}
