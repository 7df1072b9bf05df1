import ExactMath
import Glibc
import PrivacyAccounting
import PrivacyAuditing

/// The figures of the auditors: time to refute, the zoo, and our own mechanisms with many samples.
///
///     benchmark-auditing [SAMPLES]     SAMPLES per data set for our own mechanisms, 10⁸ unless given

/// Laplace noise by inversion in double precision, as most programs have it.
struct InvertedLaplace: AuditTarget {
  var random = SystemRandomNumberGenerator()

  mutating func outputs(of dataset: [Double], count: Int) throws(AuditError) -> [Double] {
    let sum = dataset.reduce(0, +)
    return (0..<count).map { _ in
      let u = Double.random(in: 0..<1, using: &random) - 0.5
      return sum + (u < 0 ? 10 : -10) * log1p(-2 * abs(u))
    }
  }
}

func timed<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
  var before = timespec()
  unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before)
  let start = ContinuousClock().now
  let result = try body()
  let wall = (ContinuousClock().now - start).components
  var after = timespec()
  unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after)
  let cpu = Double(after.tv_sec - before.tv_sec) + Double(after.tv_nsec - before.tv_nsec) * 1e-9
  let seconds = Double(wall.seconds) + Double(wall.attoseconds) * 1e-18
  print("\(name): \((1_000 * seconds).rounded() / 1_000) s, \((1_000 * cpu).rounded() / 1_000) s of processor time")
  return result
}

func claim(_ epsilon: String) throws -> PrivacyClaim {
  guard let value = Rational(epsilon) else { throw AuditError(.invalidClaim, "epsilon: no number") }
  return try PrivacyClaim(epsilon: value, delta: 0, unit: "row", adjacency: .addOrRemove)
}

let pair = [AdjacentPair([], [1])]
let samples = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 100_000_000

var float = InvertedLaplace()
let refutation = try MechanismAudit(claim: claim("0.1"), alpha: 0.05, samples: 10_000, pairs: pair)
let report = try timed("float Laplace at 0.1, 20,000 samples in all") { try refutation.run(&float) }
print("  \(report.verdict), ε at least \(report.epsilonLowerBound), event: \(report.witness?.event.description ?? "")")

let findings = try timed("zoo") { try Zoo.audit() }
let broken = findings.filter { $0.member.truth == .broken }
print(
  "  \(broken.count { $0.isRight }) of \(broken.count) broken refuted, "
    + "\(findings.count { $0.member.truth == .correct && $0.isRight }) of \(findings.count - broken.count) correct passed"
)

for name in ["laplace", "discrete-laplace"] {
  guard var target = try BuiltinTarget(name: name, claim: claim("1"), domain: 0...1) else { continue }
  let audit = try MechanismAudit(claim: claim("1"), alpha: 1e-9, samples: samples / 2, pairs: pair)
  let found = try timed("\(name), \(samples) samples in all") { try audit.run(&target) }
  print("  \(found.verdict), ε at least \(found.epsilonLowerBound) of a claimed 1")
}
