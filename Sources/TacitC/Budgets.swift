import ExactMath
import PrivacyAccounting

/// What a C caller holds of a budget in memory.
final class BudgetHandle {
  let budget: SharedBudget

  init(_ budget: SharedBudget) { self.budget = budget }

  /// Reads the limit.
  convenience init(kind: String, epsilon: String, delta: String?, adjacency: String) throws(CallFailure) {
    guard let adjacency = Adjacency(rawValue: adjacency) else {
      throw CallFailure(.invalidArgument, "adjacency: must be add-remove or replace-one")
    }
    guard let loss = Rational(epsilon), let share = Rational(delta ?? "0") else {
      throw CallFailure(.invalidArgument, "epsilon, delta: must be finite exact numbers such as 0.05, 1e-6 or 5/3")
    }
    do {
      let (epsilon, delta) = try (Epsilon(loss), Delta(share))
      let limit: BudgetLimit
      switch kind {
      case "pure":
        guard share == 0 else { throw CallFailure(.invalidArgument, "delta: a pure budget has none") }
        limit = .pure(epsilon)
      case "approximate": limit = .approximate(epsilon, delta)
      case "zcdp": limit = try .zcdp(certifying: epsilon, delta: delta)
      default: throw CallFailure(.invalidArgument, "kind: must be pure, approximate or zcdp")
      }
      self.init(SharedBudget(try PrivacyBudget(limit, adjacency: adjacency)))
    } catch let error as CallFailure {
      throw error
    } catch let error as ParameterError {
      throw CallFailure(.invalidArgument, "\(error.parameter): \(error.message)")
    } catch {
      throw CallFailure(.invalidArgument, "the limit is not one")
    }
  }

  /// Charges an event given as text; the answer is that of `tacit_charge`.
  func charge(_ event: String, adjacency: String, label: String) -> (Int32, String?) {
    guard adjacency == budget.adjacency.rawValue else { return (1, "the budget is stated for \(budget.adjacency)") }
    guard let event = try? PrivacyEvent(parsing: event) else { return (1, "the event is malformed") }
    do throws(BudgetRefusal) {
      try budget.charge(event, label: label)
      return (0, nil)
    } catch {
      return (error.code == .unsupportedEvent ? 2 : 1, error.message)
    }
  }
}
