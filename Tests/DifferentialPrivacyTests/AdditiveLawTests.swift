import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom
import Testing

@Suite struct AdditiveLawTests {
  /// ⌊(|x| + Δ − r)/Δ⌋, counted step by step.
  private func stair(_ x: Int, _ step: Int, _ first: Int) -> Int {
    var edge = first
    var level = 0
    while abs(x) >= edge {
      edge += step
      level += 1
    }
    return level
  }

  @Test(arguments: [(Rational(1), 5, 2), (Rational(3, 2), 3, 3), (Rational(1, 4), 4, 1), (Rational(6), 7, 1)])
  func `staircase noise follows its law, its moments and its loss`(epsilon: Rational, step: Int, first: Int) throws {
    let mechanism = try StaircaseMechanism(epsilon: Epsilon(epsilon), sensitivity: step, firstStep: first)
    #expect(mechanism.event == (try PrivacyEvent.epsilonDelta(epsilon: epsilon)))
    // Neighbouring outputs differ by at most one stair, which is ε.
    for x in -40...40 {
      for y in (x - step)...(x + step) { #expect(abs(stair(x, step, first) - stair(y, step, first)) <= 1) }
    }
    let law = ChiSquare.law(-900...900) { Double(stair(Int($0), step, first)) * epsilon.doubleValue }
    var generator = SecureGenerator()
    let total = 12_000
    let counts = (0..<total).reduce(into: [Int: Int]()) { counts, _ in
      counts[Int(mechanism.release(0, using: &generator)), default: 0] += 1
    }
    // False-alarm rate 1e-9.
    #expect(ChiSquare.fits(counts, law, total: total))
    let mean = law.reduce(0) { $0 + Double(abs($1.key)) * $1.value }
    let square = law.reduce(0) { $0 + Double($1.key * $1.key) * $1.value }
    #expect(abs(mechanism.expectedError / mean - 1) < 1e-9)
    #expect(abs(mechanism.variance / square - 1) < 1e-9)
    #expect(mechanism.bias == 0)
    for confidence in [0.3, 0.9, 0.999] {
      let bound = Int(mechanism.errorBound(confidence: confidence))
      func outside(_ width: Int) -> Double { law.reduce(0) { $0 + (abs($1.key) > width ? $1.value : 0) } }
      #expect(outside(bound) <= 1 - confidence + 1e-12)
      if bound > 0 { #expect(outside(bound - 1) > 1 - confidence - 1e-12) }
    }
  }

  @Test func `the default staircase has the least expected error of all widths and of discrete Laplace noise`() throws {
    for epsilon in [Rational(1, 2), Rational(2), Rational(5)] {
      let chosen = try StaircaseMechanism(epsilon: Epsilon(epsilon), sensitivity: 20)
      for first in 1...20 {
        let other = try StaircaseMechanism(epsilon: Epsilon(epsilon), sensitivity: 20, firstStep: first)
        #expect(chosen.expectedError <= other.expectedError * (1 + 1e-12))
      }
      #expect(
        chosen.expectedError < (try DiscreteLaplaceMechanism(epsilon: Epsilon(epsilon), sensitivity: 20).expectedError))
    }
    let one = try StaircaseMechanism(epsilon: Epsilon("0.3"))
    let laplace = try DiscreteLaplaceMechanism(epsilon: Epsilon("0.3"))
    #expect(abs(one.variance / laplace.variance - 1) < 1e-12)
  }

  @Test func `one-sided noise loses exactly the total variation distance`() throws {
    let mechanism = try OneSidedGeometricMechanism(scale: 20, sensitivity: 3)
    let q = exp(-1.0 / 20)
    // P − P′ summed where positive, over answers 0 … 4000 for the values 0 and 3.
    let distance = (0..<4_000).reduce(0.0) { sum, x in
      let here = (1 - q) * pow(q, Double(x))
      let there = x < 3 ? 0 : (1 - q) * pow(q, Double(x - 3))
      return sum + max(0, here - there)
    }
    let delta = mechanism.delta.value.doubleValue
    #expect(delta >= distance - 1e-13)
    #expect(delta <= distance + 1e-13)
    let bounds = try PureAccountant().delta(of: mechanism.event, epsilon: Epsilon(0), adjacency: .addOrRemove)
    #expect(bounds.upper >= distance - 1e-13)

    var generator = SecureGenerator()
    let total = 40_000
    let samples = (0..<total).map { _ in mechanism.release(0, using: &generator) }
    #expect(samples.allSatisfy { $0 >= 0 })
    let law = Dictionary(uniqueKeysWithValues: (0...800).map { ($0, (1 - q) * pow(q, Double($0))) })
    let counts = samples.reduce(into: [Int: Int]()) { $0[Int($1), default: 0] += 1 }
    // False-alarm rate 1e-9.
    #expect(ChiSquare.fits(counts, law, total: total))
    let mean = law.reduce(0) { $0 + Double($1.key) * $1.value }
    let square = law.reduce(0) { $0 + Double($1.key * $1.key) * $1.value }
    #expect(abs(mechanism.bias - mean) < 1e-6)
    #expect(abs(mechanism.variance - (square - mean * mean)) < 1e-5)
    #expect(pow(q, mechanism.errorBound(confidence: 0.99) + 1) <= 0.01)
    #expect(pow(q, mechanism.errorBound(confidence: 0.99)) > 0.01)
  }

  @Test func `expected errors are the means of the laws`() throws {
    let laplace = try DiscreteLaplaceMechanism(scale: Rational(5, 2))
    let laplaceLaw = ChiSquare.law(-400...400) { abs($0) / 2.5 }
    #expect(abs(laplace.expectedError - laplaceLaw.reduce(0) { $0 + Double(abs($1.key)) * $1.value }) < 1e-12)
    for sigma in [Rational(1, 3), Rational(7, 2), Rational(63), Rational(65)] {
      let gaussian = try DiscreteGaussianMechanism(sigma: sigma)
      let square = sigma.doubleValue * sigma.doubleValue
      let law = ChiSquare.law(-3_000...3_000) { $0 * $0 / (2 * square) }
      let mean = law.sorted { $0.value < $1.value }.reduce(0) { $0 + Double(abs($1.key)) * $1.value }
      #expect(abs(gaussian.expectedError / mean - 1) < 1e-7)
    }
    // E|x| of a Skellam law of variance 1: e^(−1)·(I₀(1) + I₁(1)).
    let skellam = try SkellamMechanism(sigma: 1)
    #expect(abs(skellam.expectedError - exp(-1.0) * (1.2660658777520084 + 0.5651591039924850)) < 1e-12)
    let grid = try LaplaceMechanism(scale: 3)
    #expect(abs(grid.expectedError / 3 - 1) < 1e-8)
    #expect(abs(try GaussianMechanism(sigma: 3).expectedError / (3 * (2 / Double.pi).squareRoot()) - 1) < 1e-12)
    let interval = grid.interval(around: 10, confidence: 0.95)
    #expect(abs(interval.upperBound - 10 - 3 * log(20)) < 1e-3)
    #expect(interval.upperBound - 10 == 10 - interval.lowerBound)
  }

  @Test func `impossible staircases and one-sided scales are refused`() throws {
    #expect(throws: ParameterError.self) { try StaircaseMechanism(epsilon: Epsilon(0)) }
    #expect(throws: ParameterError.self) { try StaircaseMechanism(epsilon: Epsilon(1), sensitivity: 0) }
    #expect(throws: ParameterError.self) { try StaircaseMechanism(epsilon: Epsilon(1), sensitivity: .max) }
    #expect(throws: ParameterError.self) { try StaircaseMechanism(epsilon: Epsilon("1e9")) }
    for first in [0, 5, -1] {
      #expect(throws: ParameterError.self) {
        try StaircaseMechanism(epsilon: Epsilon(1), sensitivity: 4, firstStep: first)
      }
    }
    for scale in [Rational(0), -1, Rational(1, 100)] {
      #expect(throws: ParameterError.self) { try OneSidedGeometricMechanism(scale: scale, sensitivity: 1) }
    }
    #expect(throws: ParameterError.self) { try OneSidedGeometricMechanism(scale: 1, sensitivity: 0) }
    var generator = SecureGenerator()
    let mechanism = try StaircaseMechanism(epsilon: Epsilon("1e-3"), sensitivity: 1 << 39)
    for value in [Int64.min, 0, .max] {
      let answer = mechanism.release(value, using: &generator)
      #expect(abs(answer) <= 1 << 62)
    }
  }

