import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom
import Testing

/// Broken samplers and noise, each a small twin of a recorded bug, and the law that catches it.
///
/// The correct twin passes the same law.
@Suite struct SamplerExhibits {
  /// Whether samples pass a χ² test of the law; false-alarm rate 1e-9 by Laurent and Massart (2000), lemma 1.
  private func fits(_ samples: [Int], _ law: (Int) -> Double, _ range: ClosedRange<Int>) -> Bool {
    let counts = samples.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
    var statistic = 0.0
    var cells = 0.0
    for value in range where law(value) * Double(samples.count) >= 20 {
      let expected = law(value) * Double(samples.count)
      statistic += (Double(counts[value] ?? 0) - expected) * (Double(counts[value] ?? 0) - expected) / expected
      cells += 1
    }
    return statistic < cells + 2 * (cells * 20.73).squareRoot() + 41.46
  }

  private func laplace(_ scale: Double) -> (Int) -> Double {
    { tanh(1 / (2 * scale)) * exp(-Double(abs($0)) / scale) }
  }

  private func draws(_ count: Int, _ body: (inout SecureGenerator) -> Int) -> [Int] {
    var generator = SecureGenerator()
    return (0..<count).map { _ in body(&generator) }
  }

  @Test func `a sampler that keeps minus zero doubles the mass at zero`() {
    let broken = draws(40_000) { generator in
      let negative = generator.next() & 1 == 1
      let magnitude = Int(generator.geometric(UInt64(1), over: 2).big.word ?? 0)
      return negative ? -magnitude : magnitude
    }
    let sampler = DiscreteLaplaceReference(scale: 2)
    let correct = draws(40_000) { Int(sampler.sample(using: &$0).clamped) }
    #expect(!fits(broken, laplace(2), -40...40))
    #expect(fits(correct, laplace(2), -40...40))
  }

  @Test func `a sampler that draws again on overflow instead of carrying on changes the law`() {
    // opendp #2638 and dashu #57: the proof is of other arithmetic than what runs. Here v ≥ 2 "overflows".
    let broken = draws(40_000) { generator in
      while true {
        let negative = generator.next() & 1 == 1
        let magnitude = Int(generator.geometric(UInt64(1), over: 2).big.word ?? 0)
        if magnitude < 4, !(negative && magnitude == 0) { return negative ? -magnitude : magnitude }
      }
    }
    #expect(!fits(broken, laplace(2), -40...40))
    // Ours carries on in the next width: the same words give the same sample in 64 bits, 128 bits and any size.
    let correct = SamplerWidth.allCases.map { width in
      var source = SimulationGenerator(seed: 4, stream: "overflow")
      let sampler = DiscreteLaplaceReference(scale: Rational(1 << 62), leastWidth: width)
      return (0..<500).map { _ in sampler.sample(using: &source).description }
    }
    #expect(correct[0] == correct[1] && correct[0] == correct[2])
    let narrow = DiscreteLaplaceReference(scale: 2)
    #expect(fits(draws(40_000) { Int(narrow.sample(using: &$0).clamped) }, laplace(2), -40...40))
  }

  @Test func `a Laplace scale passed as its inverse is not the law declared`() {
    // diffprivlib #105 is of the class: a parameter taken for its inverse, which a test that repeats the same formula
    // cannot see.
    let inverse = DiscreteLaplaceReference(scale: Rational(1, 2))
    #expect(!fits(draws(20_000) { Int(inverse.sample(using: &$0).clamped) }, laplace(2), -40...40))
    let correct = DiscreteLaplaceReference(scale: 2)
    #expect(fits(draws(20_000) { Int(correct.sample(using: &$0).clamped) }, laplace(2), -40...40))
  }

  @Test func `floating-point Laplace noise tells neighbours apart by the doubles it can reach`() throws {
    // Mironov (2012): x + b·log(u) reaches different doubles for x = 0 and x = 1. An output of one that the other
    // cannot produce refutes the claim outright. Near zero the steps of 0 + noise are far finer than those of 1 + noise.
    var generator = SecureGenerator()
    func broken(_ x: Double) -> Double {
      let u = Double(generator.next() >> 11) * 0x1p-53
      let sign: Double = generator.next() & 1 == 0 ? 1 : -1
      return x + sign * 4 * log(max(u, 0x1p-60))
    }
    // Every sum with 1 whose magnitude is below 1/2 is a multiple of 2^-54; sums with 0 are not.
    func reachableFromOne(_ y: Double) -> Bool { abs(y) >= 0.5 || (y * 0x1p54).rounded() == y * 0x1p54 }
    let fromZero = (0..<4_000).map { _ in broken(0) }
    let fromOne = (0..<4_000).map { _ in broken(1) }
    #expect(fromOne.allSatisfy(reachableFromOne))
    #expect(!fromZero.allSatisfy(reachableFromOne))
    // The grid mechanism reaches the same answers from both: multiples of one public step.
    let mechanism = try LaplaceMechanism(scale: 4)
    let step = mechanism.grid.step.doubleValue
    for steps in [Int64(0), Int64(1 / step)] {
      for _ in 0..<1_000 {
        let answer = mechanism.release(steps: steps, using: &generator).value
        #expect((answer / step).rounded() == answer / step)
      }
    }
  }

  @Test func `noise sampled again for every look averages away`() throws {
    // A cache keyed by anything but the release lets the caller average. The prepared noise cannot be copied; a second
    // release of the same value draws a second sample and is a second charge.
    var generator = SecureGenerator()
    let sampler = DiscreteLaplaceReference(scale: 50)
    let looks = (0..<4_000).map { _ in 100 + Int(sampler.sample(using: &generator).clamped) }
    let mean = Double(looks.reduce(0, +)) / 4_000
    // 4,000 looks at scale 50 average to within 7 deviations of 70.7/63: the secret is plain.
    #expect(abs(mean - 100) < 8)
    // Ours makes every look a charge: the second does not fit the budget that the first used up, and prepared noise runs
    // out after as many releases as were prepared.
    let mechanism = try DiscreteLaplaceMechanism(scale: 50)
    var budget = try PrivacyBudget(.pure(Epsilon(Rational(1, 50))))
    try budget.spend(mechanism.event) {}
    #expect(throws: (any Error).self) { try budget.spend(mechanism.event) {} }
    var prepared = mechanism.prepare(1, using: &generator)
    _ = prepared.release(100)
    let left = prepared.remaining
    #expect(left == 0)
  }
}
