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

  @OptionGroup var options: AccountingOptions

  func run() throws {
    try Refusal.oneLine {
      let question = try options.question()
      let event = try PrivacyEvent(parsing: event)
      let clock = ContinuousClock()
      let start = clock.now
      switch (delta, epsilon) {
      case (let text?, nil):
        let delta = try Delta(text)
        let (bounds, name) = try question.epsilon(of: event, delta: delta)
        let seconds = start.duration(to: clock.now) / .seconds(1)
        let explained = options.explainBounds ? question.explained(event, delta: delta) : nil
        try options.print(
          EpsilonAnswer(
            accountant: name, adjacency: question.adjacency.rawValue, bounds: explained, delta: delta.value.doubleValue,
            epsilon: BoundsJSON(bounds), event: event.description, seconds: seconds),
          "epsilon \(bounds) at delta \(delta) (\(name), \(question.adjacency))", explained)
      case (nil, let text?):
        let epsilon = try Epsilon(text)
        let (bounds, name) = try question.delta(of: event, epsilon: epsilon)
        let seconds = start.duration(to: clock.now) / .seconds(1)
        let explained = options.explainBounds ? question.explained(event, epsilon: epsilon) : nil
        try options.print(
          DeltaAnswer(
            accountant: name, adjacency: question.adjacency.rawValue, bounds: explained, delta: BoundsJSON(bounds),
            epsilon: epsilon.value.doubleValue, event: event.description, seconds: seconds),
          "delta \(bounds) at epsilon \(epsilon) (\(name), \(question.adjacency))", explained)
      default:
        throw CommandFailure("give exactly one of --delta and --epsilon", code: .usage)
      }
    }
  }
}

private struct EpsilonAnswer: Encodable {
  let accountant: String
  let adjacency: String
  let bounds: [ExplainedBound]?
  let delta: Double
  let epsilon: BoundsJSON
  let event: String
  let seconds: Double
}

private struct DeltaAnswer: Encodable {
  let accountant: String
  let adjacency: String
  let bounds: [ExplainedBound]?
  let delta: BoundsJSON
  let epsilon: Double
  let event: String
  let seconds: Double
}
