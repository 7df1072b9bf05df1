import ArgumentParser
import FederatedLearning
import PrivacyAuditing
import Reporting
import TacitVerbs

/// What canaries say of a simulated training, beside the certified ε.
struct CanaryEstimate: Encodable {
  let canaries: Int
  let epsilon_estimate: Double
  let estimate_is_a_bound = false
  let epsilon_lower_bound: Double
  let certified_epsilon: JSONNumber

  /// Trains once more, with canary clients.
  init(_ plan: SimulationPlan, canaries: Int, threads: Int) throws {
    do {
      let report = try CanaryAudit(plan, canaries: canaries, threads: threads).run()
      self.canaries = report.canaries
      epsilon_estimate = report.epsilonEstimate
      epsilon_lower_bound = report.finding.epsilonLowerBound
      certified_epsilon = JSONNumber(report.certifiedEpsilon)
    } catch let error as AuditError {
      throw CommandFailure("--canaries: \(error.message)", code: .usage)
    }
  }

  /// The same for a person.
  var line: String {
    "canaries: ε is estimated at \(NumberText.fixed(epsilon_estimate, decimals: 3)) (an estimate, no bound), at least "
      + "\(NumberText.fixed(epsilon_lower_bound, decimals: 3)) is proved with error 0.05"
  }
}

/// Client numbers on a command line.
enum ClientList {
  static func parse(_ text: String) throws -> Set<Int> {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.allSatisfy({ $0.map { $0 >= 0 } ?? false }) else {
      throw CommandFailure("--revoke: wants client numbers separated by commas", code: .usage)
    }
    return Set(numbers.compactMap { $0 })
  }

  static func revoking(_ text: String, in plan: SimulationPlan) throws -> SimulationPlan {
    do {
      return try plan.revoking(parse(text))
    } catch let error as AuditError {
      throw CommandFailure("--\(error.message)", code: .usage)
    }
  }
}
