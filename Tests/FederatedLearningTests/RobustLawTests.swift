import FederatedLearning
import SecureRandom
import Testing

/// The (f, κ)-robustness inequality of the rules whose constants are not published with it (Allouah and others 2023).
///
/// It is ‖F(x) − x̄_S‖² ≤ κ·mean_S ‖x_i − x̄_S‖²; each bound is derived where it is used. S are the n − f honest updates, s² their
/// mean squared distance to their mean x̄.
@Suite struct RobustLawTests {
  static let (n, f, d) = (11, 2, 9)

  /// The largest ratio of the two sides over sixty rounds of every attack, without the constant.
  static func worst(_ rule: RobustRule) throws -> Double {
    var worst = 0.0
    for trial in 0..<60 {
      let (honest, all) = RobustTests.round(trial, n: n, f: f, d: d)
      let mean = try RobustRule.mean.combine(honest)
      let spread = honest.reduce(0.0) { $0 + RobustTests.squared($1.map(Double.init), mean) } / Double(honest.count)
      worst = max(worst, RobustTests.squared(try rule.combine(all), mean) / spread)
    }
    return worst
  }

  @Test func `the mean keeps no such inequality, so the attacks are worth surviving`() throws {
    #expect(try Self.worst(.mean) > 100)
  }

  // Let M be chosen. |M \ S| = |S \ M| = m ≤ f, and M and S share an update, so pairs of one from each difference are at
  // most two diameters of S apart: ‖F − x̄‖ ≤ 2f/(n − f)·diam(S), and diam² ≤ 2(n − f)s².
  @Test func `minimum diameter averaging`() throws {
    let bound = 8 * Double(Self.f * Self.f) / Double(Self.n - Self.f)
    #expect(try Self.worst(.minimumDiameter(bad: Self.f)) <= bound)
  }

  // The n − f best scores are no worse than the worst honest score, which is at most (n − f)(n − f + 1)s². Of the
  // n − f − 2 neighbours of a chosen update at least h = n − 2f − 2 are honest, so its squared distance to x̄ is at most
  // (2/h)(n − f)(n − f + 2)s², and that of a mean of such updates no more.
  @Test func `multi-Krum`() throws {
    let honest = Double(Self.n - Self.f)
    let bound = 2 / Double(Self.n - 2 * Self.f - 2) * honest * (honest + 2)
    #expect(try Self.worst(.multiKrum(bad: Self.f)) <= bound)
  }

  // In every coordinate the n − f values nearest the median are no farther from it, in squares, than the honest ones:
  // |F − med|² ≤ s² + |med − x̄|², and |med − x̄|² ≤ κ_med·s² with the published constant of the median.
  @Test func `mean around the median`() throws {
    let ratio = Double(Self.f) / Double(Self.n - 2 * Self.f)
    let median = 4 * (1 + ratio) * (1 + ratio)
    #expect(try Self.worst(.meanAroundMedian(bad: Self.f)) <= 2 + 4 * median)
  }

  // Of θ = n − 2f selected updates at most f are bad. At least ⌈θ/2⌉ − f honest ones lie on either side of a
  // coordinate's median: |med − x̄|² ≤ (n − f)/(⌈θ/2⌉ − f)·s². The β = θ − 2f nearest are no farther in squares than any
  // β honest ones: |F − med|² ≤ (n − f)/β·(s² + |med − x̄|²).
  @Test func `Bulyan`() throws {
    let selected = Self.n - 2 * Self.f
    let honest = Double(Self.n - Self.f)
    let median = honest / Double((selected + 1) / 2 - Self.f)
    let bound = 2 * honest / Double(selected - 2 * Self.f) * (1 + median) + 2 * median
    #expect(try Self.worst(.bulyan(bad: Self.f)) <= bound)
  }

  // Both clip every term to a radius τ. Norm bounding: f terms of n differ by at most 2τ. Centred clipping: a step from v
  // is the mean of maps v ↦ v + clip(x − v), which bring no two points farther apart, so L steps differ by L times as much.
  @Test(arguments: [1, 3, 8])
  func `f updates move a clipped mean by at most their share of the radius`(_ iterations: Int) throws {
    let radius = 2000.0
    let reach = 2 * Double(Self.f) * radius / Double(Self.n)
    for trial in 0..<30 {
      let (honest, all) = RobustTests.round(trial, n: Self.n, f: Self.f, d: Self.d)
      var other = all
      var changed = 0
      for (index, update) in all.enumerated() where changed < Self.f && !honest.contains(update) {
        other[index] = update.map { Int32(truncatingIfNeeded: 7919 * trial) &- $0 / 2 }
        changed += 1
      }
      func distance(_ rule: RobustRule) throws -> Double {
        RobustTests.squared(try rule.combine(all), try rule.combine(other)).squareRoot()
      }
      #expect(try distance(.normBounding(radius: radius)) <= reach * (1 + 1e-9))
      let clipping = RobustRule.centeredClipping(radius: radius, iterations: iterations)
      #expect(try distance(clipping) <= Double(iterations) * reach * (1 + 1e-9))
    }
  }
}
