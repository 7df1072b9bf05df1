import Foundation
import PrivacyAuditing
import Testing

/// Quantile-spaced scores: the p-th quantiles at (i + ½)/n of a normal with mean `shift`, counted above `threshold`.
private func normalCounts(_ n: Int, shift: Double, threshold: Double) -> Int {
  // Quantiles above a threshold: i + ½ > n·Φ(threshold − shift).
  let cut = Double(n) * 0.5 * erfc(-(threshold - shift) / 2.0.squareRoot())
  return (0..<n).count { Double($0) + 0.5 > cut }
}

@Suite struct EpsilonBoundTests {
  /// Quantile-spaced Gaussian scores with μ = 1, 10⁴ + 10⁴, δ = 1e-6, α = 0.05; the truth is 4.887.
  @Test func `a fixed threshold gives the tabulated bounds`() {
    func counts(_ threshold: Double) -> EventCounts {
      EventCounts(
        first: normalCounts(10_000, shift: 0, threshold: threshold),
        second: normalCounts(10_000, shift: 1, threshold: threshold), trials: 10_000)
    }
    #expect(abs(counts(3).epsilonLowerBound(delta: 1e-6, alpha: 0.05) - 2.19) < 0.01)
    #expect(abs(GaussianBound(counts(0.5), alpha: 0.05).epsilon(delta: 1e-6) - 4.60) < 0.01)
  }

  /// The same scores with the error shared over every threshold between the 20,000 scores (full Bonferroni).
  @Test func `under full Bonferroni the bounds are the tabulated ones`() {
    let share = 0.05 / 20_001
    func best(_ bound: (EventCounts) -> Double) -> Double {
      stride(from: -2.0, through: 5, by: 0.01).map { threshold in
        bound(
          EventCounts(
            first: normalCounts(10_000, shift: 0, threshold: threshold),
            second: normalCounts(10_000, shift: 1, threshold: threshold), trials: 10_000))
      }.max() ?? 0
    }
    #expect(abs(best { $0.epsilonLowerBound(delta: 1e-6, alpha: share) } - 1.65) < 0.01)
    #expect(abs(best { GaussianBound($0, alpha: share).epsilon(delta: 1e-6) } - 4.21) < 0.01)
  }

  /// Gaussian noise with the analytic σ, counts k = round(N·p) at t = μ/2: the values of an independent computation
  /// (SciPy) of the bound with two Clopper–Pearson intervals.
  @Test(arguments: [
    (3.730632, 1e-5, [0.3711, 0.7991, 0.9363, 0.9798]), (8.057618, 1e-6, [0, 0.2897, 0.4332, 0.4788]),
    (1.081162, 1e-5, [3.1951, 3.7451, 3.9197, 3.9746]),
  ])
  func `exact Gaussian counts give the tabulated bound`(sigma: Double, delta: Double, expected: [Double]) {
    for (trials, value) in zip([1_000, 10_000, 100_000, 1_000_000], expected) {
      let rate = 0.5 * erfc(1 / (2 * sigma) / 2.0.squareRoot())
      let missed = Int((Double(trials) * rate).rounded())
      let counts = EventCounts(first: missed, second: trials - missed, trials: trials)
      #expect(abs(GaussianBound(counts, alpha: 0.05).epsilon(delta: delta) - value) < 2e-3)
    }
  }

  @Test func `one run with two hundred guesses gives the published bound`() throws {
    // Steinke, Nasr and Jagielski's bound for the 200 highest of 10⁴ + 10⁴ quantile-spaced scores with μ = 1.
    let count = 10_000
    let scores = (0..<2).flatMap { group in
      (0..<count).map { index -> Double in
        quantile((Double(index) + 0.5) / Double(count)) + Double(group)
      }
    }
    let included = (0..<2).flatMap { group in [Bool](repeating: group == 1, count: count) }
    let audit = try OneRunAudit(scores: scores, included: included, guessIn: 200, guessOut: 0)
    #expect(abs(audit.epsilonLowerBound(delta: 1e-6, alpha: 0.05) - 2.389) < 2e-3)
  }

  @Test(arguments: [(10, 1.0519), (100, 3.4930), (1_000, 5.8091), (10_000, 8.1130)])
  func `one run cannot see beyond its cap`(guesses: Int, expected: Double) throws {
    let audit = try OneRunAudit(canaries: guesses, guesses: guesses, right: guesses)
    #expect(abs(audit.epsilonLowerBound(delta: 0, alpha: 0.05) - expected) < 1e-4)
  }

