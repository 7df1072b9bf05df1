import Foundation
import ExactMath
import PrivacyAccounting
import PrivacyAuditing
import Testing

/// Randomised response on "is there a row": says yes with probability `yes` when there is one, 1 − `yes` otherwise.
private struct YesNo: AuditTarget {
  var yes: Double
  var random = SystemRandomNumberGenerator()

  mutating func outputs(of dataset: [Double], count: Int) throws(AuditError) -> [Double] {
    (0..<count).map { _ in
      (Double.random(in: 0..<1, using: &random) < yes) == !dataset.isEmpty ? 1 : 0
    }
  }
}

private struct Canned: AuditTarget {
  var answer: [Double]

  mutating func outputs(of dataset: [Double], count: Int) throws(AuditError) -> [Double] { answer }
}

private func claim(_ epsilon: String) throws -> PrivacyClaim {
  try PrivacyClaim(
    epsilon: try #require(Rational(epsilon)), delta: 0, unit: "row", adjacency: .addOrRemove)
}

@Suite struct MechanismAuditTests {
  /// P[yes | row] = 3/4 gives exactly ε = ln 3 = 1.0986…; false alarms of this test have probability ≤ 1e-9.
  @Test func `a true claim stands and a false one falls`() throws {
    let pairs = [AdjacentPair([], [1])]
    var target = YesNo(yes: 0.75)
    let honest = try MechanismAudit(claim: claim("1.0987"), alpha: 1e-9, samples: 40_000, pairs: pairs).run(&target)
    #expect(honest.verdict == .notRefuted)
    let broken = try MechanismAudit(claim: claim("0.9"), alpha: 1e-9, samples: 40_000, pairs: pairs).run(&target)
    #expect(broken.verdict == .refuted)
    #expect(broken.witness?.counts.trials == 30_000)
  }

  @Test func `too few samples for the claim are inconclusive, not a pass`() throws {
    var target = YesNo(yes: 0.75)
    let report = try MechanismAudit(claim: claim("6"), alpha: 0.05, samples: 100, pairs: [AdjacentPair([], [1])]).run(
      &target)
    #expect(report.verdict == .inconclusive)
    #expect(report.cap < 6)
  }

  @Test func `a fixed event uses every sample`() throws {
    var target = YesNo(yes: 0.75)
    let event = OutputEvent.atLeast(1)
    let report = try MechanismAudit(
      claim: claim("0.5"), alpha: 1e-9, samples: 10_000, pairs: [AdjacentPair([], [1])], choice: .fixed(event)
    ).run(&target)
    #expect(report.witness?.counts.trials == 10_000)
    #expect(report.verdict == .refuted)
  }

  @Test(arguments: [[1.0, 2.0], [Double](repeating: .nan, count: 100), [Double](repeating: .infinity, count: 100)])
  func `a target that answers short or without numbers is a target error`(answer: [Double]) throws {
    var target = Canned(answer: answer)
    let audit = try MechanismAudit(claim: claim("1"), alpha: 0.05, samples: 100, pairs: [AdjacentPair([], [1])])
    let error = #expect(throws: AuditError.self) { try audit.run(&target) }
    #expect(error?.code == .targetFailed)
  }

  @Test func `a claim without a unit of privacy is refused`() {
    #expect(throws: AuditError.self) {
      try PrivacyClaim(epsilon: 1, delta: 0, unit: "", adjacency: .addOrRemove)
    }
    #expect(throws: AuditError.self) {
      try PrivacyClaim(epsilon: 1, delta: 1, unit: "row", adjacency: .addOrRemove)
    }
  }
}

@Suite struct BuiltinTargetTests {
  private func audit(_ name: String, adjacency: Adjacency = .addOrRemove) throws -> AuditReport {
    let claim = try PrivacyClaim(epsilon: 1, delta: 0, unit: "row", adjacency: adjacency)
    let pairs =
      adjacency == .addOrRemove ? AdjacentPair.addOneRow(domain: 0...1) : AdjacentPair.replaceOneRow(domain: 0...1)
    var target = try #require(try BuiltinTarget(name: name, claim: claim, domain: 0...1))
    return try MechanismAudit(claim: claim, alpha: 1e-9, samples: 40_000, pairs: pairs).run(&target)
  }

