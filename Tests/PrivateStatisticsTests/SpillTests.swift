import ExactMath
import PrivacyAccounting
import PrivateStatistics
import TableFormats
import Testing

@Suite struct `Memory limits` {
  private func questions() throws -> [Query] {
    let metrics = [
      try Metric(name: "n", kind: .count), try Metric(name: "who", kind: .units),
      try Metric(name: "s", kind: .sum, column: "x", range: 0...100),
      try Metric(name: "q", kind: .median, column: "x", range: 0...100),
    ]
    return try [[GroupColumn(column: "g", keys: ["a", "b", "c"])], [GroupColumn(column: "g")], []].flatMap { groups in
      try [(1, 1), (2, 3), (9, 100)].map { bounds in
        try Query(
          privacyUnit: .column("u"), epsilon: Epsilon(1), delta: Delta("1e-6"),
          bounds: ContributionBounds(groupsPerUnit: bounds.0, rowsPerGroup: bounds.1), groupBy: groups,
          metrics: metrics)
      }
    }
  }

  private func rows(_ count: Int) -> [String] {
    (0..<count).map { _ in
      "\(Int.random(in: 0..<400)),\(["a", "b", "c", "d", "longer than a word"][Int.random(in: 0..<5)]),"
        + "\(Int.random(in: -5...120))\n"
    }
  }

  private func filled(_ question: Query, _ rows: ArraySlice<String>, memory: Int?, threads: Int) throws -> Accumulator {
    let key = try SamplingKey(hexadecimal: "000102030405060708090a0b0c0d0e0f")
    var result = try Accumulator(question, key: key, memory: memory)
    var reader = try CSVReader(
      ByteSource(Array(("u,g,x\n" + rows.joined()).utf8), name: "file"), columns: question.columns)
    try result.add(&reader, threads: threads)
    return result
  }

  @Test func `a memory limit changes neither partials nor answers`() throws {
    let all = rows(30_000)
    for question in try questions() {
      let whole = try filled(question, all[...], memory: nil, threads: 1)
      let bytes = whole.partial()
      let answers = whole.insecureTrueTable()
      // The first moves every queue out as it comes, the second now and then.
      for memory in [1, 1 << 21] {
        let spilled = try filled(question, all[...], memory: memory, threads: 3)
        #expect(spilled.partial() == bytes)
        #expect(spilled.insecureTrueTable() == answers)
        var pieces: [UInt8] = []
        try spilled.writePartial { pieces += $0 }
        #expect(pieces == bytes)
      }
      var left = try filled(question, all[..<9_000], memory: 1, threads: 1)
      try left.merge(filled(question, all[9_000..<20_000], memory: nil, threads: 2))
      try left.merge(filled(question, all[20_000...], memory: 1, threads: 1))
      #expect(left.partial() == bytes)
    }
  }

  @Test func `a release under a memory limit charges once and answers every group`() throws {
    let question = try questions()[1]
    let budget = try SharedBudget(PrivacyBudget(BudgetLimit.approximate(Epsilon(1), Delta("1e-6"))))
    let spilled = try filled(question, rows(5_000)[...], memory: 1, threads: 2)
    #expect(try spilled.release(charging: budget, label: "once").rows.count == 3)
    let again = try filled(question, rows(10)[...], memory: 1, threads: 1)
    do {
      _ = try again.release(charging: budget, label: "twice")
      Issue.record("the budget held a second charge")
    } catch {
      #expect(error.code == .refused)
    }
  }
}
