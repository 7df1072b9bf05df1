import ExactMath
import Foundation
import PrivacyAccounting
import PrivateStatistics
import Testing

@Suite struct `Running totals` {
  private func question(
    steps: Int, groups: Int = 1, rows: Int = 1, adjacency: Adjacency = .addOrRemove, noise: NoiseChoice = .laplace,
    epsilon: String = "2", places: [String] = ["n"], others: [String] = ["x"]
  ) throws -> Query {
    try Query(
      privacyUnit: .column("u"), adjacency: adjacency, epsilon: Epsilon(epsilon), delta: Delta("0.000001"),
      bounds: ContributionBounds(groupsPerUnit: groups, rowsPerGroup: rows),
      groupBy: [
        GroupColumn(column: "place", keys: places), GroupColumn(column: "day", keys: (1...steps).map { "\($0)" }),
        GroupColumn(column: "other", keys: others),
      ],
      metrics: [Metric(name: "n", kind: .count), Metric(name: "s", kind: .sum, column: "v", range: -2...3, step: 1)],
      noise: noise, continual: "day")
  }

  @Test(arguments: [1, 2, 5, 8, 13])
  func `without noise they are the running sums of every combination of the other keys`(_ steps: Int) throws {
    let question = try question(steps: steps, places: ["n", "m"], others: ["x", "y", "z"])
    // Every row is another unit; the last step is out of the table.
    let rows = (0..<300).map { _ in
      (
        place: ["n", "m"][Int.random(in: 0..<2)], day: Int.random(in: 1...(steps + 1)),
        other: ["x", "y", "z"][Int.random(in: 0..<3)], value: Int.random(in: -4...4)
      )
    }
    let text = rows.enumerated().map { "\($0),\($1.place),\($1.day),\($1.other),\($1.value)\n" }.joined()
    let table = try accumulator(question, ["u,place,day,other,v\n" + text]).insecureTrueTable()
    #expect(table.rows.count == 6 * steps && table.names == ["n", "s"])
    for row in table.rows {
      let last = try #require(Int(row.keys[1]))
      let before = rows.filter { $0.place == row.keys[0] && $0.other == row.keys[2] && $0.day <= last }
      #expect(row.values[0].text == "\(before.count)")
      #expect(row.values[1].text == "\(before.reduce(0) { $0 + min(max($1.value, -2), 3) })")
    }
  }

  /// How far the integers under the noise move, in L1 and in L2 squared, for each metric.
  private func distances(_ a: [[Int128]], _ b: [[Int128]]) -> [(sum: Int, squares: Int)] {
    zip(a, b).map { a, b in
      zip(a, b).reduce((0, 0)) { total, pair in
        let change = Int(pair.0 - pair.1)
        return (total.0 + abs(change), total.1 + change * change)
      }
    }
  }

  /// The declared sensitivities of count and sum: Laplace scale times ε, or the squared L2 sensitivity.
  private func declared(_ question: Query) throws -> [Rational] {
    let explanation = try #require(Explanation(question))
    guard question.noise == .gaussian else { return explanation.metrics.map { $0.parts[0].scale * $0.epsilon } }
    guard case .composed(let events) = explanation.event else { return [] }
    return events.compactMap {
      if case .discreteGaussian(_, let sensitivity, _) = $0 { sensitivity.squared } else { nil }
    }
  }

  @Test(arguments: [1, 2, 3, 8], [1, 2, 3])
  func `removing or replacing any one unit moves the blocks by no more than declared`(
    _ groups: Int, _ rows: Int
  ) throws {
    // Unit 0 is in the first steps, where the blocks are most shared; the others are anywhere.
    var lines = (1...groups).flatMap { day in (0..<rows).map { _ in "0,n,\(day),x,3\n" } }
    for user in 1..<8 {
      for _ in 0..<12 {
        lines.append(
          "\(user),\(["n", "m"][Int.random(in: 0..<2)]),\(Int.random(in: 1...8)),x,\(Int.random(in: -4...4))\n")
      }
    }
    func integers(_ question: Query, _ lines: [String]) throws -> [[Int128]] {
      try accumulator(question, ["u,place,day,other,v\n" + lines.joined()]).insecureIntegers()
    }
    for adjacency in Adjacency.allCases {
      for noise in [NoiseChoice.laplace, .gaussian] {
        let question = try question(
          steps: 8, groups: groups, rows: rows, adjacency: adjacency, noise: noise, places: ["n", "m"])
        let bounds = try declared(question)
        #expect(bounds.count == 2)
        let whole = try integers(question, lines)
        for user in 0..<8 {
          var rest = lines.filter { !$0.hasPrefix("\(user),") }
          // Replacing: another unit with values of the other sign in other steps.
          if adjacency == .replaceOne { rest += (1...groups).map { "9,m,\(9 - $0),x,-2\n" } }
          for (bound, moved) in zip(bounds, try distances(whole, integers(question, rest))) {
            #expect(Rational(noise == .gaussian ? moved.squares : moved.sum) <= bound)
          }
        }
        guard adjacency == .addOrRemove else { continue }
        // The bounds are met: in L1 by a unit in step 1 only, in L2 by one in all steps but for unshared short blocks.
        let first = try distances(whole, integers(question, lines.filter { !$0.hasPrefix("0,") }))
        if noise == .laplace, groups == 1 {
          #expect(first.map { Rational($0.sum) } == bounds && bounds == [Rational(4 * rows), Rational(12 * rows)])
        } else if noise == .gaussian {
          #expect(Rational(first[0].squares) * 2 > bounds[0])
        }
      }
    }
  }

