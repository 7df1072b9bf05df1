import ExactMath
import Foundation
import PrivacyAccounting
import PrivateStatistics
import TableFormats
import Testing

@Suite struct `Queries and bad input` {
  private func read(_ json: String) throws -> Query {
    do {
      return try JSONDecoder().decode(Query.self, from: Data(json.utf8))
    } catch let error as DecodingError {
      if case .dataCorrupted(let context) = error, let inner = context.underlyingError { throw inner }
      throw error
    }
  }

  private let good = """
    {"privacy_unit":{"column":"u"},"adjacency":"replace-one","budget":{"epsilon":0.1,"delta":1e-6},
    "bounds":{"groups_per_unit":3,"rows_per_group":10},"group_by":[{"column":"g","keys":["a","b"]}],
    "metrics":[{"name":"n","kind":"count"},{"name":"s","kind":"sum","column":"x","range":[0,100]}],
    "on_bad_row":"drop"}
    """

  @Test func `the model reads exactly what was written and writes it back`() throws {
    let query = try read(good)
    #expect(query.epsilon.value == Rational(1, 10) && query.delta.value == Rational(1, 1_000_000))
    #expect(query.columns == ["u", "g", "x"] && query.onBadRow == .drop && query.adjacency == .replaceOne)
    let text = String(decoding: try JSONEncoder().encode(query), as: UTF8.self)
    #expect(try read(text) == query)
    #expect(try read(query.canonicalText) == query && read(query.canonicalText).canonicalText == query.canonicalText)
  }

  @Test(arguments: [
    ("\"epsilon\":0.1", "\"epsilon\":0", "budget.epsilon"),
    ("\"epsilon\":0.1", "\"epsilon\":-1", "budget.epsilon"),
    ("\"epsilon\":0.1", "\"epsilon\":\"nan\"", "budget.epsilon"),
    ("\"delta\":1e-6", "\"delta\":1", "budget.delta"),
    ("\"delta\":1e-6", "\"delta\":-0.1", "budget.delta"),
    ("[0,100]", "[\"-inf\",100]", "metrics[1].range"),
    ("[0,100]", "[\"nan\",100]", "metrics[1].range"),
    ("[0,100]", "[100,0]", "metrics[1].range"),
    ("[0,100]", "[0]", "metrics[1].range"),
    ("\"kind\":\"count\"", "\"kind\":\"total\"", "metrics[0].kind"),
    ("\"kind\":\"count\"", "\"kind\":\"count\",\"range\":[0,1]", "metrics[0].range"),
    ("\"name\":\"s\"", "\"name\":\"n\"", "metrics[1].name"),
    ("\"name\":\"s\"", "\"name\":\"s\",\"colour\":1", "metrics[1]"),
    ("\"rows_per_group\":10", "\"rows_per_group\":0", "bounds.rows_per_group"),
    ("[\"a\",\"b\"]", "[]", "group_by.keys"),
    ("[\"a\",\"b\"]", "[\"a\",\"a\"]", "group_by.keys"),
    ("\"drop\"", "\"maybe\"", "on_bad_row"),
    ("\"on_bad_row\"", "\"on_bad_rows\"", "query"),
    ("{\"column\":\"u\"}", "\"people\"", "privacy_unit"),
  ]) func `bad queries name their field`(old: String, new: String, field: String) throws {
    let error = #expect(throws: StatisticsError.self) { try read(good.replacing(old, with: new)) }
    #expect(error?.place == field)
    #expect(error?.description.contains("\n") == false)
  }

