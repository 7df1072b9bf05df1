import Foundation
import Testing

/// What a person gets wrong: one clear line, the right exit code, nothing left behind.
@Suite struct BadInputTests {
  let folder: Folder

  init() throws { folder = try Folder() }

  static let query = """
    privacy_unit: rows
    adjacency: add-remove
    budget: { epsilon: 1.0 }
    group_by: [ { column: city, keys: [Oslo, Bergen] } ]
    metrics:
      - { name: visits, kind: count }
      - { name: spend, kind: sum, column: amount, range: [0, 100] }
    """

  @Test(arguments: [
    ["unknown-verb"], ["noise"], ["noise", "discrete-laplace", "--scale", "2", "--colour"], ["ledger", "drop"],
  ])
  func `a wrong command line is a usage error on one line`(arguments: [String]) throws {
    #expect(try CommandRun(arguments, in: folder).isRefusal(64))
  }

  @Test(arguments: ["0", "-1", "nan", "inf", "1e400x", ""])
  func `a scale that cannot be is refused`(scale: String) throws {
    let run = try CommandRun(["noise", "discrete-laplace", "--scale=\(scale)"], in: folder)
    #expect(run.isRefusal(1, naming: "scale") || run.isRefusal(64, naming: "scale"))
  }

  @Test(arguments: ["1", "1.5", "-1e-9", "nan", "inf", "tiny"])
  func `a delta outside its range is refused`(delta: String) throws {
    let run = try CommandRun(["account", "gaussian(sigma=1)", "--delta=\(delta)", "--json"], in: folder)
    #expect(run.isRefusal(1, naming: "delta") || run.isRefusal(64, naming: "delta"))
  }

  @Test(arguments: [
    "gaussian(sigma=0)", "laplace(scale=-1)", "laplace(scale=1", "nothing(x=1)", "laplace(scale=nan)", "",
  ])
  func `an event that means nothing is refused`(event: String) throws {
    let run = try CommandRun(["account", event, "--delta", "1e-6"], in: folder)
    #expect(run.isRefusal(1) || run.isRefusal(64))
  }

  @Test func `a missing file is named`() throws {
    try folder.write(Self.query, to: "query.yaml")
    #expect(try folder.run("release", "query.yaml", "--input", "gone.csv").isRefusal(1, naming: "gone.csv"))
    #expect(try folder.run("release", "gone.yaml", "--input", "data.csv").isRefusal(1, naming: "gone.yaml"))
    #expect(try folder.run("paillier", "decrypt", "gone.json", "c.json").isRefusal(1, naming: "gone.json"))
  }

  @Test func `a malformed row is named by its line, shows no data and leaves no output`() throws {
    try folder.write(Self.query, to: "query.yaml")
    try folder.write("city,amount\nOslo,1\nOslo,2,secret\n", to: "data.csv")
    let run = try folder.run("release", "query.yaml", "--input", "data.csv", "--output", "answer.csv")
    #expect(run.isRefusal(1, naming: "data.csv", "3"))
    #expect(!run.error.contains("secret"))
    #expect(folder.names == ["data.csv", "query.yaml"])
  }

  @Test(arguments: ["epsilon: 0", "epsilon: -1", "epsilon: .inf", "epsilon: .nan", "epsilon: 1, delta: 1"])
  func `a budget that cannot be is refused`(budget: String) throws {
    try folder.write(Self.query.replacingOccurrences(of: "epsilon: 1.0", with: budget), to: "query.yaml")
    try folder.write("city,amount\nOslo,1\n", to: "data.csv")
    #expect(try folder.run("release", "query.yaml", "--input", "data.csv").isRefusal(1))
  }

  @Test(arguments: ["[.nan, 100]", "[0, .inf]", "[100, 0]", "[0, 0]"])
  func `bounds that cannot be are refused`(range: String) throws {
    try folder.write(Self.query.replacingOccurrences(of: "[0, 100]", with: range), to: "query.yaml")
    try folder.write("city,amount\nOslo,1\n", to: "data.csv")
    #expect(try folder.run("release", "query.yaml", "--input", "data.csv").isRefusal(1))
  }

