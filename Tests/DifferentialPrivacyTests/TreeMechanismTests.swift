import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom
import Testing

@Suite struct TreeMechanismTests {
  @Test func `totals without noise are the running totals`() throws {
    // At scale 2^-10 noise differs from zero with probability e^(−1024).
    let tree = try TreeMechanism(horizon: 700, node: DiscreteLaplaceMechanism(scale: Rational(1, 1_024)))
    var generator = SecureGenerator()
    var stream = tree.start()
    var total: Int64 = 0
    for step in 0..<Int64(700) {
      let value = step * 37 % 101 - 50
      total += value
      let answer = stream.add(value, using: &generator)
      #expect(answer == total)
    }
    let after = stream.add(1, using: &generator)
    #expect(after == nil)
  }

  @Test(arguments: [1, 2, 3, 7, 8, 9, 63, 64, 100])
  func `no step lies in more noisy sums than the event has levels`(horizon: Int) throws {
    let tree = try TreeMechanism(horizon: horizon, node: DiscreteLaplaceMechanism(scale: 5))
    // After step t one noisy sum is made, of the last t & −t steps.
    var touched = [Int](repeating: 0, count: horizon)
    for t in 1...horizon { for step in (t - t & -t)..<t { touched[step] += 1 } }
    #expect(touched.max() == tree.levels.value)
    #expect(
      tree.event
        == (try PrivacyEvent.tree(levels: tree.levels.value, node: .discreteLaplace(scale: 5))))
  }

  @Test func `the event of a tree costs its levels`() throws {
    let tree = try TreeMechanism(horizon: 1_000, node: DiscreteGaussianMechanism(sigma: 10))
    let cost = try BudgetLimit.zcdp(Rho(1), Delta(0)).cost(of: tree.event, adjacency: .addOrRemove)
    #expect(cost.loss == Rational(10, 200))
  }

  @Test func `noise grows with the ones of the step number`() throws {
    let tree = try TreeMechanism(horizon: 8, node: DiscreteGaussianMechanism(sigma: 20))
    var generator = SecureGenerator()
    let runs = 3_000
    var squares = [Double](repeating: 0, count: 9)
    for _ in 0..<runs {
      var stream = tree.start()
      for step in 1...8 {
        let answer = stream.add(0, using: &generator) ?? 0
        squares[step] += Double(answer * answer)
      }
    }
    for step in 1...8 {
      let expected = tree.standardDeviation(after: step)
      // A mean of 3,000 squared normals is within 7 · √(2/3000) = 0.18 of its value but for 1e-11.
      #expect(abs(squares[step] / Double(runs) / (expected * expected) - 1) < 0.18)
    }
  }

  @Test func `extreme steps neither trap nor overflow`() throws {
    let tree = try TreeMechanism(horizon: 64, node: DiscreteLaplaceMechanism(scale: Rational(1 << 50)))
    var generator = SecureGenerator()
    var stream = tree.start()
    for step in 0..<64 {
      let answer = stream.add(step % 3 == 0 ? .min : .max, using: &generator)
      #expect(answer.map { abs($0) <= 1 << 62 } == true)
    }
    #expect(throws: ParameterError.self) { try TreeMechanism(horizon: 0, node: DiscreteLaplaceMechanism(scale: 1)) }
    #expect(throws: ParameterError.self) {
      try TreeMechanism(horizon: 1 << 21, node: DiscreteLaplaceMechanism(scale: 1))
    }
    #expect(throws: ParameterError.self) {
      try TreeMechanism(horizon: 8, node: DiscreteLaplaceMechanism(scale: 1, dimension: 2))
    }
  }
}
