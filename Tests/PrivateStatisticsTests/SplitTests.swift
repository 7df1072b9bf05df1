import ExactMath
import PrivacyAccounting
import PrivateStatistics
import TableFormats
import Testing

@Suite struct `Threads files and order` {
  private func questions() throws -> [Query] {
    let declared = [try GroupColumn(column: "g", keys: ["a", "b", "c", "d", "e"])]
    let open = [GroupColumn(column: "g")]
    let metrics = [
      try Metric(name: "n", kind: .count), try Metric(name: "who", kind: .units),
      try Metric(name: "s", kind: .sum, column: "x", range: 0...100),
      try Metric(name: "c", kind: .covariance, column: "x", range: 0...100, with: "y", withRange: -5...5),
      try Metric(name: "q", kind: .median, column: "x", range: 0...100),
    ]
    var result: [Query] = []
    for groups in [declared, open] {
      for unit in [PrivacyUnit.rows, .column("u")] {
        result.append(
          try Query(
            privacyUnit: unit, epsilon: Epsilon(1), delta: Delta("1e-6"),
            bounds: unit == .rows ? nil : ContributionBounds(groupsPerUnit: 2, rowsPerGroup: 3), groupBy: groups,
            metrics: metrics))
      }
    }
    return result
  }

  private func rows(_ count: Int) -> [String] {
    (0..<count).map { _ in
      let key = ["a", "b", "c", "d", "e", "longer than eight bytes", "é"][Int.random(in: 0..<7)]
      return "\(Int.random(in: 0..<500)),\(key),\(Int.random(in: -5...120)),\(Int.random(in: -6...6)).25\n"
    }
  }

  private func partial(_ question: Query, _ files: [[String]], threads: Int) throws -> [UInt8] {
    var result = try accumulator(question, [])
    for file in files {
      let text = Array(("u,g,x,y\n" + file.joined()).utf8)
      var reader = try CSVReader(ByteSource(text, name: "file"), columns: question.columns)
      try result.add(&reader, threads: threads)
    }
    return result.partial()
  }

  @Test func `partials are the same bytes for any files threads and order`() throws {
    let all = rows(30_000)
    for question in try questions() {
      let whole = try partial(question, [all], threads: 1)
      for threads in [2, 3, 8] { #expect(try partial(question, [all], threads: threads) == whole) }
      let shuffled = all.shuffled()
      for files in [2, 7] {
        let size = all.count / files + 1
        let parts = stride(from: 0, to: all.count, by: size).map {
          Array(shuffled[$0..<min($0 + size, all.count)])
        }
        #expect(try partial(question, parts, threads: files == 2 ? 1 : 4) == whole)
      }
      let back = try Accumulator(partial: whole, of: question, name: "p")
      #expect(back.partial() == whole)
    }
  }

  @Test func `merging partials is the same as reading everything`() throws {
    let all = rows(4_000)
    for question in try questions() {
      let whole = try partial(question, [all], threads: 1)
      let parts = try stride(from: 0, to: all.count, by: 900).map {
        try partial(question, [Array(all[$0..<min($0 + 900, all.count)])], threads: 1)
      }.shuffled()
      var merged = try Accumulator(partial: parts[0], of: question, name: "p")
      for part in parts.dropFirst() { try merged.merge(Accumulator(partial: part, of: question, name: "p")) }
      #expect(merged.partial() == whole)
    }
  }

  @Test func `the first bad row is named whatever the threads`() throws {
    let question = try query(metrics: [Metric(name: "s", kind: .sum, column: "x", range: 0...1)])
    var lines = [String](repeating: "1\n", count: 400_000)
    for bad in [399_000, 250_000, 123_456] { lines[bad] = "bad\n" }
    let text = Array(("x\n" + lines.joined()).utf8)
    for threads in [1, 4] {
      var mine = try accumulator(question, [])
      var reader = try CSVReader(ByteSource(text, name: "file"), columns: question.columns)
      let error = #expect(throws: StatisticsError.self) { try mine.add(&reader, threads: threads) }
      #expect(error?.place == "file:123458")
    }
  }

  @Test func `many groups and rows of one unit keep the bounds`() throws {
    // More groups than lie beside a unit, more contents than one block.
    for (groups, rows) in [(1, 1), (8, 2), (9, 40), (60, 3)] {
      let keys = (0..<200).map { "k\($0)" }
      let question = try query(
        unit: .column("u"), bounds: ContributionBounds(groupsPerUnit: groups, rowsPerGroup: rows),
        groupBy: [GroupColumn(column: "g", keys: keys)],
        metrics: [Metric(name: "n", kind: .count), Metric(name: "who", kind: .units)])
      var table = "u,g\n"
      for unit in 0..<5 { for key in keys.shuffled() { for _ in 0..<rows + 1 { table += "\(unit),\(key)\n" } } }
      let truth = try accumulator(question, [table]).insecureTrueTable()
      #expect(truth.rows.reduce(0) { $0 + $1.values[1].value } == Double(5 * groups))
      #expect(truth.rows.reduce(0) { $0 + $1.values[0].value } == Double(5 * groups * rows))
    }
  }
}
