import ArgumentParser
import ExactMath
import PrivacyAccounting

/// `tacit calibrate`: the parameter that meets a target.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Find the parameter written as ? so that the event certainly meets a privacy target.",
    discussion: """
      For example: tacit calibrate 'poisson(rate=0.01, gaussian(sigma=?)) * 10000' --epsilon 1 --delta 1e-6
      The certified epsilon of the answer is never above the target.
      """)

  @Argument(help: "The event, with one parameter written as ?.")
  var event: String

  @Option(help: "The target epsilon, above 0.")
  var epsilon: String

  @Option(help: "The target delta.")
  var delta: String

  @OptionGroup var options: AccountingOptions

  func run() throws {
    try Refusal.oneLine {
      let question = try options.question()
      let target = try Epsilon(epsilon)
      guard target.value.signum > 0 else { throw CommandFailure("epsilon: must be above 0 to calibrate", code: .usage) }
      let clock = ContinuousClock()
      let start = clock.now
      let delta = try Delta(delta)
      let found = try Calibration.solve(
        EventTemplate(parsing: event), epsilon: target, delta: delta, adjacency: question.adjacency,
        accountant: question.accountant)
      let seconds = start.duration(to: clock.now) / .seconds(1)
      let explained = options.explainBounds ? question.explained(found.event, delta: delta) : nil
      try options.print(
        CalibrationAnswer(
          accountant: found.accountant, adjacency: question.adjacency.rawValue, bounds: explained,
          delta: delta.value.doubleValue, epsilon: BoundsJSON(found.epsilon), event: found.event.description,
          exact: found.value.decimalDescription, parameter: found.parameter, seconds: seconds,
          value: found.value.doubleValue),
        "\(found.parameter) = \(found.value.decimalDescription), epsilon \(found.epsilon) at delta \(delta) "
          + "(\(found.accountant), \(question.adjacency))", explained)
    }
  }
}

private struct CalibrationAnswer: Encodable {
  let accountant: String
  let adjacency: String
  let bounds: [ExplainedBound]?
  let delta: Double
  let epsilon: BoundsJSON
  let event: String
  let exact: String
  let parameter: String
  let seconds: Double
  let value: Double
}