  @Test(arguments: [
    ("u,g,x\n1,a,5\n2,a\n", 3), ("u,g,x\n1,a,nan\n", 2), ("u,g,x\n1,a,inf\n", 2), ("u,g,x\n1,a,\n", 2),
    ("u,g,x\n1,a,1e999\n", 2), ("u,g,x\n1,a,0x10\n", 2), ("u,g,x\n,a,1\n", 2), ("u,g,x\n1,\"a,1\n", 2),
    ("u,g,x\n1,a, 5\n", 2), ("u,g,x\n1,a,--5\n", 2),
  ]) func `bad rows are refused by line or dropped and never crash`(table: String, line: Int) throws {
    let strict = try read(good.replacing("\"drop\"", with: "\"reject\""))
    let error = #expect(throws: StatisticsError.self) { try accumulator(strict, [table]).insecureTrueTable() }
    #expect(error?.code == .badRow && error?.place == "test:\(line)")
    if table.contains("\"") {
      // A quote that is not closed, or not where it should be, may hide other rows.
      for end in ["", "\""] {
        #expect(throws: StatisticsError.self) { _ = try accumulator(read(good), [table + end + "\n9,b,3\n"]) }
      }
    } else {
      let lenient = try accumulator(read(good), [table + "\n9,b,3\n"]).insecureTrueTable()
      #expect(lenient.rows[1].values[0].value == 1)
    }
  }

  @Test func `values differ when their bytes do and a zero byte is one`() throws {
    let question = try Query(
      privacyUnit: .column("u"), epsilon: Epsilon(1), delta: Delta(0),
      bounds: ContributionBounds(groupsPerUnit: 1, rowsPerGroup: 1),
      groupBy: [GroupColumn(column: "g", keys: ["a", "a\0"])], metrics: [Metric(name: "n", kind: .units)])
    // "", zero, two zeros, eight bytes with and without one more: all of them units of their own, each counted once.
    let units = ["a", "a\0", "a\0\0", "\0", "\0\0", "abcdefgh", "abcdefgh\0", "A", "a ", "\u{e9}", "e\u{301}"]
    let rows = units.flatMap { ["\($0),a\n", "\($0),a\n"] } + ["x,a\0\n"]
    let table = try accumulator(question, ["u,g\n" + rows.shuffled().joined()]).insecureTrueTable()
    #expect(table.rows.map { $0.values[0].value } == [11, 1])
    #expect(try read(question.canonicalText) == question)
  }

