import ArgumentParser
import Paillier

/// `tacit paillier keygen`.
struct PaillierKeygenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "keygen", abstract: "Make a private key file.")

  @Option(help: "Bits of the modulus: 3072 for 128-bit security; 2048 is the least.")
  var bits = KeySize.standard.bits
  @Option(help: "A name that the key files carry.") var kid = ""
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let size = try PaillierKeys.naming("--bits") { () throws(PaillierError) in
      try key.insecureSmallKey ? KeySize.insecure(bits: bits) : KeySize(bits: bits)
    }
    if bits < KeySize.standard.bits {
      StandardOutput.complain("tacit: \(bits) bits are fewer than the recommended \(KeySize.standard.bits)")
    }
    guard kid.utf8.count <= 1024, kid.utf8.allSatisfy({ $0 < 128 }) else {
      throw CommandFailure("--kid: at most 1024 ASCII characters")
    }
    let privateKey = try PaillierPrivateKey.generate(size, keyIdentifier: kid)
    try Output.write(
      privateKey.exportSecretJSON() + "\n", to: destination.output, force: destination.force, mode: 0o600)
  }
}

/// `tacit paillier public`.
struct PaillierPublicCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "public", abstract: "Write the public key of a private key file.")

  @Argument(help: "The private key file.") var keyFile: String
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func run() throws {
    let publicKey = try PaillierKeys.publicKey(keyFile, key)
    try Output.write(publicKey.json + "\n", to: destination.output, force: destination.force)
  }
}

/// `tacit paillier inspect`.
struct PaillierInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Say what a key file holds, without its secrets.")

  @Argument(help: "A public or private key file.") var keyFile: String
  @Flag(help: "One JSON document instead of lines.") var json = false
  @OptionGroup var key: PaillierKeyOptions

  private struct Document: Encodable {
    var kind: String
    var bits: Int
    var id: String
    var kid: String
    var profile: String
    var known_factors: Bool?
  }

  func run() throws {
    let bytes = try Input.read(keyFile, limit: PaillierKeys.limit)
    var publicKey = try PaillierKeys.publicKey(keyFile, key)
    var knownFactors: Bool?
    if PaillierPrivateKey.isPrivateKeyFile(bytes) {
      let privateKey = try PaillierKeys.privateKey(bytes, keyFile, key)
      knownFactors = privateKey.hasKnownFactors
      publicKey = privateKey.publicKey
    }
    let document = Document(
      kind: knownFactors == nil ? "public" : "private", bits: publicKey.bitWidth, id: hexadecimal(publicKey.id),
      kid: publicKey.keyIdentifier, profile: publicKey.hasDamgardJurikNielsenShape ? "djn" : "general",
      known_factors: knownFactors)
    if json { return try emitJSON(document) }
    var lines = [
      "kind     \(document.kind)", "bits     \(document.bits)", "id       \(document.id)", "kid      \(document.kid)",
      "profile  \(document.profile)",
    ]
    if let knownFactors { lines.append("factors  \(knownFactors ? "known" : "unknown")") }
    StandardOutput.write(lines.joined(separator: "\n") + "\n")
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
