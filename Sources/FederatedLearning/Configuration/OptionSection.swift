/// A section of the configuration whose allowed options may depend on its kind.
protocol OptionSection: Codable, Sendable, Hashable {
  /// The name of the key that selects the kind.
  static var selector: String { get }
  /// Options allowed for every kind.
  static var common: [String] { get }
  /// The kinds and the options that belong to each; empty for a section without kinds.
  static var kinds: [(kind: String, options: [String])] { get }
  /// The kind chosen.
  var selected: String { get }
  /// Options that another option's value allows whatever the kind.
  var drawnIn: [String] { get }
}

extension OptionSection {
  static var selector: String { "kind" }
  static var common: [String] { [] }
  var drawnIn: [String] { [] }

  /// Refuses unknown kinds, unknown keys, and options that belong to another kind.
  func check(_ outline: KeyOutline, path: String) throws(FederatedError) {
    guard !Self.kinds.isEmpty else {
      try outline.refuseUnknown(Self.common, path: path)
      return
    }
    let names = Self.kinds.map(\.kind)
    guard let own = Self.kinds.first(where: { $0.kind == selected }) else {
      throw FederatedError(
        .configuration, "\(path).\(Self.selector)",
        "has no kind \"\(selected.prefix(40))\"\(Spelling.hint(selected, among: names))")
    }
    let allowed = [Self.selector] + Self.common + own.options + drawnIn
    for key in outline.keys where !allowed.contains(key) {
      if Self.kinds.contains(where: { $0.options.contains(key) }) {
        throw FederatedError(.configuration, "\(path).\(key)", "does not belong to \(Self.selector) \(selected)")
      }
      throw FederatedError(
        .configuration, "\(path).\(key)", "is not a known key\(Spelling.hint(key, among: allowed))")
    }
  }
}
