import PrivacyAuditing
import Testing

@Suite struct BinomialConfidenceTests {
  /// Laplace noise with exact counts k = round(N·p) for the event x ≥ 1, α = 0.05: the bounds a Clopper–Pearson audit
  /// reaches, computed independently with SciPy's beta quantile.
  @Test(arguments: [
    (0.1, 1_000, 0.0), (0.1, 10_000, 0.0587), (0.1, 100_000, 0.0870), (0.1, 1_000_000, 0.0959),
    (0.1, 10_000_000, 0.0987), (1.0, 1_000, 0.8052), (1.0, 10_000, 0.9391),
    (1.0, 100_000, 0.9807), (1.0, 1_000_000, 0.9939), (1.0, 10_000_000, 0.9981), (4.0, 1_000, 3.3155),
    (4.0, 10_000, 3.7725), (4.0, 100_000, 3.9291), (4.0, 1_000_000, 3.9776), (4.0, 10_000_000, 3.9929),
  ])
  func `exact Laplace counts give the tabulated bound`(epsilon: Double, trials: Int, expected: Double) {
    // P[Lap(1/ε) ≥ 1] = e^(−ε)/2 without the row, and P[1 + Lap(1/ε) ≥ 1] = 1/2 with it.
    let table: [Double: Double] = [0.1: 0.9048374180359595, 1.0: 0.36787944117144233, 4.0: 0.01831563888873418]
    let expMinus = table[epsilon] ?? 0
    let counts = EventCounts(
      first: Int((Double(trials) * expMinus / 2).rounded()), second: trials / 2, trials: trials)
    #expect(abs(counts.epsilonLowerBound(delta: 0, alpha: 0.05) - expected) < 1e-4)
  }

  @Test(arguments: [(100, 3.2813), (1_000, 5.6006), (10_000, 7.9048), (100_000, 10.2076), (1_000_000, 12.5102)])
  func `the cap is what a perfect attack reaches`(trials: Int, expected: Double) {
    #expect(abs(EventCounts.cap(trials: trials, delta: 0, alpha: 0.05) - expected) < 2e-4)
  }

  @Test func `the published cap of 500 trials at one per cent is met`() {
    // Jagielski, Ullman and Oprea 2020 report 4.54.
    #expect(abs(EventCounts.cap(trials: 500, delta: 0, alpha: 0.01) - 4.5419) < 2e-4)
  }

  @Test func `an upper bound covers the truth at its level for every count`() {
    // For each p the probability that the bound falls below p, summed exactly over the binomial law, is at most the level.
    for trials in [1, 5, 30] {
      for p in stride(from: 0.02, through: 0.98, by: 0.06) {
        var below = 0.0
        var weight = (0..<trials).reduce(1.0) { product, _ in product * (1 - p) }
        for k in 0...trials {
          if BinomialConfidence.upperBound(successes: k, trials: trials, error: 0.05) < p { below += weight }
          weight *= Double(trials - k) / Double(k + 1) * p / (1 - p)
        }
        #expect(below <= 0.05)
      }
    }
  }

  @Test func `more successes never lower the bound`() {
    let bounds = (0...200).map { BinomialConfidence.upperBound(successes: $0, trials: 200, error: 1e-6) }
    #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(bounds.last == 1)
  }
}
