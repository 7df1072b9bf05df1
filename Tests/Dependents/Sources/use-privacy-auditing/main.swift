import PrivacyAuditing

/// A target that answers with its data: nothing could be less private.
struct Leak: AuditTarget {
  mutating func outputs(of dataset: [Double], count: Int) throws(AuditError) -> [Double] {
    Array(repeating: dataset.reduce(0, +), count: count)
  }
}

let claim = try PrivacyClaim(epsilon: 1, delta: 0, unit: "row", adjacency: .addOrRemove)
let audit = try MechanismAudit(claim: claim, alpha: 0.01, samples: 1000, pairs: AdjacentPair.addOneRow(domain: 0...1))
var target = Leak()
let report = try audit.run(&target)
guard report.verdict == .refuted else { fatalError("a leak was not found") }
print("ε is at least \(report.epsilonLowerBound)")
