private import Glibc
import SecureRandom

/// The measured rate at which an auditor refutes claims that are exactly true.
///
/// Each null is a mechanism whose least ε is known in closed form; the claim is that ε itself, where a refutation is
/// most likely. A row passes when the number of false alarms in its runs would not be surprising at a true rate of
/// alpha: an exact binomial test at one-sided 99 %, shared over the rows (Bonferroni).
public struct CalibrationCertificate: Sendable {
  /// One null.
  public struct Row: Sendable {
    /// The mechanism.
    public let name: String
    /// Its exact ε at its δ.
    public let epsilon: Double
    /// Its δ.
    public let delta: Double
    /// Audits run.
    public let runs: Int
    /// Audits whose bound lay above the exact ε.
    public let falseAlarms: Int
    /// The mean of the bounds.
    public let meanBound: Double
    /// The least number of false alarms that speaks against the auditor.
    public let limit: Int

    /// Whether the false alarms are as few as claimed.
    public var passes: Bool { falseAlarms < limit }
  }

  /// How the auditor chose its events.
  public let choice: EventChoice
  /// The error it claims.
  public let alpha: Double
  /// Outputs per data set and audit.
  public let samples: Int
  /// The nulls.
  public let rows: [Row]

  /// Whether every row passes.
  public var passes: Bool { rows.allSatisfy(\.passes) }

  /// Measures an auditor on every null.
  ///
  /// - Parameters:
  ///   - choice: How events are chosen.
  ///   - alpha: The error claimed, in (0, 1).
  ///   - samples: Outputs per data set and audit, at least 10.
  ///   - runs: Audits per null, at least 1.
  ///   - seed: Fixes every draw: a certificate can be repeated.
  /// - Throws: ``AuditError`` for settings out of range.
  public init(
    _ choice: EventChoice, alpha: Double = 0.05, samples: Int = 500, runs: Int = 2_000, seed: UInt64 = 1
  ) throws(AuditError) {
    guard alpha > 0, alpha < 1 else { throw AuditError(.invalidSetting, "alpha: must lie in (0, 1)") }
    guard samples >= 10, runs >= 1 else { throw AuditError(.invalidSetting, "samples and runs: too few") }
    let nulls = CalibrationNull.all
    // The least count whose probability under alpha is at most 1 % divided over the rows.
    let law = BinomialLaw(trials: runs, p: alpha)
    var limit = 0
    while limit <= runs, law.tail(from: limit) > 0.01 / Double(nulls.count) { limit += 1 }
    let generator = SimulationGenerator(seed: seed, stream: "calibration")
    var rows: [Row] = []
    for null in nulls {
      var random = generator.substream(null.name)
      let judge = Judge(choice: choice, claimed: null.epsilon, delta: null.delta, alpha: alpha)
      var alarms = 0
      var total = 0.0
      for _ in 0..<runs {
        let first = (0..<samples).map { _ in null.draw(false, &random) }
        let second = (0..<samples).map { _ in null.draw(true, &random) }
        let bound = judge.witness(AdjacentPair([], [1]), first, second).epsilonLowerBound
        total += bound
        // The closed forms are rounded to a double: a bound that meets them is no false alarm.
        if bound > null.epsilon + 1e-12 { alarms += 1 }
      }
      rows.append(
        Row(
          name: null.name, epsilon: null.epsilon, delta: null.delta, runs: runs, falseAlarms: alarms,
          meanBound: total / Double(runs), limit: limit))
    }
    self.choice = choice
    self.alpha = alpha
    self.samples = samples
    self.rows = rows
  }
}

/// A mechanism of exactly known privacy on the pair "no row" and "one row of value 1".
///
/// Real noise is rounded to a grid of 2⁻¹⁰: the low bits of floating-point noise would give the auditors that look at
/// them a leak to find. Rounding can only lower the exact ε, by less than one part in a thousand.
struct CalibrationNull: Sendable {
  let name: String
  let epsilon: Double
  let delta: Double
  /// One output; the flag says whether the row is there.
  let draw: @Sendable (Bool, inout SimulationGenerator) -> Double

  static let all: [CalibrationNull] = [
    constant("no-leak-coin", 0) { _, random in random.uniformUnit() < 0.5 ? 1 : 0 },
    constant("no-leak-uniform", 0) { _, random in random.uniformUnit() },
    response(0.1), response(0.5), response(1), response(2),
    laplace(0.1), laplace(1), laplace(3),
    geometric(0.5), geometric(1.5),
    gaussian(1), gaussian(0.5),
    // Told with probability δ, otherwise nothing: (0, δ)-private exactly.
    CalibrationNull(name: "tell-with-delta-0.1", epsilon: 0, delta: 0.1) { present, random in
      random.uniformUnit() < 0.1 ? (present ? 1 : -1) : 0
    },
    // A binary response with a δ on top: told with probability 0.05, else ε = 1.
    CalibrationNull(name: "response-1-with-delta-0.05", epsilon: 1, delta: 0.05) { present, random in
      if random.uniformUnit() < 0.05 { return present ? 2 : -2 }
      return (random.uniformUnit() < exp(1.0) / (1 + exp(1.0))) == present ? 1 : 0
    },
  ]

  private static func constant(
    _ name: String, _ epsilon: Double, _ draw: @escaping @Sendable (Bool, inout SimulationGenerator) -> Double
  ) -> CalibrationNull { CalibrationNull(name: name, epsilon: epsilon, delta: 0, draw: draw) }

  private static func response(_ epsilon: Double) -> CalibrationNull {
    constant("response-\(epsilon)", epsilon) { present, random in
      (random.uniformUnit() < 1 / (1 + exp(-epsilon))) == present ? 1 : 0
    }
  }

  private static func laplace(_ epsilon: Double) -> CalibrationNull {
    constant("laplace-\(epsilon)", epsilon) { present, random in
      let u = random.uniformUnit() - 0.5
      let noise = (u < 0 ? 1 : -1) * log1p(-2 * abs(u)) / epsilon
      return (present ? 1 : 0) + (noise * 1_024).rounded() / 1_024
    }
  }

  /// Two-sided geometric noise on a count.
  private static func geometric(_ epsilon: Double) -> CalibrationNull {
    constant("geometric-\(epsilon)", epsilon) { present, random in
      func side() -> Double { (-log1p(-random.uniformUnit()) / epsilon).rounded(.down) }
      return (present ? 1 : 0) + side() - side()
    }
  }

  /// Normal noise of standard deviation 1/μ on a count, claimed at δ = 0.01 with the exact ε of that profile.
  private static func gaussian(_ mu: Double) -> CalibrationNull {
    CalibrationNull(name: "gaussian-\(mu)", epsilon: NormalLaw.epsilon(mu: mu, delta: 0.01), delta: 0.01) {
      present, random in
      (present ? 1 : 0) + (NormalLaw.quantile(random.uniformUnit()) / mu * 1_024).rounded() / 1_024
    }
  }
}
