import ExactMath
import PrivacyAccounting

extension Query: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case privacyUnit = "privacy_unit"
    case adjacency, budget, bounds, metrics, selection, filter, noise, split, top, derive, continual, hierarchy
    case countDropped = "count_dropped"
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
      selection: fields.optional(GroupSelection.self, .selection),
      derived: fields.optional([DerivedColumn].self, .derive) ?? [],
      filters: fields.optional([RowFilter].self, .filter) ?? [],
      metrics: fields.decode([Metric].self, .metrics),
      noise: fields.optional(NoiseChoice.self, .noise) ?? .automatic,
      split: fields.optional(BudgetSplit.self, .split) ?? .weighted, top: fields.optional(TopGroups.self, .top),
      continual: fields.optional(ContinualColumn.self, .continual)?.column,
      hierarchy: fields.optional(Hierarchy.self, .hierarchy), droppedWeight: Query.droppedWeight(fields),
      onBadRow: fields.optional(BadRowPolicy.self, .onBadRow) ?? .reject)
  }

  /// `true` is what people try first; it does not say what the number may cost.
  private static func droppedWeight(_ fields: StrictFields<Key>) throws -> Rational? {
    do {
      return try fields.optionalNumber(.countDropped)
    } catch let error as StatisticsError where error.place == Key.countDropped.rawValue {
      throw StatisticsError.query(error.place, droppedWeightWanted)
    }
  }

  /// Writes every field, defaults included, numbers as exact text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(privacyUnit, forKey: .privacyUnit)
    try container.encode(adjacency, forKey: .adjacency)
    try container.encode(Budget(epsilon, delta), forKey: .budget)
    if privacyUnit != .rows { try container.encode(bounds, forKey: .bounds) }
    try container.encode(groupBy, forKey: .groupBy)
    try container.encodeIfPresent(selection, forKey: .selection)
    if !filters.isEmpty { try container.encode(filters, forKey: .filter) }
    try container.encode(metrics, forKey: .metrics)
    try container.encode(noise, forKey: .noise)
    if split != .weighted { try container.encode(split, forKey: .split) }
    try container.encodeIfPresent(top, forKey: .top)
    try container.encodeIfPresent(continual.map(ContinualColumn.init), forKey: .continual)
    try container.encodeIfPresent(hierarchy, forKey: .hierarchy)
    if !derived.isEmpty { try container.encode(derived, forKey: .derive) }
    try container.encodeIfPresent(droppedWeight, forKey: .countDropped)
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

  /// Reads a column with its keys, or without.
  public init(from decoder: any Decoder) throws {
    let fields = try StrictFields<Key>(decoder, "group_by")
    let column = try fields.decode(String.self, .column)
    if let keys = try fields.optional([String].self, .keys) {
      try self.init(column: column, keys: keys)
    } else {
      self.init(column: column)
    }
  }

  /// Writes both.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(column, forKey: .column)
    if !isOpen { try container.encode(keys, forKey: .keys) }
  }
}

extension GroupSelection: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case kind, weight
    case minimumUnits = "minimum_units"
  }

  /// Reads and checks a choice; everything may be left out.
  public init(from decoder: any Decoder) throws {
    let fields = try StrictFields<Key>(decoder, "selection")
    try self.init(
      kind: fields.optional(Kind.self, .kind) ?? .optimal, weight: fields.optionalNumber(.weight) ?? 1,
      minimumUnits: fields.optional(Int.self, .minimumUnits) ?? 1)
  }

  /// Writes every field.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(kind, forKey: .kind)
    try container.encode(weight, forKey: .weight)
    try container.encode(minimumUnits, forKey: .minimumUnits)
  }
}

extension DerivedColumn: Codable {
  private enum Key: String, CodingKey, CaseIterable { case name, formula, column, table, date, range }

  /// Reads and checks `{ name, formula }`, `{ name, column, table }` or `{ name, column, date, range }`.
  public init(from decoder: any Decoder) throws {
    let fields = try StrictFields<Key>(decoder, "derive")
    let name = try fields.decode(String.self, .name)
    if let formula = try fields.optional(String.self, .formula) {
      guard try fields.optional(String.self, .column) == nil else {
        throw StatisticsError.query("derive.column", "does not belong to a formula")
      }
      try self.init(name: name, formula: formula)
    } else if let part = try fields.optional(DatePart.self, .date) {
      let ends = try fields.decode([CalendarDate].self, .range)
      guard ends.count == 2, ends[0] <= ends[1] else {
        throw StatisticsError.query("derive.range", "must be two days in order: [first, last]")
      }
      try self.init(name: name, date: fields.decode(String.self, .column), part: part, range: ends[0]...ends[1])
    } else {
      try self.init(
        name: name, column: fields.decode(String.self, .column),
        table: fields.decode([String: String].self, .table).map { ($0.key, $0.value) })
    }
  }

  /// Writes what ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    switch source {
    case .formula(_, let text): try container.encode(text, forKey: .formula)
    case .lookup(let column, let table):
      try container.encode(column, forKey: .column)
      let pairs = table.map { (String(decoding: $0.key, as: UTF8.self), String(decoding: $0.value, as: UTF8.self)) }
      try container.encode(Dictionary(pairs) { first, _ in first }, forKey: .table)
    case .date(let column, let part, let range):
      try container.encode(column, forKey: .column)
      try container.encode(part, forKey: .date)
      try container.encode([range.lowerBound, range.upperBound], forKey: .range)
    }
  }
}

