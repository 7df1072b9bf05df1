import ExactMath
import PrivacyAccounting
import Testing

@Suite struct BudgetTests {
  struct Failure: Error {}

  @Test func `ten charges of a tenth fit one exactly, and not an eleventh`() throws {
    var budget = try PrivacyBudget(.pure(Epsilon(1)))
    let event = try PrivacyEvent(parsing: "laplace(scale=10)")
    for _ in 0..<10 { try budget.charge(event) }
    #expect(budget.remaining.loss == 0)
    #expect(throws: BudgetRefusal.self) { try budget.charge(event) }
    #expect(budget.spent.loss == 1)
  }

  @Test func `a charge stands when the body throws`() throws {
    var budget = try PrivacyBudget(.zcdp(Rho(1), Delta(0)))
    let event = try PrivacyEvent(parsing: "gaussian(sigma=1)")
    #expect(throws: Failure.self) { try budget.spend(event) { throw Failure() } }
    #expect(budget.spent.loss == Rational(1, 2))
    let value = try budget.spend(event) { 7 }
    #expect(value == 7)
    #expect(budget.remaining == .zero)
  }

  @Test func `a refused charge runs nothing, spends nothing and says what fits`() throws {
    var budget = try PrivacyBudget(.approximate(Epsilon(1), Delta("1e-6")))
    var ran = false
    let tooMuch = try PrivacyEvent(parsing: "epsilon-delta(epsilon=0.5, delta=1e-5)")
    do {
      try budget.spend(tooMuch) { ran = true }
      Issue.record("the charge was granted")
    } catch let refusal as BudgetRefusal {
      #expect(refusal.code == .exhausted)
      #expect(refusal.message.contains("epsilon=1, delta=0.000001 would still fit"))
    }
    #expect(!ran && budget.spent == .zero)
  }

  @Test func `a filter without a theorem for the event refuses it`() throws {
    let event = try PrivacyEvent(parsing: "gaussian(sigma=1)")
    var pure = try PrivacyBudget(.pure(Epsilon(100)))
    #expect(throws: BudgetRefusal.self) { try pure.charge(event) }
    var gaussian = try PrivacyBudget(.gaussian(squaredMu: Rho(1)))
    try gaussian.charge(event)
    #expect(throws: BudgetRefusal.self) { try gaussian.charge(.laplace(scale: 1_000_000)) }
  }

  @Test func `a one-order budget adds divergences`() throws {
    var budget = try PrivacyBudget(.renyi(order: RenyiOrder(8), divergence: Epsilon(1), delta: Delta(0)))
    let event = try PrivacyEvent(parsing: "poisson(rate=0.01, gaussian(sigma=1)) * 100")
    let cost = try budget.charge(event)
    #expect(cost.loss.signum > 0 && budget.spent == cost)
  }

  @Test func `parts of a split sum to the whole and are spent apart`() throws {
    let budget = try PrivacyBudget(.pure(Epsilon(1)))
    var granted = 0
    let parts = try [BudgetAmount(loss: Rational(1, 3)), BudgetAmount(loss: Rational(2, 3))]
    try budget.split(into: parts) { index, part in
      var part = part
      try part.charge(.laplace(scale: index == 0 ? 3 : Rational(3, 2)))
      #expect(throws: BudgetRefusal.self) { try part.charge(.laplace(scale: 1_000)) }
      granted += 1
    }
    #expect(granted == 2)
    let other = try PrivacyBudget(.pure(Epsilon(1)))
    let tooMuch = try [BudgetAmount(loss: 1), BudgetAmount(loss: Rational(1, 1_000))]
    var refused = false
    do { try other.split(into: tooMuch) { _, _ in granted += 1 } } catch { refused = error is BudgetRefusal }
    #expect(refused)
    #expect(granted == 2)
  }

  @Test func `a carved part is no longer in the whole`() throws {
    var budget = try PrivacyBudget(.pure(Epsilon(1)))
    var part = try budget.carve(BudgetAmount(loss: Rational(1, 4)))
    #expect(budget.remaining.loss == Rational(3, 4))
    try part.charge(.laplace(scale: 4))
    #expect(part.remaining.loss == 0)
  }

