import ExactMath
public import PrivacyAccounting

/// What a budget protects and how much may be spent; fixed when the budget is created.
public struct BudgetTerms: Sendable, Hashable, Codable {
  /// The claim that holds while the budget is not overspent: ε.
  public let epsilon: Epsilon
  /// The claim that holds while the budget is not overspent: δ.
  public let delta: Delta
  /// How charges add up, and the limit in that measure; for a plan the claim itself.
  public let limit: BudgetLimit
  /// The plan that is committed whole, if the budget is one.
  public let plan: PrivacyEvent?
  /// What is protected, for example `rows` or `column user_id`; text for people.
  public let unit: String
  /// Which data sets are compared.
  public let adjacency: Adjacency

  /// The unit of a budget that says nothing about it.
  public static let anyUnit = "unstated"

  /// The names of the filters a budget can be created with.
  public static let filters = ["pure", "approximate", "zcdp", "rdp", "gdp"]

  /// `pure`, `approximate`, `zcdp`, `rdp`, `gdp` or `plan`.
  public var filter: String { plan == nil ? limit.filter : "plan" }

  /// A budget that certifies (ε, δ) under a filter.
  ///
  /// - Parameters:
  ///   - filter: `pure`, `approximate`, `zcdp`, `rdp` or `gdp`.
  ///   - epsilon: Above 0.
  ///   - delta: 0 for `pure`, above 0 for `zcdp`, `rdp` and `gdp`.
  ///   - order: The one order of `rdp`, fixed for good; `nil` takes the one under which most Gaussian releases fit.
  ///   - unit: What is protected; one line.
  ///   - adjacency: Which data sets are compared.
  /// - Throws: ``LedgerError`` naming the parameter that does not fit.
  public init(
    filter: String, epsilon: Epsilon, delta: Delta, order: RenyiOrder? = nil, unit: String, adjacency: Adjacency
  ) throws(LedgerError) {
    guard order == nil || filter == "rdp" else { throw LedgerError(.invalid, "order: belongs to the rdp filter") }
    guard epsilon.value.signum > 0 else { throw LedgerError(.invalid, "epsilon: must be above 0") }
    try LedgerText.check(unit, name: "unit")
    do throws(ParameterError) {
      switch filter {
      case "pure":
        guard delta.value.signum == 0 else {
          throw ParameterError(.inconsistent, "delta", "must be 0 for a pure budget")
        }
        limit = .pure(epsilon)
      case "approximate": limit = .approximate(epsilon, delta)
      case "zcdp": limit = try .zcdp(certifying: epsilon, delta: delta)
      case "rdp": limit = try .renyi(certifying: epsilon, delta: delta, order: order)
      case "gdp": limit = try .gaussian(certifying: epsilon, delta: delta)
      default:
        throw ParameterError(
          .outOfRange, "filter", "must be one of \(BudgetTerms.filters.joined(separator: ", "))")
      }
    } catch {
      throw LedgerError(.invalid, error.description)
    }
    self.epsilon = epsilon
    self.delta = delta
    self.unit = unit
    self.adjacency = adjacency
    plan = nil
  }

  /// A plan committed whole: its steps may be charged in order, each once, and nothing else.
  ///
  /// No filter exists for optimal composition or loss distributions, so a budget that uses them fixes every parameter
  /// beforehand.
  ///
  /// - Throws: ``LedgerError`` when no accountant certifies that the whole plan costs at most (ε, δ).
  public init(
    plan: PrivacyEvent, epsilon: Epsilon, delta: Delta, unit: String, adjacency: Adjacency
  ) throws(LedgerError) {
    guard epsilon.value.signum > 0 else { throw LedgerError(.invalid, "epsilon: must be above 0") }
    try LedgerText.check(unit, name: "unit")
    _ = try BudgetPlan(plan, adjacency: adjacency)
    let cost: Double
    do throws(AccountingError) {
      cost = try AutomaticAccountant().epsilon(of: plan, delta: delta, adjacency: adjacency).upper
    } catch {
      throw LedgerError(.invalid, "plan: \(error.message)")
    }
    guard let exact = Rational(exactly: cost), exact <= epsilon.value else {
      throw LedgerError(.invalid, "plan: costs epsilon \(cost) at delta \(delta), above the claim of \(epsilon)")
    }
    self.epsilon = epsilon
    self.delta = delta
    self.unit = unit
    self.adjacency = adjacency
    self.plan = plan
    limit = .approximate(epsilon, delta)
  }
}

extension BudgetTerms {
  /// Whether spending up to the limit certifies the claim; terms that were read back may say anything.
  var areSound: Bool {
    if let plan {
      return (try? BudgetTerms(plan: plan, epsilon: epsilon, delta: delta, unit: unit, adjacency: adjacency)) == self
    }
    let order: RenyiOrder? = if case .renyi(let order, _, _) = limit { order } else { nil }
    let fresh = try? BudgetTerms(
      filter: limit.filter, epsilon: epsilon, delta: delta, order: order, unit: unit, adjacency: adjacency)
    return fresh.map { limit.amount.fits(in: $0.limit.amount) } ?? false
  }
}

extension BudgetAmount {
  /// The form kept in the history: two exact numbers.
  var text: String { "\(loss) \(delta)" }

  init?(text: String) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, let loss = Rational(String(parts[0])), let delta = Rational(String(parts[1])),
      let amount = try? BudgetAmount(loss: loss, delta: delta)
    else { return nil }
    self = amount
  }
}

/// Names and labels: short, printable, one line.
package enum LedgerText {
  package static func check(_ text: String, name: String) throws(LedgerError) {
    guard !text.isEmpty, text.utf8.count <= 1_024,
      text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7f..<0xa0).contains($0.value) })
    else { throw LedgerError(.invalid, "\(name): must be one line of 1 to 1024 bytes") }
  }
}
