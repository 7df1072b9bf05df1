import ExactMath
import Foundation
import PrivacyAccounting
import PrivateStatistics
import TableFormats
import Testing

@Suite struct `Extremes bounds vectors and post-processing` {
  private func every(_ unit: PrivacyUnit = .rows, epsilon: String = "1", keys: [String] = ["a", "b"]) throws -> Query {
    try Query(
      privacyUnit: unit, epsilon: Epsilon(epsilon), delta: Delta(0),
      bounds: unit == .rows ? nil : ContributionBounds(groupsPerUnit: 2, rowsPerGroup: 2),
      groupBy: [GroupColumn(column: "g", keys: keys)],
      metrics: [
        Metric(name: "v", kind: .vectorSum, range: -2...5, step: 1, columns: ["x", "y"]),
        Metric(name: "lo", kind: .minimum, column: "x", range: -10...10),
        Metric(name: "hi", kind: .maximum, column: "x", range: -10...10),
        Metric(name: "b", kind: .bounds, column: "y"),
        Metric(name: "c", kind: .count, postProcessing: PostProcessing(nonNegative: true, roundedTo: 5)),
      ])
  }

  @Test func `without noise they are the textbook statistics`() throws {
    let rows = (0..<200).map { _ in (Int.random(in: -9...9), Int.random(in: 1...300)) }
    let text = "g,x,y\n" + rows.map { "a,\($0.0),\($0.1)\n" }.joined()
    let answers = try accumulator(every(), [text]).insecureTrueTable()
    func value(_ name: String) throws -> Double {
      answers.rows[0].values[try #require(answers.names.firstIndex(of: name))].value
    }
    #expect(try value("v_x") == Double(rows.reduce(0) { $0 + min(max($1.0, -2), 5) }))
    #expect(try value("v_y") == Double(rows.reduce(0) { $0 + min(max($1.1, -2), 5) }))
    let leaf = 20.0 / 4_096
    #expect(abs(try value("lo") - Double(rows.map(\.0).min() ?? 0)) <= 2 * leaf)
    #expect(abs(try value("hi") - Double(rows.map(\.0).max() ?? 0)) <= 2 * leaf)
    let (low, high) = (Double(rows.map(\.1).min() ?? 0), Double(rows.map(\.1).max() ?? 0))
    #expect(try value("b_least") <= low && value("b_least") > low / 2 - 1e-9)
    #expect(try value("b_most") > high && value("b_most") <= 2 * high)
    #expect(try value("c") == 200)
  }

  @Test func `removing any one unit moves every cell's answer by no more than its share of the sensitivity`() throws {
    let question = try every(.column("u"))
    let rows = (0..<120).map { _ in
      "\(Int.random(in: 0..<8)),\(["a", "b"][Int.random(in: 0..<2)]),\(Int.random(in: -9...9)),\(Int.random(in: 1...9))\n"
    }
    func answers(_ rows: [String]) throws -> [[Double]] {
      try accumulator(question, ["u,g,x,y\n" + rows.joined()]).insecureTrueTable().rows.map { $0.values.map(\.value) }
    }
    let planned = try #require(Explanation(question)).metrics[0]
    // The noise is drawn for the 20 below: scale times the part's ε.
    for part in planned.parts { #expect(part.scale * (planned.epsilon / 2) == 20) }
    let whole = try answers(rows)
    for user in 0..<8 {
      let rest = try answers(rows.filter { !$0.hasPrefix("\(user),") })
      // Two groups, two rows each, values within -2 … 5: 20 for each coordinate of the vector.
      for coordinate in 0..<2 {
        #expect(zip(whole, rest).reduce(0) { $0 + abs($1.0[coordinate] - $1.1[coordinate]) } <= 20)
      }
    }
  }

  @Test func `the whole budget is charged and every interval covers`() throws {
    let keys = (0..<500).map { "k\($0)" }
    let question = try every(epsilon: "25", keys: keys)
    var text = "g,x,y\n"
    for key in keys { for row in 0..<80 { text += "\(key),\(row % 13 - 6),\(3 + row % 40)\n" } }
    let exact = try accumulator(question, [text]).insecureTrueTable()
    var hits = [Int](repeating: 0, count: exact.names.count)
    for _ in 0..<20 {
      let budget = RecordingBudget()
      let noisy = try accumulator(question, [text]).release(charging: budget, label: "t")
      #expect(try BudgetLimit.pure(Epsilon(25)).cost(of: budget.events[0], adjacency: .addOrRemove).loss == 25)
      for row in noisy.rows {
        // v_x, v_y, lo, hi, b_least, b_most, c; the truth is the same in every group.
        let truths = [exact.rows[0].values[0].value, exact.rows[0].values[1].value, -6, 6, 3, 42, 80]
        for (index, truth) in truths.enumerated()
        where row.values[index].lowValue <= truth && truth <= row.values[index].highValue { hits[index] += 1 }
      }
    }
    // 10,000 trials at 95 %: fewer than 9,300 hits has probability below 1e-17.
    for count in hits { #expect(count >= 9_300) }
  }

  @Test func `post-processed counts stay in range and within the stated bias`() throws {
    let keys = (0..<5_000).map { "k\($0)" }
    let question = try query(
      epsilon: "0.5", groupBy: [GroupColumn(column: "g", keys: keys)],
      metrics: [Metric(name: "n", kind: .count, postProcessing: PostProcessing(nonNegative: true, roundedTo: 2))])
    let bias = try #require(Explanation(question)?.metrics[0].bias)
    var (hits, sum) = (0, 0.0)
    for _ in 0..<2 {
      let released = try accumulator(question, ["g\n"]).release(charging: RecordingBudget(), label: "t")
      for row in released.rows {
        let value = row.values[0].value
        #expect(value >= 0 && value.truncatingRemainder(dividingBy: 2) == 0 && row.values[0].lowValue >= 0)
        if row.values[0].lowValue <= 0 { hits += 1 }
        sum += value
      }
    }
    // Empty groups: the mean of 10,000 answers is the bias; its deviation is below 0.03, ten of them below 1e-15.
    #expect(hits >= 9_300 && sum / 10_000 > 0.5 && sum / 10_000 <= bias + 0.3)
  }

  @Test func `the top groups are those with the largest answers`() throws {
    let question = try Query(
      privacyUnit: .rows, epsilon: Epsilon(50), delta: Delta(0),
      groupBy: [GroupColumn(column: "g", keys: ["a", "b", "c", "d"])], metrics: [Metric(name: "n", kind: .count)],
      top: TopGroups(by: "n", count: 2))
    let text = "g\n" + "a\n" + String(repeating: "b\n", count: 50) + String(repeating: "d\n", count: 100)
    let released = try accumulator(question, [text]).release(charging: RecordingBudget(), label: "t")
    // Scale 1/50: an error of 25 has probability e^-1250.
    #expect(released.rows.map(\.keys) == [["d"], ["b"]])
    #expect(try JSONDecoder().decode(Query.self, from: Data(question.canonicalText.utf8)) == question)
    #expect(throws: StatisticsError.self) {
      try Query(
        privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta(0), metrics: [Metric(name: "n", kind: .count)],
        top: TopGroups(by: "n", count: 1))
    }
  }

  @Test func `every kind's query reads back equal`() throws {
    let question = try every(.column("u"))
    #expect(try JSONDecoder().decode(Query.self, from: Data(question.canonicalText.utf8)) == question)
    #expect(try JSONDecoder().decode(Query.self, from: JSONEncoder().encode(question)) == question)
  }

  @Test func `warnings name the hazards that a query has`() throws {
    func warns(_ query: Query, _ part: String) -> Bool {
      Explanation(query)?.warnings.contains { $0.contains(part) } ?? false
    }
    let count = [try Metric(name: "n", kind: .count)]
    let filtered = try Query(
      privacyUnit: .rows, epsilon: Epsilon(11), delta: Delta("0.001"),
      filters: [RowFilter(column: "user_id", .isPresent)], metrics: count)
    #expect(warns(filtered, "event-level") && warns(filtered, "above 10") && warns(filtered, "delta above"))
    let calm = try query(
      unit: .column("u"), bounds: ContributionBounds(groupsPerUnit: 1, rowsPerGroup: 1), metrics: count)
    #expect(!warns(calm, "event-level") && !warns(calm, "epsilon above") && !warns(calm, "delta above"))
    let every = try every()
    for part in [
      "group_by: declared", "lo, hi: edges", "b: the bounds", "c: non-negativity", "v, lo, hi: values outside",
    ] {
      #expect(warns(every, part), "\(part)")
    }
  }
}
