public import ExactMath
public import PrivacyAccounting

/// What is asked of a table, and under which promise: the model behind `QUERY.yaml`.
///
/// A value of this type has been checked whole: every metric has what its kind needs, limits are finite, the budget
/// is positive. All of it is public; nothing in it may be chosen by looking at the data.
public struct Query: Sendable, Hashable {
  /// Whom the promise protects.
  public let privacyUnit: PrivacyUnit
  /// Which tables are compared.
  public let adjacency: Adjacency
  /// The ε that the whole release costs.
  public let epsilon: Epsilon
  /// The δ that the whole release may cost.
  public let delta: Delta
  /// How much one unit may contribute; the rest is left out at random.
  public let bounds: ContributionBounds
  /// The columns whose values name the groups; none for one group of everything.
  public let groupBy: [GroupColumn]
  /// How groups are chosen when a grouping column has no declared keys; `nil` when all have.
  public let selection: GroupSelection?
  /// Columns made from others before anything reads them.
  public let derived: [DerivedColumn]
  /// What rows must meet to count.
  public let filters: [RowFilter]
  /// What is answered for each group.
  public let metrics: [Metric]
  /// The law of the metrics' noise.
  public let noise: NoiseChoice
  /// How the metrics share the budget.
  public let split: BudgetSplit
  /// Which groups are shown; `nil` for all.
  public let top: TopGroups?
  /// The grouping column whose declared keys are steps of time, in their order; `nil` for none.
  ///
  /// Every answer is then the total of all steps so far, from the tree of partial sums, whose noise grows with the
  /// logarithm of the number of steps.
  public let continual: String?
  /// The coarser groups above a grouping column's declared keys, answered too and made consistent; `nil` for none.
  public let hierarchy: Hierarchy?
  /// The budget's share, beside the metrics' weights, for telling how many units had a row left out as unusable;
  /// `nil` to tell nothing.
  ///
  /// Rows whose unit cannot be read are not in the number.
  public let droppedWeight: Rational?
  /// What happens to a row that cannot be used.
  public let onBadRow: BadRowPolicy

  static let droppedWeightWanted =
    "must be a number above 0, such as 1: its share of the budget beside the metrics' weights"

  /// The most groups a query may declare.
  public static let maximumGroups = 4_000_000

  /// Checks a query.
  ///
  /// - Parameters:
  ///   - privacyUnit: Whom the promise protects.
  ///   - adjacency: Which tables are compared.
  ///   - epsilon: The total ε, above 0.
  ///   - delta: The total δ.
  ///   - bounds: What one unit may contribute; needed when the unit is a column, fixed at one row otherwise.
  ///   - groupBy: The grouping columns with their keys.
  ///   - selection: How groups are chosen when a grouping column has no keys; ``GroupSelection/standard`` if left out.
  ///   - derived: Columns made from others before anything reads them.
  ///   - filters: What rows must meet to count.
  ///   - noise: The law of the metrics' noise.
  ///   - metrics: At least one, with different names.
  ///   - split: How the metrics share the budget.
  ///   - top: Which groups are shown; all if left out.
  ///   - continual: The grouping column over whose declared keys, in their order, counts and sums are added up.
  ///   - hierarchy: The coarser groups above the declared keys of a grouping column, answered too.
  ///   - droppedWeight: The share of the budget for the number of units with rows left out as unusable.
  ///   - onBadRow: What happens to a row that cannot be used.
  /// - Throws: ``StatisticsError`` naming the field at fault.
  public init(
    privacyUnit: PrivacyUnit, adjacency: Adjacency = .addOrRemove, epsilon: Epsilon, delta: Delta,
    bounds: ContributionBounds? = nil, groupBy: [GroupColumn] = [],
    selection: GroupSelection? = nil, derived: [DerivedColumn] = [], filters: [RowFilter] = [], metrics: [Metric],
    noise: NoiseChoice = .automatic,
    split: BudgetSplit = .weighted, top: TopGroups? = nil, continual: String? = nil,
    hierarchy: Hierarchy? = nil, droppedWeight: Rational? = nil,
    onBadRow: BadRowPolicy = .reject
  ) throws(StatisticsError) {
    guard epsilon.value.signum > 0 else { throw .query("budget.epsilon", "must be above 0") }
    switch privacyUnit {
    case .rows:
      guard bounds == nil || bounds == .oneRow else {
        throw .query("bounds", "a unit that is one row contributes one row to one group")
      }
      self.bounds = .oneRow
    case .column(let column):
      guard let bounds else { throw .query("bounds", "are needed when the privacy unit is a column") }
      guard !groupBy.contains(where: { $0.column == column }) else {
        throw .query("group_by", "groups by the privacy unit's own column")
      }
      self.bounds =
        groupBy.isEmpty ? try ContributionBounds(groupsPerUnit: 1, rowsPerGroup: bounds.rowsPerGroup) : bounds
    }
    var groups = 1
    for column in groupBy {
      let (product, overflow) = groups.multipliedReportingOverflow(by: max(1, column.keys.count))
      guard !overflow, product <= Query.maximumGroups else {
        throw .query("group_by", "declares more than \(Query.maximumGroups) groups")
      }
      groups = product
    }
    let isOpen = groupBy.contains(where: \.isOpen)
    guard isOpen || selection == nil else {
      throw .query("selection", "belongs to a group_by column without keys")
    }
    guard filters.count <= 64 else { throw .query("filter", "holds more than 64 conditions") }
    guard !isOpen || delta.value.signum > 0 else {
      throw .query("budget.delta", "must be above 0 to choose groups whose keys are not declared")
    }
    guard noise != .gaussian || delta.value.signum > 0 else {
      throw .query("budget.delta", "must be above 0 for Gaussian noise")
    }
    guard Set(groupBy.map(\.column)).count == groupBy.count else {
      throw .query("group_by", "names a column twice")
    }
    guard !metrics.isEmpty, metrics.count <= 256 else { throw .query("metrics", "must hold 1 to 256 metrics") }
    var names = Set(groupBy.map(\.column))
    for (index, metric) in metrics.enumerated() {
      for name in metric.outputNames.flatMap({ [$0, $0 + "_low", $0 + "_high"] }) {
        guard names.insert(name).inserted else {
          throw .query("metrics[\(index)].name", "gives a result column that exists already")
        }
      }
    }
    if let top, groupBy.isEmpty || !metrics.contains(where: { $0.outputNames.contains(top.name) }) {
      throw .query("top.metric", groupBy.isEmpty ? "needs group_by" : "must name an answer")
    }
    guard droppedWeight.map({ $0.signum > 0 }) ?? true else {
      throw .query("count_dropped", Query.droppedWeightWanted)
    }
    guard droppedWeight == nil || onBadRow == .drop else {
      throw .query("count_dropped", "needs on_bad_row: drop; no row is left out otherwise")
    }
    try Query.check(derived, unit: privacyUnit)
    try Query.checkContinual(continual, groupBy, metrics, top)
    try Query.check(hierarchy, groupBy, metrics, isPlain: top == nil && continual == nil)
    self.hierarchy = hierarchy
    self.continual = continual
    self.derived = derived
    self.droppedWeight = droppedWeight
    self.split = split
    self.top = top
    self.privacyUnit = privacyUnit
    self.adjacency = adjacency
    self.epsilon = epsilon
    self.delta = delta
    self.groupBy = groupBy
    self.selection = isOpen ? selection ?? .standard : nil
    self.filters = filters
    self.metrics = metrics
    self.noise = noise
    self.onBadRow = onBadRow
  }

