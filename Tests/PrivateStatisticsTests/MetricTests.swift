import ExactMath
import Foundation
import PrivacyAccounting
import PrivateStatistics
import TableFormats
import Testing

@Suite struct `Filters and pairs of columns` {
  @Test func `covariance line and median without noise are the textbook ones`() throws {
    let points = (0..<500).map { _ in
      let x = Double(Int.random(in: 0...1_000)) / 10
      return (x, (2 * x - 30 + Double(Int.random(in: -50...50)) / 10))
    }
    let text = "x,y\n" + points.map { "\($0.0),\($0.1)\n" }.joined()
    let answers = try truth(
      query(metrics: [
        Metric(name: "c", kind: .covariance, column: "x", range: 0...100, with: "y", withRange: -50...200),
        Metric(name: "r", kind: .regression, column: "x", range: 0...100, with: "y", withRange: -50...200),
        Metric(name: "m", kind: .median, column: "x", range: 0...100),
      ]), text)
    let n = Double(points.count)
    let meanX = points.reduce(0) { $0 + $1.0 } / n
    let meanY = points.reduce(0) { $0 + $1.1 } / n
    let covariance = points.reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) } / n
    let variance = points.reduce(0) { $0 + ($1.0 - meanX) * ($1.0 - meanX) } / n
    // Grid steps are 1/16 and 1/8: values move by half a step at most, uncorrelated with each other.
    #expect(abs(try #require(answers["c"]) / covariance - 1) < 0.01)
    #expect(abs(try #require(answers["r_slope"]) - covariance / variance) < 0.02)
    #expect(abs(try #require(answers["r_intercept"]) - (meanY - covariance / variance * meanX)) < 1)
    let middle = points.map(\.0).sorted()[points.count / 2]
    #expect(abs(try #require(answers["m"]) - middle) < 1)
  }

  @Test func `filters leave out exactly the rows that fail`() throws {
    let rows = (0..<3_000).map { _ in
      (["a", "b", "", "c"][Int.random(in: 0..<4)], Double(Int.random(in: -100...100)) / 10)
    }
    let text = "g,x\n" + rows.map { "\($0.0),\($0.1)\n" }.joined()
    func count(_ filters: [RowFilter]) throws -> Double {
      let question = try Query(
        privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta(0), filters: filters,
        metrics: [Metric(name: "n", kind: .count)])
      return try #require(truth(question, text)["n"])
    }
    func expected(_ test: ((String, Double)) -> Bool) -> Double { Double(rows.count(where: test)) }
    #expect(try count([RowFilter(column: "g", .isOneOf(["a", "c"]))]) == expected { $0.0 == "a" || $0.0 == "c" })
    #expect(try count([RowFilter(column: "g", .isNoneOf(["a"]))]) == expected { $0.0 != "a" })
    #expect(try count([RowFilter(column: "g", .isPresent)]) == expected { !$0.0.isEmpty })
    #expect(
      try count([
        RowFilter(column: "x", .isWithin(atLeast: rational("-0.5"), atMost: 3)), RowFilter(column: "g", .isPresent),
      ])
        == expected { $0.1 >= -0.5 && $0.1 <= 3 && !$0.0.isEmpty })
  }

  @Test func `rows that a filter leaves out are not read any further`() throws {
    let question = try Query(
      privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta(0), filters: [RowFilter(column: "x", .isPresent)],
      metrics: [Metric(name: "s", kind: .sum, column: "x", range: 0...10)])
    #expect(try truth(question, "x\n1\n\"\"\n2\n")["s"] == 3)
  }

  @Test func `queries with every field read back equal`() throws {
    let text = """
      {"privacy_unit":{"column":"u"},"budget":{"epsilon":1,"delta":"1e-6"},
      "bounds":{"groups_per_unit":3,"rows_per_group":10},"group_by":[{"column":"g"}],
      "selection":{"kind":"laplace","weight":2,"minimum_units":5},"noise":"gaussian",
      "filter":[{"column":"x","at_least":0,"at_most":"7/2"},{"column":"g","not_in":["z"]},{"column":"y","present":true}],
      "metrics":[{"name":"c","kind":"covariance","column":"x","range":[0,1],"with":"y","with_range":[0,2]}]}
      """
    let query = try JSONDecoder().decode(Query.self, from: Data(text.utf8))
    #expect(query.isOpen && query.filters.count == 3 && query.selection?.minimumUnits == 5)
    let again = try JSONDecoder().decode(Query.self, from: Data(query.canonicalText.utf8))
    #expect(again == query && again.canonicalText == query.canonicalText)
    #expect(try JSONDecoder().decode(Query.self, from: JSONEncoder().encode(query)) == query)
  }
}
