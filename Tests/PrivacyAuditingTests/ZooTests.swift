import PrivacyAuditing
import Testing

@Suite struct ZooTests {
  @Test func `names are unique and both kinds are many`() {
    #expect(Set(Zoo.members.map(\.name)).count == Zoo.members.count)
    #expect(Zoo.members.count { $0.truth == .broken } >= 40)
    #expect(Zoo.members.count { $0.truth == .correct } >= 20)
  }

  /// A correct member is refuted with probability at most 1e-9 in all; a broken one escapes with a probability that is
  /// far below that at the samples each member names.
  @Test(arguments: Zoo.members.map(\.name))
  func `broken members are refuted and their twins are not`(name: String) throws {
    let member = try #require(Zoo.members.first { $0.name == name })
    let report = try member.audit(alpha: 1e-9 / Double(Zoo.members.count))
    #expect(
      report.verdict == (member.truth == .broken ? .refuted : .notRefuted),
      "\(name): ε ≥ \(report.epsilonLowerBound) by \(report.witness?.event.description ?? "nothing")")
  }
}
