import ExactMath
import PrivacyAccounting
import PrivateStatistics
import Testing

@Suite struct `Contribution bounding` {
  private func question(groups: Int, rows: Int) throws -> Query {
    try query(
      unit: .column("u"), bounds: ContributionBounds(groupsPerUnit: groups, rowsPerGroup: rows),
      groupBy: [GroupColumn(column: "g", keys: ["a", "b", "c", "d", "e"])],
      metrics: [
        Metric(name: "n", kind: .count), Metric(name: "who", kind: .units),
        Metric(name: "s", kind: .sum, column: "x", range: 0...100),
        Metric(name: "h", kind: .histogram, column: "x", edges: [0, 25, 50, 100]),
      ])
  }

  private func rows(_ count: Int, users: Int) -> [String] {
    let keys = ["a", "b", "c", "d", "e", "z"]
    let values = [1, 7, 20, 60, 99.5]
    return (0..<count).map { _ in
      "\(Int.random(in: 0..<users)),\(keys[Int.random(in: 0..<6)]),"
        + "\(values[Int.random(in: 0..<5)])\n"
    }
  }

  @Test func `any split order and merge tree gives the same integers`() throws {
    let question = try question(groups: 2, rows: 3)
    for _ in 0..<20 {
      let all = rows(400, users: 12)
      let whole = try accumulator(question, ["u,g,x\n" + all.joined()]).insecureTrueTable()
      let shuffled = all.shuffled()
      let cuts = ([0, 400] + (0..<Int.random(in: 1...6)).map { _ in Int.random(in: 0...400) }).sorted()
      let parts = zip(cuts, cuts.dropFirst()).map { "u,g,x\n" + shuffled[$0..<$1].joined() }
      var left = try accumulator(question, [])
      var right = try accumulator(question, [])
      for (index, part) in parts.enumerated() {
        let next = try accumulator(question, [part])
        if index.isMultiple(of: 2) { try left.merge(next) } else { try right.merge(next) }
      }
      try right.merge(left)
      #expect(right.insecureTrueTable() == whole)
    }
  }

  @Test func `no unit exceeds its bounds and nothing is dropped within them`() throws {
    let question = try question(groups: 2, rows: 3)
    var one = "u,g,x\n"
    for key in ["a", "b", "c", "d", "e"] { for value in 0..<9 { one += "me,\(key),\(value * 10)\n" } }
    let bounded = try accumulator(question, [one]).insecureTrueTable()
    #expect(bounded.rows.map { $0.values[0].value }.sorted() == [0, 0, 0, 3, 3])
    #expect(bounded.rows.map { $0.values[1].value }.sorted() == [0, 0, 0, 1, 1])
    let small = try accumulator(question, ["u,g,x\nme,a,1\nme,a,1\nme,b,2\nyou,a,5\n"]).insecureTrueTable()
    #expect(small.rows[0].values[0].value == 3 && small.rows[0].values[2].value == 7)
    #expect(small.rows[0].values[1].value == 2 && small.rows[1].values[0].value == 1)
  }

  @Test func `removing any one unit moves the integers by no more than the sensitivity`() throws {
    let question = try question(groups: 2, rows: 3)
    let all = rows(120, users: 8)
    let whole = try accumulator(question, ["u,g,x\n" + all.joined()]).insecureTrueTable()
    for user in 0..<8 {
      let rest = all.filter { !$0.hasPrefix("\(user),") }
      let without = try accumulator(question, ["u,g,x\n" + rest.joined()]).insecureTrueTable()
      var moved = [Double](repeating: 0, count: whole.names.count)
      for (a, b) in zip(whole.rows, without.rows) {
        for index in moved.indices { moved[index] += abs(a.values[index].value - b.values[index].value) }
      }
      // Two groups, three rows each, values up to 100.
      #expect(moved[0] <= 6 && moved[1] <= 2 && moved[2] <= 600)
      #expect(moved[3] + moved[4] + moved[5] <= 6)
    }
  }