  /// The columns of the table that the query reads, each once.
  public var columns: [String] {
    var result: [String] = []
    if case .column(let column) = privacyUnit { result.append(column) }
    let made = Set(derived.map(\.name))
    let read = groupBy.map(\.column) + filters.map(\.column) + metrics.flatMap(\.columns) + derived.flatMap(\.inputs)
    for column in read where !made.contains(column) && !result.contains(column) {
      result.append(column)
    }
    return result
  }
}

/// Whom a promise protects.
public enum PrivacyUnit: Sendable, Hashable {
  /// Each row by itself: no protection for a person with many rows.
  case rows
  /// All rows with the same value in a column, for example a user.
  case column(String)

  /// `rows` or `column NAME`, as ledgers and claims write it.
  public var text: String {
    switch self {
    case .rows: "rows"
    case .column(let name): "column \(name)"
    }
  }
}

/// What happens to a row that cannot be used: ragged, not a number, not UTF-8.
public enum BadRowPolicy: String, Sendable, Hashable, Codable, CaseIterable {
  /// The whole run is refused, naming the line, before anything is charged.
  case reject
  /// The row is left out.
  case drop
}

/// The law of the noise on metrics.
public enum NoiseChoice: String, Sendable, Hashable, Codable, CaseIterable {
  /// Whichever has the smaller errors under the budget; always Laplace when δ is 0.
  case automatic = "auto"
  /// Discrete Laplace noise.
  case laplace
  /// Discrete Gaussian noise, which needs δ.
  case gaussian
}

/// How much one privacy unit may contribute.
public struct ContributionBounds: Sendable, Hashable {
  /// The most groups of one unit.
  public let groupsPerUnit: Int
  /// The most rows of one unit in one group.
  public let rowsPerGroup: Int

  /// One row in one group.
  public static let oneRow = ContributionBounds(uncheckedGroups: 1, rows: 1)

  private init(uncheckedGroups groups: Int, rows: Int) {
    groupsPerUnit = groups
    rowsPerGroup = rows
  }

  /// Checks that both lie in 1 … 65,536.
  public init(groupsPerUnit: Int, rowsPerGroup: Int) throws(StatisticsError) {
    guard (1...65_536).contains(groupsPerUnit) else {
      throw .query("bounds.groups_per_unit", "must be a whole number from 1 to 65536")
    }
    guard (1...65_536).contains(rowsPerGroup) else {
      throw .query("bounds.rows_per_group", "must be a whole number from 1 to 65536")
    }
    self.groupsPerUnit = groupsPerUnit
    self.rowsPerGroup = rowsPerGroup
  }
}

/// A grouping column, with the keys that are answered whether or not the table holds them, or without.
public struct GroupColumn: Sendable, Hashable {
  /// The column.
  public let column: String
  /// The keys, compared as text; rows with another key are left out.
  ///
  /// Empty when the table's own keys are answered, as far as private selection lets them be named.
  public let keys: [String]

  /// Whether the keys are chosen privately from the table.
  public var isOpen: Bool { keys.isEmpty }

  /// Checks that there is at least one key and none is repeated.
  public init(column: String, keys: [String]) throws(StatisticsError) {
    guard !keys.isEmpty else { throw .query("group_by.keys", "must name at least one key") }
    guard KeyTable(keys).count == keys.count else {
      throw .query("group_by.keys", "names a key twice")
    }
    self.column = column
    self.keys = keys
  }

  /// A column whose keys are selected privately.
  public init(column: String) {
    self.column = column
    keys = []
  }
}
