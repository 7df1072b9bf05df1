import Reporting

/// The page that the demo ends in.
enum DemoReport {
  /// The whole report.
  static func make(_ outcome: DemoOutcome) -> Report {
    var report = Report(
      title: "Tacit: the whole story on real data",
      summary: """
        Private census statistics, federated training under encryption, and what privacy costs in accuracy. \
        Every number below was computed in the run that wrote this page (seed \(outcome.seed)).
        """)
    summarise(outcome, in: &report)
    add(outcome.statistics, to: &report)
    add(outcome.federation, to: &report)
    add(outcome.tradeoff, to: &report)
    addReproduction(outcome, to: &report)
    return report
  }

  private static func summarise(_ outcome: DemoOutcome, in report: inout Report) {
    let free = outcome.tradeoff.points.first { $0.epsilon == nil }
    let eight = outcome.tradeoff.points.first { $0.epsilon == 8 }
    var figures = [
      Report.Claim("census rows", NumberText.grouped(outcome.statistics.rows)),
      Report.Claim("simulated clients", NumberText.grouped(outcome.federation.clients)),
    ]
    if let free { figures.append(Report.Claim("accuracy, no privacy", percent(free.mean))) }
    if let eight { figures.append(Report.Claim("accuracy, ε = 8", percent(eight.mean))) }
    figures.append(
      Report.Claim(
        "encrypted = plain", outcome.federation.encryptedHash == outcome.federation.plainHash ? "bit for bit" : "NO"))
    report.keyFigures(figures)
  }

  private static func add(_ stage: StatisticsOutcome, to report: inout Report) {
    report.section("Private statistics over a census table")
    report.paragraph(
      """
      \(NumberText.grouped(stage.rows)) people of the UCI Adult table. One row is one person; every query was charged \
      to an SQLite ledger before its noise was drawn. Noise is an exact integer draw; no floating point touches the path.
      """)
    for query in stage.queries {
      report.heading(query.title)
      report.claims("Claim", query.claims.map { Report.Claim($0.name, $0.value) })
      report.plot(plot(query), caption: "\(query.metric): released value with its 95 % interval, beside the truth.")
      report.table(table(query))
    }
    report.note(
      """
      The demo shows true answers so that you can see the error. A real release may not: the truth beside the noisy \
      answer gives the noise away, and with it all privacy.
      """)
    report.claims("Ledger", stage.ledger.map { Report.Claim($0.name, $0.value) })
    report.paragraph("Stage time: \(NumberText.duration(stage.seconds)).")
  }

  private static func plot(_ query: StatisticsOutcome.Query) -> Plot {
    var plot = Plot(
      title: query.title, description: "Released and true \(query.metric) for each group",
      x: Plot.Axis("", categories: query.answers.map(\.group)), y: Plot.Axis(query.metric))
    plot.add(.bars("true", query.answers.map(\.truth)))
    plot.add(.bars("released", query.answers.map(\.released), intervals: query.answers.map(\.interval)))
    return plot
  }

  private static func table(_ query: StatisticsOutcome.Query) -> Table {
    var table = Table(columns: [
      .text("group"), .number("true"), .number("released"), .number("95 % low"), .number("95 % high"),
      .number("error"), .number("expected error (σ)"),
    ])
    for answer in query.answers {
      table.add([
        answer.group, figure(answer.truth), figure(answer.released), figure(answer.interval.lowerBound),
        figure(answer.interval.upperBound), figure(answer.released - answer.truth), figure(answer.expectedError),
      ])
    }
    return table
  }

