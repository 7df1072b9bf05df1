import Foundation
import Testing

/// What the scans of models, updates and federations report, in every form.
@Suite struct AuditReportTests {
  private let folder: Folder

  init() throws {
    folder = try Folder()
    let bare = """
      data: digits
      partition: { kind: iid, clients: 20 }
      model: { kind: softmax }
      rounds: 2

      """
    try folder.write(bare, to: "bare.yaml")
    try folder.write(bare + "privacy: { unit: client, clip: 0.1, epsilon: 1, delta: 1e-5 }\n", to: "private.yaml")
    try folder.write(
      bare + "client: { batch_size: 10, batch_rate: 0.2 }\n"
        + "privacy: { unit: example, clip: 0.5, epsilon: 2, delta: 1e-5 }\n", to: "examples.yaml")
  }

  private func audit(_ arguments: String...) throws -> CommandRun { try CommandRun(["audit"] + arguments, in: folder) }

  private func rules(_ run: CommandRun) -> [String] {
    let runs = run.json?["runs"] as? [[String: Any]]
    let results = runs?.first?["results"] as? [[String: Any]] ?? []
    return results.compactMap { $0["ruleId"] as? String }
  }

  @Test func `a model's members are valued and hidden attributes guessed with and without it`() throws {
    let run = try audit(
      "model", "bare.yaml", "--candidates", "200", "--attacks", "loss", "--attribute", "36", "--json")
    #expect(run.code == 0, "\(run.error)")
    let shapley = try #require(run.json?["shapley"] as? [String: Any])
    let members = try #require(run.json?["members"] as? Int)
    #expect(shapley["records"] as? Int == members && (shapley["positive"] as? Int ?? -1) <= members)
    let attribute = try #require((run.json?["attributes"] as? [[String: Any]])?.first)
    let guessers = try #require(attribute["guessers"] as? [[String: Any]])
    #expect(attribute["feature"] as? Int == 36 && guessers.count == 5)
    #expect(guessers.compactMap { $0["asks_model"] as? Bool } == [false, false, true, true, true])
    #expect(guessers.allSatisfy { $0["members"] as? Int == members })
    let sarif = try audit(
      "model", "bare.yaml", "--candidates", "40", "--attacks", "loss", "--attribute", "36", "--format", "sarif")
    #expect(rules(sarif).suffix(2) == ["tacit/shapley", "tacit/attribute-inference"])
    #expect(try audit("model", "bare.yaml", "--attribute", "64").isRefusal(64, naming: "attribute", "0…63"))
    #expect(try audit("model", "bare.yaml", "--attribute", "0").isRefusal(64, naming: "feature 0", "values"))
    #expect(try audit("model", "bare.yaml", "--attribute", "1,").isRefusal(64, naming: "--attribute"))
    #expect(try audit("model", "private.yaml", "--attribute", "1").isRefusal(64, naming: "attribute"))
    // Where examples are protected, they are what is added and removed, and their ε is the one that is held against.
    let examples = try audit("model", "examples.yaml", "--candidates", "40", "--attacks", "loss", "--json")
    #expect(examples.json?["unit"] as? String == "example" && (examples.json?["claimed_epsilon"] as? Double ?? 9) <= 2)
    let clients = try audit(
      "model", "examples.yaml", "--unit", "client", "--candidates", "20", "--attacks", "loss", "--json")
    #expect(clients.json != nil && clients.json?["claimed_epsilon"] as? Double == nil && clients.code == 0)
  }

