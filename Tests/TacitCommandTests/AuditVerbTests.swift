import Foundation
import Testing

@Suite struct AuditVerbTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func tacit(_ arguments: String...) throws -> CommandRun { try CommandRun(["audit"] + arguments, in: folder) }

  private func write(_ text: String, _ name: String) throws {
    try Data(text.utf8).write(to: folder.url.appendingPathComponent(name))
  }

  @Test func `exit codes tell refuted, in order, and inconclusive apart`() throws {
    func audit(_ target: String, _ samples: String) throws -> CommandRun {
      try tacit(
        "mechanism", "--target", "builtin:\(target)", "--claim", "epsilon=1,unit=row", "--samples", samples, "--alpha",
        "1e-9", "--no-probes", "--json")
    }
    let good = try audit("discrete-laplace", "20000")
    #expect(good.code == 0 && good.json?["refuted"] as? Bool == false)
    let bad = try audit("laplace-half-noise", "20000")
    #expect(bad.code == 1 && bad.json?["refuted"] as? Bool == true)
    #expect((bad.json?["witness"] as? [String: Any])?["event"] != nil)
    let few = try audit("laplace", "20")
    #expect(few.code == 2 && few.json?["verdict"] as? String == "inconclusive")
    #expect(
      try tacit("mechanism", "--target", "builtin:laplace", "--claim", "epsilon=1").isRefusal(64, naming: "unit"))
    #expect(
      try tacit("mechanism", "--target", "builtin:none", "--claim", "epsilon=1,unit=row").isRefusal(64, naming: "none"))
  }

  /// Silence, an early end, a short answer, text, numbers that are none, and an answer nobody asked for.
  ///
  /// Some do wrong in two ways, and which is seen first depends on how fast they are.
  @Test(arguments: [
    ("sleep 60", "silent"), ("false", "target"),
    ("head -c 800 /dev/zero", "ended after 800 of 8000 bytes|does not read"),
    ("yes", "text|more than it was asked"),
    (#"sh -c "tr '\\0' '\\377' < /dev/zero 2> /dev/null""#, "not finite|more than it was asked"),
    ("/nowhere/at-all", "no program"),
    ("cat /dev/zero", "more than it was asked"),
  ])
  func `whatever a target does wrong is a target error`(command: String, naming: String) throws {
    let run = try tacit(
      "mechanism", "--target", "cmd:\(command)", "--claim", "epsilon=1,unit=row", "--samples", "1000", "--timeout", "1")
    #expect(run.code == 3)
    #expect(naming.split(separator: "|").contains { run.error.contains($0) }, "\(run.error)")
    #expect(run.error.split(separator: "\n").count == 1)
  }

  /// The first pair is answered, 0 without the row and 2⁻⁶⁸… with it; then the program ends.
  @Test func `the evidence before a failure is kept, and is no refutation`() throws {
    try write(
      #"""
      for part in 0 1; do
        read line
        if [ $part = 0 ]; then head -c 8000 /dev/zero; else head -c 8000 /dev/zero | tr '\0' '\073'; fi
        sleep 0.2
      done
      """#, "dying.sh")
    let run = try tacit(
      "mechanism", "--target", "cmd:sh dying.sh", "--claim", "epsilon=1,unit=row", "--samples", "1000", "--timeout",
      "2", "--json")
    #expect(run.code == 3)
    // 0x3B is a printable byte: the second answer is taken for text, and what is kept is the first.
    #expect(run.json?["verdict"] as? String == "target error" && run.json?["refuted"] as? Bool == false)
    #expect(run.json?["target_error"] as? String != nil)
  }

  @Test(arguments: ["sarif", "junit", "html", "markdown"])
  func `every form is whole, holds the finding, and no script`(form: String) throws {
    let run = try tacit(
      "mechanism", "--target", "builtin:laplace-silent-empty", "--claim", "epsilon=1,unit=row", "--samples", "5000",
      "--format", form)
    #expect(run.code == 1)
    #expect(run.output.contains("epsilon"))
    #expect(!run.output.contains("<script"))
    if form == "sarif" {
      let runs = run.json?["runs"] as? [[String: Any]]
      let results = runs?.first?["results"] as? [[String: Any]]
      #expect(run.json?["version"] as? String == "2.1.0" && results?.first?["level"] as? String == "error")
    }
    if form == "junit" {
      #expect(run.output.hasPrefix("<?xml") && run.output.contains("<failure type=\"error\""))
    }
  }

  @Test func `scores of a perfect attack refute a small claim and those of a coin do not`() throws {
    let lines = (0..<400).map { "\($0 % 2),\(Double($0 % 2) + Double($0) / 1_000)" }
    try write("member,score\n" + lines.joined(separator: "\n") + "\n", "perfect.csv")
    let perfect = try tacit(
      "model", "--scores", "perfect.csv", "--claim", "epsilon=1,delta=1e-6,unit=example", "--json")
    #expect(perfect.code == 1)
    let coin = (0..<400).map { "\($0 % 2),\(($0 / 2 * 7) % 31)" }
    try write("member,score\n" + coin.joined(separator: "\n") + "\n", "coin.csv")
    #expect(
      try tacit("model", "--scores", "coin.csv", "--claim", "epsilon=1,delta=1e-6,unit=example", "--json").code == 0)
    let huge = try tacit("model", "--scores", "coin.csv", "--claim", "epsilon=30,delta=1e-6,unit=example", "--json")
    #expect(huge.code == 2)
    try write("member,score\n2,0.5\n", "broken.csv")
    #expect(try tacit("model", "--scores", "broken.csv").isRefusal(1, naming: "line 2"))
  }

  private static let simulation = """
    data: digits
    partition: { kind: iid, clients: 20 }
    model: { kind: softmax }
    rounds: 2
    """

  @Test func `a simulation's model, updates and federation are scanned`() throws {
    try write(AuditVerbTests.simulation + "\n", "bare.yaml")
    try write(
      AuditVerbTests.simulation + "\nprivacy: { unit: client, clip: 0.1, epsilon: 1, delta: 1e-5 }\n", "private.yaml")
    let model = try tacit("model", "bare.yaml", "--candidates", "100", "--shadows", "2", "--json")
    #expect(model.code == 0 && (model.json?["attacks"] as? [Any])?.count == 10)
    let update = try tacit("update", "bare.yaml", "--trials", "40", "--json")
    #expect(update.code == 1 && update.json?["leaks"] as? Bool == true)
    let federation = try tacit(
      "federation", "private.yaml", "--canaries", "40", "--attacks", "none,sign-flip", "--rules", "none,median",
      "--json")
    #expect(federation.code == 0 && (federation.json?["matrix"] as? [Any])?.count == 4)
    let canaries = federation.json?["canaries"] as? [String: Any]
    #expect(canaries?["estimate_is_a_bound"] as? Bool == false && canaries?["epsilon_estimate"] != nil)
  }

  @Test func `hazards are named and an unknown assumption fails`() throws {
    try write(AuditVerbTests.simulation + "\n", "bare.yaml")
    let bare = try tacit("config", "bare.yaml", "--json")
    #expect(bare.code == 1 && bare.output.contains("claims no privacy"))
    try write(
      AuditVerbTests.simulation
        + "\nprivacy: { unit: client, placement: distributed, noise: discrete-gaussian, clip: 0.1, epsilon: 1, delta: 1e-5 }\naggregation: { kind: pairwise, min_contributors: 10 }\n",
      "good.yaml")
    try write("server: honest-but-curious\nclients: honest\ncolluding: 0\nmodel-readers: public\n", "known.yaml")
    #expect(try tacit("config", "good.yaml", "--threats", "known.yaml", "--json").code == 0)
    try write("server: helpful\nclients: honest\ncolluding: 0\nmodel-readers: public\n", "unknown.yaml")
    let unknown = try tacit("config", "good.yaml", "--threats", "unknown.yaml", "--json")
    #expect(unknown.code == 1 && unknown.output.contains("threat-server"))
    try write(
      "privacy_unit: rows\nbudget: { epsilon: 20, delta: 0 }\nbounds: { groups_per_unit: 1, rows_per_group: 1 }\nmetrics:\n  - { name: visits, kind: count }\n",
      "query.yaml")
    let query = try tacit("config", "query.yaml", "--json")
    #expect(query.code == 0 && query.output.contains("very large"))
  }

  @Test func `claims are held against charges`() throws {
    func run(_ arguments: [String]) throws -> CommandRun { try CommandRun(arguments, in: folder) }
    #expect(
      try run(["ledger", "create", "L.db", "--budget", "B", "--epsilon", "1", "--delta", "0", "--unit", "person"]).code
        == 0)
    #expect(try run(["ledger", "charge", "L.db", "--budget", "B", "laplace(scale=2)"]).code == 0)
    try write(#"[{"budget":"B","epsilon":0.5,"delta":0,"unit":"person"}]"#, "true.json")
    #expect(try tacit("ledger", "L.db", "--claims", "true.json").code == 0)
    for (text, naming) in [
      (#"[{"budget":"B","epsilon":0.4,"delta":0,"unit":"person"}]"#, "compose"),
      (#"[{"budget":"B","epsilon":0.5,"delta":0,"unit":"row"}]"#, "unit"),
      (#"[{"budget":"C","epsilon":0.5,"delta":0,"unit":"person"}]"#, "not in the ledger"),
      (#"[{"budget":"B","epsilon":0.5,"delta":0,"unit":"person","releases":["R"]}]"#, "never charged"),
    ] {
      try write(text, "false.json")
      let found = try tacit("ledger", "L.db", "--claims", "false.json", "--json")
      #expect(found.code == 1 && found.output.contains(naming))
    }
  }

  @Test func `the parts and the evidence are listed with versions and hashes`() throws {
    let parts = try tacit("sbom")
    let components = parts.json?["components"] as? [[String: Any]]
    #expect(components?.first?["name"] as? String == "libgmp" && components?.first?["version"] is String)
    try write("evidence\n", "a.txt")
    #expect(try tacit("bundle", "a.txt", "--output", "b.tar").code == 0)
    #expect(try tacit("bundle", "a.txt", "--output", "b.tar").code != 0)
    let check = Process()
    check.executableURL = URL(fileURLWithPath: "/bin/sh")
    check.arguments = ["-c", "rm a.txt && tar xf b.tar && sha256sum -c --quiet MANIFEST.sha256"]
    check.currentDirectoryURL = folder.url
    try check.run()
    check.waitUntilExit()
    #expect(check.terminationStatus == 0)
  }
}
