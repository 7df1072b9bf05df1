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

@Suite struct CertificateTests {
  /// A reduced certificate: the draws are fixed by the seed, so the outcome is the same on every run.
  @Test(arguments: [
    EventChoice.splitSample(fraction: 0.25), .multiSplit(splits: 5, fraction: 0.25), .uniformBands,
    .bonferroni([.atLeast(1), .atLeast(2), .atMost(0)]),
  ])
  func `false alarms are as rare as claimed`(choice: EventChoice) throws {
    let certificate = try CalibrationCertificate(choice, samples: 200, runs: 24)
    #expect(certificate.rows.count >= 12)
    #expect(certificate.passes)
  }
}
