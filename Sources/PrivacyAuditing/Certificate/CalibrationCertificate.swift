private import Dispatch
import SecureRandom
private import Synchronization

/// The measured rate at which auditors refute claims that are exactly true.
///
/// Each null is a mechanism whose least ε is known in closed form; the claim is that ε itself, where a refutation is
/// most likely. A row passes when the number of false alarms in its runs would not be surprising at a true rate of
/// alpha: an exact binomial test at one-sided 99 %, shared over all rows of the table (Bonferroni).
public struct CalibrationCertificate: Sendable {
  /// One auditor on one null.
  public struct Row: Sendable {
    /// The auditor.
    public let auditor: String
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

  /// The error that is claimed.
  public let alpha: Double
  /// Outputs per data set and audit, or canaries of an audit.
  public let samples: Int
  /// Auditors times nulls.
  ///
  /// A null is left out where so few samples could not refute it: it would always pass.
  public let rows: [Row]

  /// Whether every row passes.
  public var passes: Bool { rows.allSatisfy(\.passes) }

  /// Measures auditors on every null that they could refute.
  ///
  /// - Parameters:
  ///   - auditors: Which; all by default.
  ///   - alpha: The error claimed, in (0, 1).
  ///   - samples: Outputs per data set and audit, at least 10.
  ///   - runs: Audits per null, at least 1.
  ///   - seed: Fixes every draw: a certificate can be repeated, and threads do not change it.
  ///   - progress: Told of rows done and rows in all, on any thread.
  /// - Throws: ``AuditError`` for settings out of range.
  public init(
    _ auditors: [CertifiedAuditor] = CertifiedAuditor.all, alpha: Double = 0.05, samples: Int = 500,
    runs: Int = 2_000, seed: UInt64 = 1, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws(AuditError) {
    guard alpha > 0, alpha < 1 else { throw AuditError(.invalidSetting, "alpha: must lie in (0, 1)") }
    guard samples >= 10, runs >= 1 else { throw AuditError(.invalidSetting, "samples and runs: too few") }
    let cells = auditors.flatMap { auditor in
      auditor.nulls.filter { auditor.cap($0, samples, alpha) > $0.epsilon }.map { (auditor, $0) }
    }
    // The least count whose probability under alpha is at most 1 % divided over the rows.
    let law = BinomialLaw(trials: runs, p: alpha)
    var limit = 0
    while limit <= runs, law.tail(from: limit) > 0.01 / Double(max(1, cells.count)) { limit += 1 }
    let least = limit
    let generator = SimulationGenerator(seed: seed, stream: "calibration")
    let rows = Mutex<[Int: Row]>([:])
    DispatchQueue.concurrentPerform(iterations: cells.count) { index in
      let (auditor, null) = cells[index]
      var random = generator.substream(auditor.name).substream(null.name)
      var alarms = 0
      var total = 0.0
      for _ in 0..<runs {
        let bound = auditor.bound(null, samples, alpha, &random)
        total += bound
        // The closed forms are rounded to a double: a bound that meets them is no false alarm.
        if bound > null.epsilon + 1e-12 { alarms += 1 }
      }
      let row = Row(
        auditor: auditor.name, name: null.name, epsilon: null.epsilon, delta: null.delta, runs: runs,
        falseAlarms: alarms, meanBound: total / Double(runs), limit: least)
      let done = rows.withLock {
        $0[index] = row
        return $0.count
      }
      progress(done, cells.count)
    }
    self.alpha = alpha
    self.samples = samples
    self.rows = rows.withLock { found in cells.indices.compactMap { found[$0] } }
  }
}
