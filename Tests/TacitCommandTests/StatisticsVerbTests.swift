import Foundation
import Testing

/// Partials on threads, sealed and merged, private selection, pages, and the local model.
@Suite struct StatisticsVerbTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.write(
      """
      privacy_unit: { column: user }
      budget: { epsilon: 1.0, delta: 1e-6 }
      bounds: { groups_per_unit: 2, rows_per_group: 2 }
      group_by: [ { column: city } ]
      metrics: [ { name: visits, kind: count }, { name: spend, kind: sum, column: amount, range: [0, 10] } ]
      """, to: "query.yaml")
    try folder.write("000102030405060708090a0b0c0d0e0f\n", to: "sampling.key")
    try folder.write(String(repeating: "0123456789abcdef", count: 4) + "\n", to: "seal.key")
    try folder.write(table(0..<3_000), to: "all.csv")
    try folder.write(table(0..<1_100), to: "first.csv")
    try folder.write(table(1_100..<3_000), to: "second.csv")
  }

  private func table(_ rows: Range<Int>) -> String {
    "user,city,amount\n" + rows.map { "u\($0 * 7 % 900),c\($0 % 3),\($0 % 11).5\n" }.joined()
  }

  private func accumulate(_ table: String, to partial: String, _ options: String...) throws -> CommandRun {
    try CommandRun(
      ["accumulate", "query.yaml", "--input", table, "--key", "sampling.key", "--output", partial, "--json"] + options,
      in: folder)
  }

  @Test func `threads files merging and sealing give one digest`() throws {
    let whole = try #require(accumulate("all.csv", to: "whole").json?["sha256"] as? String)
    for threads in ["2", "7"] {
      let run = try accumulate("all.csv", to: "whole-\(threads)", "--threads", threads)
      #expect(run.json?["sha256"] as? String == whole)
    }
    for name in ["first", "second"] {
      #expect(try accumulate("\(name).csv", to: name, "--seal", "seal.key").code == 0)
    }
    let merged = try folder.run(
      "merge", "second", "first", "--seal", "seal.key", "--output", "merged", "--json")
    #expect(merged.json?["sha256"] as? String == whole)
    #expect(try folder.run("release", "query.yaml", "--partial", "merged").isRefusal(1, naming: "merged", "sealed"))
    #expect(try folder.run("release", "query.yaml", "--partial", "merged", "--seal", "seal.key").code == 0)
  }

  @Test func `a repeat a loss and a stranger are refused before anything is released`() throws {
    let whole = try #require(accumulate("all.csv", to: "whole").json?["sha256"] as? String)
    for name in ["first", "second"] { #expect(try accumulate("\(name).csv", to: name).code == 0) }
    let twice = try folder.run("merge", "first", "second", "first", "--output", "m")
    #expect(twice.isRefusal(1, naming: "first", "repeats"))
    let ignoring = try folder.run(
      "merge", "first", "second", "first", "--ignore-duplicates", "--expect-rows", "3000", "--expect-partials", "2",
      "--output", "m", "--json")
    #expect(ignoring.json?["sha256"] as? String == whole)
    #expect(try folder.run("merge", "m", "second", "--output", "n").isRefusal(1, naming: "second", "repeats"))
    let release = ["release", "query.yaml", "--partial", "first"]
    let lost = try CommandRun(release + ["--expect-rows", "3000"], in: folder)
    #expect(lost.isRefusal(1, naming: "1900 rows are missing"))
    #expect(try CommandRun(release + ["--expect-partials", "2"], in: folder).isRefusal(1, naming: "1 of 2 partials"))
    #expect(try CommandRun(release + ["--expect-rows", "1100"], in: folder).code == 0)
    // An envelope is nine words before a partial of one run.
    let url = folder.url.appendingPathComponent("first")
    try Data(contentsOf: url).dropFirst(72).write(to: folder.url.appendingPathComponent("bare"))
    #expect(try folder.run("merge", "bare", "--output", "n").isRefusal(1, naming: "bare", "names no runs"))
    try folder.write("ffffffffffffffffffffffffffffffff\n", to: "sampling.key")
    _ = try accumulate("second.csv", to: "foreign")
    let stranger = try folder.run("merge", "first", "foreign", "--output", "n")
    #expect(stranger.isRefusal(1, naming: "foreign", "first", "key"))
  }

  @Test func `lines of base64 travel as engines carry text`() throws {
    let whole = try #require(accumulate("all.csv", to: "whole").json?["sha256"] as? String)
    try folder.write("{}", to: "nothing")
    var lines = ""
    for rows in [0..<1_100, 1_100..<3_000] {
      let fields = table(rows).split(separator: "\n").dropFirst().map { $0.replacing(",", with: "\u{1}") + "\n" }
      let words = "accumulate query.yaml --input - --input-format spark-transform --output - --key sampling.key"
      let run = try CommandRun(words.split(separator: " ").map(String.init), in: folder, input: fields.joined())
      #expect(run.code == 0 && run.output.filter { $0 == "\n" }.count == 1)
      lines += run.output
    }
    try folder.write(lines, to: "lines")
    let merged = try folder.run("merge", "lines", "--expect-rows", "3000", "--output", "m", "--json")
    #expect(merged.json?["sha256"] as? String == whole)
    try folder.write(lines + lines, to: "twice")
    #expect(try folder.run("merge", "twice", "--output", "n").isRefusal(1, naming: "twice:3", "repeats"))
    #expect(try folder.run("merge", "nothing", "--output", "n").isRefusal(1, naming: "nothing:1"))
  }

  @Test func `a sealed partial opens under its own key only`() throws {
    _ = try accumulate("first.csv", to: "sealed", "--seal", "seal.key")
    try folder.write(String(repeating: "f", count: 64), to: "other.key")
    let arguments = ["release", "query.yaml", "--partial", "sealed", "--seal"]
    #expect(try CommandRun(arguments + ["other.key"], in: folder).isRefusal(1, naming: "sealed"))
    try folder.write("short", to: "bad.key")
    #expect(try CommandRun(arguments + ["bad.key"], in: folder).isRefusal(1, naming: "bad.key"))
    let url = folder.url.appendingPathComponent("sealed")
    var bytes = try Data(contentsOf: url)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: url)
    #expect(try CommandRun(arguments + ["seal.key"], in: folder).isRefusal(1, naming: "sealed"))
  }

  @Test func `groups nobody declared are selected and the release says what it claims`() throws {
    let run = try folder.run("release", "query.yaml", "--input", "all.csv", "--json")
    let rows = try #require(run.json?["rows"] as? [[String: Any]])
    // Three cities of hundreds of users each are certain to be named.
    #expect(rows.compactMap { $0["city"] as? String } == ["c0", "c1", "c2"])
    #expect((run.json?["claim"] as? String)?.contains("(1, 0.000001)") == true)
    let selection = run.json?["selection"] as? [String: Any]
    #expect(selection?["kind"] as? String == "optimal")
    let explained = try folder.run("explain", "query.yaml", "--json")
    #expect((explained.json?["selection"] as? [String: Any])?["event"] as? String == selection?["event"] as? String)
    #expect((explained.json?["warnings"] as? [String])?.isEmpty == false)
  }

  @Test func `a page has bars and intervals and nothing to fetch`() throws {
    #expect(
      try folder.run("release", "query.yaml", "--input", "all.csv", "--format", "html", "--output", "page.html").code
        == 0)
    let page = try folder.read("page.html")
    #expect(page.contains("<svg") && page.contains("visits") && page.contains("95 %"))
    #expect(!page.contains("src=\"http"))
  }

  @Test func `randomised answers are estimated within their intervals`() throws {
    let answers = String(repeating: "yes\n", count: 6_000) + String(repeating: "no\n", count: 2_000)
    let options = ["--keys", "yes,no,maybe", "--epsilon", "1"]
    let randomised = try CommandRun(["randomize"] + options, in: folder, input: answers)
    #expect(randomised.output.split(separator: "\n").count == 8_000)
    let estimate = try CommandRun(["estimate", "--json"] + options, in: folder, input: randomised.output)
    let found = try #require(estimate.json?["answers"] as? [[String: Any]])
    for (key, truth) in [("yes", 6_000.0), ("no", 2_000.0), ("maybe", 0.0)] {
      let value = try #require(found.first { $0["key"] as? String == key }?["estimate"] as? Double)
      // Hoeffding: 8,000 answers are off by more than 320 with probability 2e^(−25.6) < 2e-11; the estimate is that
      // over the share of answers kept, which is at least 0.36 at ε = 1 and three answers.
      #expect(abs(value - truth) < 320 / 0.36)
    }
    #expect(try CommandRun(["randomize"] + options, in: folder, input: "yes\nother\n").isRefusal(1, naming: ":2"))
    #expect(try CommandRun(["randomize", "--keys", "a,b"], in: folder, input: "a\n").isRefusal(64))
  }
}
