import Reporting

/// The demo's results as tables for the terminal; the report has the same numbers.
enum DemoText {
  static func table(_ query: StatisticsOutcome.Query) -> Table {
    var table = Table(
      caption: query.title,
      columns: [
        .text("group"), .number("true"), .number("released"), .number("95 % interval"), .number("expected error (σ)"),
      ])
    for answer in query.answers {
      table.add([
        answer.group, figure(answer.truth), figure(answer.released),
        "\(figure(answer.interval.lowerBound)) … \(figure(answer.interval.upperBound))",
        NumberText.significant(answer.expectedError, digits: 3),
      ])
    }
    return table
  }

  static func table(_ stage: FederationOutcome) -> Table {
    var table = Table(columns: [.number("round"), .number("loss"), .number("accuracy"), .number("ε so far")])
    for round in stage.rounds {
      table.add([
        "\(round.number)", NumberText.fixed(round.loss, decimals: 3),
        round.accuracy.map { NumberText.fixed($0, decimals: 3) } ?? "",
        round.epsilon.map { NumberText.fixed($0, decimals: 2) } ?? "",
      ])
    }
    return table
  }

  static func table(_ stage: TradeoffOutcome) -> Table {
    var table = Table(columns: [.text("ε"), .number("accuracy"), .number("± standard error"), .number("runs")])
    for point in stage.points {
      table.add([
        point.epsilon.map { NumberText.significant($0) } ?? "∞", NumberText.fixed(point.mean, decimals: 3),
        NumberText.fixed(point.standardError, decimals: 4), "\(point.accuracies.count)",
      ])
    }
    return table
  }

  static func figure(_ value: Double) -> String {
    NumberText.fixed(value, decimals: value == value.rounded() ? 0 : 2)
  }
}