  /// False alarms have probability ≤ 1e-9 by the audit's own level.
  @Test(arguments: ["laplace", "discrete-laplace"], [Adjacency.addOrRemove, .replaceOne])
  func `mechanisms that keep the claim are not refuted`(name: String, adjacency: Adjacency) throws {
    let report = try audit(name, adjacency: adjacency)
    #expect(report.verdict == .notRefuted)
    #expect(report.epsilonLowerBound > 0.5)
  }

  @Test(arguments: ["gaussian", "discrete-gaussian"], [Adjacency.addOrRemove, .replaceOne])
  func `normal noise keeps the claim it is calibrated for and not a tenth of it`(
    name: String, adjacency: Adjacency
  ) throws {
    let claim = try PrivacyClaim(epsilon: 1, delta: Rational(1, 1_000), unit: "row", adjacency: adjacency)
    let tenth = try PrivacyClaim(epsilon: Rational(1, 10), delta: Rational(1, 1_000), unit: "row", adjacency: adjacency)
    let pairs =
      adjacency == .addOrRemove ? AdjacentPair.addOneRow(domain: 0...1) : AdjacentPair.replaceOneRow(domain: 0...1)
    var target = try #require(try BuiltinTarget(name: name, claim: claim, domain: 0...1))
    #expect(
      try MechanismAudit(claim: claim, alpha: 1e-9, samples: 40_000, pairs: pairs).run(&target).verdict == .notRefuted)
    #expect(
      try MechanismAudit(claim: tenth, alpha: 1e-9, samples: 40_000, pairs: pairs).run(&target).verdict == .refuted)
    let pure = try PrivacyClaim(epsilon: 1, delta: 0, unit: "row", adjacency: adjacency)
    #expect(throws: AuditError.self) { try BuiltinTarget(name: name, claim: pure, domain: 0...1) }
  }

  @Test(arguments: ["laplace-half-noise", "laplace-silent-empty"])
  func `mechanisms that break the claim are refuted`(name: String) throws {
    #expect(try audit(name).verdict == .refuted)
  }

  @Test func `unknown names and claims without noise are told apart`() throws {
    let claim = try PrivacyClaim(epsilon: 0, delta: 0, unit: "row", adjacency: .addOrRemove)
    #expect(try BuiltinTarget(name: "nothing", claim: claim, domain: 0...1) == nil)
    #expect(throws: AuditError.self) { try BuiltinTarget(name: "laplace", claim: claim, domain: 0...1) }
  }
}

@Suite struct FloatingPointAuditTests {
  private struct Inverted: AuditTarget {
    var random = SystemRandomNumberGenerator()

    mutating func outputs(of dataset: [Double], count: Int) throws(AuditError) -> [Double] {
      (0..<count).map { _ in
        let u = Double.random(in: 0..<1, using: &random) - 0.5
        return dataset.reduce(0, +) + (u < 0 ? 10 : -10) * log1p(-2 * abs(u))
      }
    }
  }

  /// The naive inversion leaks through its low bits; a test that escapes has probability far below 1e-9.
  @Test func `float Laplace at a tenth is refuted by few samples in little time`() throws {
    var target = Inverted()
    let audit = try MechanismAudit(claim: claim("0.1"), alpha: 0.05, samples: 10_000, pairs: [AdjacentPair([], [1])])
    var report: AuditReport?
    let seconds = try ContinuousClock().measure { report = try audit.run(&target) }
    #expect(report?.verdict == .refuted)
    #expect(report.map { $0.epsilonLowerBound > 1 } == true)
    // 0.2 s on an idle core; the limit here allows for a loaded machine.
    #expect(seconds < .seconds(2))
  }
}

@Suite struct PartialEvidenceTests {
  /// Answers the first pair and dies on the second.
  private struct Dying: AuditTarget {
    var answered = 0

    mutating func outputs(of dataset: [Double], count: Int) throws(AuditError) -> [Double] {
      answered += 1
      guard answered <= 2 else { throw AuditError(.targetFailed, "target: ended") }
      return [Double](repeating: Double(dataset.count), count: count)
    }
  }

  @Test func `what was found before a target failed is kept`() throws {
    var target = Dying()
    let pairs = [AdjacentPair([], [1]), AdjacentPair([0], [0, 1])]
    let audit = try MechanismAudit(claim: claim("1"), alpha: 0.05, samples: 1_000, pairs: pairs)
    let (report, failure) = audit.attempt(&target)
    #expect(failure?.code == .targetFailed)
    #expect(report.witness?.pair == pairs[0] || report.witness?.pair == AdjacentPair([1], []))
    #expect(report.epsilonLowerBound > 1)
  }
}
