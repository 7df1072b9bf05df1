import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom
import Testing

@Suite struct ToeplitzMechanismTests {
  /// The squared sensitivity the event states.
  private func squaredNorm(_ mechanism: ToeplitzMechanism) throws -> Rational {
    guard case .discreteGaussian(_, let sensitivity, _) = mechanism.event else { throw Unexpected() }
    return sensitivity.squared
  }

  struct Unexpected: Error {}

  /// A mechanism of nearly no noise: σ = 2⁻¹⁰ on whole numbers is zero but for e^(−2¹⁹).
  private func silent(_ horizon: Int, _ band: Int?) throws -> ToeplitzMechanism {
    let norm = try squaredNorm(ToeplitzMechanism(horizon: horizon, rho: Rho(1), band: band))
    return try ToeplitzMechanism(horizon: horizon, rho: Rho(norm / 2 * Rational(1 << 20)), band: band)
  }

  @Test(arguments: [(1, nil), (2, nil), (300, nil), (300, 1), (300, 7), (300, 64)] as [(Int, Int?)])
  func `totals without noise are the running totals`(horizon: Int, band: Int?) throws {
    let mechanism = try silent(horizon, band)
    var generator = SecureGenerator()
    var stream = mechanism.start()
    var total: Int64 = 0
    for step in 0..<Int64(horizon) {
      let value = step * 7_919 % 100_003 - 50_000
      total += value
      let answer = stream.add(value, using: &generator)
      #expect(answer == total)
    }
    let after = stream.add(1, using: &generator)
    #expect(after == nil)
  }

  @Test func `the event states the norm of the square root's column`() throws {
    // Σ f_k² for f_k = C(2k, k)/4^k, exactly; whole coefficients are rounded down by less than 2^−10 of F each.
    for horizon in [1, 2, 10, 64] {
      var f = Rational.one
      var sum = Rational.zero
      for k in 0..<horizon {
        if k > 0 { f = f * Rational(2 * k - 1, 2 * k) }
        sum += f * f
      }
      let bits = 10 + Int.bitWidth - horizon.leadingZeroBitCount
      let unit = Rational(1 << bits) * Rational(1 << bits)
      let norm = try squaredNorm(ToeplitzMechanism(horizon: horizon, rho: Rho(1), sensitivity: 3)) / 9 / unit
      #expect(norm <= sum)
      #expect(norm >= sum * Rational(99, 100))
    }
  }

  @Test func `one step moves the hidden releases by a column of that norm and nothing else`() throws {
    // The same tape on neighbouring streams: totals differ by the change from its step on, and the tapes stay in step.
    for band in [nil, 5] as [Int?] {
      let mechanism = try ToeplitzMechanism(horizon: 80, rho: Rho("0.01"), band: band)
      var first = SimulationGenerator(seed: 5, stream: "tape")
      var second = first
      var a = mechanism.start()
      var b = mechanism.start()
      for step in 0..<80 {
        let value = Int64(step * step % 17)
        let x = a.simulate(value, using: &first).value ?? 0
        let y = b.simulate(step == 31 ? value + 1 : value, using: &second).value ?? 0
        #expect(y - x == (step >= 31 ? 1 : 0))
      }
      #expect(first.next() == second.next())
    }
  }

  @Test func `the loss is the one asked for, and the accountant agrees`() throws {
    let mechanism = try ToeplitzMechanism(horizon: 1_000, rho: Rho("0.125"), sensitivity: 4)
    #expect(mechanism.concentratedLoss.value == Rational(1, 8))
    #expect(mechanism.noiseMultiplier.squared == 4)
    let cost = try BudgetLimit.zcdp(Rho(1), Delta(0)).cost(of: mechanism.event, adjacency: .addOrRemove)
    #expect(cost.loss == Rational(1, 8))
  }

