import Foundation
import Testing

/// `tacit audit metrics`: its text read by the rules of OpenMetrics 1.0, as a collector would.
@Suite struct MetricsVerbTests {
  /// A text of measurements, or why it is none.
  private struct Exposition {
    struct Mistake: Error {
      let text: String
    }

    var kinds: [String: String] = [:]
    var samples: [String: Double] = [:]

    init(_ text: String) throws {
      guard text.hasSuffix("# EOF\n"), !text.contains("\n\n"), !text.contains("\r") else {
        throw Mistake(text: "does not end in # EOF and a line feed, or has empty lines")
      }
      var (family, closed, helped) = ("", Set<String>(), Set<String>())
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(2)
      for line in lines {
        if line.hasPrefix("#") {
          let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
          guard words.count == 4, words[0] == "#", try Exposition.isName(words[2]) else {
            throw Mistake(text: "a descriptor of the wrong form: \(line)")
          }
          if words[2] != family {
            guard closed.insert(words[2]).inserted else { throw Mistake(text: "\(words[2]) is in two places") }
            family = words[2]
          }
          switch words[1] {
          case "TYPE":
            guard kinds.updateValue(words[3], forKey: family) == nil, ["gauge", "counter"].contains(words[3]) else {
              throw Mistake(text: "\(family) has two types or an unknown one")
            }
          case "HELP": guard helped.insert(family).inserted else { throw Mistake(text: "\(family) has two helps") }
          default: throw Mistake(text: "no descriptor: \(words[1])")
          }
          continue
        }
        let (name, series, number) = try Exposition.sample(String(line))
        guard name == family + (kinds[family] == "counter" ? "_total" : "") else {
          throw Mistake(text: "\(name) stands under \(family)")
        }
        guard samples.updateValue(number, forKey: series) == nil else {
          throw Mistake(text: "\(series) is there twice")
        }
      }
    }

    private static func isName(_ text: String) throws -> Bool { text.wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/) != nil }

    /// name{label="value",…} number, without a timestamp.
    private static func sample(_ line: String) throws -> (name: String, series: String, number: Double) {
      let pattern = /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\["\\n])*",?)*)\})? (\S+)/
      guard let found = line.wholeMatch(of: pattern) else { throw Mistake(text: "no sample: \(line)") }
      guard found.3?.hasSuffix(",") != true else { throw Mistake(text: "a comma too many: \(line)") }
      let word = String(found.4)
      guard let number = word == "+Inf" ? Double.infinity : Double(word), !number.isNaN else {
        throw Mistake(text: "no number: \(line)")
      }
      return (String(found.1), String(found.1) + String(found.2 ?? ""), number)
    }
  }

  @Test func `budgets, rounds and reports are one text that a collector reads`() throws {
    let folder = try Folder()
    for (name, filter) in [("B", "zcdp"), ("a \"b\"\\c", "pure")] {
      let run = try folder.run(
        "ledger", "create", "L.db", "--budget", name, "--epsilon", "10", "--delta", filter == "pure" ? "0" : "1e-5",
        "--unit", "client", "--filter", filter)
      #expect(run.code == 0, "\(run.error)")
    }
    #expect(try folder.run("ledger", "freeze", "L.db", "--budget", "a \"b\"\\c").code == 0)
    try folder.write(
      """
      data: digits
      partition: { kind: iid, clients: 20 }
      model: { kind: softmax }
      rounds: 3
      privacy: { clip: 0.5, noise_multiplier: 2, delta: 1e-5, ledger: { file: L.db, budget: B } }

      """, to: "c.yaml")
    let training = try folder.run("simulate", "c.yaml", "--metrics", "r.jsonl", "--json")
    #expect(training.code == 0, "\(training.error)")
    let audit = try folder.run(
      "audit", "mechanism", "--target", "builtin:laplace-half-noise", "--claim", "epsilon=1,unit=row", "--samples",
      "4000", "--no-probes", "--output", "half.json", "--json")
    #expect(audit.code == 1)
    let model = try folder.run(
      "audit", "model", "c.yaml", "--candidates", "20", "--attacks", "loss", "--output", "model.json", "--json")
    #expect(model.code == 0 || model.code == 2, "\(model.error)")
    let run = try folder.run(
      "audit", "metrics", "--ledger", "L.db", "--rounds", "r.jsonl", "--report", "half.json", "--report", "model.json")
    #expect(run.code == 0 && run.error.isEmpty)
    let text = try Exposition(run.output)
    let samples = text.samples
    #expect(samples[#"tacit_budget_frozen{budget="B"}"#] == 0)
    #expect(samples[#"tacit_budget_frozen{budget="a \"b\"\\c"}"#] == 1)
    #expect(samples[#"tacit_budget_limit_epsilon{budget="B",unit="client"}"#] == 10)
    #expect(samples[#"tacit_budget_charges_total{budget="B"}"#] == 1)
    #expect(samples["tacit_rounds_total"] == 3 && samples["tacit_updates_accepted_total"] == 60)
    #expect(samples["tacit_updates_rejected_total"] == 0)
    #expect(samples[#"tacit_audit_refuted{report="half"}"#] == 1)
    #expect(samples[#"tacit_audit_refuted{report="model"}"#] == 0)
    #expect(samples[#"tacit_attack_area{report="model",attack="loss"}"#] != nil)
    #expect(text.kinds["tacit_rounds"] == "counter" && text.kinds["tacit_budget_remaining"] == "gauge")
    // ρ of (10, 1e-5) less 3/8 for three rounds of σ = 2.
    let rest = try #require(samples[#"tacit_budget_remaining{budget="B",measure="rho"}"#])
    let status = try folder.run("ledger", "status", "L.db", "--json")
    let budgets = try #require(status.json?["budgets"] as? [[String: Any]])
    let left = budgets.compactMap { $0["remaining"] as? String }.first { $0.hasPrefix("rho=") } ?? ""
    let parts = left.dropFirst(4).prefix { $0 != "," }.split(separator: "/").compactMap { Double($0) }
    #expect(parts.count == 2 && abs(rest - parts[0] / parts[1]) < 1e-12 && rest > 0.375)
    let epsilon = try #require((training.json?["epsilon"] as? [String: Any])?["upper"] as? Double)
    #expect(samples["tacit_training_epsilon"] == epsilon)
  }

  @Test func `a collector's file is replaced whole and only when asked`() throws {
    let folder = try Folder()
    try folder.write(#"{"refuted":true,"epsilon_lower_bound":"inf"}"#, to: "r.json")
    #expect(try folder.run("audit", "metrics", "--report", "r.json", "--output", "m.prom").code == 0)
    let text = try Exposition(folder.read("m.prom"))
    #expect(text.samples[#"tacit_audit_epsilon_lower_bound{report="r"}"#] == .infinity)
    #expect(
      try folder.run("audit", "metrics", "--report", "r.json", "--output", "m.prom").isRefusal(1, naming: "--force"))
    #expect(try folder.run("audit", "metrics", "--report", "r.json", "--output", "m.prom", "--force").code == 0)
    #expect(folder.names == ["m.prom", "r.json"])
    try folder.write("no JSON\n", to: "bad.jsonl")
    #expect(try folder.run("audit", "metrics", "--rounds", "bad.jsonl").isRefusal(1, naming: "bad.jsonl", "line 1"))
    #expect(try folder.run("audit", "metrics", "--report", "absent.json").isRefusal(1, naming: "absent.json"))
    #expect(try folder.run("audit", "metrics").code == 64)
  }
}