/// `{ column: NAME }`.
private struct ContinualColumn: Codable {
  enum Key: String, CodingKey, CaseIterable { case column }
  let column: String

  init(_ column: String) { self.column = column }

  init(from decoder: any Decoder) throws {
    column = try StrictFields<Key>(decoder, "continual").decode(String.self, .column)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(column, forKey: .column)
  }
}

extension TopGroups: Codable {
  private enum Key: String, CodingKey, CaseIterable { case metric, count }

  /// Reads and checks a choice.
  public init(from decoder: any Decoder) throws {
    let fields = try StrictFields<Key>(decoder, "top")
    try self.init(by: fields.decode(String.self, .metric), count: fields.decode(Int.self, .count))
  }

  /// Writes both fields.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .metric)
    try container.encode(count, forKey: .count)
  }
}

extension RowFilter: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case column, present, from, until
    case isIn = "in"
    case isNotIn = "not_in"
    case atLeast = "at_least"
    case atMost = "at_most"
  }

  /// Reads and checks a condition: `in`, `not_in`, `present: true`, `at_least` and `at_most`, or `from` and
  /// `until`.
  public init(from decoder: any Decoder) throws {
    let fields = try StrictFields<Key>(decoder, "filter")
    let keys = try fields.optional([String].self, .isIn)
    let others = try fields.optional([String].self, .isNotIn)
    let low = try fields.optionalNumber(.atLeast)
    let high = try fields.optionalNumber(.atMost)
    let present = try fields.optional(Bool.self, .present)
    let first = try fields.optional(CalendarDate.self, .from)
    let last = try fields.optional(CalendarDate.self, .until)
    let isDated = first != nil || last != nil
    let isWithin = low != nil || high != nil
    guard [keys != nil, others != nil, present != nil, isWithin, isDated].count(where: { $0 }) == 1 else {
      throw StatisticsError.query(
        "filter", "needs one of in, not_in, present, at_least and at_most, or from and until")
    }
    guard present != false else { throw StatisticsError.query("filter.present", "must be true") }
    let test: Test =
      if let keys { .isOneOf(keys) } else if let others { .isNoneOf(others) } else if present == true {
        .isPresent
      } else if isDated {
        .isDated(from: first, until: last)
      } else { .isWithin(atLeast: low, atMost: high) }
    try self.init(column: fields.decode(String.self, .column), test)
  }

  /// Writes what ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(column, forKey: .column)
    switch test {
    case .isOneOf(let keys): try container.encode(keys, forKey: .isIn)
    case .isNoneOf(let keys): try container.encode(keys, forKey: .isNotIn)
    case .isPresent: try container.encode(true, forKey: .present)
    case .isWithin(let low, let high):
      try container.encodeIfPresent(low, forKey: .atLeast)
      try container.encodeIfPresent(high, forKey: .atMost)
    case .isDated(let first, let last):
      try container.encodeIfPresent(first, forKey: .from)
      try container.encodeIfPresent(last, forKey: .until)
    }
  }
}

extension Metric: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case name, kind, column, range, step, at, edges, keys, weight, with, columns, tolerance, round
    case withRange = "with_range"
    case nonNegative = "non_negative"
  }

  /// Reads and checks a metric.
  public init(from decoder: any Decoder) throws {
    let index = decoder.codingPath.last?.intValue
    let place = index.map { "metrics[\($0)]" } ?? "metrics"
    let fields = try StrictFields<Key>(decoder, place)
    do {
      func range(_ key: Key) throws -> ClosedRange<Rational>? {
        guard let ends = try fields.optionalNumbers(key) else { return nil }
        guard ends.count == 2, ends[0] < ends[1] else {
          throw StatisticsError.query(key.rawValue, "must be two numbers in order: [low, high]")
        }
        return ends[0]...ends[1]
      }
      try self.init(
        name: fields.decode(String.self, .name), kind: fields.decode(Kind.self, .kind),
        column: fields.optional(String.self, .column), range: range(.range), with: fields.optional(String.self, .with),
        withRange: range(.withRange), step: fields.optionalNumber(.step),
        at: fields.optionalNumbers(.at) ?? [], edges: fields.optionalNumbers(.edges) ?? [],
        keys: fields.optional([String].self, .keys) ?? [], weight: fields.optionalNumber(.weight) ?? 1,
        columns: fields.optional([String].self, .columns) ?? [], tolerance: fields.optionalNumber(.tolerance),
        postProcessing: PostProcessing(
          nonNegative: fields.optional(Bool.self, .nonNegative) ?? false, roundedTo: fields.optionalNumber(.round)))
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
    try container.encodeIfPresent(other, forKey: .with)
    if let otherGrid { try container.encode([otherGrid.low, otherGrid.high], forKey: .withRange) }
    if !vector.isEmpty { try container.encode(vector, forKey: .columns) }
    try container.encodeIfPresent(tolerance, forKey: .tolerance)
    if postProcessing.isNonNegative { try container.encode(true, forKey: .nonNegative) }
    try container.encodeIfPresent(postProcessing.multiple, forKey: .round)
    if let grid, kind.takesStep { try container.encode(grid.step, forKey: .step) }
    if !at.isEmpty { try container.encode(at, forKey: .at) }
    if !edges.isEmpty { try container.encode(edges, forKey: .edges) }
    if !keys.isEmpty { try container.encode(keys, forKey: .keys) }
    try container.encode(weight, forKey: .weight)
  }
}