  @Test func `an empty table is answered with noise like any other`() throws {
    try folder.write(Self.query, to: "query.yaml")
    try folder.write("city,amount\n", to: "data.csv")
    let run = try folder.run("release", "query.yaml", "--input", "data.csv")
    #expect(run.code == 0)
    #expect(run.output.split(separator: "\n").count == 3)
  }

  @Test func `a small key is refused unless the call says insecure`() throws {
    #expect(try folder.run("paillier", "keygen", "--bits", "1024", "--output", "k.json").code != 0)
    #expect(folder.names.isEmpty)
  }

  @Test func `a truncated ciphertext is refused`() throws {
    #expect(try folder.run("paillier", "keygen", "--bits", "2048", "--output", "key.json").code == 0)
    #expect(try folder.run("paillier", "public", "key.json", "--output", "pub.json").code == 0)
    #expect(try folder.run("paillier", "encrypt", "pub.json", "42", "--output", "c.json").code == 0)
    #expect(try folder.run("paillier", "decrypt", "key.json", "c.json").output == "42\n")
    let whole = try folder.read("c.json")
    try folder.write(String(whole.prefix(whole.count / 2)), to: "half.json")
    #expect(try folder.run("paillier", "decrypt", "key.json", "half.json").isRefusal(1, naming: "half.json"))
    #expect(try folder.run("paillier", "encrypt", "pub.json", "1", "--output", "c.json").isRefusal(1, naming: "c.json"))
    #expect(try folder.run("paillier", "keygen", "--bits", "2048", "--output", "other.json").code == 0)
    #expect(try folder.run("paillier", "decrypt", "other.json", "c.json").isRefusal(1, naming: "c.json", "another key"))
    #expect(try folder.read("c.json") == whole)
  }

  @Test func `a ledger that cannot be written charges nothing`() throws {
    let run = try folder.run("ledger", "create", "no/such/folder/l.db", "--budget", "b", "--epsilon", "1")
    #expect(run.isRefusal(1, naming: "no/such/folder/l.db"))
    #expect(folder.names.isEmpty)
  }

  @Test func `a budget without a name leaves no ledger behind`() throws {
    #expect(try folder.run("ledger", "create", "l.db", "--budget", "", "--epsilon", "1").isRefusal(1, naming: "budget"))
    #expect(folder.names.isEmpty)
  }

  @Test func `an answer that cannot be written is found before the charge`() throws {
    try folder.write(Self.query, to: "query.yaml")
    try folder.write("city,amount\nOslo,1\n", to: "data.csv")
    #expect(try folder.run("ledger", "create", "l.db", "--budget", "b", "--epsilon", "1").code == 0)
    let release = ["release", "query.yaml", "--input", "data.csv", "--ledger", "l.db", "--budget", "b"]
    for output in ["gone/answer.csv", "data.csv"] {
      #expect(try CommandRun(release + ["--output", output], in: folder).isRefusal(1, naming: output))
    }
    let status = try folder.run("ledger", "status", "l.db", "--budget", "b", "--json")
    #expect(status.output.contains("\"charges\":0"))
    #expect(try CommandRun(release + ["--output", "answer.csv"], in: folder).code == 0)
  }

  @Test func `a budget for people does not pay for a promise about rows`() throws {
    try folder.write(Self.query, to: "query.yaml")
    try folder.write("city,amount\nOslo,1\n", to: "data.csv")
    let create = try folder.run(
      "ledger", "create", "l.db", "--budget", "b", "--epsilon", "1", "--unit", "column user_id")
    #expect(create.code == 0)
    let release = ["release", "query.yaml", "--input", "data.csv", "--ledger", "l.db", "--budget", "b"]
    #expect(try CommandRun(release, in: folder).isRefusal(1, naming: "privacy_unit", "column user_id"))
  }

  @Test func `a wrong choice is answered with the choices`() throws {
    #expect(try folder.run("noise", "cauchy", "--scale", "1").isRefusal(64, naming: "cauchy", "discrete-laplace"))
    try folder.write(Self.query.replacingOccurrences(of: "kind: count", with: "kind: counter"), to: "query.yaml")
    let run = try folder.run("explain", "query.yaml")
    #expect(run.isRefusal(1, naming: "metrics[0].kind", "standard-deviation"))
  }
}