  @Test func `noise has the stated deviation, below that of the tree at the same loss`() throws {
    let horizon = 64
    let mechanism = try ToeplitzMechanism(horizon: horizon, rho: Rho("0.001"))
    var generator = SecureGenerator()
    let runs = 600
    var squares = [Double](repeating: 0, count: horizon + 1)
    for _ in 0..<runs {
      var stream = mechanism.start()
      for step in 1...horizon {
        let answer = Double(stream.add(0, using: &generator) ?? 0)
        squares[step] += answer * answer
      }
    }
    for step in [1, 2, 17, 64] {
      let expected = mechanism.standardDeviation(after: step)
      // A mean of 600 squared normals is within 7 · √(2/600) = 0.4 of its value but for 1e-11.
      #expect(abs(squares[step] / Double(runs) / (expected * expected) - 1) < 0.4)
    }
    // A tree of 7 levels at the same ρ has σ² = 7/(2ρ) a node, and up to six nodes a total.
    let tree = try TreeMechanism(
      horizon: horizon,
      node: DiscreteGaussianMechanism(
        sigma: NoiseScale(variance: 3_500), sensitivity: L2Sensitivity(1), dimension: Dimension(1)))
    #expect(tree.concentratedLoss.value == Rational(1, 1_000))
    let worstTree = (1...horizon).map { tree.standardDeviation(after: $0) }.max() ?? 0
    let worst = (1...horizon).map { mechanism.standardDeviation(after: $0) }.max() ?? .infinity
    #expect(worst < 0.5 * worstTree)
    // Both factors have squared norm Σ f_k² ≤ 1 + (ln 64 + γ)/π: no total has more noise than their product.
    let norm: Double = 1 + (log(64.0) + 0.58) / Double.pi
    let product: Double = norm * 500.0.squareRoot() * 1.01
    #expect(worst <= product)
    #expect(mechanism.errorBound(confidence: 0.95, after: 64) > 1.9 * mechanism.standardDeviation(after: 64))
  }

  @Test func `extreme steps neither trap nor overflow`() throws {
    var generator = SecureGenerator()
    for (horizon, band) in [(1 << 16, nil), (1 << 20, 1 << 10), (1 << 20, 1), (200, nil)] as [(Int, Int?)] {
      let mechanism = try ToeplitzMechanism(horizon: horizon, rho: Rho("1e-6"), band: band)
      #expect(mechanism.stepLimit >= 1 << 24)
      var stream = mechanism.start()
      for step in 0..<300 where step < horizon {
        let answer = stream.add(step % 3 == 0 ? .min : .max, using: &generator)
        #expect(answer.map { abs($0) <= 1 << 62 } == true)
      }
    }
  }

  @Test func `impossible parameters are refused`() throws {
    for (horizon, band) in [(0, nil), (-1, nil), (1 << 21, nil), (1 << 17, nil), (10, 0), (10, 11), (1 << 17, 2_000)]
      as [(Int, Int?)]
    {
      #expect(throws: ParameterError.self) { try ToeplitzMechanism(horizon: horizon, rho: Rho(1), band: band) }
    }
    #expect(throws: ParameterError.self) { try ToeplitzMechanism(horizon: 8, rho: Rho(0)) }
    #expect(throws: ParameterError.self) { try ToeplitzMechanism(horizon: 8, rho: Rho(1), sensitivity: 0) }
    #expect(throws: ParameterError.self) { try ToeplitzMechanism(horizon: 8, rho: Rho("1e-40")) }
  }

  @Test func `a tree has the loss of its nodes times its levels, in the type its nodes have`() throws {
    let pure = try TreeMechanism(horizon: 100, node: StaircaseMechanism(epsilon: Epsilon("0.1"), sensitivity: 3))
    #expect(pure.pureLoss.value == Rational(7, 10))
    let bounds = try PureAccountant().epsilon(of: pure.event, delta: Delta(0), adjacency: .addOrRemove)
    #expect(bounds.upper == Rational(7, 10).doubleRoundedUp)
    let skellam = try TreeMechanism(horizon: 4, node: SkellamMechanism(sigma: 5))
    var generator = SecureGenerator()
    var stream = skellam.start()
    let first = stream.add(3, using: &generator)
    #expect(first != nil)
  }
}
