public import ExactMath

/// An event with one parameter left open, written `?`: `poisson(rate=0.01, gaussian(sigma=?)) * 10000`.
public struct EventTemplate: Sendable, Hashable {
  /// The name of the open parameter; `count` after `*`.
  public let parameter: String
  /// Whether the parameter counts things.
  public let isWhole: Bool
  /// Whether a larger value means less privacy loss.
  public let largerIsSafer: Bool
  private let before: String
  private let after: String

  /// Reads a template.
  ///
  /// - Throws: ``ParameterError`` unless there is exactly one `?`, in the place of a parameter that can be searched.
  public init(parsing text: String) throws(ParameterError) {
    let parts = text.split(separator: "?", omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw ParameterError(.malformedEvent, "event", "needs exactly one parameter written as ?")
    }
    before = String(parts[0])
    after = String(parts[1])
    parameter = EventTemplate.name(before: parts[0])
    switch parameter {
    case "sigma", "variance", "scale", "p": (isWhole, largerIsSafer) = (false, true)
    case "rate", "sensitivity", "squared-sensitivity", "epsilon", "rho": (isWhole, largerIsSafer) = (false, false)
    case "clients", "n", "population": (isWhole, largerIsSafer) = (true, true)
    case "count", "k", "levels", "sample", "dimension": (isWhole, largerIsSafer) = (true, false)
    default:
      throw ParameterError(.malformedEvent, "event", "the ? must stand for a parameter that can be searched")
    }
  }

  /// The event with a value for the open parameter.
  ///
  /// - Throws: ``ParameterError`` when the value is out of the parameter's range or the rest is no event.
  public func event(_ value: Rational) throws(ParameterError) -> PrivacyEvent {
    try PrivacyEvent(parsing: before + value.description + after)
  }

  private static func name(before text: Substring) -> String {
    var rest = text.trimmed
    if rest.last == "*" { return "count" }
    if rest.last == "(" {
      rest = rest.dropLast().trimmed
      return rest.hasSuffix("group") ? "k" : ""
    }
    guard rest.last == "=" else { return "" }
    rest = rest.dropLast().trimmed
    return String(String(rest.reversed().prefix { $0.isLetter || $0 == "-" }).reversed())
  }
}

extension Substring {
  /// Without spaces at the end.
  fileprivate var trimmed: Substring {
    var text = self
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }
}