  /// Two intervals reach 0.805, 0.939 and 0.981 on these counts (SciPy's beta quantiles).
  @Test func `the joint test proves more than two intervals`() {
    for (trials, least) in [(1_000, 0.835), (10_000, 0.944), (100_000, 0.981)] {
      let counts = EventCounts(
        first: Int((Double(trials) * 0.36787944117144233 / 2).rounded()), second: trials / 2, trials: trials)
      let joint = JointTest(sharpestAt: 1).epsilonLowerBound(counts, delta: 0, alpha: 0.05)
      #expect(joint > least)
      #expect(joint < 1)
      #expect(joint > counts.epsilonLowerBound(delta: 0, alpha: 0.05))
    }
  }

  /// The size of the joint test, summed exactly over both binomial laws at rates that satisfy the hypothesis with
  /// equality, is at most alpha.
  @Test(arguments: [(0.0, 0.0), (0.5, 0.0), (1.0, 0.05), (2.0, 0.01)])
  func `the joint test keeps its level for every rate`(epsilon: Double, delta: Double) {
    let trials = 60
    let alpha = 0.05
    func law(_ p: Double) -> [Double] {
      var masses = [pow(1 - p, Double(trials))]
      for k in 1...trials {
        let odds = Double(trials - k + 1) / Double(k) * p / (1 - p)
        masses.append(masses[k - 1] * odds)
      }
      return masses
    }
    let test = JointTest(sharpestAt: epsilon)
    var refuted: [(Int, Int)] = []
    for first in 0...trials {
      for second in 0...trials {
        let counts = EventCounts(first: first, second: second, trials: trials)
        if test.refutes(epsilon: epsilon, delta: delta, counts, alpha: alpha) { refuted.append((first, second)) }
      }
    }
    #expect(!refuted.isEmpty)
    for p in stride(from: 0.005, through: 0.99, by: 0.015) where exp(epsilon) * p + delta < 1 {
      let first = law(p)
      let second = law(exp(epsilon) * p + delta)
      var size = 0.0
      for pair in refuted { size += first[pair.0] * second[pair.1] }
      #expect(size <= alpha)
    }
  }

  @Test func `a reversed attack proves no Gaussian leak`() {
    #expect(GaussianBound(EventCounts(first: 900, second: 100, trials: 1_000), alpha: 0.05).mu == 0)
  }

  // Under ε the guesses are right with probability e^ε/(1 + e^ε): the bound read after every guess ever lies above ε in
  // at most alpha of the runs. With alpha = 0.01 more than 40 of 1,000 runs has probability below 1e-9.
  @Test func `the sequential bound may be read at any time`() throws {
    var random = SystemRandomNumberGenerator()
    var alarms = 0
    for _ in 0..<1_000 {
      var audit = try SequentialAudit(alpha: 0.01)
      var isWrong = false
      for _ in 0..<60 {
        audit.observe(isRight: Double.random(in: 0..<1, using: &random) < 1 / (1 + exp(-1.0)))
        isWrong = isWrong || audit.epsilonLowerBound > 1
      }
      if isWrong { alarms += 1 }
    }
    #expect(alarms <= 40)
    var perfect = try SequentialAudit(alpha: 0.05)
    for _ in 0..<1_000 { perfect.observe(isRight: true) }
    #expect(perfect.epsilonLowerBound > 4)
  }

  private func quantile(_ p: Double) -> Double {
    var (low, high) = (-9.0, 9.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if 0.5 * erfc(-middle / 2.0.squareRoot()) < p { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}

@Suite struct OneRunReferenceTests {
  /// Values that Google's jax_privacy tests for 10⁴ + 10⁴ quantile-spaced normals at δ = 1e-6, α = 0.05: the best over
  /// its grid of numbers of guesses at a Bonferroni share.
  @Test func `one run of a shift of nothing proves nothing`() throws {
    let audit = try OneRunAudit(canaries: 20_000, guesses: 200, right: 100)
    #expect(audit.epsilonLowerBound(delta: 1e-6, alpha: 0.05) == 0)
    #expect(audit.gaussianEpsilonLowerBound(delta: 1e-6, alpha: 0.05) == 0)
  }
}
