import ExactMath
import PrivacyAccounting

extension Query {
  /// The query as one line of JSON with every field in a fixed order and every number as exact text: equal queries
  /// have equal text, and ``init(from:)`` reads it back.
  public var canonicalText: String {
    var fields = [CanonicalJSON.member("adjacency", adjacency.rawValue)]
    if case .column = privacyUnit {
      fields.append(
        "\"bounds\":{\"groups_per_unit\":\(bounds.groupsPerUnit),\"rows_per_group\":\(bounds.rowsPerGroup)}")
    }
    fields.append(
      "\"budget\":{\(CanonicalJSON.member("delta", delta.value)),\(CanonicalJSON.member("epsilon", epsilon.value))}")
    if let continual { fields.append("\"continual\":{\(CanonicalJSON.member("column", continual))}") }
    if let droppedWeight { fields.append(CanonicalJSON.member("count_dropped", droppedWeight)) }
    if !derived.isEmpty { fields.append("\"derive\":[\(derived.map(\.canonicalText).joined(separator: ","))]") }
    if !filters.isEmpty { fields.append("\"filter\":[\(filters.map(\.canonicalText).joined(separator: ","))]") }
    let groups = groupBy.map { group in
      let keys = group.isOpen ? "" : "," + CanonicalJSON.member("keys", group.keys)
      return "{\(CanonicalJSON.member("column", group.column))\(keys)}"
    }
    fields.append("\"group_by\":[\(groups.joined(separator: ","))]")
    if let hierarchy { fields.append("\"hierarchy\":\(hierarchy.canonicalText)") }
    fields.append("\"metrics\":[\(metrics.map(\.canonicalText).joined(separator: ","))]")
    fields.append(CanonicalJSON.member("noise", noise.rawValue))
    fields.append(CanonicalJSON.member("on_bad_row", onBadRow.rawValue))
    switch privacyUnit {
    case .rows: fields.append(CanonicalJSON.member("privacy_unit", "rows"))
    case .column(let name): fields.append("\"privacy_unit\":{\(CanonicalJSON.member("column", name))}")
    }
    if let selection {
      fields.append(
        "\"selection\":{\(CanonicalJSON.member("kind", selection.kind.rawValue)),"
          + "\"minimum_units\":\(selection.minimumUnits),\(CanonicalJSON.member("weight", selection.weight))}")
    }
    if split != .weighted { fields.append(CanonicalJSON.member("split", split.rawValue)) }
    if let top { fields.append("\"top\":{\"count\":\(top.count),\(CanonicalJSON.member("metric", top.name))}") }
    return "{" + fields.joined(separator: ",") + "}"
  }
}

extension DerivedColumn {
  fileprivate var canonicalText: String {
    let name = CanonicalJSON.member("name", name)
    switch source {
    case .formula(_, let text): return "{\(CanonicalJSON.member("formula", text)),\(name)}"
    case .lookup(let column, let table):
      let pairs = table.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
        CanonicalJSON.member(String(decoding: $0.key, as: UTF8.self), String(decoding: $0.value, as: UTF8.self))
      }
      let members = pairs.joined(separator: ",")
      return "{\(CanonicalJSON.member("column", column)),\(name),\"table\":{\(members)}}"
    case .date(let column, let part, let range):
      let ends = [range.lowerBound.description, range.upperBound.description]
      return "{\(CanonicalJSON.member("column", column)),\(CanonicalJSON.member("date", part.rawValue)),"
        + "\(name),\(CanonicalJSON.member("range", ends))}"
    }
  }
}

extension RowFilter {
  fileprivate var canonicalText: String {
    var fields: [String] = []
    switch test {
    case .isOneOf(let keys): fields.append(CanonicalJSON.member("in", keys))
    case .isNoneOf(let keys): fields.append(CanonicalJSON.member("not_in", keys))
    case .isPresent: fields.append("\"present\":true")
    case .isWithin(let low, let high):
      if let low { fields.append(CanonicalJSON.member("at_least", low)) }
      if let high { fields.append(CanonicalJSON.member("at_most", high)) }
    case .isDated(let first, let last):
      if let first { fields.append(CanonicalJSON.member("from", first.description)) }
      if let last { fields.append(CanonicalJSON.member("until", last.description)) }
    }
    return "{\(CanonicalJSON.member("column", column)),\(fields.joined(separator: ","))}"
  }
}

extension Metric {
  fileprivate var canonicalText: String {
    var fields: [String] = []
    if !at.isEmpty { fields.append(CanonicalJSON.member("at", at.map(\.description))) }
    if let column { fields.append(CanonicalJSON.member("column", column)) }
    if !vector.isEmpty { fields.append(CanonicalJSON.member("columns", vector)) }
    if !edges.isEmpty { fields.append(CanonicalJSON.member("edges", edges.map(\.description))) }
    if !keys.isEmpty { fields.append(CanonicalJSON.member("keys", keys)) }
    fields.append(CanonicalJSON.member("kind", kind.rawValue))
    fields.append(CanonicalJSON.member("name", name))
    if postProcessing.isNonNegative { fields.append("\"non_negative\":true") }
    if let grid {
      fields.append(CanonicalJSON.member("range", [grid.low.description, grid.high.description]))
      if kind.takesStep { fields.append(CanonicalJSON.member("step", grid.step)) }
    }
    if let multiple = postProcessing.multiple { fields.append(CanonicalJSON.member("round", multiple)) }
    if let tolerance { fields.append(CanonicalJSON.member("tolerance", tolerance)) }
    fields.append(CanonicalJSON.member("weight", weight))
    if let other, let otherGrid {
      fields.append(CanonicalJSON.member("with", other))
      fields.append(CanonicalJSON.member("with_range", [otherGrid.low.description, otherGrid.high.description]))
    }
    return "{" + fields.joined(separator: ",") + "}"
  }
}

/// The few forms of JSON that a canonical query needs.
package enum CanonicalJSON {
  static func member(_ name: String, _ value: String) -> String { "\(quoted(name)):\(quoted(value))" }
  static func member(_ name: String, _ value: Rational) -> String { member(name, value.description) }
  static func member(_ name: String, _ values: [String]) -> String {
    "\"\(name)\":[\(values.map(quoted).joined(separator: ","))]"
  }

  /// RFC 8259, section 7: quotes, backslashes and control characters are escaped, nothing else.
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
