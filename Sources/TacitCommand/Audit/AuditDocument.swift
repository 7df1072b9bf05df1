import ExactMath
import PrivacyAccounting
import PrivacyAuditing

/// The JSON form of an audit's report.
struct AuditDocument: Encodable {
  struct Claim: Encodable {
    let epsilon: String
    let delta: String
    let unit: String
    let adjacency: String
  }

  struct Witness: Encodable {
    let first: [Double]
    let second: [Double]
    let event: String
    let count_first: Int
    let count_second: Int
    let trials: Int
  }

  let refuted: Bool
  let verdict: String
  let epsilon_lower_bound: Double
  let cap: Double
  let alpha: Double
  let samples: Int
  let claim: Claim
  let witness: Witness?
  let remedy: String
  let findings: [AuditFinding]
  /// Why there is no more evidence than this; null when the target answered all.
  let target_error: String?
  let seconds: Double

  init(_ report: AuditReport, findings: [AuditFinding], failure: AuditError?, seconds: Double) {
    self.findings = findings
    target_error = failure?.message
    self.refuted = failure == nil && report.verdict == .refuted
    self.verdict = failure == nil ? AuditDocument.text(report.verdict) : "target error"
    self.epsilon_lower_bound = report.epsilonLowerBound
    self.cap = report.cap
    self.alpha = report.alpha
    self.samples = report.samples
    self.claim = Claim(
      epsilon: report.claim.epsilon.decimalDescription, delta: report.claim.delta.decimalDescription,
      unit: report.claim.unit, adjacency: report.claim.adjacency.description)
    self.witness = report.witness.map {
      Witness(
        first: $0.pair.first, second: $0.pair.second, event: $0.event.description, count_first: $0.counts.first,
        count_second: $0.counts.second, trials: $0.counts.trials)
    }
    self.remedy = report.remedy
    self.seconds = seconds
  }

  /// The verdict in words.
  static func text(_ verdict: AuditReport.Verdict) -> String {
    switch verdict {
    case .refuted: "refuted"
    case .notRefuted: "not refuted"
    case .inconclusive: "inconclusive"
    }
  }
}