  @Test(arguments: [NormBound.Norm.l1, .l2])
  func `clipped vectors are never longer than the bound, and short ones stay`(norm: NormBound.Norm) throws {
    var generator = SimulationGenerator(seed: 4, stream: "vectors")
    func length(_ vector: [Int64]) -> (Rational, Rational) {
      vector.reduce((Rational.zero, Rational.zero)) {
        ($0.0 + Rational(Int($1.magnitude)), $0.1 + Rational(Int($1.magnitude)) * Rational(Int($1.magnitude)))
      }
    }
    for round in 0..<400 {
      let bound = 1 + generator.uniform(below: round % 2 == 0 ? 100 : 1 << 40)
      let clip = try NormBound(norm, bound: bound)
      let size = 1 << generator.uniform(below: 41)
      let vector = (0..<(1 + round % 9)).map { _ in Int64(generator.uniform(below: 2 * size + 1) - size) }
      let clipped = clip.clip(vector)
      let (one, two) = length(clipped)
      let limit = Rational(bound)
      #expect(norm == .l1 ? one <= limit : two <= limit * limit)
      let (before, square) = length(vector)
      if norm == .l1 ? before <= limit : square <= limit * limit { #expect(clipped == vector) }
      #expect(zip(vector, clipped).allSatisfy { $0.0.signum() * $0.1.signum() >= 0 && abs($0.1) <= abs($0.0) })
    }
    let most = try NormBound(norm, bound: 1 << 40)
    let extreme = most.clip([.min, .max, 0])
    #expect(extreme[0] < 0 && extreme[1] > 0)
    #expect(throws: ParameterError.self) { try NormBound(norm, bound: 0) }
    #expect(throws: ParameterError.self) { try NormBound(norm, bound: .max) }
  }

  @Test func `sums of clipped vectors move by the declared sensitivity at most`() throws {
    var generator = SimulationGenerator(seed: 9, stream: "people")
    let laplace = try VectorSumMechanism(l1Bound: 50, dimension: 4, epsilon: Epsilon(1), adjacency: .replaceOne)
    let gaussian = try VectorSumMechanism(l2Bound: 50, dimension: 4, rho: Rho(1), adjacency: .addOrRemove)
    #expect(laplace.pureLoss.value == 1)
    #expect(gaussian.concentratedLoss.value == 1)
    #expect(laplace.noise.sensitivity.value == 100)
    #expect(gaussian.noise.sensitivity.squared == 2_500)
    func person() -> [Int64] { (0..<4).map { _ in Int64(generator.uniform(below: 201) - 100) } }
    for _ in 0..<200 {
      let people = (0..<5).map { _ in person() }
      var replaced = people
      replaced[2] = person()
      let moved = zip(laplace.sum(people), laplace.sum(replaced)).reduce(0) { $0 + abs($1.0 - $1.1) }
      #expect(moved <= 100)
      let removed = Array(people.dropLast())
      let square = zip(gaussian.sum(people), gaussian.sum(removed)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      #expect(square <= 2_500)
    }
    var secure = SecureGenerator()
    #expect(laplace.release([], using: &secure).count == 4)
  }
}
