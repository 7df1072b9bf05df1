import ExactMath
import PrivacyAccounting
import PrivateStatistics
import SecureRandom
import TableFormats
import Testing

@Suite struct `Joins of two private tables` {
  private func question(groups: Int = 2, rows: Int = 2, onBadRow: BadRowPolicy = .reject) throws -> Query {
    try Query(
      privacyUnit: .column("u"), epsilon: Epsilon("1"), delta: Delta("0"),
      bounds: ContributionBounds(groupsPerUnit: groups, rowsPerGroup: rows),
      groupBy: [GroupColumn(column: "c", keys: ["x", "y", "z"])],
      metrics: [
        Metric(name: "n", kind: .count), Metric(name: "people", kind: .units),
        Metric(name: "s", kind: .sum, column: "v", range: 0...9, step: 1),
      ], onBadRow: onBadRow)
  }

  private func others(_ text: String, onBadRow: BadRowPolicy = .reject) throws -> JoinedTable {
    var reader = try CSVReader(ByteSource(Array(text.utf8), name: "people"), columns: ["u", "c"])
    return try JoinedTable(&reader, onBadRow: onBadRow)
  }

  private func joined(
    _ question: Query, _ left: [String], _ right: String, threads: Int = 1
  ) throws -> Accumulator {
    let other = try others(right, onBadRow: question.onBadRow)
    var result = try Accumulator(question, key: SamplingKey(hexadecimal: "000102030405060708090a0b0c0d0e0f"))
    for text in left {
      let reader = try CSVReader(
        ByteSource(Array(("u,v\n" + text).utf8), name: "visits"),
        columns: question.columns.filter { !other.columns.contains($0) })
      var rows = UnitJoin(reader, with: other, on: "u", columns: question.columns)
      try result.add(&rows, threads: threads)
    }
    return result
  }

  @Test func `they are the rows of a plain inner join, however the tables are split or read`() throws {
    var generator = SimulationGenerator(seed: 1, stream: "join")
    let left = (0..<400).map { _ in (u: generator.uniform(below: 40), v: generator.uniform(below: 10)) }
    let right = (0..<60).map { _ in
      (u: generator.uniform(below: 50), c: ["x", "y", "z", "w"][generator.uniform(below: 4)])
    }
    let question = try question()
    // The same rows, joined by hand, in another order.
    let plain = right.flatMap { other in left.filter { $0.u == other.u }.map { "\($0.u),\(other.c),\($0.v)\n" } }
    let wanted = try accumulator(question, ["u,c,v\n" + plain.joined()]).partial()
    let lines = left.map { "\($0.u),\($0.v)\n" }
    let people = "u,c\n" + right.map { "\($0.u),\($0.c)\n" }.joined()
    for cuts in [1, 3] {
      for threads in [1, 4] {
        let parts = (0..<cuts).map { part in
          lines.enumerated().filter { $0.offset % cuts == part }.map(\.element).joined()
        }
        #expect(try joined(question, parts, people, threads: threads).partial() == wanted)
      }
    }
  }

  @Test func `removing any one unit from both tables moves the integers by its bounded share only`() throws {
    var generator = SimulationGenerator(seed: 2, stream: "join")
    let left = (0..<120).map { _ in (u: generator.uniform(below: 8), v: generator.uniform(below: 10)) }
    // Unit 0 has many rows on both sides.
    let right = (0..<40).map { row in (u: row < 20 ? 0 : generator.uniform(below: 8), c: ["x", "y", "z"][row % 3]) }
    for (groups, rows) in [(1, 1), (2, 3)] {
      let question = try question(groups: groups, rows: rows)
      func integers(without unit: Int?) throws -> [[Int128]] {
        try joined(
          question, [left.filter { $0.u != unit }.map { "\($0.u),\($0.v)\n" }.joined()],
          "u,c\n" + right.filter { $0.u != unit }.map { "\($0.u),\($0.c)\n" }.joined()
        ).insecureIntegers()
      }
      let whole = try integers(without: nil)
      for unit in 0..<8 {
        for (part, (a, b)) in zip(whole, try integers(without: unit)).enumerated() {
          let moved = zip(a, b).reduce(0) { $0 + abs(Int($1.0 - $1.1)) }
          #expect(moved <= groups * [rows, 1, rows * 9][part])
        }
      }
      // The bound is met: unit 0 has more rows than it may contribute.
      let counts = try zip(whole[0], integers(without: 0)[0]).reduce(0) { $0 + Int($1.0 - $1.1) }
      #expect(counts == groups * rows)
    }
  }

  @Test func `rows without a unit, bad rows and units without a partner are told apart`() throws {
    let people = "u,c\n1,x\n1,y\n2,x\n"
    // Unit 3 has no partner and is left out; unit 1 goes twice.
    let table = try joined(question(), ["1,4\n3,5\n2,6\n"], people).insecureTrueTable()
    #expect(table.rows.map { $0.values.map(\.text) } == [["2", "2", "10"], ["1", "1", "4"], ["0", "0", "0"]])
    // In the second table.
    #expect(throws: TableError.self) { try others("u,c\n1,x\n,y\n") }
    #expect(throws: TableError.self) { try others("u,c\n1,x,3\n") }
    #expect(throws: TableError.self) { try others("u,c\n1,\"x\n", onBadRow: .drop) }
    let dropping = try question(onBadRow: .drop)
    let lenient = try joined(dropping, ["1,4\n"], "u,c\n1,x\n,y\n2,x,3\n").insecureTrueTable()
    #expect(lenient.rows.map { $0.values[0].text } == ["1", "0", "0"])
    // In the first.
    #expect(throws: (any Error).self) { _ = try joined(question(), ["1,4\n,5\n"], people) }
    #expect(throws: (any Error).self) { _ = try joined(question(), ["1,4\n2\n"], people) }
    let kept = try joined(dropping, ["1,4\n,5\n2\n"], people).insecureTrueTable()
    #expect(kept.rows.map { $0.values[0].text } == ["1", "1", "0"])
  }
}
