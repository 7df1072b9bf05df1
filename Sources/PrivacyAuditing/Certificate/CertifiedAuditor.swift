private import Glibc
import SecureRandom

/// An auditor whose rate of false alarms can be measured: what it refutes, and one audit of a null.
public struct CertifiedAuditor: Sendable {
  /// Its name, as `tacit audit certificate --auditor` takes it.
  public let name: String
  /// What a bound of this auditor refutes when it lies above the claim.
  public let refutes: String
  /// The nulls that satisfy what it refutes.
  let nulls: [CalibrationNull]
  /// The largest bound that this many samples could show for a null.
  let cap: @Sendable (CalibrationNull, Int, Double) -> Double
  /// One audit: the bound from this many samples at this error.
  let bound: @Sendable (CalibrationNull, Int, Double, inout SimulationGenerator) -> Double

  /// Every auditor of the module.
  public static let all: [CertifiedAuditor] = [
    mechanism("fixed", .fixed(.atLeast(1))),
    mechanism("split", .splitSample(fraction: 0.25)),
    mechanism("multi-split", .multiSplit(splits: 5, fraction: 0.25)),
    mechanism("bonferroni", .bonferroni([.atLeast(1), .atLeast(2), .atMost(0)])),
    mechanism("bands", .uniformBands),
    clopperPearson, gaussian, oneRun, oneRunGaussian, sequential,
  ]

  /// An audit of a mechanism's outputs with an honest choice of the event.
  public static func mechanism(_ name: String, _ choice: EventChoice) -> CertifiedAuditor {
    @Sendable func judge(_ null: CalibrationNull, _ alpha: Double) -> Judge {
      Judge(choice: choice, claimed: null.epsilon, delta: null.delta, alpha: alpha)
    }
    return CertifiedAuditor(
      name: name, refutes: "(ε, δ)-differential privacy", nulls: CalibrationNull.all,
      cap: { null, samples, alpha in judge(null, alpha).cap(samples: samples) },
      bound: { null, samples, alpha, random in
        let (first, second) = null.pair(samples, &random)
        return judge(null, alpha).witness(AdjacentPair([], [1]), first, second).epsilonLowerBound
      })
  }

  /// Two Clopper–Pearson intervals on an event fixed beforehand.
  private static let clopperPearson = CertifiedAuditor(
    name: "clopper-pearson", refutes: "(ε, δ)-differential privacy", nulls: CalibrationNull.all,
    cap: { null, samples, alpha in EventCounts.cap(trials: samples, delta: null.delta, alpha: alpha) },
    bound: { null, samples, alpha, random in
      null.counts(samples, above: 1, &random).epsilonLowerBound(delta: null.delta, alpha: alpha)
    })

  private static let gaussian = CertifiedAuditor(
    name: "gaussian", refutes: "μ-Gaussian differential privacy", nulls: CalibrationNull.gaussians,
    cap: { null, samples, alpha in
      GaussianBound(EventCounts(first: 0, second: samples, trials: samples), alpha: alpha)
        .epsilon(delta: CalibrationNull.gaussianDelta)
    },
    bound: { null, samples, alpha, random in
      GaussianBound(null.counts(samples, above: 0.5, &random), alpha: alpha).epsilon(
        delta: CalibrationNull.gaussianDelta)
    })

  /// One run with as many canaries as samples; a fifth is guessed in, a fifth out.
  private static let oneRun = CertifiedAuditor(
    name: "one-run", refutes: "(ε, δ)-differential privacy", nulls: CalibrationNull.all,
    cap: { null, samples, alpha in oneRunCap(samples)?.epsilonLowerBound(delta: null.delta, alpha: alpha) ?? 0 },
    bound: { null, samples, alpha, random in
      null.oneRun(samples, &random)?.epsilonLowerBound(delta: null.delta, alpha: alpha) ?? .infinity
    })

  private static let oneRunGaussian = CertifiedAuditor(
    name: "one-run-gaussian", refutes: "μ-Gaussian differential privacy", nulls: CalibrationNull.gaussians,
    cap: { null, samples, alpha in
      oneRunCap(samples)?.gaussianEpsilonLowerBound(delta: CalibrationNull.gaussianDelta, alpha: alpha) ?? 0
    },
    bound: { null, samples, alpha, random in
      null.oneRun(samples, &random)?.gaussianEpsilonLowerBound(delta: CalibrationNull.gaussianDelta, alpha: alpha)
        ?? .infinity
    })

  /// Guesses one after the other, the bound read after each.
  private static let sequential = CertifiedAuditor(
    name: "sequential", refutes: "ε-differential privacy", nulls: CalibrationNull.all.filter { $0.delta == 0 },
    cap: { _, samples, alpha in sequentialBound(samples, alpha) { true } },
    bound: { null, samples, alpha, random in
      sequentialBound(samples, alpha) {
        let included = random.next() & 1 == 1
        return (null.draw(included, &random) > 0.5) == included
      }
    })

  private static func oneRunCap(_ samples: Int) -> OneRunAudit? {
    let guesses = 2 * max(1, samples / 5)
    return try? OneRunAudit(canaries: samples, guesses: guesses, right: guesses)
  }

  private static func sequentialBound(_ samples: Int, _ alpha: Double, _ isRight: () -> Bool) -> Double {
    guard var audit = try? SequentialAudit(alpha: alpha) else { return .infinity }
    for _ in 0..<samples { audit.observe(isRight: isRight()) }
    return audit.epsilonLowerBound
  }
}

extension CalibrationNull {
  fileprivate func pair(_ samples: Int, _ random: inout SimulationGenerator) -> ([Double], [Double]) {
    let first = (0..<samples).map { _ in draw(false, &random) }
    return (first, (0..<samples).map { _ in draw(true, &random) })
  }

  fileprivate func counts(
    _ samples: Int, above threshold: Double, _ random: inout SimulationGenerator
  ) -> EventCounts {
    let (first, second) = pair(samples, &random)
    return EventCounts(
      first: first.count { $0 >= threshold }, second: second.count { $0 >= threshold }, trials: samples)
  }

  /// Canaries that are each answered by the mechanism, in or out by a fair coin.
  fileprivate func oneRun(_ samples: Int, _ random: inout SimulationGenerator) -> OneRunAudit? {
    let included = (0..<samples).map { _ in random.next() & 1 == 1 }
    let scores = included.map { draw($0, &random) }
    let guesses = max(1, samples / 5)
    return try? OneRunAudit(scores: scores, included: included, guessIn: guesses, guessOut: guesses)
  }
}
