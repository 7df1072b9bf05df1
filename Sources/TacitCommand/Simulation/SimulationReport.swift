import FederatedLearning
import PrivacyAccounting
import Reporting
import SecureAggregation
import TacitVerbs

/// The HTML pages of `tacit simulate --report` and `tacit tradeoff --report`.
enum SimulationReport {
  /// Where a report goes in its folder; refused early when it exists.
  static func path(_ folder: String, force: Bool) throws -> String {
    try Output.makeFolder(folder)
    let path = "\(folder)/report.html"
    try Output.refuseExisting(path, force: force)
    return path
  }

  /// One training: what is claimed, its course, and what it cost.
  static func training(_ result: SimulationResult, _ plan: SimulationPlan, config: String) -> Report {
    var report = Report(
      title: "Federated training",
      summary: "\(NumberText.grouped(plan.clientCount)) simulated clients, \(result.rounds.count) rounds.")
    if let accuracy = result.finalAccuracy {
      report.keyFigures([Report.Claim("accuracy", percent(accuracy))])
    }
    if let gain = result.personalization, let before = gain.before, let after = gain.after {
      report.paragraph(
        "Trained further by each client for itself: accuracy \(percent(before)) before and \(percent(after)) after, mean of \(NumberText.grouped(gain.clients)) clients on examples that each held back."
      )
    }
    var claims = [Report.Claim("weights, SHA-256", result.weightsSHA256)]
    if let privacy = plan.privacy, let epsilon = result.epsilon {
      claims.append(
        Report.Claim(
          result.noiseIsSimulated ? "ε if deployed with secret noise" : "ε",
          "at most \(NumberText.significant(epsilon.upper, digits: 5)) at δ = \(privacy.delta)"))
      claims.append(Report.Claim("unit of privacy", privacy.unit.rawValue))
      claims.append(Report.Claim("adjacency", privacy.adjacency.rawValue))
      claims.append(Report.Claim("accountant", result.accountant ?? ""))
      claims.append(Report.Claim("event", result.event?.description ?? ""))
    }
    report.claims("Claim", claims)
    report.section("Course")
    var plot = Plot(
      title: "Training", description: "Training loss and test accuracy by round", x: Plot.Axis("round"),
      y: Plot.Axis("accuracy, loss"))
    plot.add(
      .line(
        "accuracy", result.rounds.compactMap { round in round.accuracy.map { Plot.Point(Double(round.round), $0) } }))
    plot.add(
      .line("loss", result.rounds.compactMap { round in round.loss.map { Plot.Point(Double(round.round), $0) } }))
    report.plot(plot)
    var table = Table(columns: [
      .number("round"), .number("loss"), .number("accuracy"), .number("reported"), .number("clipped"),
      .number("ε so far"),
      .number("seconds"),
    ])
    for round in result.rounds {
      table.add([
        "\(round.round)", round.loss.map { NumberText.fixed($0, decimals: 4) } ?? "",
        round.accuracy.map(percent) ?? "", "\(round.contributors) of \(round.cohort)", "\(round.clipped)",
        result.noiseIsSimulated ? "" : round.epsilon.map { NumberText.fixed($0.upper, decimals: 3) } ?? "",
        NumberText.fixed(round.seconds, decimals: 3),
      ])
    }
    report.table(table)
    report.section("Cost")
    var cost = Table(columns: [.text("figure"), .number("value")])
    cost.add(["whole run", NumberText.duration(result.seconds)])
    cost.add(["model parameters", NumberText.grouped(plan.model.parameterCount)])
    cost.add(["bytes that clients sent", NumberText.bytes(result.rounds.reduce(0) { $0 + $1.wireBytes })])
    cost.add(["the same updates as plain float32", NumberText.bytes(plan.float32Bytes(of: result))])
    if let wraps = plan.wrapProbability {
      cost.add(["bound of a round's probability to wrap", NumberText.significant(wraps, digits: 2)])
    }
    for phase in result.phases {
      cost.add([
        phase.name,
        "\(NumberText.duration(phase.seconds)), up \(NumberText.bytes(phase.uploadBytes)), down \(NumberText.bytes(phase.downloadBytes))",
      ])
    }
    report.table(cost)
    report.commands(["tacit simulate \(config)"], caption: "The same again.")
    return report
  }

  /// Accuracy against ε, with two standard errors of the mean as bars, and what is reached without privacy.
  static func tradeoff(_ series: [TradeoffDocument.Series], delta: Double, command: String) -> Report {
    let ticks = series.first?.points.map(\.epsilon) ?? []
    var report = Report(
      title: "Privacy against accuracy",
      summary: "The same training at \(ticks.count) values of ε, δ = \(NumberText.significant(delta)).")
    var plot = Plot(
      title: "Accuracy against ε", description: "Mean test accuracy for each ε with error bars",
      x: Plot.Axis("ε (smaller is more private)", scale: .logarithmic, ticks: ticks), y: Plot.Axis("accuracy"))
    var table = Table(columns: [
      .text("setting"), .text("ε"), .number("mean accuracy"), .number("standard error"), .number("runs"),
      .text("half of ε takes"),
    ])
    func add(
      _ setting: String, _ epsilon: String, _ measured: TradeoffDocument.Measurement, _ halving: TradeoffHalving? = nil
    ) {
      table.add([
        setting, epsilon, percent(measured.mean),
        measured.standardError.map { NumberText.fixed(100 * $0, decimals: 2) + " %" } ?? "",
        "\(measured.accuracies.count)",
        halving.map {
          "\(NumberText.significant($0.clients, digits: 3)) × the clients, or training ends after round \($0.rounds)"
        } ?? "",
      ])
    }
    var claims: [Report.Claim] = []
    for one in series {
      let suffix = one.setting.isEmpty ? "" : ", \(one.setting)"
      plot.add(
        .line(
          "with privacy\(suffix)",
          one.points.map { point in
            let reach = 2 * (point.measured.standardError ?? 0)
            let mean = point.measured.mean
            return Plot.Point(point.epsilon, mean, interval: (mean - reach)...(mean + reach))
          }, intervals: .bars))
      plot.add(.line("without\(suffix)", ticks.map { Plot.Point($0, one.baseline.mean) }))
      add(one.setting, "without privacy", one.baseline)
      for point in one.points {
        add(one.setting, NumberText.significant(point.epsilon), point.measured, point.halving)
      }
      if let enough = one.sufficient {
        claims.append(
          Report.Claim(
            "smallest ε within one standard error of no privacy\(suffix)", NumberText.significant(enough)))
      }
    }
    if series.count > 1 {
      let frontier = series.flatMap(\.points).filter(\.isOnFrontier).sorted { $0.epsilon < $1.epsilon }
      plot.add(.line("the frontier", frontier.map { Plot.Point($0.epsilon, $0.measured.mean) }, markers: false))
    }
    if !claims.isEmpty { report.claims("Enough", claims) }
    report.plot(plot)
    report.table(table)
    report.commands([command], caption: "The same again.")
    return report
  }

  private static func percent(_ share: Double) -> String { NumberText.fixed(100 * share, decimals: 2) + " %" }
}
