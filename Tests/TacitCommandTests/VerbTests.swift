import Foundation
import Testing

/// The verbs, used as a person would.
@Suite struct VerbTests {
  let folder: Folder

  init() throws { folder = try Folder() }

  @Test(arguments: ["discrete-laplace", "discrete-gaussian", "skellam", "geometric"])
  func `noise on whole numbers is whole numbers, one a line`(law: String) throws {
    let run = try folder.run("noise", law, "--scale", "5/3", "--count", "100")
    #expect(run.code == 0)
    let lines = run.output.split(separator: "\n")
    #expect(lines.count == 100)
    #expect(lines.allSatisfy { Int($0) != nil })
    #expect(Set(lines).count > 1)
  }

  @Test func `printed reals read back to themselves`() throws {
    let run = try folder.run("noise", "laplace", "--scale", "2", "--count", "3")
    #expect(run.output.split(separator: "\n").allSatisfy { Double($0).map { "\($0)" } == String($0) })
  }

  @Test func `twenty Laplace mechanisms of scale 20 cost exactly one`() throws {
    let run = try folder.run("account", "laplace(scale=20) * 20", "--delta", "0", "--json")
    let epsilon = try #require(run.json?["epsilon"] as? [String: Any])
    #expect(epsilon["upper"] as? Double == 1)
  }

  @Test func `a calibrated parameter meets its target`() throws {
    let found = try folder.run("calibrate", "gaussian(sigma=?)", "--epsilon", "1", "--delta", "1e-6", "--json")
    let sigma = try #require(found.json?["value"])
    let checked = try folder.run("account", "gaussian(sigma=\(sigma))", "--delta", "1e-6", "--json")
    let epsilon = try #require((checked.json?["epsilon"] as? [String: Any])?["upper"] as? Double)
    #expect(epsilon <= 1)
    #expect(epsilon > 0.99)
  }

  @Test func `a ledger grants what fits and refuses the rest`() throws {
    #expect(try folder.run("ledger", "create", "l.db", "--budget", "b", "--epsilon", "1").code == 0)
    for _ in 0..<10 {
      #expect(try folder.run("ledger", "charge", "l.db", "--budget", "b", "laplace(scale=10)").code == 0)
    }
    #expect(try folder.run("ledger", "charge", "l.db", "--budget", "b", "laplace(scale=10)").code == 1)
    #expect(try folder.run("ledger", "verify", "l.db").code == 0)
  }

  @Test func `an answer that cannot be shown is kept under a name and costs nothing again`() throws {
    try folder.write(BadInputTests.query, to: "query.yaml")
    try folder.write("city,amount\nOslo,1\n", to: "data.csv")
    _ = try folder.run("ledger", "create", "l.db", "--budget", "b", "--epsilon", "1", "--delta", "0")
    let release = ["release", "query.yaml", "--input", "data.csv", "--ledger", "l.db", "--budget", "b"]
    let lost = try CommandRun(release, in: folder, outputFile: "/dev/full")
    #expect(lost.isRefusal(1, naming: "--release-id unnamed-"))
    let name = String(lost.error.split(separator: " ").last ?? "").trimmingCharacters(in: .newlines)
    #expect(try CommandRun(release + ["--release-id", name], in: folder).code == 0)
    #expect(try CommandRun(release, in: folder).isRefusal(1, naming: "budget"))
  }

  @Test func `a release is charged once under its name and answered alike`() throws {
    try folder.write(BadInputTests.query, to: "query.yaml")
    try folder.write("city,amount\nOslo,10\nOslo,20\nBergen,30\n", to: "data.csv")
    #expect(try folder.run("ledger", "create", "l.db", "--budget", "b", "--epsilon", "2").code == 0)
    func release(_ id: String) throws -> CommandRun {
      try folder.run(
        "release", "query.yaml", "--input", "data.csv", "--ledger", "l.db", "--budget", "b", "--release-id", id)
    }
    let first = try release("one")
    #expect(first.code == 0)
    #expect(try release("one").output == first.output)
    #expect(try release("two").code == 0)
    #expect(try release("three").isRefusal(1))
  }

  @Test func `encrypted numbers add up`() throws {
    #expect(try folder.run("paillier", "keygen", "--bits", "2048", "--output", "key.json").code == 0)
    #expect(try folder.run("paillier", "public", "key.json", "--output", "pub.json").code == 0)
    #expect(try folder.run("paillier", "encrypt", "pub.json", "--output", "a.json", "--", "40", "-5").code == 0)
    #expect(try folder.run("paillier", "encrypt", "pub.json", "--output", "b.json", "--", "2", "-6").code == 0)
    #expect(try folder.run("paillier", "add", "pub.json", "a.json", "b.json", "--output", "c.json").code == 0)
    #expect(try folder.run("paillier", "decrypt", "key.json", "c.json").output == "42\n-11\n")
    let mode = try FileManager.default.attributesOfItem(atPath: folder.url.appendingPathComponent("key.json").path)
    #expect((mode[.posixPermissions] as? Int) == 0o600)
  }

  @Test func `help and version go to standard output`() throws {
    let help = try folder.run("--help")
    #expect(help.code == 0 && help.error.isEmpty && help.output.contains("demo"))
    #expect(try folder.run("--version").code == 0)
  }
}
