import ExactMath
public import PrivacyAccounting

/// How charges add up against a limit.
///
/// Every filter here stays valid when later events are chosen from earlier answers.
public enum BudgetFilter: String, Sendable, Hashable, Codable, CaseIterable, CustomStringConvertible {
  /// Pure losses ε add up; δ is 0 (Rogers, Roth, Ullman and Vadhan 2016).
  case pure
  /// Losses (ε, δ) add up, each against its own limit.
  case approximate
  /// Losses ρ of zero-concentrated differential privacy add up, converted once to (ε, δ)
  /// (Feldman and Zrnic 2021 for the filter, Bun and Steinke 2016 for the conversion).
  case zcdp

  /// The name.
  public var description: String { rawValue }
}

/// What a budget protects and how much may be spent; fixed when the budget is created.
public struct BudgetTerms: Sendable, Hashable, Codable {
  /// How charges add up.
  public let filter: BudgetFilter
  /// The limit on ε.
  public let epsilon: Epsilon
  /// The limit on δ.
  public let delta: Delta
  /// What is protected, for example `rows` or `column user_id`; text for people.
  public let unit: String
  /// Which data sets are compared.
  public let adjacency: Adjacency

  /// Checks that the limits make sense together.
  ///
  /// - Throws: ``LedgerError`` when ε is 0, when a pure budget has δ > 0, when a zCDP budget has δ = 0, or when the
  ///   unit's name is empty or too long.
  public init(
    filter: BudgetFilter, epsilon: Epsilon, delta: Delta, unit: String, adjacency: Adjacency
  ) throws(LedgerError) {
    guard epsilon.value.signum > 0 else { throw LedgerError(.invalid, "epsilon: must be above 0") }
    if filter == .pure, delta.value.signum != 0 {
      throw LedgerError(.invalid, "delta: a pure budget has delta 0")
    }
    if filter == .zcdp, delta.value.signum == 0 {
      throw LedgerError(.invalid, "delta: a zcdp budget needs delta above 0")
    }
    try LedgerText.check(unit, name: "unit")
    self.filter = filter
    self.epsilon = epsilon
    self.delta = delta
    self.unit = unit
    self.adjacency = adjacency
  }

  /// Reads and checks.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      filter: container.decode(BudgetFilter.self, forKey: .filter),
      epsilon: container.decode(Epsilon.self, forKey: .epsilon),
      delta: container.decode(Delta.self, forKey: .delta),
      unit: container.decode(String.self, forKey: .unit),
      adjacency: container.decode(Adjacency.self, forKey: .adjacency))
  }
}

/// Names and labels: short, printable, one line.
enum LedgerText {
  static func check(_ text: String, name: String) throws(LedgerError) {
    guard !text.isEmpty, text.utf8.count <= 1_024,
      text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f && !(0x80..<0xa0).contains($0.value) })
    else { throw LedgerError(.invalid, "\(name): must be one line of 1 to 1024 bytes") }
  }
}
