import ArgumentParser
import ExactMath
import PrivacyAccounting

/// `tacit account`: what an event costs.
struct AccountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "account",
    abstract: "Say which epsilon (or delta) an event costs, as certified bounds.",
    discussion: """
      EVENT is an expression such as 'poisson(rate=0.01, gaussian(sigma=1.1)) * 1000 + laplace(scale=20)'.
      Give --delta to get epsilon, or --epsilon to get delta. Numbers are exact decimals or fractions.
      """)

  @Argument(help: "The event.")
  var event: String

  @Option(help: "The delta at which epsilon is wanted.")
  var delta: String?

  @Option(help: "The epsilon at which delta is wanted.")
  var epsilon: String?

  @Option(help: "auto, pure, zcdp, rdp, gdp, …: which theorem to use; auto gives the tightest valid bound.")
  var accountant = "auto"

  @Option(help: "add-remove or replace-one.")
  var adjacency = Adjacency.addOrRemove.rawValue

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    try Refusal.oneLine {
      let question = try AccountingQuestion(accountant: accountant, adjacency: adjacency)
      let event = try PrivacyEvent(parsing: event)
      let clock = ContinuousClock()
      let start = clock.now
      switch (delta, epsilon) {
      case (let text?, nil):
        let delta = try Delta(text)
        let (bounds, name) = try question.epsilon(of: event, delta: delta)
        let seconds = start.duration(to: clock.now) / .seconds(1)
        try print(
          EpsilonAnswer(
            accountant: name, adjacency: question.adjacency.rawValue, delta: delta.value.doubleValue,
            epsilon: BoundsJSON(bounds), event: event.description, seconds: seconds),
          "epsilon \(bounds) at delta \(delta) (\(name), \(question.adjacency))")
      case (nil, let text?):
        let epsilon = try Epsilon(text)
        let (bounds, name) = try question.delta(of: event, epsilon: epsilon)
        let seconds = start.duration(to: clock.now) / .seconds(1)
        try print(
          DeltaAnswer(
            accountant: name, adjacency: question.adjacency.rawValue, delta: BoundsJSON(bounds),
            epsilon: epsilon.value.doubleValue, event: event.description, seconds: seconds),
          "delta \(bounds) at epsilon \(epsilon) (\(name), \(question.adjacency))")
      default:
        throw CommandFailure("give exactly one of --delta and --epsilon", code: .usage)
      }
    }
  }

  private func print(_ answer: some Encodable, _ line: String) throws {
    if json { try emitJSON(answer) } else { StandardOutput.write(line + "\n") }
  }
}

/// The accountant and the adjacency of a command line, checked.
struct AccountingQuestion {
  let accountant: any Accountant
  let adjacency: Adjacency

  init(accountant name: String, adjacency text: String) throws {
    guard let accountant = AccountantCatalog.named(name) else {
      throw CommandFailure(
        "--accountant: must be one of \(AccountantCatalog.names.joined(separator: ", "))", code: .usage)
    }
    guard let adjacency = Adjacency(rawValue: text) else {
      throw CommandFailure("--adjacency: must be add-remove or replace-one", code: .usage)
    }
    self.accountant = accountant
    self.adjacency = adjacency
  }

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
}

/// Turns the library's refusals into one line each.
enum Refusal {
  static func oneLine(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as ParameterError {
      throw CommandFailure(error.description)
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

private struct EpsilonAnswer: Encodable {
  let accountant: String
  let adjacency: String
  let delta: Double
  let epsilon: BoundsJSON
  let event: String
  let seconds: Double
}

private struct DeltaAnswer: Encodable {
  let accountant: String
  let adjacency: String
  let delta: BoundsJSON
  let epsilon: Double
  let event: String
  let seconds: Double
}
