import BenchmarkSupport
import ExactMath
import Glibc
import PrivacyAccounting
import PrivacyAuditing

// The figures of the auditors: time to refute, the zoo, and our own mechanisms with many samples.
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

func claim(_ epsilon: String) throws -> PrivacyClaim {
  guard let value = Rational(epsilon) else { throw AuditError(.invalidClaim, "epsilon: no number") }
  return try PrivacyClaim(epsilon: value, delta: 0, unit: "row", adjacency: .addOrRemove)
}

let benchmark = Benchmark(
  "auditing",
  about: "Time to refute a broken mechanism, the zoo of broken and correct ones, and our own with many samples.",
  options: [
    BenchmarkOption("samples", "N", "samples for each of our own mechanisms; 100,000,000, or 2,000,000 if quick")
  ])
/// Long work, measured as often as was asked, or once; it says what it found.
@MainActor func once(_ name: String, size: Int, unit: String, _ body: () throws -> String) throws {
  guard benchmark.wants(name) else { return }
  var times: [Double] = []
  var wall: [Double] = []
  var said = ""
  for _ in 0..<benchmark.repetitions(1) {
    let (start, began) = (BenchmarkClock.processor(), BenchmarkClock.wall())
    said = try body()
    times.append(BenchmarkClock.processor() - start)
    wall.append(BenchmarkClock.wall() - began)
  }
  var row = BenchmarkRow(name, size: size, unit: unit, times: times, note: said)
  row.otherSeconds = wall.sorted()[wall.count / 2]
  benchmark.add(row)
}

let pair = [AdjacentPair([], [1])]
let samples =
  benchmark.integer("samples", within: 1_000...10_000_000_000) ?? (benchmark.isQuick ? 2_000_000 : 100_000_000)

var float = InvertedLaplace()
let refutation = try MechanismAudit(claim: claim("0.1"), alpha: 0.05, samples: 10_000, pairs: pair)
var said: String?
try benchmark.measure("refute float Laplace at 0.1", size: 20_000, unit: "samples", note: { said }) {
  let report = try refutation.run(&float)
  said = "\(report.verdict), ε at least \(report.epsilonLowerBound)"
}
try once("zoo", size: 1, unit: "runs") {
  let findings = try Zoo.audit()
  let broken = findings.filter { $0.member.truth == .broken }
  return
    "\(broken.count { $0.isRight }) of \(broken.count) broken refuted, "
    + "\(findings.count { $0.member.truth == .correct && $0.isRight }) of \(findings.count - broken.count) correct passed"
}
for name in ["laplace", "discrete-laplace"] {
  guard var target = try BuiltinTarget(name: name, claim: claim("1"), domain: 0...1) else { continue }
  let audit = try MechanismAudit(claim: claim("1"), alpha: 1e-9, samples: samples / 2, pairs: pair)
  try once("\(name), our own", size: samples, unit: "samples") {
    let found = try audit.run(&target)
    return "\(found.verdict), ε at least \(found.epsilonLowerBound) of a claimed 1"
  }
}
benchmark.finish()
