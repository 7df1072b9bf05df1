private import Glibc

/// Broken mechanisms and their correct twins, each with a claim whose truth is known.
///
/// The broken ones are mistakes that have been published, shipped or corrected in privacy libraries; names of papers
/// are given where a mistake is known by one.
public enum Zoo {
  /// Every member; names are unique.
  public static let members: [ZooMember] =
    noiseMembers + floatingPointMembers + dataDependenceMembers + compositionMembers + selectionMembers
    + sparseVectorMembers + localMembers

  /// What became of one member.
  public struct Finding: Sendable {
    /// The member.
    public let member: ZooMember
    /// What the audit said.
    public let report: AuditReport

    /// Whether the audit said what is true: a broken member refuted, a correct one not.
    public var isRight: Bool {
      switch member.truth {
      case .broken: report.verdict == .refuted
      case .correct: report.verdict == .notRefuted
      }
    }
  }

  /// Audits members one after the other.
  ///
  /// - Parameters:
  ///   - members: Which; all by default.
  ///   - alpha: Probability that any correct member is refuted, shared evenly over the members.
  ///   - progress: Told of each finding as it is made.
  /// - Throws: ``AuditError`` when an audit cannot be set up.
  public static func audit(
    _ members: [ZooMember] = members, alpha: Double = 1e-6, progress: (Finding) -> Void = { _ in }
  ) throws(AuditError) -> [Finding] {
    var findings: [Finding] = []
    for member in members {
      let finding = Finding(member: member, report: try member.audit(alpha: alpha / Double(members.count)))
      findings.append(finding)
      progress(finding)
    }
    return findings
  }

  /// One row with value 1 joins nobody.
  static let oneRow = [AdjacentPair([], [1])]
  /// One row with value 1 joins three others.
  static let oneMore = [AdjacentPair([0, 1, 0], [0, 1, 0, 1])]
  /// A row changes from 0 to 1.
  static let oneChanged = [AdjacentPair([0, 1, 0], [1, 1, 0])]

  static func sum(_ rows: [Double]) -> Double { rows.reduce(0, +) }
}
