import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import Testing

/// Broken accounts, each a small twin of a recorded bug or of a class of bugs, and the law that catches it.
@Suite struct AccountingExhibits {
  private func event(_ text: String) throws -> PrivacyEvent { try PrivacyEvent(parsing: text) }

  @Test(arguments: ["gaussian(sigma=3)", "laplace(scale=9)", "exponential(epsilon=0.25)", "skellam(sigma=30)"])
  func `an account that drops a count in one branch makes repetition free`(text: String) throws {
    // The law: a thousand repetitions cost a thousand times one, at every order. The broken account knows the count of
    // one kind of event only.
    let accountant = try RenyiAccountant(orders: [1.5, 4, 20])
    func divergences(_ event: PrivacyEvent) throws -> [Double] {
      try accountant.divergences(of: event, adjacency: .addOrRemove)
    }
    func broken(_ event: PrivacyEvent) throws -> [Double] {
      guard case .repeated(let inner, let count) = event else { return try divergences(event) }
      if case .gaussian = inner { return try divergences(inner).map { $0 * Double(count.value) } }
      return try divergences(inner)
    }
    func isLawful(_ cost: (PrivacyEvent) throws -> [Double]) throws -> Bool {
      let one = try cost(event(text))
      let many = try cost(.repeated(event(text), count: 1_000))
      return zip(one, many).allSatisfy { abs($1 / ($0 * 1_000) - 1) < 1e-9 }
    }
    #expect(try isLawful(divergences))
    #expect(try isLawful(broken) == text.hasPrefix("gaussian"))
  }

  @Test func `an order that is not a number reports no loss at all`() throws {
    // The class of tensorflow/privacy #166: a degenerate order makes every comparison false and ends at ε = 0.
    func broken(_ orders: [Double], delta: Double) -> Double {
      let best = orders.map { order in
        order / 2 + log1p(-1 / order) - (log(delta) + log(order)) / (order - 1)
      }.reduce(Double.infinity) { $0 < $1 ? $0 : $1 }
      return max(0, best)
    }
    #expect(broken([2, 4, 8], delta: 1e-5) > 4)
    #expect(broken([2, 4, 8, 1], delta: 1e-5) == 0)
    for order in [1, Double.nan, .infinity, 0.5] {
      #expect(throws: AccountingError.self) { try RenyiAccountant(orders: [2, 4, 8, order]) }
    }
    let nearOne = try RenyiAccountant(orders: [1 + 1e-15])
    let truth = try GaussianAccountant().epsilon(
      of: event("gaussian(sigma=1)"), delta: Delta("1e-5"), adjacency: .addOrRemove)
    let upper = try nearOne.epsilon(of: event("gaussian(sigma=1)"), delta: Delta("1e-5"), adjacency: .addOrRemove).upper
    #expect(upper >= (try #require(truth.lower)))
  }

  /// The Gaussian's δ(ε) as the formula is written, with a given Φ.
  private func written(_ epsilon: Double, _ sigma: Double, _ phi: (Double) -> Double) -> Double {
    phi(1 / (2 * sigma) - epsilon * sigma) - exp(epsilon) * phi(-1 / (2 * sigma) - epsilon * sigma)
  }

  @Test func `an exponential that overflows accepts almost no noise`() throws {
    // e^710 is no double: δ becomes −∞, and −∞ is below every target.
    let broken = written(710, 1.0 / 38) { erfc(-$0 / 2.0.squareRoot()) / 2 }
    #expect(broken <= 1e-6)
    let delta = try GaussianAccountant().delta(
      of: .gaussian(noiseMultiplier: Rational(1, 38)), epsilon: Epsilon(710), adjacency: .addOrRemove)
    #expect(try #require(delta.lower) > 0.6)
    #expect(delta.upper < 0.63)
  }

