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
}
