import FederatedLearning
import Foundation
import PrivacyAuditing
import Testing

/// The largest advantage over any (ε, δ)-private training is (e^ε − 1 + 2δ)/(e^ε + 1), whatever is attacked.
///
/// Canaries of the clipping norm are the worst that can join a training, so they are put into every kind of trainer that
/// may claim privacy.
@Suite struct PrivateTrainerTests {
  /// A training of three rounds with some keys of its own, of ten clients with twenty examples each.
  private static func plan(_ keys: String) throws -> SimulationPlan {
    let text = """
      {"data": "digits", "partition": {"kind": "iid", "clients": 10}, "rounds": 3,
       "weighting": "uniform", "seed": 5, \(keys)}
      """
    let configuration = try JSONDecoder().decode(SimulationConfiguration.self, from: Data(text.utf8))
    let digits = try DataSplit.digits()
    return try SimulationPlan(
      configuration, data: DataSplit(training: digits.training[0..<200], test: digits.test[0..<50]))
  }

  private static let softmax = #""model": {"kind": "softmax"}, "#
  private static func privacy(_ more: String = "") -> String {
    // Skellam noise is not calibrated on every grid; its multiplier is given.
    let size = more.contains("skellam") ? #""noise_multiplier": 8"# : #""epsilon": 1"#
    return #""privacy": {"clip": 0.5, "delta": 1e-5, \#(size)\#(more)}"#
  }
  private static let returning = #", "cohort": {"sampling": "min-separation", "size": 3}"#

  /// Algorithms, laws of noise, placements, correlated noise, adaptive clips, cohorts and both units.
  private static let trainers: [String] =
    ["fedavg", "fedprox", "fedavgm", "fedadagrad", "fedadam", "fedyogi", "fedsgd"].map { kind in
      let more = kind == "fedprox" ? #", "mu": 0.1"# : ""
      return softmax + #""algorithm": {"kind": "\#(kind)"\#(more)}, "# + privacy()
    }
    + ["gaussian", "discrete-gaussian", "skellam"].map {
      softmax + privacy(#", "noise": "\#($0)""#) + #", "quantize": {"bits": 8}"#
    }
    + ["discrete-gaussian", "skellam"].map {
      softmax + privacy(#", "placement": "distributed", "noise": "\#($0)""#)
        + #", "aggregation": {"kind": "plain", "min_contributors": 10}, "quantize": {"bits": 8}"#
    }
    + [
      softmax + #""privacy": {"clip": "adaptive", "count_noise": 20, "epsilon": 1, "delta": 1e-5}"#,
      softmax + privacy(#", "noise": "gaussian", "mechanism": "tree""#) + returning,
      softmax + privacy(#", "noise": "gaussian", "mechanism": "banded""#) + returning,
      softmax + privacy() + #", "cohort": {"sampling": "poisson", "rate": 0.5}"#,
      softmax + privacy(#", "unit": "example", "noise": "gaussian""#)
        + #", "client": {"batch_size": 5, "batch_rate": 0.25}"#,
      softmax + privacy(#", "unit": "example", "noise": "discrete-gaussian""#)
        + #", "client": {"batch_size": 5, "batch_rate": 1}, "algorithm": {"kind": "fedadam"}"#,
    ]

  /// Every proved advantage exceeds the true one with probability at most 1e-11.
  @Test(arguments: trainers)
  func `no advantage above the bound is proved of a private trainer`(keys: String) throws {
    let report = try CanaryAudit(Self.plan(keys), canaries: 200).run(alpha: 1e-11)
    #expect(report.certifiedEpsilon <= 1.2 && report.certifiedEpsilon > 0.3, "\(report.certifiedEpsilon)")
    let bound = ROCCurve.advantageBound(epsilon: report.certifiedEpsilon, delta: report.delta)
    #expect(report.finding.curve.advantageLowerBound(alpha: 1e-11) <= bound)
    #expect(!report.isRefuted)
  }

  /// What the law above would see: the noise of a training whose ε is in the thousands against the bound of ε = 1.
  @Test(arguments: [
    #""privacy": {"clip": 0.5, "noise_multiplier": 0.02, "delta": 1e-5}"#,
    #""privacy": {"clip": 0.5, "noise_multiplier": 0.02, "delta": 1e-5, "unit": "example", "noise": "gaussian"}, "client": {"batch_size": 5, "batch_rate": 1}"#,
  ])
  func `too little noise would be seen`(privacy: String) throws {
    let plan = try Self.plan(#""model": {"kind": "mlp", "hidden": [64]}, "# + privacy)
    let report = try CanaryAudit(plan, canaries: 600).run(alpha: 1e-11)
    let bound = ROCCurve.advantageBound(epsilon: 1, delta: report.delta)
    #expect(report.finding.curve.advantageLowerBound(alpha: 1e-11) > bound)
  }
}

/// Canaries that are gradients of single examples.
@Suite struct GradientCanaryTests {
  private static func plan(multiplier: String, seed: Int, rate: String = "1") throws -> SimulationPlan {
    let text = """
      {"data": "digits", "partition": {"kind": "iid", "clients": 20}, "rounds": 2, "weighting": "uniform",
       "model": {"kind": "mlp", "hidden": [64]}, "client": {"batch_size": 10, "batch_rate": \(rate)}, "seed": \(seed),
       "privacy": {"unit": "example", "clip": 0.5, "noise_multiplier": \(multiplier), "delta": 1e-6,
         "noise": "gaussian", "noise_source": "simulated"}}
      """
    let configuration = try JSONDecoder().decode(SimulationConfiguration.self, from: Data(text.utf8))
    let digits = try DataSplit.digits()
    return try SimulationPlan(
      configuration, data: DataSplit(training: digits.training[0..<100], test: digits.test[0..<20]))
  }

  /// Two steps of σ·√2 each compose to the Gaussian of σ = 1.5439, whose ε is 3; noise is from the seed.
  @Test func `the estimate of examples is about the certified epsilon and the unit is theirs`() throws {
    let estimates = try (1...5).map { seed in
      let report = try CanaryAudit(Self.plan(multiplier: "2.18341", seed: seed), canaries: 400, seed: UInt64(seed))
        .run(alpha: 1e-9)
      #expect(report.unit == .example && report.inserted > 140 && report.inserted < 260)
      #expect(abs(report.certifiedEpsilon - 3) < 0.01 && !report.isRefuted)
      return report.epsilonEstimate
    }
    #expect((1.8...4.5).contains(estimates.sorted()[2]), "\(estimates.sorted())")
  }

  /// Half the noise is seen as such: σ = 0.77 has ε = 6.6.
  @Test func `a smaller multiplier is estimated larger and sampling smaller`() throws {
    func median(_ multiplier: String, _ rate: String) throws -> Double {
      try (1...5).map { seed in
        try CanaryAudit(Self.plan(multiplier: multiplier, seed: seed, rate: rate), canaries: 400).run(alpha: 1e-9)
          .epsilonEstimate
      }.sorted()[2]
    }
    let whole = try median("1.0917", "1")
    #expect((4.5...9.5).contains(whole), "\(whole)")
    #expect(try median("1.0917", "0.25") < whole)
  }

  @Test func `a canary changes nothing for clients that host none of those inserted`() throws {
    let plan = try Self.plan(multiplier: "1", seed: 1)
    let audit = try CanaryAudit(plan, canaries: 10)
    #expect(audit.plan.clientCount == plan.clientCount)
    #expect(audit.plan.privacy?.roundEvent == plan.privacy?.roundEvent)
  }
}
