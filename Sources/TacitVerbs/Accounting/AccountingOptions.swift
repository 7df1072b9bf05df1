import ArgumentParser
import ExactMath
import PrivacyAccounting

/// What `account` and `calibrate` share: which theorem, which adjacency, which form of answer.
struct AccountingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Which theorem to use: \(AccountantCatalog.names.joined(separator: ", ")); auto gives the tightest valid bound.",
      valueName: "name"))
  var accountant = "auto"

  @Option(help: "add-remove or replace-one.")
  var adjacency = Adjacency.addOrRemove.rawValue

  @Flag(help: "Also say what every accountant's bound costs, or why it has none.")
  var explainBounds = false

  @Flag(help: "Print one JSON document.")
  var json = false

  func question() throws -> AccountingQuestion {
    guard let accountant = AccountantCatalog.named(accountant) else {
      throw CommandFailure(
        "--accountant: must be one of \(AccountantCatalog.names.joined(separator: ", "))", code: .usage)
    }
    guard let adjacency = Adjacency(rawValue: adjacency) else {
      throw CommandFailure("--adjacency: must be add-remove or replace-one", code: .usage)
    }
    return AccountingQuestion(accountant: accountant, adjacency: adjacency)
  }

  /// Prints a document, or a line for people with the explanation under it.
  func print(_ answer: some Encodable, _ line: String, _ bounds: [ExplainedBound]?) throws {
    guard !json else { return try emitJSON(answer) }
    StandardOutput.write(line + "\n" + (bounds ?? []).map { "  \($0.line)\n" }.joined())
  }
}

/// An accountant and an adjacency to ask it under.
struct AccountingQuestion {
  let accountant: any Accountant
  let adjacency: Adjacency

  func epsilon(of event: PrivacyEvent, delta: Delta) throws -> (bounds: Bounds, accountant: String) {
    if let automatic = accountant as? AutomaticAccountant {
      return try automatic.bestEpsilon(of: event, delta: delta, adjacency: adjacency)
    }
    return (try accountant.epsilon(of: event, delta: delta, adjacency: adjacency), accountant.name)
  }

  func delta(of event: PrivacyEvent, epsilon: Epsilon) throws -> (bounds: Bounds, accountant: String) {
    if let automatic = accountant as? AutomaticAccountant {
      return try automatic.bestDelta(of: event, epsilon: epsilon, adjacency: adjacency)
    }
    return (try accountant.delta(of: event, epsilon: epsilon, adjacency: adjacency), accountant.name)
  }

  /// What every accountant says about ε.
  func explained(_ event: PrivacyEvent, delta: Delta) -> [ExplainedBound] {
    explained { accountant in try accountant.epsilon(of: event, delta: delta, adjacency: adjacency) }
  }

  /// What every accountant says about δ.
  func explained(_ event: PrivacyEvent, epsilon: Epsilon) -> [ExplainedBound] {
    explained { accountant in try accountant.delta(of: event, epsilon: epsilon, adjacency: adjacency) }
  }

  private func explained(_ ask: (any Accountant) throws -> Bounds) -> [ExplainedBound] {
    let clock = ContinuousClock()
    return AccountantCatalog.names.dropFirst().compactMap { AccountantCatalog.named($0) }.map { accountant in
      let start = clock.now
      do {
        let bounds = try ask(accountant)
        let seconds = start.duration(to: clock.now) / .seconds(1)
        return ExplainedBound(accountant: accountant.name, bounds: BoundsJSON(bounds), reason: nil, seconds: seconds)
      } catch {
        return ExplainedBound(accountant: accountant.name, bounds: nil, reason: "\(error)", seconds: nil)
      }
    }
  }
}

/// One accountant's answer, or why it has none.
struct ExplainedBound: Encodable {
  let accountant: String
  let bounds: BoundsJSON?
  let reason: String?
  let seconds: Double?

  var line: String {
    guard let bounds else { return "\(accountant): \(reason ?? "no bound")" }
    return "\(accountant): [\(bounds.lower.map { "\($0.value)" } ?? "-"), \(bounds.upper.value)]"
  }
}

/// Turns the library's refusals into one line each: 64 for values that cannot be, 1 for questions without an answer.
enum Refusal {
  static func oneLine(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as ParameterError {
      throw CommandFailure(error.description, code: .usage)
    } catch let error as AccountingError {
      throw CommandFailure(error.description)
    } catch let error as BudgetRefusal {
      throw CommandFailure(error.description)
    }
  }
}

/// `{"lower":…,"upper":…}` with `null` for an unknown lower bound.
struct BoundsJSON: Encodable {
  let lower: JSONNumber?
  let upper: JSONNumber

  init(_ bounds: Bounds) {
    lower = bounds.lower.map { JSONNumber($0) }
    upper = JSONNumber(bounds.upper)
  }

  private enum CodingKeys: String, CodingKey {
    case lower, upper
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if let lower { try container.encode(lower, forKey: .lower) } else { try container.encodeNil(forKey: .lower) }
    try container.encode(upper, forKey: .upper)
  }
}
