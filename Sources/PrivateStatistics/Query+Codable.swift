import ExactMath
import PrivacyAccounting

extension Query: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case privacyUnit = "privacy_unit"
    case adjacency, budget, bounds, metrics
    case groupBy = "group_by"
    case onBadRow = "on_bad_row"
  }

  private struct Budget: Codable {
    enum Key: String, CodingKey, CaseIterable { case epsilon, delta }
    let epsilon: Epsilon
    let delta: Delta

    init(_ epsilon: Epsilon, _ delta: Delta) {
      self.epsilon = epsilon
      self.delta = delta
    }

    init(from decoder: any Decoder) throws {
      let fields = try StrictFields<Key>(decoder, "budget")
      do {
        epsilon = try Epsilon(fields.number(.epsilon))
        delta = try Delta(fields.optionalNumber(.delta) ?? 0)
      } catch let error as ParameterError {
        throw StatisticsError.query("budget.\(error.parameter)", error.message)
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(epsilon.value, forKey: .epsilon)
      try container.encode(delta.value, forKey: .delta)
    }
  }

  /// Reads and checks a query; unknown fields are refused.
  ///
  /// - Throws: ``StatisticsError`` naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try StrictFields<Key>(decoder, "query")
    let budget = try fields.decode(Budget.self, .budget)
    try self.init(
      privacyUnit: fields.decode(PrivacyUnit.self, .privacyUnit),
      adjacency: fields.optional(Adjacency.self, .adjacency) ?? .addOrRemove,
      epsilon: budget.epsilon, delta: budget.delta,
      bounds: fields.optional(ContributionBounds.self, .bounds),
      groupBy: fields.optional([GroupColumn].self, .groupBy) ?? [],
      metrics: fields.decode([Metric].self, .metrics),
      onBadRow: fields.optional(BadRowPolicy.self, .onBadRow) ?? .reject)
  }

  /// Writes every field, defaults included, numbers as exact text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(privacyUnit, forKey: .privacyUnit)
    try container.encode(adjacency, forKey: .adjacency)
    try container.encode(Budget(epsilon, delta), forKey: .budget)
    if privacyUnit != .rows { try container.encode(bounds, forKey: .bounds) }
    try container.encode(groupBy, forKey: .groupBy)
    try container.encode(metrics, forKey: .metrics)
    try container.encode(onBadRow, forKey: .onBadRow)
  }
}

extension PrivacyUnit: Codable {
  private enum Key: String, CodingKey, CaseIterable { case column }

  /// Reads `rows` or `{ column: NAME }`.
  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.singleValueContainer(), let text = try? container.decode(String.self) {
      guard text == "rows" else { throw StatisticsError.query("privacy_unit", "must be rows or { column: NAME }") }
      self = .rows
      return
    }
    self = .column(try StrictFields<Key>(decoder, "privacy_unit").decode(String.self, .column))
  }

  /// Writes what ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .rows:
      var container = encoder.singleValueContainer()
      try container.encode("rows")
    case .column(let name):
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(name, forKey: .column)
    }
  }
}

extension ContributionBounds: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case groupsPerUnit = "groups_per_unit"
    case rowsPerGroup = "rows_per_group"
  }

  /// Reads and checks both bounds; `groups_per_unit` may be left out and is 1 then.
  public init(from decoder: any Decoder) throws {
    let fields = try StrictFields<Key>(decoder, "bounds")
    try self.init(
      groupsPerUnit: fields.optional(Int.self, .groupsPerUnit) ?? 1,
      rowsPerGroup: fields.decode(Int.self, .rowsPerGroup))
  }

  /// Writes both.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(groupsPerUnit, forKey: .groupsPerUnit)
    try container.encode(rowsPerGroup, forKey: .rowsPerGroup)
  }
}

extension GroupColumn: Codable {
  private enum Key: String, CodingKey, CaseIterable { case column, keys }

  /// Reads a column with its keys.
  public init(from decoder: any Decoder) throws {
    let fields = try StrictFields<Key>(decoder, "group_by")
    try self.init(column: fields.decode(String.self, .column), keys: fields.decode([String].self, .keys))
  }

  /// Writes both.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(column, forKey: .column)
    try container.encode(keys, forKey: .keys)
  }
}

extension Metric: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case name, kind, column, range, step, at, edges, keys, weight
  }

  /// Reads and checks a metric.
  public init(from decoder: any Decoder) throws {
    let index = decoder.codingPath.last?.intValue
    let place = index.map { "metrics[\($0)]" } ?? "metrics"
    let fields = try StrictFields<Key>(decoder, place)
    do {
      var range: ClosedRange<Rational>?
      if let ends = try fields.optionalNumbers(.range) {
        guard ends.count == 2, ends[0] < ends[1] else {
          throw StatisticsError.query("range", "must be two numbers in order: [low, high]")
        }
        range = ends[0]...ends[1]
      }
      try self.init(
        name: fields.decode(String.self, .name), kind: fields.decode(Kind.self, .kind),
        column: fields.optional(String.self, .column), range: range, step: fields.optionalNumber(.step),
        at: fields.optionalNumbers(.at) ?? [], edges: fields.optionalNumbers(.edges) ?? [],
        keys: fields.optional([String].self, .keys) ?? [], weight: fields.optionalNumber(.weight) ?? 1)
    } catch let error as StatisticsError where !error.place.hasPrefix("metrics") {
      throw StatisticsError.query("\(place).\(error.place)", error.reason)
    }
  }

  /// Writes what belongs to the kind.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(kind, forKey: .kind)
    try container.encodeIfPresent(column, forKey: .column)
    if let grid { try container.encode([grid.low, grid.high], forKey: .range) }
    if let grid, [.sum, .mean].contains(kind) { try container.encode(grid.step, forKey: .step) }
    if !at.isEmpty { try container.encode(at, forKey: .at) }
    if !edges.isEmpty { try container.encode(edges, forKey: .edges) }
    if !keys.isEmpty { try container.encode(keys, forKey: .keys) }
    try container.encode(weight, forKey: .weight)
  }
}
