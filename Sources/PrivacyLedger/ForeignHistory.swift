private import Foundation
public import PrivacyAccounting

/// Histories of other programs, read as events, so that their claims can be checked.
public enum ForeignHistory: String, Sendable, CaseIterable {
  /// The state of an Opacus accountant as JSON: `{"history": [[noise_multiplier, sample_rate, steps], …]}`, or the list.
  case opacus
  /// The printed form of a `dp_event` of Google's dp_accounting: `SelfComposedDpEvent(event=…, count=1000)`.
  case dpAccounting = "dp-accounting"

  /// Reads a history.
  ///
  /// Numbers are taken as the decimals that are written. The event is for add-or-remove where it is Poisson-sampled, as
  /// in both programs.
  ///
  /// - Throws: ``LedgerError`` when the text is no such history or holds an event without a privacy guarantee.
  public func event(_ text: String) throws(LedgerError) -> PrivacyEvent {
    guard text.utf8.count <= 1 << 22 else { throw LedgerError(.invalid, "history: is longer than 4 MiB") }
    switch self {
    case .opacus: return try OpacusHistory.event(text)
    case .dpAccounting:
      var parser = EventPrintout(text)
      return try parser.whole()
    }
  }
}

private enum OpacusHistory {
  private struct State: Decodable {
    let history: [[Decimal]]
  }

  static func event(_ text: String) throws(LedgerError) -> PrivacyEvent {
    let data = Data(text.utf8)
    let decoder = JSONDecoder()
    guard
      let rows = (try? decoder.decode(State.self, from: data))?.history
        ?? (try? decoder.decode([[Decimal]].self, from: data))
    else { throw LedgerError(.invalid, "history: is not the state of an Opacus accountant") }
    var events: [PrivacyEvent] = []
    for (index, row) in rows.enumerated() {
      guard row.count == 3 else {
        throw LedgerError(.invalid, "history: entry \(index + 1) is not [noise_multiplier, sample_rate, steps]")
      }
      do {
        events.append(
          try PrivacyEvent(parsing: "poisson(rate=\(row[1]), gaussian(sigma=\(row[0]))) * \(row[2])"))
      } catch {
        throw LedgerError(.invalid, "history: entry \(index + 1): \(error)")
      }
    }
    return .composed(events)
  }
}

/// A recursive-descent reader of printed `dp_event` values.
private struct EventPrintout {
  private let text: [Character]
  private var position = 0
  private var depth = 0

  init(_ text: String) { self.text = Array(text) }

  mutating func whole() throws(LedgerError) -> PrivacyEvent {
    let event = try self.event()
    skip()
    guard position == text.count else { throw wrong("expected the end") }
    return event
  }

  private indirect enum Value {
    case number(String)
    case event(PrivacyEvent)
    case list([PrivacyEvent])
  }

  private mutating func event() throws(LedgerError) -> PrivacyEvent {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 64 else { throw wrong("nesting is too deep") }
    let name = word().split(separator: ".").last.map(String.init) ?? ""
    guard name.hasSuffix("DpEvent"), take("(") else { throw wrong("expected a DpEvent") }
    var fields: [String: Value] = [:]
    while !take(")") {
      if !fields.isEmpty {
        guard take(",") else { throw wrong("expected ',' or ')'") }
        if take(")") { break }
      }
      let field = word()
      guard !field.isEmpty, take("=") else { throw wrong("expected a field") }
      fields[field] = try value()
    }
    return try translate(name, fields)
  }

  private mutating func value() throws(LedgerError) -> Value {
    if take("[") || take("(") {
      var events: [PrivacyEvent] = []
      while !(take("]") || take(")")) {
        events.append(try event())
        _ = take(",")
      }
      return .list(events)
    }
    skip()
    guard position < text.count else { throw wrong("expected a value") }
    if text[position].isNumber || text[position] == "-" || text[position] == "." {
      let start = position
      while position < text.count, text[position].isNumber || "eE+-._".contains(text[position]) { position += 1 }
      return .number(String(text[start..<position].filter { $0 != "_" }))
    }
    return .event(try event())
  }

  private func translate(_ name: String, _ fields: [String: Value]) throws(LedgerError) -> PrivacyEvent {
    func number(_ field: String, default fallback: String? = nil) throws(LedgerError) -> String {
      if case .number(let text)? = fields[field] { return text }
      guard fields[field] == nil, let fallback else { throw wrong("\(name) needs the number '\(field)'") }
      return fallback
    }
    func inner() throws(LedgerError) -> PrivacyEvent {
      guard case .event(let event)? = fields["event"] else { throw wrong("\(name) needs an 'event'") }
      return event
    }
    let written: String
    switch name {
    case "NoOpDpEvent": return .nothing
    case "ComposedDpEvent":
      guard case .list(let events)? = fields["events"] else { throw wrong("\(name) needs 'events'") }
      return .composed(events)
    case "SelfComposedDpEvent": written = "(\(try inner())) * \(try number("count"))"
    case "PoissonSampledDpEvent":
      written = "poisson(rate=\(try number("sampling_probability")), \(try inner()))"
    case "SampledWithoutReplacementDpEvent":
      written =
        "without-replacement(sample=\(try number("sample_size")), population=\(try number("source_dataset_size")), "
        + "\(try inner()))"
    case "GaussianDpEvent": written = "gaussian(sigma=\(try number("noise_multiplier")))"
    case "LaplaceDpEvent": written = "laplace(scale=\(try number("noise_multiplier")))"
    case "ExponentialMechanismDpEvent": written = "exponential(epsilon=\(try number("epsilon")))"
    case "EpsilonDeltaDpEvent":
      written = "epsilon-delta(epsilon=\(try number("epsilon")), delta=\(try number("delta", default: "0")))"
    case "ZCDpEvent":
      guard try Double(number("xi", default: "0")) == 0 else {
        throw wrong("ZCDpEvent has a theorem here for xi = 0 only")
      }
      written = "zcdp(rho=\(try number("rho")))"
    default: throw wrong("\(name) has no privacy guarantee that is known here")
    }
    do {
      return try PrivacyEvent(parsing: written)
    } catch {
      throw wrong(error.description)
    }
  }

  private mutating func word() -> String {
    skip()
    let start = position
    while position < text.count, text[position].isLetter || text[position].isNumber || "_.".contains(text[position]) {
      position += 1
    }
    return String(text[start..<position])
  }

  private mutating func take(_ symbol: Character) -> Bool {
    skip()
    guard position < text.count, text[position] == symbol else { return false }
    position += 1
    return true
  }

  private mutating func skip() {
    while position < text.count, text[position].isWhitespace { position += 1 }
  }

  private func wrong(_ reason: String) -> LedgerError {
    LedgerError(.invalid, "history: \(reason), at character \(position + 1)")
  }
}