  private static func add(_ stage: FederationOutcome, to report: inout Report) {
    report.section("Federated averaging under Paillier encryption")
    report.paragraph(
      """
      \(stage.clients) clients hold a few handwritten digits each, sorted by label so that no client sees them all. In \
      every round each client trains locally, clips its update, adds its own share of discrete noise, packs \
      \(stage.slots) numbers into each ciphertext and encrypts. The server multiplies ciphertexts and holds no key; \
      the key holder opens one sum a round and nothing else.
      """)
    report.claims("Claim", stage.claims.map { Report.Claim($0.name, $0.value) })
    report.plot(
      Plot(
        title: "Training under encryption", description: "Test accuracy and training loss by round",
        x: Plot.Axis("round", ticks: stage.rounds.map { Double($0.number) }), y: Plot.Axis("accuracy, loss"),
        series: [
          .line(
            "accuracy", stage.rounds.compactMap { round in round.accuracy.map { Plot.Point(Double(round.number), $0) } }
          ),
          .line("loss", stage.rounds.map { Plot.Point(Double($0.number), $0.loss) }),
        ]))
    var table = Table(columns: [.number("round"), .number("loss"), .number("accuracy"), .number("ε so far")])
    for round in stage.rounds {
      table.add([
        "\(round.number)", NumberText.fixed(round.loss, decimals: 4), round.accuracy.map(percent) ?? "",
        round.epsilon.map { NumberText.fixed($0, decimals: 3) } ?? "",
      ])
    }
    report.table(table)
    report.heading("What it cost")
    report.table(
      Table(
        columns: [.text("figure"), .number("value")],
        rows: [
          ["model parameters", NumberText.grouped(stage.parameters)],
          ["Paillier modulus", "\(stage.keyBits) bits"],
          ["ciphertexts a client and round", "\(stage.ciphertextsPerClient)"],
          ["bytes a client and round", NumberText.bytes(stage.bytesPerClient)],
          ["the same as plain float32", NumberText.bytes(stage.plainBytesPerClient)],
          ["encryptions a second", NumberText.significant(stage.encryptionsPerSecond, digits: 3)],
          ["encrypted run", NumberText.duration(stage.seconds)],
          ["plain run", NumberText.duration(stage.plainSeconds)],
        ]))
    report.claims(
      "Encrypted equals plain",
      [
        Report.Claim("weights, encrypted", stage.encryptedHash), Report.Claim("weights, plain", stage.plainHash),
      ])
  }

  private static func add(_ stage: TradeoffOutcome, to report: inout Report) {
    report.section("Privacy against accuracy")
    report.paragraph(
      """
      The same training with the plain sum, which the section before shows to be the same to the last bit, at five privacy \
      levels, \(stage.points.first?.accuracies.count ?? 0) seeds each. Bars are two standard errors of the mean.
      """)
    report.plot(tradeoffPlot(stage), caption: "Accuracy on the 360 held-out digits.")
    var table = Table(columns: [
      .text("ε"), .number("noise multiplier"), .number("mean accuracy"), .number("standard error"), .number("runs"),
    ])
    for (point, noise) in zip(stage.points, stage.noiseMultipliers) {
      table.add([
        point.epsilon.map { NumberText.significant($0) } ?? "∞ (none)",
        noise.map { NumberText.fixed($0, decimals: 3) } ?? "0", percent(point.mean),
        NumberText.fixed(100 * point.standardError, decimals: 2) + " %", "\(point.accuracies.count)",
      ])
    }
    report.table(table)
    report.paragraph("Stage time: \(NumberText.duration(stage.seconds)).")
  }

  private static func tradeoffPlot(_ stage: TradeoffOutcome) -> Plot {
    let points = stage.points.compactMap { point in
      point.epsilon.map { epsilon in
        Plot.Point(
          epsilon, point.mean,
          interval: (point.mean - 2 * point.standardError)...(point.mean + 2 * point.standardError))
      }
    }
    var plot = Plot(
      title: "Accuracy against ε", description: "Mean test accuracy for each privacy level with error bars",
      x: Plot.Axis("ε (smaller is more private)", scale: .logarithmic, ticks: points.map(\.x)), y: Plot.Axis("accuracy")
    )
    plot.add(.line("with privacy", points, intervals: .bars))
    if let free = stage.points.first(where: { $0.epsilon == nil }) {
      plot.add(Plot.Rule("no privacy", at: free.mean))
    }
    return plot
  }

  private static func addReproduction(_ outcome: DemoOutcome, to report: inout Report) {
    report.section("See it again")
    report.paragraph(
      """
      Simulations draw their noise from a keyed generator (`noise_source: simulated`) and repeat bit for bit; their ε is \
      what the same run would have if deployed with secret noise. Releases draw fresh noise every time and agree within \
      the stated intervals.
      """)
    report.commands(
      outcome.statistics.queries.map {
        "tacit release \($0.file) --input \(outcome.folder)/census.csv"
      } + [
        "tacit simulate \(outcome.folder)/encrypted.yaml --json",
        "tacit simulate \(outcome.folder)/plain.yaml --json",
        "tacit ledger history \(outcome.folder)/ledger.db --json",
        "tacit ledger verify \(outcome.folder)/ledger.db",
      ])
  }

  private static func percent(_ value: Double) -> String {
    NumberText.fixed(100 * value, decimals: 1) + " %"
  }

  private static func figure(_ value: Double) -> String { DemoText.figure(value) }
}
