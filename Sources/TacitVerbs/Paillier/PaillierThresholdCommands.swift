import ArgumentParser
import Paillier
import Reporting

/// `tacit paillier share`.
struct PaillierShareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "share", abstract: "One party's part of the decryption of a vector, with proofs that it is right.")

  @Argument(help: "The party's share file.") var shareFile: String
  @Argument(help: "The vector; - is standard input.") var vectorFile: String
  @Option(help: "What the parties agreed on, such as the round's name; parts of another context do not combine.")
  var context = ""
  @Option(help: "Refuse a vector in which fewer summands were added up.") var minimumSummands = 0
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let bytes = try Input.read(shareFile, limit: PaillierKeys.limit)
    let passphrase = try PaillierKeys.passphrase(key.passphraseFile)
    var text = ""
    do throws(PaillierError) {
      let share = try ThresholdShare(
        parsingJSON: bytes, passphrase: passphrase, policy: PaillierKeys.policy(key))
      let vector = try read(share.key.publicKey)
      text = try ProgressLine.during("decrypting and proving") { () throws(PaillierError) in
        try share.decryptPart(vector, minimumSummands: minimumSummands, context: context).json
      }
    } catch { throw PaillierKeys.failure(error, error.parameter == "vector" ? vectorFile : shareFile) }
    try Output.write(text + "\n", to: destination.output, force: destination.force)
  }

  private func read(_ publicKey: PaillierPublicKey) throws(PaillierError) -> EncryptedVector<Fresh> {
    let bytes: [UInt8]
    do { bytes = try Input.read(vectorFile) } catch {
      throw PaillierError(.malformed, "vector", "cannot be read")
    }
    return try EncryptedVector<Fresh>(parsing: bytes, key: publicKey)
  }
}

/// `tacit paillier combine`.
struct PaillierCombineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "combine", abstract: "Decrypt a vector from the parts of enough parties, one value a line.",
    discussion: "Every part is verified first; one that is not right is refused and its party named.")

  @Argument(help: "The threshold key's public file.") var keyFile: String
  @Argument(help: "The vector.") var vectorFile: String
  @Argument(help: "The parts.") var partFiles: [String]
  @Option(help: "The context the parties were given.") var context = ""
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let bytes = try Input.read(keyFile, limit: PaillierKeys.limit)
    let thresholdKey = try PaillierKeys.naming(keyFile) { () throws(PaillierError) in
      try ThresholdKey(parsingJSON: bytes, policy: PaillierKeys.policy(key))
    }
    let vector = try PaillierVectorFile.read(vectorFile, thresholdKey.publicKey)
    let parts = try partFiles.map { path in
      let bytes = try Input.read(path, limit: 1 << 28)
      return try PaillierKeys.naming(path) { () throws(PaillierError) in try PartialDecryption(parsingJSON: bytes) }
    }
    let values = try PaillierKeys.naming("parts") { () throws(PaillierError) in
      try ProgressLine.during("verifying and combining") { () throws(PaillierError) in
        try thresholdKey.combine(parts, vector, context: context)
      }
    }
    try Output.write(
      PaillierVectorFile.text(values, vector.plan), to: destination.output, force: destination.force, mode: 0o600)
  }
}