  @Test func `the whole budget is charged as a tree before anything is drawn`() throws {
    for adjacency in Adjacency.allCases {
      for groups in [1, 3] {
        let question = try question(steps: 100, groups: groups, rows: 2, adjacency: adjacency)
        let budget = RecordingBudget(adjacency)
        let table = try accumulator(question, ["u,place,day,other,v\n1,n,5,x,1\n"]).release(
          charging: budget, label: "t")
        #expect(table.rows.count == 100 && budget.events.count == 1)
        #expect(try BudgetLimit.pure(Epsilon(2)).cost(of: budget.events[0], adjacency: adjacency).loss == 2)
        #expect(Explanation(question)?.event == budget.events[0])
        let refused = RecordingBudget(adjacency, refuses: true)
        #expect(throws: StatisticsError.self) {
          try accumulator(question, ["u,place,day,other,v\n"]).release(charging: refused, label: "t")
        }
      }
    }
    // ⌊log₂ 100⌋ + 1 = 7 lengths, 2 rows: a count moves by 14 for ε = 1.
    let explanation = try #require(Explanation(question(steps: 100, rows: 2)))
    #expect(explanation.event.description.hasPrefix("tree(levels=7, discrete-laplace(scale=14, sensitivity=2))"))
    #expect(explanation.continual?.steps == 100 && explanation.continual?.levels == 7)
    #expect(explanation.continual?.mostTerms == 6 && explanation.metrics[0].parts[0].draws == 100)
    let deviation = try #require(explanation.metrics[0].expectedError)
    // √(2·14²·6), the discrete law's deviation being a little smaller.
    #expect(abs(deviation - 48.5) < 0.1)
  }

  @Test(arguments: [NoiseChoice.laplace, .gaussian])
  func `intervals cover at least as often as they say and are not wider than they need be`(
    _ noise: NoiseChoice
  ) throws {
    let places = (0..<2_000).map { "p\($0)" }
    let question = try question(steps: 7, noise: noise, places: places)
    let empty = try accumulator(question, ["u,place,day,other,v\n"]).partial()
    var hits = [[Int]](repeating: [0, 0], count: 7)
    var squares = [Double](repeating: 0, count: 7)
    for _ in 0..<5 {
      let table = try Accumulator(partial: empty, of: question, name: "p").release(
        charging: RecordingBudget(), label: "t")
      for (index, row) in table.rows.enumerated() {
        for (metric, value) in row.values.enumerated() where value.lowValue <= 0 && 0 <= value.highValue {
          hits[index % 7][metric] += 1
        }
        squares[index % 7] += row.values[0].value * row.values[0].value
      }
    }
    let explanation = try #require(Explanation(question)?.metrics[0])
    let most = try #require(explanation.expectedError)
    for step in 0..<7 {
      // Trees are independent: 10,000 trials at 95 %, fewer than 9,300 hits has probability below 1e-17.
      for count in hits[step] { #expect(count >= 9_300) }
      // The deviation is that of as many blocks as the step has ones; the mean of 10,000 squares is within 30 % (the
      // square of one Laplace noise has relative deviation 2.3, so this is 13 deviations).
      let ratio = squares[step] / 10_000 / (most * most * Double((step + 1).nonzeroBitCount) / 3)
      #expect(ratio > 0.7 && ratio < 1.3)
    }
    // Three Laplace noises reach 2.2 deviations in 5 % of the cases, with 3 for the rounding; Gaussian ones 2.72.
    #expect(try #require(explanation.halfWidth) <= 2.8 * most + 4)
  }

  @Test func `the same rows give the same partial however split and the query reads back equal`() throws {
    let question = try question(steps: 5, groups: 2)
    let rows = (0..<60).map { "\($0 % 9),n,\($0 % 5 + 1),x,1\n" }
    let header = "u,place,day,other,v\n"
    let whole = try accumulator(question, [header + rows.joined()])
    let split = try accumulator(question, rows.reversed().map { header + $0 })
    #expect(whole.partial() == split.partial())
    let text = question.canonicalText
    #expect(text.contains("\"continual\":{\"column\":\"day\"}"))
    #expect(try JSONDecoder().decode(Query.self, from: Data(text.utf8)) == question)
    #expect(try JSONDecoder().decode(Query.self, from: JSONEncoder().encode(question)) == question)
    let plain = try query(
      groupBy: [GroupColumn(column: "day", keys: ["1", "2"])], metrics: [Metric(name: "n", kind: .count)])
    #expect(try plain.continual(over: "day").continual == "day" && plain.continual == nil)
  }

  @Test func `what a tree cannot answer is refused by name`() throws {
    func refuses(_ place: String, _ group: GroupColumn, _ metric: Metric, top: TopGroups? = nil) {
      let error = #expect(throws: StatisticsError.self) {
        try Query(
          privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta("0.000001"), groupBy: [group], metrics: [metric],
          top: top, continual: "day")
      }
      #expect(error?.description.contains(place) ?? false)
    }
    let days = try GroupColumn(column: "day", keys: ["1", "2"])
    let count = try Metric(name: "n", kind: .count)
    refuses("continual.column", try GroupColumn(column: "date", keys: ["1"]), count)
    refuses("continual", GroupColumn(column: "day"), count)
    refuses("continual", days, try Metric(name: "n", kind: .units))
    refuses("continual", days, try Metric(name: "m", kind: .mean, column: "v", range: 0...1))
    refuses("top", days, count, top: try TopGroups(by: "n", count: 1))
  }
}
