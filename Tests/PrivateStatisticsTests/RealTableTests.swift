import ExactMath
import Foundation
import PrivacyAccounting
import PrivateStatistics
import TableFormats
import Testing

/// Public tables beside the package, or where `TACIT_SHARED` says; tests skip without them.
private enum SharedTables {
  static func path(_ name: String) -> String? {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folders: [String?] = [
      ProcessInfo.processInfo.environment["TACIT_SHARED"], root.appendingPathComponent("../shared").path,
    ]
    return folders.compactMap { $0 }.map { "\($0)/data/\(name)" }.first {
      FileManager.default.fileExists(atPath: $0)
    }
  }

  static func rows(_ path: String) throws -> [[String: String]] {
    var reader = try CSVReader(ByteSource(path: path))
    let columns = reader.columns
    var result: [[String: String]] = []
    while let batch = try reader.next() {
      for row in 0..<batch.rowCount {
        var fields: [String: String] = [:]
        for (index, column) in columns.enumerated() { fields[column] = batch.text(row: row, column: index) }
        result.append(fields)
      }
    }
    return result
  }

  static func accumulator(_ query: Query, _ path: String, threads: Int = 2) throws -> Accumulator {
    var result = try Accumulator(query, key: SamplingKey())
    var reader = try CSVReader(ByteSource(path: path), columns: query.columns)
    try result.add(&reader, threads: threads)
    return result
  }
}

@Suite struct `Real tables` {
  @Test(.enabled(if: SharedTables.path("adult-train.csv.gz") != nil, "the Adult table is not here"))
  func `Adult by education agrees with a plain count`() throws {
    let path = try #require(SharedTables.path("adult-train.csv.gz"))
    let rows = try SharedTables.rows(path)
    let query = try Query(
      privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta("0.000001"), groupBy: [GroupColumn(column: "education")],
      filters: [RowFilter(column: "age", .isWithin(atLeast: 30, atMost: nil))],
      metrics: [
        Metric(name: "n", kind: .count), Metric(name: "hours", kind: .mean, column: "hours-per-week", range: 0...100),
      ])
    let truth = try SharedTables.accumulator(query, path).insecureTrueTable()
    let groups = Dictionary(grouping: rows.filter { Int($0["age"] ?? "") ?? 0 >= 30 }) { $0["education"] ?? "" }
    #expect(truth.rows.map { $0.keys[0] } == groups.keys.sorted())
    for row in truth.rows {
      let group = try #require(groups[row.keys[0]])
      #expect(row.values[0].value == Double(group.count))
      let hours = group.reduce(0.0) { $0 + min(100, Double($1["hours-per-week"] ?? "") ?? 0) } / Double(group.count)
      #expect(abs(row.values[1].value - hours) < 1e-4)
    }
    let released = try SharedTables.accumulator(query, path).release(charging: RecordingBudget(), label: "adult")
    // Groups of more than 100 people are certain to be named at ε = 1/3, δ = 1e-6.
    #expect(released.rows.count >= truth.rows.count { $0.values[0].value > 150 })
  }

  @Test(.enabled(if: SharedTables.path("insteval-73k.csv.gz") != nil, "the InstEval table is not here"))
  func `InstEval bounds each student`() throws {
    let path = try #require(SharedTables.path("insteval-73k.csv.gz"))
    let rows = try SharedTables.rows(path)
    let query = try Query(
      privacyUnit: .column("s"), epsilon: Epsilon(1), delta: Delta(0),
      bounds: ContributionBounds(groupsPerUnit: 2, rowsPerGroup: 5),
      groupBy: [GroupColumn(column: "dept", keys: (1...15).map { "\($0)" })],
      metrics: [
        Metric(name: "n", kind: .count), Metric(name: "students", kind: .units),
        Metric(name: "rating", kind: .mean, column: "y", range: 1...5),
      ])
    let truth = try SharedTables.accumulator(query, path).insecureTrueTable()
    let students = Dictionary(grouping: rows) { $0["s"] ?? "" }
    // The bounds fix how many rows and student-department pairs remain, whichever are chosen.
    var pairs = 0
    for (_, ratings) in students { pairs += min(2, Set(ratings.compactMap { $0["dept"] }).count) }
    #expect(truth.rows.reduce(0) { $0 + $1.values[1].value } == Double(pairs))
    #expect(truth.rows.allSatisfy { $0.values[0].value <= 5 * $0.values[1].value })
  }

  @Test(.enabled(if: SharedTables.path("gss-wages-61k.csv.gz") != nil, "the GSS table is not here"))
  func `GSS missing incomes are filtered dropped or refused`() throws {
    let path = try #require(SharedTables.path("gss-wages-61k.csv.gz"))
    let rows = try SharedTables.rows(path)
    func query(_ filters: [RowFilter], _ policy: BadRowPolicy) throws -> Query {
      try Query(
        privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta(0), filters: filters,
        metrics: [Metric(name: "income", kind: .sum, column: "realrinc", range: 0...100_000)], onBadRow: policy)
    }
    let incomes = rows.compactMap { Double($0["realrinc"] ?? "") }.map { min(max($0, 0), 100_000) }
    #expect(incomes.count == 61_697 - 23_810)
    let total = incomes.reduce(0, +)
    let filtered = try SharedTables.accumulator(
      query([RowFilter(column: "realrinc", .isPresent)], .reject), path
    ).insecureTrueTable()
    let dropped = try SharedTables.accumulator(query([], .drop), path).insecureTrueTable()
    #expect(abs(filtered.rows[0].values[0].value / total - 1) < 1e-6)
    #expect(filtered.rows == dropped.rows)
    let error = #expect(throws: StatisticsError.self) {
      try SharedTables.accumulator(query([], .reject), path).insecureTrueTable()
    }
    #expect(error?.code == .badRow)
  }

  @Test(.enabled(if: SharedTables.path("census1980-fertility-254k.csv.gz") != nil, "the census table is not here"))
  func `The census table gives the same partial on any threads`() throws {
    let path = try #require(SharedTables.path("census1980-fertility-254k.csv.gz"))
    let query = try Query(
      privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta(0),
      groupBy: [GroupColumn(column: "morekids", keys: ["yes", "no"])],
      metrics: [
        Metric(name: "n", kind: .count),
        Metric(name: "age", kind: .quantile, column: "age", range: 15...50, at: [rational("0.25"), rational("0.75")]),
        Metric(name: "work", kind: .mean, column: "work", range: 0...52),
      ])
    let one = try SharedTables.accumulator(query, path, threads: 1)
    #expect(one.insecureTrueTable().rows.reduce(0) { $0 + $1.values[0].value } == 254_654)
    #expect(try SharedTables.accumulator(query, path, threads: 3).partial() == one.partial())
  }
}
