import ArgumentParser
import Paillier
import Reporting

/// `tacit paillier keygen`.
struct PaillierKeygenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keygen", abstract: "Make a private key file, or a folder of shares of one.",
    discussion: """
      With --passphrase-file the private key or the shares are sealed: scrypt stretches the passphrase,
      ChaCha20-Poly1305 seals. `tacit paillier convert` changes the passphrase.
      With --threshold and --parties the output is a folder: public.json and share-1.json, share-2.json, …; whoever
      runs this sees the whole key and has to be trusted to keep no copy. The primes take a minute and more.
      """)

  @Option(help: "Bits of the modulus: 3072 for 128-bit security; 2048 is the least.")
  var bits = KeySize.standard.bits
  @Option(help: "A name that the key files carry.") var kid = ""
  @Option(help: "What the key is for, as a label that ciphertexts are bound to.") var purpose: String?
  @Option(help: "How many parties it takes to decrypt.") var threshold: Int?
  @Option(help: "How many parties hold a share.") var parties: Int?
  @Option(help: "json (python-paillier) or pem (Tongsuo).") var format = PaillierKeyFormat.json
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func validate() throws {
    guard (threshold == nil) == (parties == nil) else {
      throw ValidationError("--threshold and --parties go together")
    }
    if threshold != nil {
      guard destination.output != "-" else { throw ValidationError("--threshold needs --output FOLDER") }
      guard purpose == nil, kid.isEmpty, format == .json else {
        throw ValidationError("--threshold takes no --purpose, --kid or --format")
      }
    }
    if format == .pem, key.passphraseFile != nil || purpose != nil || !kid.isEmpty {
      throw ValidationError("PEM holds no passphrase, purpose or name")
    }
  }

  func run() throws {
    let size = try PaillierKeys.naming("--bits") { () throws(PaillierError) in
      try key.insecureSmallKey ? KeySize.insecure(bits: bits) : KeySize(bits: bits)
    }
    guard kid.utf8.count <= 1024, kid.utf8.allSatisfy({ $0 < 128 }) else {
      throw CommandFailure("--kid: at most 1024 ASCII characters")
    }
    let passphrase = try PaillierKeys.passphrase(key.passphraseFile)
    if let threshold, let parties { return try deal(size, threshold, parties, passphrase) }
    try Output.refuseExisting(destination.output, force: destination.force)
    let label = try PaillierKeys.naming("--purpose") { () throws(PaillierError) in
      try purpose.map { text throws(PaillierError) in try KeyPurpose(text) } ?? .encryption
    }
    warn()
    let privateKey = try ProgressLine.during("looking for primes") {
      try PaillierPrivateKey.generate(size, keyIdentifier: kid, purpose: label)
    }
    try PaillierKeyFormat.write(privateKey, format, passphrase, destination)
  }

  private func warn() {
    if bits < KeySize.standard.bits {
      StandardOutput.complain("tacit: \(bits) bits are fewer than the recommended \(KeySize.standard.bits)")
    }
  }

  private func deal(_ size: KeySize, _ threshold: Int, _ parties: Int, _ passphrase: [UInt8]?) throws {
    // Refused before anything is made; the library checks again.
    guard (1...ThresholdKey.maximumParties).contains(parties), (1...parties).contains(threshold) else {
      throw CommandFailure("--threshold: from 1 to --parties, which is at most \(ThresholdKey.maximumParties)")
    }
    try Output.makeFolder(destination.output)
    let shares = (1...max(parties, 1)).map { "\(destination.output)/share-\($0).json" }
    for path in shares + ["\(destination.output)/public.json"] {
      try Output.refuseExisting(path, force: destination.force)
    }
    warn()
    do throws(PaillierError) {
      let dealing = try ProgressLine.during("looking for primes") { () throws(PaillierError) in
        try ThresholdDealing.generate(size, threshold: threshold, parties: parties)
      }
      for party in 1...parties {
        let share = try dealing.share(of: party)
        let text = try passphrase.map { phrase throws(PaillierError) in
          try share.exportSealedJSON(passphrase: phrase)
        }
        try write(text ?? share.exportSecretJSON(), shares[party - 1], mode: 0o600)
      }
      try write(dealing.key.json, "\(destination.output)/public.json", mode: 0o644)
    } catch { throw PaillierKeys.failure(error, "keygen") }
  }

  private func write(_ text: String, _ path: String, mode: UInt32) throws(PaillierError) {
    do {
      try Output.write(text + "\n", to: path, force: destination.force, mode: mode)
    } catch {
      throw PaillierError(.malformed, path, "cannot be written")
    }
  }
}

/// The forms of key files.
enum PaillierKeyFormat: String, ExpressibleByArgument, CaseIterable {
  case json, pem

