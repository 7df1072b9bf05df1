import ArgumentParser

/// `tacit paillier`: keys and encrypted numbers in python-paillier's formats.
struct PaillierCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "paillier",
    abstract: "Encrypt numbers that can be added up without being decrypted.",
    discussion: """
      Keys and numbers are python-paillier's JSON. Paillier hides values from whoever has no private key and nothing
      more: anyone can add to a ciphertext or scale it, so decrypt sums of your own, never single ciphertexts of strangers.
      Results are re-randomised before they are written.
      """,
    subcommands: [
      PaillierKeygenCommand.self, PaillierPublicCommand.self, PaillierEncryptCommand.self, PaillierDecryptCommand.self,
      PaillierAddCommand.self, PaillierMultiplyCommand.self, PaillierSumCommand.self, PaillierInspectCommand.self,
      PaillierConvertCommand.self, PaillierEncryptVectorCommand.self, PaillierDecryptVectorCommand.self,
      PaillierSumVectorCommand.self, PaillierShareCommand.self, PaillierCombineCommand.self,
      PaillierParametersCommand.self, PaillierProveCommand.self, PaillierVerifyCommand.self,
      PaillierEncryptProvenCommand.self,
    ])
}

/// Options of every verb that writes a file.
struct PaillierOutputOptions: ParsableArguments {
  @Option(help: "The file to write; - is standard output.") var output = "-"
  @Flag(help: "Replace an existing file.") var force = false
}

/// Options of every verb that reads a key.
struct PaillierKeyOptions: ParsableArguments {
  @Flag(help: "Accept a modulus of fewer than 2048 bits, which protects nothing.") var insecureSmallKey = false
  @Option(help: "The file with the passphrase of a sealed private key or share; its last newline is left out.")
  var passphraseFile: String?
}
