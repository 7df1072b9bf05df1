/// Coarser groups above the keys of a grouping column, such as the states above counties.
///
/// Every level of the hierarchy is answered with noise of its own from the one budget, and then all answers are made
/// consistent: each is replaced by the estimate of least variance from all of them, and the groups of a level add up
/// exactly to the group above them. What is known to be true of the data costs no privacy to say (Hay, Rastogi, Miklau
/// and Suciu, "Boosting the accuracy of differentially private histograms through consistency", VLDB 2010).
public struct Hierarchy: Sendable, Hashable {
  /// One level: its groups, and which groups of the level below belong to each.
  public struct Level: Sendable, Hashable {
    /// The name of the level, which becomes a column of the result.
    public let name: String
    /// The groups of the level below, by the group that they belong to.
    public let groups: [String: [String]]

    /// Checks the names; what the groups hold is checked with the query.
    ///
    /// - Throws: ``StatisticsError`` for an empty name, no groups, or a group of an empty name or without members.
    public init(name: String, groups: [String: [String]]) throws(StatisticsError) {
      guard !name.isEmpty, name.utf8.count <= 256 else {
        throw .query("hierarchy.levels.name", "must be 1 to 256 bytes")
      }
      guard !groups.isEmpty, groups.allSatisfy({ !$0.key.isEmpty && !$0.value.isEmpty }) else {
        throw .query("hierarchy.levels.groups", "must name groups, each with at least one key of the level below")
      }
      self.name = name
      self.groups = groups
    }
  }

  /// The grouping column whose declared keys are the finest groups.
  public let column: String
  /// The levels above it, from fine to coarse.
  public let levels: [Level]

  /// The most levels above the keys.
  public static let mostLevels = 15

  /// Checks that there are 1 to 15 levels.
  public init(column: String, levels: [Level]) throws(StatisticsError) {
    guard (1...Hierarchy.mostLevels).contains(levels.count) else {
      throw .query("hierarchy.levels", "must hold 1 to \(Hierarchy.mostLevels) levels")
    }
    self.column = column
    self.levels = levels
  }
}

extension Query {
  /// Refuses a hierarchy that is no tree over declared keys, or metrics whose groups do not add up.
  static func check(
    _ hierarchy: Hierarchy?, _ groupBy: [GroupColumn], _ metrics: [Metric], isPlain: Bool
  ) throws(StatisticsError) {
    guard let hierarchy else { return }
    guard let leaves = groupBy.first(where: { $0.column == hierarchy.column }) else {
      throw .query("hierarchy.column", "must name a group_by column")
    }
    guard !groupBy.contains(where: \.isOpen) else {
      throw .query("hierarchy", "needs declared keys in every group_by column")
    }
    guard isPlain else { throw .query("hierarchy", "does not go with top or continual") }
    var names = Set(groupBy.map(\.column) + metrics.flatMap(\.outputNames).flatMap { [$0, $0 + "_low", $0 + "_high"] })
    guard !leaves.keys.contains("") else { throw .query("hierarchy.column", "has an empty key, which marks sums") }
    var below = leaves.keys
    for level in hierarchy.levels {
      guard names.insert(level.name).inserted else {
        throw .query("hierarchy.levels.name", "gives a result column that exists already")
      }
      var parents: [String: String] = [:]
      for (label, members) in level.groups {
        for member in members where parents.updateValue(label, forKey: member) != nil {
          throw .query("hierarchy.levels.groups", "of \(level.name) name a key twice")
        }
      }
      guard parents.count == below.count, below.allSatisfy({ parents[$0] != nil }) else {
        throw .query("hierarchy.levels.groups", "of \(level.name) must name every key of the level below, and no other")
      }
      below = Array(level.groups.keys)
    }
    guard metrics.allSatisfy({ [.count, .sum, .vectorSum, .histogram].contains($0.kind) }) else {
      throw .query("hierarchy", "answers count, sum, vector-sum and histogram only: others do not add up")
    }
    guard metrics.allSatisfy({ $0.postProcessing == .none }) else {
      throw .query("hierarchy", "does not go with non_negative or round: the answers would not add up any more")
    }
  }
}

extension Hierarchy: Codable {
  private enum Key: String, CodingKey, CaseIterable { case column, levels }

  /// Reads and checks `{ column, levels }`.
  public init(from decoder: any Decoder) throws {
    let fields = try StrictFields<Key>(decoder, "hierarchy")
    try self.init(column: fields.decode(String.self, .column), levels: fields.decode([Level].self, .levels))
  }

  /// Writes both fields.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(column, forKey: .column)
    try container.encode(levels, forKey: .levels)
  }
}

extension Hierarchy.Level: Codable {
  private enum Key: String, CodingKey, CaseIterable { case name, groups }

  /// Reads and checks `{ name, groups }`.
  public init(from decoder: any Decoder) throws {
    let fields = try StrictFields<Key>(decoder, "hierarchy.levels")
    try self.init(name: fields.decode(String.self, .name), groups: fields.decode([String: [String]].self, .groups))
  }

  /// Writes both fields.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(groups, forKey: .groups)
  }
}

extension Hierarchy {
  var canonicalText: String {
    let texts = levels.map { level in
      let members = level.groups.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }.map {
        "\(CanonicalJSON.quoted($0.key)):[\($0.value.map(CanonicalJSON.quoted).joined(separator: ","))]"
      }
      return "{\"groups\":{\(members.joined(separator: ","))},\(CanonicalJSON.member("name", level.name))}"
    }
    return "{\(CanonicalJSON.member("column", column)),\"levels\":[\(texts.joined(separator: ","))]}"
  }
}
