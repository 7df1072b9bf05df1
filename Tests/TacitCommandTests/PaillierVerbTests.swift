import Foundation
import Testing

/// The Paillier verbs beyond single numbers: proofs, shares, sealed keys and vectors, and how they refuse.
///
/// Keys are far too small to protect anything, so that the tests are quick.
@Suite struct PaillierVerbTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
  }

  private static let small = "--insecure-small-key"

  private func paillier(_ arguments: String...) throws -> CommandRun {
    try CommandRun(["paillier"] + arguments, in: folder)
  }

  private func makeKey(_ name: String = "key.json", bits: Int = 768, _ more: String...) throws {
    let run = try CommandRun(
      ["paillier", "keygen", "--bits", "\(bits)", Self.small, "--output", name] + more, in: folder)
    try #require(run.code == 0)
  }

  private func mode(_ name: String) throws -> Int? {
    let path = folder.url.appendingPathComponent(name).path
    return (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
  }

  // MARK: Keys

  @Test func `a private key is its owner's only, and is not replaced without being asked`() throws {
    try makeKey()
    #expect(try mode("key.json") == 0o600)
    let before = try folder.read("key.json")
    #expect(
      try paillier("keygen", "--bits", "768", Self.small, "--output", "key.json").isRefusal(1, naming: "key.json"))
    #expect(try folder.read("key.json") == before)
    #expect(
      try paillier("public", "key.json", "--output", "p.json").isRefusal(1, naming: "key.json", "insecure-small-key"))
  }

  @Test func `a sealed key opens with its passphrase only, and its public half without`() throws {
    try folder.write("correct horse\n", to: "pass")
    try folder.write("wrong\n", to: "other")
    try folder.write("\n", to: "empty")
    try makeKey("sealed.json", bits: 768, "--passphrase-file", "pass")
    #expect(try paillier("public", "sealed.json", Self.small, "--output", "pub.json").code == 0)
    #expect(try paillier("encrypt", "pub.json", Self.small, "--output", "c.json", "--", "-12").code == 0)
    let decrypt = ["paillier", "decrypt", "sealed.json", "c.json", Self.small]
    #expect(try CommandRun(decrypt + ["--passphrase-file", "pass"], in: folder).output == "-12\n")
    #expect(try CommandRun(decrypt, in: folder).isRefusal(1, naming: "sealed.json", "--passphrase-file"))
    for wrong in ["other", "empty"] {
      #expect(try CommandRun(decrypt + ["--passphrase-file", wrong], in: folder).isRefusal(1))
    }
    let text = try folder.read("sealed.json")
    #expect(!text.contains("\"p\":"))
    try folder.write(String(text.dropLast(40)), to: "cut.json")
    #expect(try paillier("public", "cut.json", Self.small).isRefusal(1, naming: "cut.json"))
  }

  @Test func `a key in the other text form is the same key`() throws {
    try makeKey()
    let convert = try paillier("convert", "key.json", "--format", "pem", Self.small, "--output", "key.pem")
    #expect(convert.code == 0)
    #expect(try mode("key.pem") == 0o600)
    #expect(try paillier("encrypt", "key.json", "77", Self.small, "--output", "c.json").code == 0)
    #expect(try paillier("decrypt", "key.pem", "c.json", Self.small).output == "77\n")
    let text = try folder.read("key.pem")
    #expect(text.hasPrefix("-----BEGIN PAILLIER PRIVATE KEY-----"))
    try folder.write(text.replacingOccurrences(of: "-----END", with: "----END"), to: "broken.pem")
    #expect(try paillier("decrypt", "broken.pem", "c.json", Self.small).isRefusal(1, naming: "broken.pem"))
  }

  // MARK: Numbers

  @Test func `a number that lost a digit, or exchanged its exponent, is noticed`() throws {
    try makeKey()
    #expect(try paillier("encrypt", "key.json", "5", Self.small, "--output", "c.json").code == 0)
    let text = try folder.read("c.json")
    let end = try #require(text.range(of: "\"}\n"))
    let shorter = text.replacingCharacters(in: text.index(before: end.lowerBound)..<end.lowerBound, with: "")
    try folder.write(shorter, to: "shorter.json")
    try folder.write(text.replacingOccurrences(of: "\"e\":0", with: "\"e\":1"), to: "moved.json")
    for name in ["shorter.json", "moved.json"] {
      #expect(try paillier("decrypt", "key.json", name, Self.small).isRefusal(1, naming: name, "check"))
      #expect(try paillier("add", "key.json", "c.json", name, Self.small).isRefusal(1, naming: name, "check"))
    }
  }

  // MARK: Proofs

  @Test func `knowledge of numbers is proven for one context, one file and one key`() throws {
    try makeKey()
    try makeKey("other.json")
    let prove = try paillier(
      "encrypt-proven", "key.json", Self.small, "--proofs", "proofs.json", "--output", "c.json", "--context", "round 1",
      "--", "5", "-7")
    #expect(prove.code == 0)
    #expect(try paillier("decrypt", "key.json", "c.json", Self.small).output == "5\n-7\n")
    let verify = ["paillier", "verify", "key.json", "proofs.json", Self.small, "--numbers"]
    let good = try CommandRun(verify + ["c.json", "--context", "round 1", "--json"], in: folder)
    #expect(good.code == 0)
    #expect(good.json?["accepted"] as? Bool == true)
    #expect(try CommandRun(verify + ["c.json", "--context", "round 2"], in: folder).isRefusal(1, naming: "refused"))
    #expect(try paillier("encrypt", "key.json", "5", "8", Self.small, "--output", "d.json").code == 0)
    #expect(try CommandRun(verify + ["d.json", "--context", "round 1"], in: folder).isRefusal(1, naming: "refused"))
    let foreign = try paillier("verify", "other.json", "proofs.json", Self.small, "--numbers", "c.json")
    #expect(foreign.isRefusal(1, naming: "c.json"))
    let clash = try paillier("encrypt-proven", "key.json", "1", Self.small, "--proofs", "c.json", "--output", "e.json")
    #expect(clash.isRefusal(1, naming: "c.json"))
    #expect(!folder.names.contains("e.json"))
  }

  @Test func `a range is proven to the verifier who made the parameters`() throws {
    try makeKey()
    #expect(try paillier("parameters", "--bits", "512", Self.small, "--output", "par.json").code == 0)
    #expect(try paillier("parameters", "--bits", "512", Self.small, "--output", "foreign.json").code == 0)
    let prove = [
      "paillier", "encrypt-proven", "key.json", Self.small, "--proofs", "r.json", "--range-bits", "4", "--parameters",
      "par.json", "--output", "c.json", "--",
    ]
    #expect(try CommandRun(prove + ["17"], in: folder).isRefusal(1, naming: "value 1"))
    #expect(folder.names == ["foreign.json", "key.json", "par.json"])
    #expect(try CommandRun(prove + ["-16", "3"], in: folder).code == 0)
    let verify = ["paillier", "verify", "key.json", "r.json", Self.small, "--numbers", "c.json"]
    let parameters = ["--parameters", "par.json"]
    #expect(try CommandRun(verify + parameters + ["--range-bits", "4"], in: folder).code == 0)
    #expect(try CommandRun(verify + parameters + ["--range-bits", "5"], in: folder).isRefusal(1, naming: "refused"))
    #expect(try CommandRun(verify + parameters, in: folder).isRefusal(1, naming: "--range-bits"))
    let other = ["--parameters", "foreign.json", "--range-bits", "4"]
    #expect(try CommandRun(verify + other, in: folder).isRefusal(1, naming: "refused"))
    let half = try paillier(
      "encrypt-proven", "key.json", "1", Self.small, "--proofs", "x.json", "--range-bits", "4", "--output", "y.json")
    #expect(half.code == 64)
  }

  @Test func `the form of a key and the decryption of numbers are proven`() throws {
    try makeKey()
    #expect(try paillier("public", "key.json", Self.small, "--output", "pub.json").code == 0)
    #expect(try paillier("prove", "key.json", Self.small, "--context", "x", "--output", "proof.json").code == 0)
    let verify = ["paillier", "verify", "pub.json", "proof.json", Self.small, "--context"]
    #expect(try CommandRun(verify + ["x"], in: folder).output == "modulus: accepted\n")
    #expect(try CommandRun(verify + ["y"], in: folder).isRefusal(1, naming: "modulus", "refused"))
    let text = try folder.read("proof.json")
    try folder.write(String(text.dropLast(100)), to: "proof.json")
    #expect(try CommandRun(verify + ["x"], in: folder).isRefusal(1, naming: "proof.json"))

    #expect(try paillier("encrypt", "pub.json", Self.small, "--output", "c.json", "--", "41", "-2").code == 0)
    let numbers = ["--numbers", "c.json", Self.small]
    let opened = try CommandRun(["paillier", "prove", "key.json", "--output", "o.json"] + numbers, in: folder)
    #expect(opened.code == 0)
    #expect(try CommandRun(["paillier", "verify", "pub.json", "o.json"] + numbers, in: folder).output == "41\n-2\n")
    let lie = try folder.read("o.json").replacingOccurrences(of: "\"41\"", with: "\"42\"")
    try folder.write(lie, to: "lie.json")
    let caught = try CommandRun(["paillier", "verify", "pub.json", "lie.json"] + numbers, in: folder)
    #expect(caught.isRefusal(1, naming: "number 0", "refused"))
  }

  // MARK: Vectors

  @Test func `vectors are encrypted, added up with weights and decrypted`() throws {
    try makeKey()
    for (name, values) in [("a", ["1", "-2", "30000"]), ("b", ["10", "20", "-5"])] {
      let arguments = [
        "paillier", "encrypt-vector", "key.json", Self.small, "--max-summands", "4", "--max-weight", "8",
        "--variable-time", "--table-bytes", "100000", "--output", "\(name).tpv", "--",
      ]
      #expect(try CommandRun(arguments + values, in: folder).code == 0)
    }
    let sum = try paillier(
      "sum-vector", "key.json", "a.tpv", "b.tpv", Self.small, "--weights=2,-1", "--output", "s.tpv")
    #expect(sum.code == 0)
    #expect(try paillier("decrypt-vector", "key.json", "s.tpv", Self.small).output == "-8\n-24\n60005\n")
    let policy = ["--minimum-summands", "5", Self.small]
    #expect(try CommandRun(["paillier", "decrypt-vector", "key.json", "s.tpv"] + policy, in: folder).isRefusal(1))
    let heavy = try paillier("sum-vector", "key.json", "a.tpv", Self.small, "--weights=99", "--output", "h.tpv")
    #expect(heavy.isRefusal(1, naming: "headroom"))
    let wide = try paillier(
      "encrypt-vector", "key.json", "70000", Self.small, "--value-bits", "16", "--max-summands", "4", "--output",
      "w.tpv")
    #expect(wide.isRefusal(1))
    let empty = try paillier("encrypt-vector", "key.json", Self.small, "--max-summands", "4", "--output", "w.tpv")
    #expect(empty.code == 64)
    var bytes = try Data(contentsOf: folder.url.appendingPathComponent("a.tpv"))
    bytes.removeLast()
    try bytes.write(to: folder.url.appendingPathComponent("cut.tpv"))
    bytes.append(contentsOf: [0, 0])
    try bytes.write(to: folder.url.appendingPathComponent("long.tpv"))
    for name in ["cut.tpv", "long.tpv"] {
      #expect(try paillier("decrypt-vector", "key.json", name, Self.small).isRefusal(1, naming: name))
    }
  }

  // MARK: Several key holders

  @Test func `two of three parties decrypt, one does not, and a wrong part is named`() throws {
    let deal = try paillier(
      "keygen", "--bits", "512", Self.small, "--threshold", "2", "--parties", "3", "--output", "parties")
    #expect(deal.code == 0)
    #expect(try mode("parties/share-1.json") == 0o600)
    let encrypt = try paillier(
      "encrypt-vector", "parties/public.json", Self.small, "--max-summands", "3", "--output", "v.tpv", "--", "4", "-9")
    #expect(encrypt.code == 0)
    for party in 1...3 {
      let share = try paillier(
        "share", "parties/share-\(party).json", "v.tpv", Self.small, "--context", "r", "--output", "part-\(party)")
      #expect(share.code == 0)
    }
    let combine = ["paillier", "combine", "parties/public.json", "v.tpv", Self.small, "--context"]
    #expect(try CommandRun(combine + ["r", "part-3", "part-1"], in: folder).output == "4\n-9\n")
    #expect(try CommandRun(combine + ["r", "part-2"], in: folder).isRefusal(1))
    #expect(try CommandRun(combine + ["r", "part-2", "part-2"], in: folder).isRefusal(1))
    #expect(try CommandRun(combine + ["q", "part-2", "part-3"], in: folder).isRefusal(1))
    let lie = try folder.read("part-2").replacingOccurrences(of: "\"party\":2", with: "\"party\":3")
    try folder.write(lie, to: "lie")
    #expect(try CommandRun(combine + ["r", "part-1", "lie"], in: folder).isRefusal(1))
    #expect(try paillier("decrypt-vector", "parties/share-1.json", "v.tpv", Self.small).isRefusal(1))
    let bad = try paillier(
      "keygen", "--bits", "512", Self.small, "--threshold", "4", "--parties", "3", "--output", "none")
    #expect(bad.code != 0)
    #expect(!folder.names.contains("none"))
  }
}
