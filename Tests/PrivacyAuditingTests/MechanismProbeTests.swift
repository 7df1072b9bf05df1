import FederatedLearning
import PrivacyAuditing
import SecureRandom
import Testing

/// A mechanism with one fault, or none.
private struct Faulty: AuditTarget {
  enum Fault { case none, floating, sameSeed, sameNoise, repeated, correlated, constant, slow, refuses, dead }

  var fault: Fault
  var random = SimulationGenerator(seed: 11, stream: "probe")
  private let seed = SimulationGenerator(seed: 12, stream: "probe")

  init(_ fault: Fault) { self.fault = fault }

  mutating func outputs(of dataset: [Double], count: Int) throws(AuditError) -> [Double] {
    let sum = dataset.reduce(0, +)
    let isLarger = dataset.contains(1)
    switch fault {
    case .dead: throw AuditError(.targetFailed, "target: ended")
    case .refuses where isLarger: throw AuditError(.targetFailed, "target: ended")
    case .constant: return [Double](repeating: 3, count: count)
    case .slow where isLarger:
      // Busy for a fraction of a millisecond, which sleeping is not.
      let end = ContinuousClock().now + .microseconds(300)
      while ContinuousClock().now < end {}
    case .sameSeed: random = seed.substream(dataset.count)
    case .sameNoise: random = seed
    default: break
    }
    var noise = (0..<count).map { _ in random.normal() }
    if fault == .repeated { noise = (0..<count).map { noise[$0 % (count / 2)] } }
    if fault == .correlated { for index in 1..<count { noise[index] = 0.5 * noise[index - 1] + noise[index] } }
    if fault == .floating { return noise.map { sum + $0 } }
    return noise.map { sum + ($0 * 1_024).rounded() / 1_024 }
  }
}

@Suite struct MechanismProbeTests {
  private func suspects(_ fault: Faulty.Fault) throws -> Set<String> {
    var target = Faulty(fault)
    let probe = try MechanismProbe(samples: 1_000, alpha: 1e-9)
    return Set(try probe.run(&target, pair: AdjacentPair([], [1])).filter(\.isSuspect).map(\.probe))
  }

  /// The draws are fixed; only the clock is not, and it is suspected wrongly with probability ≤ 1e-9.
  @Test func `each fault is found by its probe`() throws {
    #expect(try suspects(.none).subtracting(["timing"]).isEmpty)
    #expect(try suspects(.floating).contains("precision"))
    #expect(try suspects(.sameSeed).contains("seed-reuse"))
    #expect(try suspects(.sameNoise).contains("seed-reuse"))
    #expect(try suspects(.repeated).contains("seed-reuse"))
    #expect(try suspects(.correlated).contains("averaging"))
    #expect(try suspects(.constant).contains("averaging"))
    #expect(try suspects(.slow).contains("timing"))
    #expect(try suspects(.refuses) == ["error-channel"])
  }

  @Test func `a target that is dead on both data sets is an error and no finding`() throws {
    #expect(throws: AuditError.self) { try suspects(.dead) }
  }
}
