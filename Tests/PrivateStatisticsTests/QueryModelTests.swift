import ExactMath
import Foundation
import PrivacyAccounting
import PrivateStatistics
import TableFormats
import Testing

@Suite struct `Splits derived columns and dropped rows` {
  private func decode(_ json: String) throws -> Query { try JSONDecoder().decode(Query.self, from: Data(json.utf8)) }

  /// Σ w·(error/tolerance)² of counts and sums, from the explanation alone.
  private func loss(_ query: Query) throws -> Double {
    let explanation = try #require(Explanation(query))
    return try zip(query.metrics, explanation.metrics).reduce(0) { total, pair in
      let tolerance = try #require(pair.0.tolerance).doubleValue
      let error = try #require(pair.1.expectedError) / tolerance
      return total + pair.0.weight.doubleValue * error * error
    }
  }

  @Test func `an optimised split is never worse than an even one and spends no more`() throws {
    for trial in 0..<40 {
      let metrics = try (0..<Int.random(in: 2...5)).map { index in
        let isSum = Bool.random()
        return try Metric(
          name: "m\(index)", kind: isSum ? .sum : .count, column: isSum ? "x" : nil, range: isSum ? 0...100 : nil,
          weight: Rational(Int.random(in: 1...5)),
          tolerance: Rational(Int.random(in: 1...500), Int.random(in: 1...20)))
      }
      for noise in [NoiseChoice.laplace, .gaussian] {
        func plan(_ split: BudgetSplit) throws -> Query {
          try Query(
            privacyUnit: .column("u"), epsilon: Epsilon("0.01"), delta: Delta("0.00001"),
            bounds: ContributionBounds(groupsPerUnit: 1 + trial % 3, rowsPerGroup: 1 + trial % 7),
            groupBy: [GroupColumn(column: "g", keys: ["a"])], metrics: metrics, noise: noise, split: split)
        }
        let (even, best) = try (plan(.even), plan(.optimized))
        // The printed deviations are rounded up by less than a thousandth at these scales.
        #expect(try loss(best) <= loss(even) * 1.001)
        let spent = try #require(Explanation(best)).metrics.reduce(Rational.zero) { $0 + $1.epsilon }
        #expect(spent == best.epsilon.value)
      }
    }
  }

  @Test func `an optimised split gives cube root shares for Laplace noise`() throws {
    let query = try Query(
      privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta(0),
      metrics: [
        Metric(name: "a", kind: .count, tolerance: 1), Metric(name: "b", kind: .count, tolerance: Rational(1, 8)),
      ], split: .optimized)
    // Eight times the error, squared and then the cube root: four times the share.
    let shares = try #require(Explanation(query)).metrics.map(\.epsilon.doubleValue)
    #expect(abs(shares[0] - 0.2) < 1e-5 && abs(shares[1] - 0.8) < 1e-5)
  }

  @Test func `formulas are exact and agree with a plain computation`() throws {
    let question = try Query(
      privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta(0),
      derived: [
        DerivedColumn(name: "total", formula: "price * `how many` - 2 * (discount + -0.5)"),
        DerivedColumn(name: "square", formula: "total*total"),
      ],
      filters: [RowFilter(column: "total", .isWithin(atLeast: 0, atMost: nil))],
      metrics: [
        Metric(name: "s", kind: .sum, column: "total", range: 0...1_000, step: rational("0.01")),
        Metric(name: "q", kind: .sum, column: "square", range: 0...100_000, step: rational("0.0001")),
        Metric(name: "n", kind: .count),
      ])
    #expect(question.columns == ["price", "how many", "discount"])
    let rows = (0..<400).map { _ in (Int.random(in: 0...999), Int.random(in: 0...9), Int.random(in: 0...200)) }
    let text =
      "price,how many,discount\n"
      + rows.map { "\(Double($0.0) / 100),\($0.1),\(Double($0.2) / 10)\n" }.joined()
    // In hundredths, exactly.
    let totals = rows.map { $0.0 * $0.1 - 20 * $0.2 + 100 }.filter { $0 >= 0 }
    let answers = try truth(question, text)
    #expect(answers["n"] == Double(totals.count))
    #expect(answers["s"] == Double(totals.reduce(0, +)) / 100)
    #expect(answers["q"] == Double(totals.reduce(0) { $0 + $1 * $1 }) / 10_000)
    let canonical = try decode(question.canonicalText)
    #expect(canonical == question && canonical.canonicalText == question.canonicalText)
    #expect(try JSONDecoder().decode(Query.self, from: JSONEncoder().encode(question)) == question)
  }

  @Test(arguments: ["", "1", "a +", "a / b", "(a", "a b", "a)", "`", "``", "2x", "a ** b", "1e5 * a", "a;b"])
  func `what is no formula is refused`(text: String) {
    let error = #expect(throws: StatisticsError.self) { try DerivedColumn(name: "d", formula: text) }
    #expect(error?.place == "derive.formula")
  }

  @Test func `rows whose formula has no value are bad rows of their line`() throws {
    let question = try Query(
      privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta(0), derived: [DerivedColumn(name: "d", formula: "a+b")],
      metrics: [Metric(name: "s", kind: .sum, column: "d", range: 0...10)])
    for bad in ["nan,1", ",1", "x,2", "1e999,0"] {
      let error = #expect(throws: StatisticsError.self) { try truth(question, "a,b\n1,2\n\(bad)\n") }
      #expect(error?.code == .badRow && error?.place == "test:3")
    }
  }