  @Test func `a distribution function that cancels calibrates to too little noise`() throws {
    // (1 + erf)/2 has no digits below 1e-16, so a δ of 1e-24 is met where the truth is above 1e-18.
    func phi(_ x: Double) -> Double { (1 + erf(x / 2.0.squareRoot())) / 2 }
    var low = 0.1
    var high = 100.0
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if written(5, middle, phi) <= 1e-24 { high = middle } else { low = middle }
    }
    let accountant = GaussianAccountant()
    func delta(_ event: PrivacyEvent) throws -> Bounds {
      try accountant.delta(of: event, epsilon: Epsilon(5), adjacency: .addOrRemove)
    }
    let broken = try delta(.gaussian(noiseMultiplier: #require(Rational(exactly: high))))
    #expect(try #require(broken.lower) > 1e-18)
    let correct = try Calibration.solve(
      EventTemplate(parsing: "gaussian(sigma=?)"), epsilon: Epsilon(5), delta: Delta("1e-24"),
      adjacency: .addOrRemove, accountant: accountant)
    #expect(try delta(correct.event).upper <= 1e-24)
  }

  @Test func `a search that stops within a tolerance overshoots its target`() throws {
    // opacus #346: the noise found spends more than the ε asked for.
    let accountant = GaussianAccountant()
    let delta = try Delta("1e-6")
    func spent(_ event: PrivacyEvent) throws -> Bounds {
      try accountant.epsilon(of: event, delta: delta, adjacency: .addOrRemove)
    }
    func broken(_ target: Double) throws -> PrivacyEvent {
      var low = 0.1
      var high = 1_000.0
      while true {
        let middle = (low + high) / 2
        let event = try PrivacyEvent.gaussian(noiseMultiplier: #require(Rational(exactly: middle)))
        let epsilon = try spent(event).upper
        if abs(epsilon - target) < 0.01 { return event }
        if epsilon > target { low = middle } else { high = middle }
      }
    }
    let targets = [Rational(1, 2), 1, 2, 3, 5, 8]
    #expect(try targets.contains { try #require(spent(broken($0.doubleValue)).lower) > $0.doubleValue })
    for target in targets {
      let found = try Calibration.solve(
        EventTemplate(parsing: "gaussian(sigma=?)"), epsilon: Epsilon(target), delta: delta,
        adjacency: .addOrRemove, accountant: accountant)
      let back = try accountant.delta(of: found.event, epsilon: Epsilon(target), adjacency: .addOrRemove)
      #expect(back.upper <= 1e-6)
    }
  }

  @Test func `a query that throws is not free`() throws {
    // A loss recorded only after success lets a caller retry on an error that depends on the data.
    struct Failure: Error {}
    var broken = 0
    func late(_ body: () throws -> Void) rethrows {
      try body()
      broken += 1
    }
    try? late { throw Failure() }
    #expect(broken == 0)
    var budget = try PrivacyBudget(.pure(Epsilon(1)))
    #expect(throws: Failure.self) { try budget.spend(.laplace(scale: 4)) { throw Failure() } }
    let left = budget.remaining.loss
    #expect(left == Rational(3, 4))
  }

  @Test func `a scale taken for a loss reports a hundredth of it`() throws {
    // The report of ε = 0.1 for a scale of 0.1, whose loss is 10; a test that repeats the expression agrees with it.
    let scale = Rational(1, 10)
    let broken = scale.doubleValue
    let enumerated = log(exp(0.0) / exp(-1 / scale.doubleValue))
    #expect(broken < enumerated / 50)
    let accountant = PureAccountant()
    for event in try [PrivacyEvent.laplace(scale: scale), .discreteLaplace(scale: scale)] {
      #expect(try accountant.epsilon(of: event, delta: Delta(0), adjacency: .addOrRemove).upper == 10)
    }
    #expect(try DiscreteLaplaceMechanism(scale: scale).pureLoss.value == 10)
  }

  @Test func `sampling does not turn every concentrated event into a Gaussian`() throws {
    // Two laws of ρ = 4.966226655 have, sampled at 1 in 100, a divergence of 0.02904520647 at order 1.25.
    let truth = 0.02904520647
    let accountant = try RenyiAccountant(orders: [1.25])
    func cost(_ text: String) throws -> Double {
      try accountant.divergences(of: event(text), adjacency: .addOrRemove)[0]
    }
    #expect(try cost("poisson(rate=0.01, gaussian(variance=0.10068))") < truth)
    #expect(try cost("poisson(rate=0.01, zcdp(rho=4.966226655))") >= truth)
  }

  @Test func `fixed batches are not accounted as Poisson samples`() throws {
    // jax_privacy #84 and #121; Lebeda et al. (2024): the two samplers cost differently and protect different changes.
    let fixed = try event("without-replacement(sample=5, population=100, gaussian(sigma=1)) * 100")
    let poisson = try event("poisson(rate=0.05, gaussian(sigma=1)) * 100")
    let delta = try Delta("1e-6")
    let accountant = RenyiAccountant()
    #expect(throws: AccountingError.self) {
      try accountant.epsilon(of: fixed, delta: delta, adjacency: .addOrRemove)
    }
    let fixedCost = try accountant.epsilon(of: fixed, delta: delta, adjacency: .replaceOne).upper
    #expect(fixedCost > (try accountant.epsilon(of: poisson, delta: delta, adjacency: .addOrRemove).upper))
  }

  @Test func `the failures of the parts add up to the failure of the whole`() throws {
    // Ten releases that each fail with probability 1e-6 do not fail with probability 1e-6 together.
    let ten = try event("epsilon-delta(epsilon=0.1, delta=1e-6) * 10")
    func epsilon(_ delta: String) throws -> Double {
      try PureAccountant().epsilon(of: ten, delta: Delta(delta), adjacency: .addOrRemove).upper
    }
    #expect(try epsilon("1e-6") == .infinity)
    #expect(try epsilon("1e-5") == 1)
  }

  @Test func `a loss does not depend on the order in which events are listed`() throws {
    // A kind of event without a branch reuses the loss of the one before it.
    let parts = try [event("laplace(scale=10)"), event("exponential(epsilon=3)"), event("zcdp(rho=0.5)")]
    let accountant = try RenyiAccountant(orders: [3])
    func cost(_ event: PrivacyEvent) throws -> Double {
      try accountant.divergences(of: event, adjacency: .addOrRemove)[0]
    }
    func broken(_ events: [PrivacyEvent]) throws -> Double {
      var last = 0.0
      return try events.reduce(0.0) { sum, event in
        if case .exponential = event { return sum + last }
        last = try cost(event)
        return sum + last
      }
    }
    #expect(try broken(parts) != broken(parts.reversed()))
    let forward = try cost(.composed(parts))
    #expect(abs(try cost(.composed(parts.reversed())) - forward) <= 1e-12 * forward)
  }

  @Test func `a tree is not one release`() throws {
    // A step of a stream is in one noisy sum of every length; charging the node once forgets the logarithm.
    let node = try DiscreteGaussianMechanism(sigma: 10)
    let tree = try TreeMechanism(horizon: 1_000, node: node)
    let limit = try BudgetLimit.zcdp(Rho(1), Delta(0))
    let broken = try limit.cost(of: node.event, adjacency: .addOrRemove).loss
    // The vector of all sums that hold one step changes by 1 in each of ten places: ρ = 10 · 1/(2 · 100).
    let holding = (1...1_000).filter { $0 - $0 & -$0 < 1 && $0 >= 1 }.count
    #expect(holding == 10)
    #expect(broken < Rational(holding, 200))
    #expect(try limit.cost(of: tree.event, adjacency: .addOrRemove).loss == Rational(holding, 200))
  }

  @Test func `a mean over the realised batch moves by more than a mean over the expected one`() {
    // opacus #571 and #819: the batch's size is itself private and does not divide.
    let batch = [Double](repeating: -1, count: 10)
    let neighbour = batch + [1]
    func broken(_ rows: [Double]) -> Double { rows.reduce(0, +) / Double(rows.count) }
    func correct(_ rows: [Double]) -> Double { rows.reduce(0, +) / 10 }
    let sensitivity = 1.0 / 10
    #expect(abs(broken(neighbour) - broken(batch)) > 1.8 * sensitivity)
    #expect(abs(correct(neighbour) - correct(batch)) <= sensitivity + 1e-12)
  }
}