  @Test(arguments: [("1", "1e-6"), ("0.1", "1e-10"), ("8", "1e-5")])
  func `limits made from epsilon and delta certify them and waste little`(epsilon: String, delta: String) throws {
    let (target, mass) = (try Epsilon(epsilon), try Delta(delta))
    guard case .zcdp(let rho, _) = try BudgetLimit.zcdp(certifying: target, delta: mass) else { return }
    let event = PrivacyEvent.zcdp(rho: rho)
    let certified = try ZCDPAccountant().epsilon(of: event, delta: mass, adjacency: .addOrRemove).upper
    #expect(certified <= target.up && certified >= target.up * (1 - 1e-8))
    guard case .gaussian(let squaredMu) = try BudgetLimit.gaussian(certifying: target, delta: mass) else { return }
    let gaussian = PrivacyEvent.gaussian(noiseMultiplier: try NoiseMultiplier(squared: 1 / squaredMu.value))
    let exact = try GaussianAccountant().epsilon(of: gaussian, delta: mass, adjacency: .addOrRemove).upper
    #expect(exact <= target.up * (1 + 1e-14) && exact >= target.up * (1 - 1e-8))
  }

  @Test func `many tasks cannot overspend a shared budget`() async throws {
    let budget = SharedBudget(try PrivacyBudget(.pure(Epsilon(1))))
    let event = try PrivacyEvent(parsing: "laplace(scale=50)")
    let granted = await withTaskGroup(of: Int.self) { group in
      for worker in 0..<8 {
        group.addTask { (0..<20).count { _ in (try? budget.charge(event, label: "w\(worker)")) != nil } }
      }
      return await group.reduce(0, +)
    }
    #expect(granted == 50)
    #expect(budget.history.map(\.position) == Array(1...50))
    #expect(budget.remaining == .zero)
    budget.freeze()
    #expect(throws: BudgetRefusal.self) { try budget.charge(.nothing, label: "frozen") }
  }

  @Test func `an empty budget is refused`() {
    #expect(throws: ParameterError.self) { _ = try PrivacyBudget(.pure(Epsilon(0))) }
  }
}

@Suite struct ParallelBudgetTests {
  private let parity = DisjointPartition<Int, Int>(keys: [0, 1, 2, 1]) { $0 % 4 }

  @Test func `disjoint parts cost the largest under add-or-remove and the two largest under replace-one`() throws {
    let amounts = [Rational(1, 4), Rational(1, 2), Rational(1, 8)]
    for (adjacency, cost) in [(Adjacency.addOrRemove, Rational(1, 2)), (.replaceOne, Rational(3, 4))] {
      var budget = try PrivacyBudget(.pure(Epsilon(1)), adjacency: adjacency)
      let parts = try amounts.map { try BudgetAmount(loss: $0) }
      let sizes = try budget.parallel(over: parity, units: 0..<10, amounts: { parts[$0] }) { _, units, part in
        try part.charge(.laplace(scale: 8))
        return units.count
      }
      // Units 3 and 7 belong to no part.
      #expect(sizes == [0: 3, 1: 3, 2: 2] && budget.spent.loss == cost)
    }
  }

