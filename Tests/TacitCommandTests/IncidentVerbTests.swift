import Foundation
import Testing

/// `tacit audit incident`, and the options of `tacit simulate` that it relies on.
@Suite struct IncidentVerbTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private static func configuration(_ line: String = "", rounds: Int = 4) -> String {
    """
    data: digits
    partition: { kind: iid, clients: 20 }
    model: { kind: softmax }
    cohort: { sampling: all }
    rounds: \(rounds)
    seed: 3
    \(line)

    """
  }

  private static let charged =
    "privacy: { clip: 0.5, noise_multiplier: 2, delta: 1e-5, ledger: { file: L.db, budget: B } }"

  private func weights(_ arguments: String...) throws -> String {
    let run = try CommandRun(["simulate"] + arguments + ["--json"], in: folder)
    #expect(run.code == 0, "\(run.error)")
    return try #require(run.json?["weights_sha256"] as? String)
  }

  /// A training of four rounds that was charged, with every checkpoint kept.
  private func train() throws {
    try folder.write(Self.configuration(Self.charged), to: "c.yaml")
    let created = try folder.run(
      "ledger", "create", "L.db", "--budget", "B", "--epsilon", "20", "--delta", "1e-5", "--unit", "client",
      "--filter", "zcdp")
    #expect(created.code == 0, "\(created.error)")
    let run = try folder.run("simulate", "c.yaml", "--checkpoint", "k", "--keep-checkpoints", "9")
    #expect(run.code == 0, "\(run.error)")
  }

  private func incident(_ more: String...) throws -> CommandRun {
    try CommandRun(
      ["audit", "incident", "c.yaml", "--checkpoint", "k", "--output", "m.npz", "--evidence", "e.tar"] + more,
      in: folder)
  }

  @Test func `a frozen budget refuses every later charge and what was spent stays spent`() throws {
    try train()
    let run = try incident("--clean-round", "2", "--ledger", "L.db", "--budget", "B", "--json")
    #expect(run.code == 0 && run.json?["frozen"] as? Bool == true)
    #expect(run.json?["rounds_done"] as? Int == 4 && run.json?["restored_round"] as? Int == 2)
    #expect(
      try folder.run("ledger", "charge", "L.db", "--budget", "B", "laplace(scale=100)").isRefusal(1, naming: "frozen"))
    #expect(try folder.run("simulate", "c.yaml", "--init", "m.npz").isRefusal(1, naming: "frozen"))
    // Four rounds composed by another verb, and two of them for what was kept.
    func epsilon(_ event: String) throws -> Double? {
      let account = try folder.run("account", event, "--delta", "1e-5", "--json")
      return (account.json?["epsilon"] as? [String: Any])?["upper"] as? Double
    }
    let spent = try #require(run.json?["epsilon_spent"] as? Double)
    #expect(try abs(spent - (epsilon("gaussian(sigma=2) * 4") ?? 0)) < 1e-6)
    #expect(run.json?["epsilon_charged"] as? Double == spent)
    #expect(
      try abs((run.json?["epsilon_of_restored"] as? Double ?? 0) - (epsilon("gaussian(sigma=2) * 2") ?? 0)) < 1e-6)
    let history = try folder.run("ledger", "history", "L.db", "--json")
    let kinds = (history.json?["entries"] as? [[String: Any]])?.compactMap { $0["kind"] as? String }
    #expect(kinds == ["create", "charge", "freeze"])
  }

  @Test func `the evidence is whole and a changed byte shows`() throws {
    try train()
    #expect(try incident("--clean-round", "3", "--revoke", "4,7", "--ledger", "L.db", "--budget", "B").code == 0)
    func shell(_ script: String) throws -> Int32 {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", script]
      process.currentDirectoryURL = folder.url
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus
    }
    #expect(try shell("mkdir e && tar xf e.tar -C e && cd e && sha256sum -c --strict --quiet MANIFEST.sha256") == 0)
    #expect(try shell("cmp m.npz e/model && cmp c.yaml e/configuration.yaml") == 0)
    #expect(try shell("cd e && echo >> rounds.jsonl && sha256sum -c --quiet MANIFEST.sha256 2> /dev/null") != 0)
    let report = try JSONSerialization.jsonObject(with: Data(folder.read("e/incident.json").utf8)) as? [String: Any]
    #expect(report?["revoked"] as? [Int] == [4, 7] && report?["restored_round"] as? Int == 3)
    #expect(try folder.read("e/ledger-history.jsonl").split(separator: "\n").count == 3)
    let rounds = try folder.read("e/rounds.jsonl").split(separator: "\n")
    #expect(rounds.count == 4)
    // The same names again are refused; the budget had to be frozen first of all.
    #expect(try incident("--clean-round", "3").isRefusal(1, naming: "--force"))
  }

  @Test func `the model goes back to the last whole clean checkpoint`() throws {
    try folder.write(Self.configuration(), to: "c.yaml")
    try folder.write(Self.configuration(rounds: 2), to: "two.yaml")
    try folder.write(Self.configuration(rounds: 1), to: "one.yaml")
    _ = try weights("c.yaml", "--checkpoint", "k", "--keep-checkpoints", "9")
    _ = try weights("two.yaml", "--output", "two.npz")
    _ = try weights("one.yaml", "--output", "one.npz")
    func bytes(_ name: String) throws -> Data { try Data(contentsOf: folder.url.appendingPathComponent(name)) }
    let run = try incident("--clean-round", "2", "--json")
    #expect(run.code == 0 && run.json?["restored_round"] as? Int == 2 && run.json?["epsilon_spent"] == nil)
    #expect(try bytes("m.npz") == bytes("two.npz"))
    // Half of that checkpoint is lost: the one before it is taken.
    let checkpoint = folder.url.appendingPathComponent("k/round-2.checkpoint")
    try Data(contentsOf: checkpoint).dropLast(100).write(to: checkpoint)
    let again = try incident("--clean-round", "2", "--force", "--json")
    #expect(again.code == 0 && again.json?["restored_round"] as? Int == 1)
    #expect(try bytes("m.npz") == bytes("one.npz"))
  }

  @Test func `so many checkpoints are kept as were asked for`() throws {
    try folder.write(Self.configuration(rounds: 6), to: "c.yaml")
    func kept(_ folderName: String) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.url.appendingPathComponent(folderName).path)
        .filter { $0.hasSuffix(".checkpoint") }.sorted()
    }
    _ = try weights("c.yaml", "--checkpoint", "k")
    _ = try weights("c.yaml", "--checkpoint", "k4", "--keep-checkpoints", "4")
    #expect(try kept("k") == ["round-5.checkpoint", "round-6.checkpoint"])
    #expect(try kept("k4") == (3...6).map { "round-\($0).checkpoint" })
    #expect(try folder.run("simulate", "c.yaml", "--checkpoint", "k1", "--keep-checkpoints", "1").code == 64)
    // With two kept nothing clean is left, and nothing is written.
    #expect(try incident("--clean-round", "4").isRefusal(1, naming: "round 4"))
    #expect(!folder.names.contains("m.npz") && !folder.names.contains("e.tar"))
  }

  /// Two tables that differ in one client's rows only.
  @Test func `a revoked client never contributes again and the run resumes bit for bit`() throws {
    func table(_ shift: Int) -> String {
      let rows = (0..<240).map { row in
        let (who, x) = (row % 8, row * 37 % 101)
        let moved = who == 5 ? x + shift : x
        return
          "\(who),\(Double(moved) / 100),\(Double(row % 7) / 7),\(who == 5 && shift > 0 ? row % 2 : x > 50 ? 1 : 0)"
      }
      return "who,a,b,label\n" + rows.joined(separator: "\n") + "\n"
    }
    func configuration(_ data: String, _ rounds: Int) -> String {
      """
      data: "csv:\(data).csv;label=label"
      partition: { kind: natural, column: who }
      model: { kind: softmax }
      cohort: { sampling: fixed, size: 4 }
      rounds: \(rounds)
      seed: 3

      """
    }
    for (name, shift) in [("a", 0), ("b", 40)] {
      try folder.write(table(shift), to: "\(name).csv")
      try folder.write(configuration(name, 6), to: "\(name).yaml")
    }
    try folder.write(configuration("a", 2), to: "half.yaml")
    let without = try weights("a.yaml", "--revoke", "5")
    #expect(try weights("a.yaml") != weights("b.yaml"))
    #expect(try weights("b.yaml", "--revoke", "5") == without)
    #expect(try weights("a.yaml") != without)
    #expect(try weights("half.yaml", "--revoke", "5", "--checkpoint", "k") != without)
    #expect(try weights("a.yaml", "--revoke", "5", "--checkpoint", "k", "--resume", "--threads", "3") == without)
    // A training of everybody does not go on from one that left somebody out.
    #expect(
      try folder.run("simulate", "a.yaml", "--checkpoint", "k", "--resume").isRefusal(
        1, naming: "another configuration"))
    #expect(try folder.run("simulate", "a.yaml", "--revoke", "8").isRefusal(64, naming: "0…7"))
    #expect(try folder.run("simulate", "a.yaml", "--revoke", "1,x").isRefusal(64, naming: "--revoke"))
    #expect(try folder.run("simulate", "a.yaml", "--revoke", "0,1,2,3,4,5,6,7").isRefusal(64, naming: "revoke"))
    // A second incident in a training that had left somebody out already.
    try folder.write(configuration("a", 6), to: "c.yaml")
    let second = try incident("--clean-round", "4", "--revoked", "5", "--revoke", "2", "--json")
    #expect(second.code == 1 && second.error.contains("round 4"))
    _ = try weights("c.yaml", "--revoke", "5", "--checkpoint", "k9", "--keep-checkpoints", "9")
    let third = try folder.run(
      "audit", "incident", "c.yaml", "--checkpoint", "k9", "--clean-round", "4", "--revoked", "5", "--revoke", "2",
      "--output", "m.npz", "--evidence", "e.tar", "--json")
    #expect(third.json?["revoked"] as? [Int] == [2, 5] && third.json?["restored_round"] as? Int == 4)
  }

  @Test func `canaries estimate beside the certified epsilon and leave the training as it was`() throws {
    let privacy = "privacy: { clip: 0.5, noise_multiplier: 2, delta: 1e-5, noise_source: simulated }"
    try folder.write(Self.configuration(privacy), to: "c.yaml")
    let run = try folder.run("simulate", "c.yaml", "--canaries", "40", "--json")
    let canaries = try #require(run.json?["canaries"] as? [String: Any])
    #expect(try run.json?["weights_sha256"] as? String == weights("c.yaml"))
    #expect(canaries["estimate_is_a_bound"] as? Bool == false && canaries["canaries"] as? Int == 40)
    let certified = ((run.json?["epsilon_if_deployed"] as? [String: Any])?["upper"] as? Double) ?? 0
    #expect(certified > 0 && canaries["certified_epsilon"] as? Double == certified)
    // With the seed's noise the run is one of few that could be drawn; the bound is below the truth here.
    #expect((canaries["epsilon_lower_bound"] as? Double ?? .infinity) <= certified)
    #expect((canaries["epsilon_estimate"] as? Double ?? -1) >= 0)
    let text = try folder.run("simulate", "c.yaml", "--canaries", "40").output
    #expect(text.contains("an estimate, no bound"))
    try folder.write(Self.configuration(), to: "bare.yaml")
    #expect(try folder.run("simulate", "bare.yaml", "--canaries", "40").isRefusal(64, naming: "--canaries", "privacy"))
    #expect(try folder.run("simulate", "c.yaml", "--canaries", "5").isRefusal(64, naming: "--canaries"))
  }
}
