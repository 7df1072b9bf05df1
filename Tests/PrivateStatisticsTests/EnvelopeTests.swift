import PrivateStatistics
import Testing

@Suite struct `Envelopes of partials` {
  private func question(rows: Int = 3) throws -> Query {
    try query(
      unit: .column("u"), bounds: ContributionBounds(groupsPerUnit: 2, rowsPerGroup: rows),
      groupBy: [GroupColumn(column: "g", keys: ["a", "b", "c"])], metrics: [Metric(name: "n", kind: .count)])
  }

  private func rows(_ range: Range<Int>) -> String {
    "u,g\n" + range.map { "\($0 * 7 % 40),\(["a", "b", "c"][$0 % 3])\n" }.joined()
  }

  @Test func `any split in envelopes merges to the bytes and rows of the whole`() throws {
    let question = try question()
    let whole = try accumulator(question, [rows(0..<900)])
    let parts = try stride(from: 0, to: 900, by: 100).map {
      try accumulator(question, [rows($0..<($0 + 100))]).enveloped()
    }.shuffled()
    // A tree: some of the partials were merged and sent on before.
    var left = try Accumulator(partial: parts[0], of: question, name: "p")
    for part in parts[1..<4] { try left.merge(Accumulator(partial: part, of: question, name: "p")) }
    var right = try accumulator(question, [])
    for part in parts[4...] { try right.merge(Accumulator(partial: part, of: question, name: "p")) }
    #expect(right.runs.count == 5)
    try left.merge(Accumulator(partial: right.enveloped(), of: question, name: "p"))
    #expect(left.partial() == whole.partial())
    #expect(left.runs.count == 9 && left.runs.rowCount == 900)
    #expect(try Accumulator.runs(ofPartial: left.enveloped(), name: "p") == left.runs)
  }

  @Test func `a run that comes again is refused wherever it hides and nothing is merged`() throws {
    let question = try question()
    let first = try accumulator(question, [rows(0..<100)])
    let sent = first.enveloped()
    var merged = try accumulator(question, [rows(100..<200)])
    try merged.merge(Accumulator(partial: sent, of: question, name: "p"))
    let before = merged.partial()
    for again in [sent, merged.enveloped()] {
      let error = #expect(throws: StatisticsError.self) {
        try merged.merge(Accumulator(partial: again, of: question, name: "p"))
      }
      #expect(error?.reason.contains("repeats a run") == true)
    }
    #expect(merged.partial() == before && merged.runs.rowCount == 200)
    // Without an envelope equal bytes are two pieces of work that came to the same.
    let bare = first.partial()
    var other = try Accumulator(partial: bare, of: question, name: "p")
    #expect(other.runs.rowCount == nil && !other.runs.isNamed && merged.runs.isNamed)
    try other.merge(Accumulator(partial: bare, of: question, name: "p"))
    #expect(other.runs.count == 2)
    // Written piece by piece, an envelope has the same bytes.
    var pieces: [UInt8] = []
    try first.writeEnveloped { pieces += $0 }
    #expect(pieces == sent)
  }

  @Test func `attempts that share a name count once and random names differ`() throws {
    let question = try question()
    let name = try RunID(hexadecimal: "000102030405060708090A0b0c0d0e0f")
    #expect(name.description == "000102030405060708090a0b0c0d0e0f")
    func attempt() throws -> Accumulator {
      var result = try Accumulator(
        question, key: SamplingKey(hexadecimal: "000102030405060708090a0b0c0d0e0f"), run: name)
      try add(rows(0..<50), to: &result)
      return result
    }
    var merged = try attempt()
    let second = try attempt()
    #expect(merged.enveloped() == second.enveloped() && merged.runs.contains(second.runs))
    #expect(throws: StatisticsError.self) { try merged.merge(attempt()) }
    #expect(Set((0..<100).map { _ in RunID() }).count == 100)
    for text in ["", "00", String(repeating: "g", count: 32), "+" + String(repeating: "0", count: 31)] {
      #expect(throws: StatisticsError.self) { try RunID(hexadecimal: text) }
    }
  }

  @Test func `an accumulator that grew after it was sent is no mere repeat`() throws {
    let question = try question()
    var growing = try accumulator(question, [rows(0..<50)])
    let early = try Accumulator(partial: growing.enveloped(), of: question, name: "p")
    try add(rows(50..<60), to: &growing)
    #expect(!growing.runs.contains(early.runs) && !growing.runs.isDisjoint(with: early.runs))
  }

  @Test func `damage in an envelope and foreign versions and queries are named`() throws {
    let question = try question()
    let bytes = try accumulator(question, [rows(0..<30)]).enveloped()
    for index in 0..<bytes.count {
      var flipped = bytes
      flipped[index] ^= 1 << UInt8.random(in: 0..<8)
      #expect(throws: StatisticsError.self) { _ = try Accumulator(partial: flipped, of: question, name: "p").partial() }
      #expect(throws: StatisticsError.self) {
        _ = try Accumulator(partial: Array(bytes[..<index]), of: question, name: "p").partial()
      }
    }
    #expect(throws: StatisticsError.self) {
      _ = try Accumulator(partial: bytes + [0], of: question, name: "p").partial()
    }
    func refusal(_ bytes: [UInt8], _ question: Query) -> String {
      let error = #expect(throws: StatisticsError.self) {
        _ = try Accumulator(partial: bytes, of: question, name: "p").partial()
      }
      return error?.description ?? ""
    }
    var later = bytes
    later[8] = 9
    #expect(refusal(later, question) == "p: is in an envelope of version 9, not 1")
    var body = try accumulator(question, []).partial()
    body[8] = 7
    #expect(refusal(body, question) == "p: is a partial aggregate of version 7, not 2")
    let words = try refusal(bytes, self.question(rows: 4)).split(separator: " ")
    #expect(words.count == 6 && words[3].count == 17 && words[5].count == 16 && words[3].dropLast() != words[5])
  }
}
