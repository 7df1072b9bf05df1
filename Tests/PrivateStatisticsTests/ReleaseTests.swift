import ExactMath
import PrivacyAccounting
import PrivateStatistics
import TableFormats
import Testing

@Suite struct `Releases` {
  private func every() throws -> [Metric] {
    try [
      Metric(name: "n", kind: .count),
      Metric(name: "s", kind: .sum, column: "x", range: 0...100),
      Metric(name: "m", kind: .mean, column: "x", range: 0...100),
      Metric(name: "v", kind: .variance, column: "x", range: 0...100),
      Metric(name: "d", kind: .deviation, column: "x", range: 0...100),
      Metric(name: "h", kind: .histogram, column: "x", edges: [0, 10, 50, 100]),
      Metric(name: "k", kind: .histogram, column: "g", keys: ["a", "b"]),
      Metric(name: "q", kind: .quantile, column: "x", range: 0...100, at: [rational("0.5")]),
    ]
  }

  @Test func `without noise every metric is the textbook statistic of the clamped column`() throws {
    let values = [3.0, 14.5, 99.25, -20, 1000, 50, 10]
    let clamped = values.map { min(max($0, 0), 100) }
    let table = "g,x\n" + values.enumerated().map { "\($0.isMultiple(of: 2) ? "a" : "c"),\($1)\n" }.joined()
    let answers = try truth(query(metrics: every()), table)
    let mean = clamped.reduce(0, +) / 7
    let variance = clamped.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 7
    #expect(answers["n"] == 7)
    #expect(answers["s"] == clamped.reduce(0, +))
    #expect(abs(try #require(answers["m"]) - mean) < 1e-9)
    // The variance's grid has steps of 1/16 here: a deviation of at most a step moves it by less than 2·100/16.
    #expect(abs(try #require(answers["v"]) - variance) < 13)
    #expect(abs(try #require(answers["d"]) - variance.squareRoot()) < 0.5)
    #expect(answers["h_0_10"] == 2 && answers["h_10_50"] == 2 && answers["h_50_100"] == 3)
    #expect(answers["k_a"] == 4 && answers["k_b"] == 0)
    #expect(abs(try #require(answers["q_0.5"]) - 14.5) < 0.1)
  }

  @Test func `the charge is the whole budget and comes before the answer`() throws {
    for adjacency in Adjacency.allCases {
      let query = try query(
        unit: .column("u"), adjacency: adjacency, epsilon: "0.7",
        bounds: ContributionBounds(groupsPerUnit: 3, rowsPerGroup: 5),
        groupBy: [GroupColumn(column: "g", keys: ["a", "b"])], metrics: every())
      let budget = RecordingBudget(adjacency)
      _ = try accumulator(query, ["u,g,x\n1,a,5\n"]).release(charging: budget, label: "test")
      #expect(budget.events.count == 1)
      let limit = BudgetLimit.pure(try Epsilon("0.7"))
      #expect(try limit.cost(of: budget.events[0], adjacency: adjacency).loss == rational("0.7"))
    }
  }

  @Test func `a refused charge and another adjacency release nothing`() throws {
    let question = try query(metrics: [Metric(name: "n", kind: .count)])
    let refused = #expect(throws: StatisticsError.self) {
      try accumulator(question, ["x\n1\n"]).release(charging: RecordingBudget(refuses: true), label: "test")
    }
    #expect(refused?.code == .refused)
    let other = RecordingBudget(.replaceOne)
    #expect(throws: StatisticsError.self) {
      try accumulator(question, ["x\n1\n"]).release(charging: other, label: "test")
    }
    #expect(other.events.isEmpty)
  }

  @Test func `empty tables and empty declared groups are answered with noise`() throws {
    let question = try query(
      epsilon: "0.01", groupBy: [GroupColumn(column: "g", keys: (0..<200).map { "k\($0)" })],
      metrics: [Metric(name: "n", kind: .count)])
    let table = try accumulator(question, ["g\n"]).release(charging: RecordingBudget(), label: "test")
    #expect(table.rows.count == 200)
    // Scale 100: a single draw is 0 with probability 1/200; 200 zeros at once have probability below 1e-400.
    #expect(table.rows.contains { $0.values[0].value != 0 })
  }

  /// Answers `metrics` in 400 groups of 60 rows, `runs` times, and compares each answer with the truth.
  private func compare(
    _ metrics: [Metric], groups: Int, runs: Int
  ) throws -> (covered: [Int], errors: [Double], trials: Int) {
    let keys = (0..<groups).map { "k\($0)" }
    var rows = "g,x\n"
    for key in keys { for index in 0..<60 { rows += "\(key),\(index % 13 - 4).5\n" } }
    let question = try query(
      epsilon: "20", groupBy: [GroupColumn(column: "g", keys: keys)], metrics: metrics)
    let truth = try accumulator(question, [rows]).insecureTrueTable()
    var covered = [Int](repeating: 0, count: metrics.count)
    var errors = [Double](repeating: 0, count: metrics.count)
    for _ in 0..<runs {
      let noisy = try accumulator(question, [rows]).release(charging: RecordingBudget(), label: "test")
      for (row, exactRow) in zip(noisy.rows, truth.rows) {
        for index in metrics.indices {
          let value = row.values[index]
          let exact = exactRow.values[index].value
          if value.lowValue <= exact && exact <= value.highValue { covered[index] += 1 }
          errors[index] += value.value - exact
        }
      }
    }
    return (covered, errors, runs * groups)
  }

  @Test func `answers are unbiased and intervals cover at least as often as they say`() throws {
    let (covered, errors, trials) = try compare(
      [
        Metric(name: "n", kind: .count), Metric(name: "s", kind: .sum, column: "x", range: -5...10),
        Metric(name: "m", kind: .mean, column: "x", range: -5...10),
        Metric(name: "v", kind: .variance, column: "x", range: -5...10),
      ], groups: 1_000, runs: 10)
    // 10,000 trials at 95 %: fewer than 9,300 hits lie 9 standard deviations out (binomial tail below 1e-17).
    for hits in covered { #expect(hits >= 9_300) }
    // ε = 5 for each metric. Discrete Laplace of scale 1/5 has deviation below 0.13, of scale 10/5 below 2.83; the
    // means of 10,000 have deviations below 0.0013 and 0.0283. Ten of them are exceeded with probability < 1e-15.
    #expect(abs(errors[0] / Double(trials)) < 0.013)
    #expect(abs(errors[1] / Double(trials)) < 0.283)
  }
}
