import ExactMath
import PrivacyAccounting
import PrivateStatistics
import TableFormats
import Testing

@Suite struct `Gaussian noise` {
  private func question(
    _ noise: NoiseChoice, groupsPerUnit: Int, adjacency: Adjacency = .addOrRemove
  ) throws -> Query {
    try Query(
      privacyUnit: .column("u"), adjacency: adjacency, epsilon: Epsilon(1), delta: Delta("0.000001"),
      bounds: ContributionBounds(groupsPerUnit: groupsPerUnit, rowsPerGroup: 2),
      groupBy: [GroupColumn(column: "g", keys: (0..<400).map { "k\($0)" })],
      metrics: [
        Metric(name: "n", kind: .count), Metric(name: "s", kind: .sum, column: "x", range: 0...10),
        Metric(name: "q", kind: .median, column: "x", range: 0...10),
      ], noise: noise)
  }

  private func law(_ query: Query) throws -> String {
    try #require(Explanation(query)).metrics[0].parts[0].law
  }

  @Test func `the automatic choice is Laplace for few groups and Gaussian for many`() throws {
    #expect(try law(question(.automatic, groupsPerUnit: 1)) == "discrete-laplace")
    #expect(try law(question(.automatic, groupsPerUnit: 200)) == "discrete-gaussian")
    #expect(try law(question(.laplace, groupsPerUnit: 200)) == "discrete-laplace")
  }

  @Test func `a zCDP budget is charged what certifies the query and an approximate one its epsilon and delta`() throws {
    for adjacency in Adjacency.allCases {
      let question = try question(.gaussian, groupsPerUnit: 100, adjacency: adjacency)
      let explanation = try #require(Explanation(question))
      let limit = try BudgetLimit.zcdp(certifying: Epsilon(1), delta: Delta("0.000001"))
      let cost = try limit.cost(of: explanation.event, adjacency: adjacency)
      #expect(try cost.fits(in: limit.amount) && cost.loss > limit.amount.loss * rational("0.999"))
      let certificate = try #require(explanation.certificate)
      let pair = try BudgetLimit.approximate(Epsilon(1), Delta("0.000001")).cost(of: certificate, adjacency: adjacency)
      #expect(try pair.loss == 1 && pair.delta == rational("0.000001"))
    }
  }

  @Test func `answers are unbiased and intervals cover at least as often as they say`() throws {
    let question = try question(.gaussian, groupsPerUnit: 100)
    var table = "u,g,x\n"
    for unit in 0..<300 { for group in 0..<100 { table += "\(unit),k\((unit + group) % 400),\(group % 12)\n" } }
    let truth = try accumulator(question, [table]).insecureTrueTable()
    var covered = [0, 0, 0]
    var errors = [0.0, 0.0]
    for _ in 0..<5 {
      let noisy = try accumulator(question, [table]).release(charging: RecordingBudget(), label: "t")
      for (row, exact) in zip(noisy.rows, truth.rows) {
        for index in 0..<3 {
          let value = row.values[index]
          if value.lowValue <= exact.values[index].value && exact.values[index].value <= value.highValue {
            covered[index] += 1
          }
          if index < 2 { errors[index] += value.value - exact.values[index].value }
        }
      }
    }
    // 2,000 trials at 95 %: fewer than 1,800 hits has probability below 1e-20.
    for hits in covered { #expect(hits >= 1_800) }
    let explanation = try #require(Explanation(question))
    for index in 0..<2 {
      // The mean of 2,000 Gaussian errors beyond 7 of its standard deviations: below 3e-12.
      let deviation = try #require(explanation.metrics[index].expectedError)
      #expect(abs(errors[index] / 2_000) < 7 * deviation / 2_000.0.squareRoot())
    }
  }

  @Test func `Gaussian noise without delta is refused`() throws {
    #expect(throws: StatisticsError.self) {
      try Query(
        privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta(0), metrics: [Metric(name: "n", kind: .count)],
        noise: .gaussian)
    }
  }
}