  @Test func `a part cannot spend more than its amount, and the whole is charged before anything runs`() throws {
    var budget = try PrivacyBudget(.pure(Epsilon(1)))
    let amount = try BudgetAmount(loss: Rational(1, 2))
    #expect(throws: BudgetRefusal.self) {
      _ = try budget.parallel(over: parity, units: [1, 2], each: amount) { _, _, part in
        try part.charge(.laplace(scale: 1))
      }
    }
    #expect(budget.spent.loss == Rational(1, 2))
    var ran = 0
    let tooMuch = try BudgetAmount(loss: 1)
    #expect(throws: BudgetRefusal.self) {
      _ = try budget.parallel(over: parity, units: [1, 2], each: tooMuch) { _, _, _ in ran += 1 }
    }
    #expect(ran == 0)
  }

  @Test func `sampled events are refused in parts that units may change`() throws {
    var budget = try PrivacyBudget(.approximate(Epsilon(9), Delta("1e-5")), adjacency: .replaceOne)
    let event = try PrivacyEvent(parsing: "without-replacement(sample=1, population=10, laplace(scale=1))")
    try budget.charge(event)
    let amount = try BudgetAmount(loss: 1)
    #expect(throws: BudgetRefusal.self) {
      _ = try budget.parallel(over: parity, units: [1], each: amount) { _, _, part in
        var carved = try part.carve(BudgetAmount(loss: Rational(1, 2)))
        try carved.charge(event)
      }
    }
  }

  @Test func `analysts share a whole and keep their caps`() throws {
    let whole = SharedBudget(try PrivacyBudget(.pure(Epsilon(1))))
    let cap = try BudgetAmount(loss: Rational(7, 10))
    let (alice, bob) = (whole.budget(for: "alice", cap: cap), whole.budget(for: "bob", cap: cap))
    for _ in 0..<7 { try alice.charge(.laplace(scale: 10), label: "a") }
    #expect(throws: BudgetRefusal.self) { try alice.charge(.laplace(scale: 10), label: "a") }
    for _ in 0..<3 { try bob.charge(.laplace(scale: 10), label: "b") }
    // Bob's cap is not used up, but the whole is.
    #expect(throws: BudgetRefusal.self) { try bob.charge(.laplace(scale: 10), label: "b") }
    #expect(whole.remaining == .zero && alice.spent.loss == Rational(7, 10) && bob.spent.loss == Rational(3, 10))
  }

  @Test func `a refusal names the bound and how many repetitions would fit`() throws {
    var budget = try PrivacyBudget(.approximate(Epsilon(1), Delta("1e-6")))
    let message = #expect(throws: BudgetRefusal.self) {
      try budget.charge(PrivacyEvent(parsing: "laplace(scale=8) * 20"))
    }
    #expect(
      message?.message.contains("in epsilon") == true && message?.message.hasSuffix("8 of its 20 repetitions") == true)
    let delta = #expect(throws: BudgetRefusal.self) {
      try budget.charge(PrivacyEvent(parsing: "epsilon-delta(epsilon=0.1, delta=1e-5)"))
    }
    #expect(delta?.message.contains("in delta") == true)
  }

  @Test func `a limit at one order certifies its target and no more`() throws {
    let (epsilon, delta) = (try Epsilon(2), try Delta("1e-6"))
    for order in [nil, try RenyiOrder(16)] {
      guard
        case .renyi(let alpha, let divergence, _) = try BudgetLimit.renyi(
          certifying: epsilon, delta: delta, order: order)
      else { return }
      let certified = RenyiConversion.epsilon(
        order: alpha.value.doubleValue, divergence: divergence.value.doubleValue, delta: 1e-6)
      #expect(certified <= 2 + 1e-12 && certified >= 2 - 1e-7)
    }
    #expect(throws: ParameterError.self) {
      try BudgetLimit.renyi(certifying: epsilon, delta: delta, order: RenyiOrder("1.5"))
    }
  }
}

@Suite struct OdometerTests {
  @Test func `a pure odometer is the exact sum`() throws {
    var odometer = try PrivacyOdometer(.pure, delta: Delta(0))
    for _ in 0..<10 { try odometer.record(.laplace(scale: 10)) }
    #expect(odometer.claim.epsilon == 1 && odometer.claim.delta == 0)
    #expect(throws: BudgetRefusal.self) { try odometer.record(.gaussian(noiseMultiplier: 1)) }
    #expect(throws: ParameterError.self) { _ = try PrivacyOdometer(.pure, delta: Delta("1e-6")) }
    #expect(throws: ParameterError.self) { _ = try PrivacyOdometer(.zcdp, delta: Delta(0)) }
  }

  @Test func `claims never fall, and never undercut what a filter of the same total would say`() throws {
    let event = try PrivacyEvent(parsing: "gaussian(sigma=10)")
    let delta = try Delta("1e-6")
    let measures: [PrivacyOdometer.Measure] = [.zcdp, .gaussian, .renyi(order: try RenyiOrder(16))]
    for measure in measures {
      var odometer = try PrivacyOdometer(measure, delta: delta)
      var last = 0.0
      for step in 1...60 {
        try odometer.record(event)
        let claim = odometer.claim
        #expect(claim.epsilon >= last)
        last = claim.epsilon
        let exact = try GaussianAccountant().epsilon(
          of: .repeated(event, count: step), delta: delta, adjacency: .addOrRemove)
        #expect(claim.epsilon >= exact.upper && claim.epsilon <= 6 * exact.upper + 1.5, "\(measure) at \(step)")
      }
    }
  }

  @Test func `the record stands when the body throws, and events with a delta are refused`() throws {
    var odometer = try PrivacyOdometer(.zcdp, delta: Delta("1e-6"))
    struct Failure: Error {}
    #expect(throws: Failure.self) { try odometer.record(.zcdp(rho: 1)) { throw Failure() } }
    #expect(odometer.spent.loss == 1)
    #expect(throws: BudgetRefusal.self) {
      try odometer.record(.epsilonDelta(epsilon: Rational(1, 10), delta: Rational(1, 1_000_000)))
    }
  }
}
