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