  @Test func `a property shows in single updates and not in a sum with noise`() throws {
    func views(_ config: String) throws -> [[String: Any]] {
      let run = try audit("update", config, "--trials", "60", "--property", "3", "--json")
      let property = try #require(run.json?["property"] as? [String: Any])
      #expect(property["label"] as? Int == 3)
      return try #require(property["views"] as? [[String: Any]])
    }
    #expect(try views("bare.yaml").first?["leaks"] as? Bool == true)
    let noised = try #require(views("private.yaml").last)
    #expect((noised["view"] as? String)?.hasSuffix("with noise") == true)
    // 60 guesses of a fair coin: more than 53 are right with probability below 1e-9.
    #expect((noised["right"] as? Int ?? 60) <= 53)
    #expect(try views("examples.yaml").last?["view"] as? String == "update with the client's own noise")
    #expect(
      rules(try audit("update", "bare.yaml", "--trials", "40", "--format", "sarif")).last == "tacit/property-inference")
    #expect(try audit("update", "bare.yaml", "--property", "10").isRefusal(64, naming: "property"))
  }

  @Test func `a federation is tried by canaries of its unit and by a backdoor`() throws {
    let run = try audit(
      "federation", "examples.yaml", "--canaries", "60", "--attacks", "no", "--backdoor", "none,median", "--json")
    #expect(run.code == 0 || run.code == 2, "\(run.error)")
    #expect((run.json?["canaries"] as? [String: Any])?["unit"] as? String == "example")
    let rows = try #require(run.json?["backdoor"] as? [[String: Any]])
    #expect(rows.compactMap { $0["rule"] as? String } == ["none", "none", "median"])
    #expect(rows.first?["fraction"] as? Double == 0 && rows.last?["fraction"] as? Double == 0.2)
    #expect(
      try rules(
        audit("federation", "bare.yaml", "--attacks", "no", "--backdoor", "none", "--format", "sarif"))
        == ["tacit/canaries", "tacit/backdoor"])
    #expect(
      try audit("federation", "bare.yaml", "--attacks", "no", "--backdoor", "unheard-of").isRefusal(64, naming: "rules")
    )
    let quiet = try audit("federation", "bare.yaml", "--attacks", "no", "--backdoor", "no", "--json")
    #expect((quiet.json?["backdoor"] as? [Any])?.isEmpty == true)
  }

  @Test func `canaries inside a training change it, and outside they do not`() throws {
    func weights(_ more: String...) throws -> String {
      try folder.write(
        try folder.read("private.yaml").replacingOccurrences(
          of: "delta: 1e-5 }", with: "delta: 1e-5, noise_source: simulated }"),
        to: "seeded.yaml")
      let run = try CommandRun(["simulate", "seeded.yaml", "--json"] + more, in: folder)
      #expect(run.code == 0, "\(run.error)")
      return try #require(run.json?["weights_sha256"] as? String)
    }
    let bare = try weights()
    #expect(try weights("--canaries", "20") == bare)
    let inside = try weights("--canaries", "20", "--canaries-inside")
    #expect(inside != bare)
    #expect(try weights("--canaries", "20", "--canaries-inside", "--threads", "3") == inside)
    #expect(try folder.run("simulate", "seeded.yaml", "--canaries-inside").code == 64)
    #expect(
      try folder.run("simulate", "seeded.yaml", "--canaries", "20", "--canaries-inside", "--checkpoint", "k").code == 64
    )
  }

  @Test(arguments: [
    ["model", "bare.yaml", "--candidates", "40", "--shadows", "2", "--attribute", "36"],
    ["update", "private.yaml", "--trials", "20"],
    ["federation", "private.yaml", "--canaries", "20", "--attacks", "none,alie"],
    ["mechanism", "--target", "builtin:laplace-half-noise", "--claim", "epsilon=1,unit=row", "--samples", "2000"],
    ["config", "private.yaml"], ["zoo", "laplace-add-remove-noise-for-replace-one"],
    ["certificate", "--auditor", "fixed", "--runs", "2"],
  ])
  func `a report fits a terminal of eighty columns and has no sign of a cut`(arguments: [String]) throws {
    let environment = ProcessInfo.processInfo.environment["COLUMNS"]
    guard environment == nil else { return }
    let run = try CommandRun(["audit"] + arguments, in: folder)
    #expect([0, 1, 2].contains(run.code) && run.output.count > 100, "\(run.error)")
    for line in run.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    // The sign stands between the ends of intervals and nowhere else.
    #expect(run.output.matches(of: /…/).count == run.output.matches(of: /\d…\d/).count)
  }
}