  @Test func `joins with a public table group by its attributes and leave other keys out`() throws {
    let table = [("0150", "Oslo"), ("5003", "Bergen"), ("5004", "Bergen")]
    let question = try Query(
      privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta(0),
      groupBy: [GroupColumn(column: "city", keys: ["Oslo", "Bergen"])],
      derived: [DerivedColumn(name: "city", column: "zip", table: table.map { (key: $0.0, value: $0.1) })],
      metrics: [Metric(name: "n", kind: .count)])
    let rows = (0..<300).map { _ in ["0150", "5003", "5004", "9999", ""][Int.random(in: 0..<5)] }
    let answer = try accumulator(question, ["zip\n" + rows.map { "\"\($0)\"\n" }.joined()]).insecureTrueTable()
    let zips = Dictionary(grouping: rows) { $0 }.mapValues(\.count)
    #expect(answer.rows[0].values[0].value == Double(zips["0150"] ?? 0))
    #expect(answer.rows[1].values[0].value == Double((zips["5003"] ?? 0) + (zips["5004"] ?? 0)))
    #expect(try decode(question.canonicalText) == question)
    let twice = #expect(throws: StatisticsError.self) {
      try DerivedColumn(name: "city", column: "zip", table: [("a", "x"), ("a", "y")])
    }
    #expect(twice?.place == "derive.table")
  }

  @Test func `what one row spoils never takes the rows of others away unseen`() throws {
    let question = try decode(
      """
      {"privacy_unit":{"column":"u"},"budget":{"epsilon":1},"bounds":{"rows_per_group":1},
      "metrics":[{"name":"n","kind":"count"}],"on_bad_row":"drop"}
      """)
    let rows = (0..<12).map { "\($0),text \($0),1" }
    var (refused, counted) = (0, 0)
    // A stray quote anywhere, with or without others, in one row of twelve.
    for spoilt in rows.indices {
      for place in 0...rows[spoilt].count {
        for quote in ["\"", "\"\"", "\"x"] {
          var table = rows
          table[spoilt].insert(contentsOf: quote, at: table[spoilt].index(table[spoilt].startIndex, offsetBy: place))
          for text in ["u,t,x\n" + table.map { $0 + "\n" }.joined(), "u,t,x\r\n" + table.joined(separator: "\r\n")] {
            guard let mine = try? accumulator(question, [text]) else {
              refused += 1
              continue
            }
            counted += 1
            #expect(mine.insecureTrueTable().rows[0].values[0].value >= 11)
          }
        }
      }
    }
    #expect(refused > 100 && counted > 100)
  }

  @Test func `dropped rows are counted once a unit and survive splits and partials`() throws {
    let text = """
      {"privacy_unit":{"column":"u"},"budget":{"epsilon":1},"bounds":{"rows_per_group":5},
      "metrics":[{"name":"s","kind":"sum","column":"x","range":[0,1]}],"on_bad_row":"drop","count_dropped":"1/4"}
      """
    let question = try decode(text)
    let rows = ["1,0.5", "1,bad", "1,", "2,nan", "3,1", ",1", "4,1,1", "5,inf", ",bad"]
    func table(_ rows: [String]) -> String { "u,x\n" + rows.map { $0 + "\n" }.joined() }
    let whole = try accumulator(question, [table(rows)])
    // Units 1, 2 and 5; rows without a readable unit are nobody's.
    #expect(whole.insecureTrueTable().dropped?.value == 3)
    for _ in 0..<20 {
      let mixed = rows.shuffled()
      var parts = try accumulator(question, [table(Array(mixed[..<4]))])
      try parts.merge(accumulator(question, [table(Array(mixed[4...]))]))
      #expect(parts.partial() == whole.partial())
    }
    #expect(try Accumulator(partial: whole.partial(), of: question, name: "p").partial() == whole.partial())
    let budget = RecordingBudget()
    let released = try whole.release(charging: budget, label: "t")
    #expect(released.dropped != nil)
    #expect(try BudgetLimit.pure(Epsilon(1)).cost(of: budget.events[0], adjacency: .addOrRemove).loss == 1)
    // One unit's removal moves the number by one at most.
    for unit in 1...5 {
      let rest = try accumulator(question, [table(rows.filter { !$0.hasPrefix("\(unit),") })])
      let moved = 3 - (rest.insecureTrueTable().dropped?.value ?? 0)
      #expect(moved >= 0 && moved <= 1)
    }
    let rowQuestion = try decode(
      text.replacing("{\"column\":\"u\"}", with: "\"rows\"").replacing(
        "\"bounds\":{\"rows_per_group\":5},", with: ""))
    let bad = rows.filter { !["1,0.5", "3,1", ",1"].contains($0) }
    #expect(
      try accumulator(rowQuestion, ["x,u\n0.5,1\n" + String(repeating: "bad,1\n", count: bad.count)])
        .insecureTrueTable().dropped?.value == Double(bad.count))
    #expect(throws: StatisticsError.self) { try decode(text.replacing("\"drop\"", with: "\"reject\"")) }
  }

  @Test func `dropped counts cover the truth at their nominal rate and are unbiased`() throws {
    let question = try Query(
      privacyUnit: .rows, epsilon: Epsilon(2), delta: Delta(0),
      metrics: [Metric(name: "s", kind: .sum, column: "x", range: 0...1)], droppedWeight: 1, onBadRow: .drop)
    var (hits, sum) = (0, 0.0)
    for _ in 0..<10_000 {
      let value = try #require(
        try accumulator(question, ["x\nbad\n1\nnan\n\"\"\n"]).release(charging: RecordingBudget(), label: "t").dropped)
      if value.lowValue <= 3, 3 <= value.highValue { hits += 1 }
      sum += value.value - 3
    }
    // 10,000 trials at 95 %: fewer than 9,300 hits below 1e-17. Discrete Laplace of scale 1 has deviation < 1.4.
    #expect(hits >= 9_300 && abs(sum / 10_000) < 0.12)
  }
}
