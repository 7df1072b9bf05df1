/// Measurements in the OpenMetrics text format 1.0, as a monitoring system scrapes it from an endpoint or a file.
///
/// Every family is written once with its type and help, its samples together, and the text ends with `# EOF`: a reader
/// knows a text that was cut off. Names and values are checked when they are added; there is no way to put a record of
/// anybody in but through a label, and labels are short names.
public struct OpenMetrics: Sendable, Hashable {
  /// What a family's numbers mean.
  public enum Kind: String, Sendable, Hashable {
    /// A number that goes up and down.
    case gauge
    /// A number that only grows; its samples end in `_total`.
    case counter
  }

  private struct Family: Sendable, Hashable {
    let name: String
    let kind: Kind
    let help: String
    var samples: [String] = []
    var seen: Set<String> = []
  }

  private var families: [Family] = []

  /// A text without measurements.
  public init() {}

  /// Adds one sample.
  ///
  /// - Parameters:
  ///   - name: The family: a letter or underscore, then letters, digits and underscores, not ending in `_total`.
  ///   - kind: The family's type, the same for all its samples.
  ///   - help: One line about the family.
  ///   - value: The number; ±∞ is allowed for gauges, NaN is not.
  ///   - labels: Names and values that tell samples of a family apart.
  /// - Throws: ``AuditError`` for a name, label or value that the format does not allow, and for a sample given twice.
  public mutating func add(
    _ name: String, _ kind: Kind, _ help: String, _ value: Double, labels: KeyValuePairs<String, String> = [:]
  ) throws(AuditError) {
    guard OpenMetrics.isName(name), !name.hasSuffix("_total") else {
      throw AuditError(.invalidSetting, "metric: '\(name)' is no name of a family")
    }
    guard !value.isNaN, kind == .gauge || (value >= 0 && value.isFinite) else {
      throw AuditError(.invalidSetting, "metric: \(name) is no number that a \(kind.rawValue) can have")
    }
    var names: Set<String> = []
    for (key, text) in labels {
      guard OpenMetrics.isName(key), !key.hasPrefix("__"), names.insert(key).inserted, text.utf8.count <= 256 else {
        throw AuditError(.invalidSetting, "metric: \(name) has a label that is no name, is there twice or is long")
      }
    }
    var index = families.firstIndex { $0.name == name }
    if index == nil {
      families.append(Family(name: name, kind: kind, help: help))
      index = families.count - 1
    }
    guard let index, families[index].kind == kind else {
      throw AuditError(.invalidSetting, "metric: \(name) has two types")
    }
    let inside = labels.map { "\($0)=\"\(OpenMetrics.escaped($1))\"" }.joined(separator: ",")
    let head = name + (kind == .counter ? "_total" : "") + (inside.isEmpty ? "" : "{\(inside)}")
    guard families[index].seen.insert(labels.map { "\($0)\u{0}\($1)" }.sorted().joined(separator: "\u{1}")).inserted
    else { throw AuditError(.invalidSetting, "metric: \(head) is there twice") }
    families[index].samples.append("\(head) \(OpenMetrics.number(value))")
  }

  /// The whole text, families in the order they were added.
  public var text: String {
    families.map { family in
      "# TYPE \(family.name) \(family.kind.rawValue)\n"
        + "# HELP \(family.name) \(OpenMetrics.escaped(family.help))\n"
        + family.samples.map { $0 + "\n" }.joined()
    }.joined() + "# EOF\n"
  }

  /// The media type of ``text`` over HTTP.
  public static let mediaType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

  private static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return text.utf8.allSatisfy {
      (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
    }
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  private static func number(_ value: Double) -> String {
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }
}