  @Test func `an unknown field is told the known ones and a count of dropped rows its measure`() throws {
    let unknown = #expect(throws: StatisticsError.self) {
      try read(good.replacing("\"kind\":\"count\"", with: "\"knd\":1"))
    }
    #expect(
      unknown?.description.hasPrefix("metrics[0]: has an unknown field \"knd\"; the fields are at, column") == true)
    for value in ["true", "0", "\"yes\"", "-1"] {
      let error = #expect(throws: StatisticsError.self) {
        try read(good.replacing("\"on_bad_row\"", with: "\"count_dropped\":\(value),\"on_bad_row\""))
      }
      #expect(error?.description.hasPrefix("count_dropped: must be a number above 0, such as 1") == true)
    }
  }

  @Test func `bytes that are not UTF-8 are a bad row`() throws {
    let query = try query(
      groupBy: [GroupColumn(column: "g", keys: ["é"])], metrics: [Metric(name: "n", kind: .count)])
    var mine = try Accumulator(query, key: SamplingKey())
    var good = try CSVReader(ByteSource(Array("g\né\n".utf8), name: "test"), columns: ["g"])
    try mine.add(&good)
    var bad = try CSVReader(ByteSource(Array("g\n".utf8) + [0xc3, 0x28], name: "test"), columns: ["g"])
    let error = #expect(throws: StatisticsError.self) { try mine.add(&bad) }
    #expect(error?.place == "test:2" && error?.description.contains("\u{fffd}") == false)
  }

  @Test func `numbers land on the nearest step whatever their spelling`() throws {
    let question = try query(
      metrics: [Metric(name: "s", kind: .sum, column: "x", range: -10...10, step: rational("0.01"))])
    for (text, expected) in [
      ("1.005", 1.01), ("-1.005", -1.01), ("1e-2", 0.01), ("+3.", 3), (".25", 0.25), ("1e1", 10), ("123456789", 10),
      ("0.00000000000000000000000001", 0), ("3.14159265358979323846264338327950288", 3.14), ("-1e300", -10),
      ("18446744073709551615", 10), ("18446744073709551616", 10),
    ] {
      #expect(try truth(question, "x\n\(text)\n")["s"] == expected, "\(text)")
    }
  }

  @Test func `explanations state the charge and the error before any data`() throws {
    let explanation = try #require(Explanation(read(good)))
    #expect(explanation.groups == 2 && explanation.metrics.map(\.name) == ["n", "s"])
    // Half of ε = 0.1 for each metric; replace-one doubles 3 groups × 10 rows: scale 60/0.05.
    #expect(explanation.metrics[0].parts[0].scale == 1_200)
    #expect(abs(try #require(explanation.metrics[0].expectedError) - 1_200 * 2.0.squareRoot()) < 1)
  }

  @Test func `what is shown has the digits that the interval supports and never covers less`() throws {
    let question = try query(
      epsilon: "3", groupBy: [GroupColumn(column: "g", keys: (0..<300).map { "k\($0)" })],
      metrics: [
        Metric(name: "n", kind: .count), Metric(name: "s", kind: .sum, column: "x", range: 0...1),
        Metric(name: "m", kind: .mean, column: "x", range: 0...1),
      ])
    let table = (0..<300).map { group in String(repeating: "k\(group),0.31\n", count: group) }.joined()
    for row in try accumulator(question, ["g,x\n" + table]).release(charging: RecordingBudget(), label: "t").rows {
      #expect(row.values[0].shown == row.values[0])
      for value in row.values {
        let shown = value.shown
        #expect(shown.lowValue <= value.lowValue && value.highValue <= shown.highValue)
        let halfWidth = (value.highValue - value.lowValue) / 2
        #expect(abs(shown.value - value.value) <= max(0.005, halfWidth / 20))
        #expect(shown.text.count <= 10)
      }
    }
  }

  @Test func `the error to expect bounds the error there is`() throws {
    let keys = (0..<400).map { "k\($0)" }
    let question = try query(
      epsilon: "8", groupBy: [GroupColumn(column: "g", keys: keys)],
      metrics: [
        Metric(name: "m", kind: .mean, column: "x", range: 0...10),
        Metric(name: "v", kind: .variance, column: "x", range: 0...10),
        Metric(name: "d", kind: .deviation, column: "x", range: 0...10),
        Metric(name: "c", kind: .covariance, column: "x", range: 0...10, with: "y", withRange: -5...5),
      ])
    let rules = try #require(Explanation(question)).metrics.map { try #require($0.errorRule) }
    func constant(_ rule: String) throws -> Double {
      try #require(Double(rule.dropFirst("at most ".count).prefix { $0 != "/" }))
    }
    // All rows at the upper ends but for one in ten: where the bounds are nearly met.
    let rows = 2_000
    var text = "g,x,y\n"
    for key in keys { for row in 0..<rows { text += "\(key),\(row % 10 == 0 ? 0 : 10),\(row % 10 == 1 ? -5 : 5)\n" } }
    let truth = try accumulator(question, [text]).insecureTrueTable().rows[0]
    let answers = try accumulator(question, [text]).release(charging: RecordingBudget(), label: "t").rows
    for index in 0..<4 {
      let squares = answers.reduce(0.0) { sum, row in
        let error = row.values[index].value - truth.values[index].value
        return sum + error * error
      }
      let size = index == 2 ? Double(rows) * truth.values[2].value : Double(rows)
      let wanted = try constant(rules[index]) / size
      // The square of 400 heavy-tailed errors is off by a factor of 1.5² with probability below 1e-9 (its relative
      // deviation is at most √(5/400) = 0.11).
      let found = (squares / 400).squareRoot()
      #expect(found < 1.5 * wanted && found > wanted / 4, "\(rules[index])")
    }
  }
}
