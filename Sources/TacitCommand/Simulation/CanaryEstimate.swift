import ArgumentParser
import FederatedLearning
import PrivacyAuditing
import Reporting
import TacitVerbs

/// What canaries say of a simulated training, beside the certified ε.
struct CanaryEstimate: Encodable {
  let unit: String
  let canaries: Int
  let inserted: Int
  let epsilon_estimate: Double
  let estimate_is_a_bound = false
  let epsilon_lower_bound: Double
  let certified_epsilon: JSONNumber

  /// An audit of a plan; refused where nothing is claimed.
  static func audit(_ plan: SimulationPlan, canaries: Int, threads: Int) throws -> CanaryAudit {
    do {
      return try CanaryAudit(plan, canaries: canaries, threads: threads)
    } catch let error as AuditError {
      throw CommandFailure("--canaries: \(error.message)", code: .usage)
    }
  }

  init(_ report: CanaryAudit.Report) {
    unit = report.unit.rawValue
    canaries = report.canaries
    inserted = report.inserted
    epsilon_estimate = report.epsilonEstimate
    epsilon_lower_bound = report.finding.epsilonLowerBound
    certified_epsilon = JSONNumber(report.certifiedEpsilon)
  }

  /// The same for a person.
  var line: String {
    "canaries (\(unit)s): ε is estimated at \(NumberText.fixed(epsilon_estimate, decimals: 3)) (an estimate, no bound), at least "
      + "\(NumberText.fixed(epsilon_lower_bound, decimals: 3)) is proved with error 0.05"
  }
}

/// Client numbers on a command line.
enum ClientList {
  static func parse(_ text: String, option: String = "--revoke") throws -> Set<Int> {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.allSatisfy({ $0.map { $0 >= 0 } ?? false }) else {
      throw CommandFailure("\(option): wants client numbers separated by commas", code: .usage)
    }
    return Set(numbers.compactMap { $0 })
  }

  static func revoking(_ clients: Set<Int>, in plan: SimulationPlan) throws -> SimulationPlan {
    do {
      return try plan.revoking(clients)
    } catch let error as AuditError {
      throw CommandFailure("--\(error.message)", code: .usage)
    }
  }
}
