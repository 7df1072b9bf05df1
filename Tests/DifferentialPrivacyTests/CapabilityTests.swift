import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import Testing

@Suite struct CapabilityTests {
  @Test func `a mechanism of pure loss says what the accountant says`() throws {
    let epsilon = try Epsilon("0.75")
    let mechanisms: [any PureDP] = [
      try DiscreteLaplaceMechanism(scale: 20, sensitivity: 3), try LaplaceMechanism(scale: 20, sensitivity: 3),
      try ExponentialMechanism(epsilon: epsilon), try PermuteAndFlipMechanism(epsilon: epsilon),
      try SparseVectorMechanism(epsilon: epsilon, cutoff: Cutoff(2)),
      try TopKMechanism(choices: 3, epsilonPerChoice: epsilon),
      try QuantileMechanism(quantile: Rational(1, 2), range: 0...9, epsilon: epsilon, adjacency: .replaceOne),
    ]
    for mechanism in mechanisms {
      let bounds = try PureAccountant().epsilon(of: mechanism.event, delta: Delta(0), adjacency: .replaceOne)
      #expect(bounds.upper == mechanism.pureLoss.value.doubleRoundedUp)
    }
  }

  @Test func `a concentrated loss is what the zcdp filter takes`() throws {
    let limit = try BudgetLimit.zcdp(Rho(1_000), Delta(0))
    func cost(_ event: PrivacyEvent) throws -> Rational { try limit.cost(of: event, adjacency: .addOrRemove).loss }
    let mechanisms: [any ConcentratedDP] = [
      try GaussianMechanism(sigma: 7, sensitivity: 3), try DiscreteGaussianMechanism(sigma: 7, sensitivity: 3),
    ]
    for mechanism in mechanisms {
      #expect(try cost(mechanism.event) == mechanism.concentratedLoss.value)
      #expect(mechanism.concentratedLoss.value == Rational(9, 98))
    }
    let epsilon = try Epsilon("0.5")
    let exponential = try ExponentialMechanism(epsilon: epsilon)
    #expect(try cost(exponential.event) == Rho(boundedRange: exponential).value)
    #expect(Rho(boundedRange: exponential).value == Rational(1, 32))
    let flip = try PermuteAndFlipMechanism(epsilon: epsilon)
    #expect(try cost(flip.event) == Rho(pure: flip).value)
    #expect(Rho(pure: flip).value == Rational(1, 8))
  }

  @Test func `enumerated laws of the exponential mechanism stay below the concentrated loss of bounded range`() throws {
    let mechanism = try ExponentialMechanism(epsilon: Epsilon(Rational(2)))
    let rho = Rho(boundedRange: mechanism).value.doubleValue
    func law(_ scores: [Int]) -> [Double] {
      let weights = scores.map { exp(Double($0)) }
      return weights.map { $0 / weights.reduce(0, +) }
    }
    for change in 0..<27 {
      let p = law([0, 1, 3])
      let q = law([change % 3 - 1, change / 3 % 3, 2 + change / 9])
      let logs = zip(p, q).map { log($0 / $1) }
      #expect((logs.max() ?? 0) - (logs.min() ?? 0) <= 2 + 1e-12)
      for order in [1.25, 2, 8, 64] {
        let moment = zip(p, q).map { pow($0, order) * pow($1, 1 - order) }.reduce(0, +)
        #expect(log(moment) / (order - 1) <= rho * order + 1e-12)
      }
    }
  }
}