  /// Writes a private key, sealed when there is a passphrase.
  static func write(
    _ key: borrowing PaillierPrivateKey, _ format: PaillierKeyFormat, _ passphrase: [UInt8]?,
    _ destination: PaillierOutputOptions
  ) throws {
    var text = ""
    do throws(PaillierError) {
      if let passphrase {
        text = try key.exportSealedJSON(passphrase: passphrase) + "\n"
      } else {
        text = format == .pem ? key.exportSecretPEM() : key.exportSecretJSON() + "\n"
      }
    } catch { throw PaillierKeys.failure(error, "passphrase") }
    try Output.write(text, to: destination.output, force: destination.force, mode: 0o600)
  }
}

/// `tacit paillier convert`.
struct PaillierConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Rewrite a key file: another form, a new passphrase, or none.",
    discussion: """
      To rotate a passphrase: convert with --passphrase-file OLD and --new-passphrase-file NEW, then destroy the old
      file, which still opens with the old passphrase. If that may have leaked, make a new key instead.
      """)

  @Argument(help: "The key file, JSON or PEM.") var keyFile: String
  @Option(help: "Seal the private key under the passphrase in this file.") var newPassphraseFile: String?
  @Flag(help: "Write a sealed private key in clear.") var unseal = false
  @Option(help: "json (python-paillier) or pem (Tongsuo).") var format = PaillierKeyFormat.json
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func validate() throws {
    if newPassphraseFile != nil, format == .pem { throw ValidationError("PEM holds no passphrase") }
    if newPassphraseFile != nil, unseal { throw ValidationError("--unseal and --new-passphrase-file contradict") }
  }

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let bytes = try Input.read(keyFile, limit: PaillierKeys.limit)
    guard PaillierPrivateKey.isPrivateKeyFile(bytes) else {
      guard newPassphraseFile == nil else { throw CommandFailure("\(keyFile): a public key is not sealed") }
      let publicKey = try PaillierKeys.publicKey(bytes, keyFile, key)
      let text = format == .pem ? publicKey.pem : publicKey.json + "\n"
      return try Output.write(text, to: destination.output, force: destination.force)
    }
    if PaillierPrivateKey.isSealed(bytes), newPassphraseFile == nil, !unseal {
      throw CommandFailure("\(keyFile): is sealed; say --new-passphrase-file or --unseal")
    }
    let privateKey = try PaillierKeys.privateKey(bytes, keyFile, key)
    try PaillierKeyFormat.write(
      privateKey, format, try PaillierKeys.passphrase(newPassphraseFile), destination)
  }
}

/// `tacit paillier public`.
struct PaillierPublicCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "public", abstract: "Write the public key of a private key file.")

  @Argument(help: "The private key file.") var keyFile: String
  @Option(help: "json (python-paillier) or pem (Tongsuo).") var format = PaillierKeyFormat.json
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func run() throws {
    let publicKey = try PaillierKeys.publicKey(keyFile, key)
    let text = format == .pem ? publicKey.pem : publicKey.json + "\n"
    try Output.write(text, to: destination.output, force: destination.force)
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
    var purpose: String
    var sealed: Bool
    var known_factors: Bool?
  }

  func run() throws {
    let bytes = try Input.read(keyFile, limit: PaillierKeys.limit)
    var publicKey = try PaillierKeys.publicKey(keyFile, key)
    var knownFactors: Bool?
    let sealed = PaillierPrivateKey.isSealed(bytes)
    let isShare = ThresholdShare.isShareFile(bytes)
    if PaillierPrivateKey.isPrivateKeyFile(bytes), !isShare, !sealed || key.passphraseFile != nil {
      let privateKey = try PaillierKeys.privateKey(bytes, keyFile, key)
      knownFactors = privateKey.hasKnownFactors
      publicKey = privateKey.publicKey
    }
    let document = Document(
      kind: isShare ? "share" : knownFactors != nil || sealed ? "private" : "public", bits: publicKey.bitWidth,
      id: hexadecimal(publicKey.id),
      kid: publicKey.keyIdentifier, profile: publicKey.hasDamgardJurikNielsenShape ? "djn" : "general",
      purpose: publicKey.purpose.label.isEmpty ? "encryption" : publicKey.purpose.label, sealed: sealed,
      known_factors: knownFactors)
    if json { return try emitJSON(document) }
    var lines = [
      "kind     \(document.kind)", "bits     \(document.bits)", "id       \(document.id)", "kid      \(document.kid)",
      "profile  \(document.profile)", "purpose  \(document.purpose)",
    ]
    if sealed { lines.append("sealed   yes") }
    if let knownFactors { lines.append("factors  \(knownFactors ? "known" : "unknown")") }
    StandardOutput.write(lines.joined(separator: "\n") + "\n")
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