  @Test func `rows are chosen uniformly duplicates included`() throws {
    // One unit with 90 rows of value 0 and 10 rows of value 100, of which 10 are kept: under a uniform choice the
    // kept number of hundreds has mean 1 and variance 10·0.1·0.9·90/99 = 0.818.
    let question = try query(
      unit: .column("u"), bounds: ContributionBounds(groupsPerUnit: 1, rowsPerGroup: 10),
      metrics: [Metric(name: "s", kind: .sum, column: "x", range: 0...100)])
    var table = "u,x\n"
    let units = 2_000
    for unit in 0..<units {
      for row in 0..<100 { table += "\(unit),\(row < 90 ? 0 : 100)\n" }
    }
    let kept = try truth(question, table)["s"].map { $0 / 100 / Double(units) }
    // The mean over 2,000 units has deviation 0.0202; 0.2 is 9.9 of them: Hoeffding-Serfling gives below 1e-9 with
    // the variance term of Bernstein's inequality (2000·0.04/(2·0.818 + 2·10·0.2/3) ≈ 27 nats).
    #expect(abs(try #require(kept) - 1) < 0.2)
  }

  @Test func `partials of another query or key do not merge`() throws {
    let question = try question(groups: 2, rows: 3)
    var mine = try accumulator(question, [])
    #expect(throws: StatisticsError.self) { try mine.merge(accumulator(self.question(groups: 2, rows: 4), [])) }
    #expect(throws: StatisticsError.self) {
      try mine.merge(accumulator(question, [], key: String(repeating: "0", count: 32)))
    }
  }

  @Test func `partials are the same bytes for any split and read back whole`() throws {
    let question = try question(groups: 2, rows: 3)
    let all = rows(500, users: 20)
    let whole = try accumulator(question, ["u,g,x\n" + all.joined()])
    let bytes = whole.partial()
    let shuffled = all.shuffled()
    var merged = try accumulator(question, [])
    for start in stride(from: 0, to: 500, by: 71) {
      let part = try accumulator(question, ["u,g,x\n" + shuffled[start..<min(start + 71, 500)].joined()])
      try merged.merge(Accumulator(partial: part.partial(), of: question, name: "part"))
    }
    #expect(merged.partial() == bytes)
    let back = try Accumulator(partial: bytes, of: question, name: "part")
    #expect(back.partial() == bytes && back.insecureTrueTable() == whole.insecureTrueTable())
  }

  @Test func `damaged cut off and foreign partials are refused`() throws {
    let question = try question(groups: 2, rows: 3)
    let bytes = try accumulator(question, ["u,g,x\n" + rows(30, users: 3).joined()]).partial()
    for _ in 0..<300 {
      var flipped = bytes
      flipped[Int.random(in: 0..<bytes.count)] ^= 1 << UInt8.random(in: 0..<8)
      #expect(throws: StatisticsError.self) { _ = try Accumulator(partial: flipped, of: question, name: "p").partial() }
      let cut = Array(bytes[..<Int.random(in: 0..<bytes.count)])
      #expect(throws: StatisticsError.self) { _ = try Accumulator(partial: cut, of: question, name: "p").partial() }
    }
    let other = #expect(throws: StatisticsError.self) {
      _ = try Accumulator(partial: bytes, of: self.question(groups: 2, rows: 4), name: "p").partial()
    }
    #expect(other?.description.hasPrefix("p: answers query ") == true)
  }

  @Test func `partials of rows as units merge too`() throws {
    let question = try query(
      groupBy: [GroupColumn(column: "g", keys: ["a", "b"])],
      metrics: [
        Metric(name: "n", kind: .count), Metric(name: "s", kind: .sum, column: "x", range: -100...0),
      ])
    var left = try accumulator(question, ["g,x\na,-3\nb,-5\n"])
    let right = try accumulator(question, ["g,x\na,-7\n"])
    try left.merge(Accumulator(partial: right.partial(), of: question, name: "p"))
    let whole = try accumulator(question, ["g,x\na,-7\nb,-5\na,-3\n"], key: String(repeating: "1", count: 32))
    #expect(left.partial() == whole.partial())
  }
}
