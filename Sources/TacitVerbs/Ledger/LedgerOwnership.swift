import ArgumentParser
import PrivacyLedger

/// `tacit ledger keygen`: an owner's key pair.
struct LedgerKeygen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keygen", abstract: "Make the Ed25519 key of a ledger's owner.")

  @Option(help: "The private key's file, for its owner only.") var output: String
  @Option(help: "The public key's file.") var publicOutput: String
  @Flag(help: "Replace existing files.") var force = false

  func run() throws {
    try Output.refuseExisting(publicOutput, force: force)
    let key = LedgerOwnerKey()
    try Output.write(key.secretText() + "\n", to: output, force: force, mode: 0o600)
    try Output.write(key.publicKey.jwk + "\n", to: publicOutput, force: force)
  }
}

/// `tacit ledger grant`: a capability.
struct LedgerGrant: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant", abstract: "Sign a capability: what its holder may do with the ledger.")

  @Argument(help: "The ledger's file.") var ledger: String
  @Option(help: "The owner's private key.") var ownerKey: String
  @Option(help: "The holder's name, for people.") var holder: String
  @Option(help: "What is allowed: create, charge, freeze, read, joined by commas.") var allow: String
  @Option(help: "A budget it is allowed with; several times for several; by default all.") var budget: [String] = []
  @Option(help: "The last second, since 1970, at which it is good.") var until: Int?
  @Option(help: "The capability's file.") var output = "-"
  @Flag(help: "Replace an existing file.") var force = false

  func run() throws {
    try Output.refuseExisting(output, force: force)
    let allowed = try allow.split(separator: ",").map { name in
      guard let permission = LedgerCapability.Permission(rawValue: String(name)) else {
        throw CommandFailure("--allow: must name create, charge, freeze or read", code: .usage)
      }
      return permission
    }
    let text = try refusing {
      let key = try LedgerOwnerKey(jwk: Input.readText(ownerKey, limit: 1 << 12))
      let book = try BudgetLedger(opening: ledger)
      guard book.owner == key.publicKey else {
        throw CommandFailure("owner-key: is not the key of this ledger's owner")
      }
      return try LedgerCapability(
        holder: holder, ledger: book.identity(), allow: allowed, budgets: budget, until: until, signedBy: key
      ).json
    }
    try Output.write(text + "\n", to: output, force: force, mode: 0o600)
  }
}

/// `tacit ledger checkpoint`: a signed statement of where the history stands.
struct LedgerCheckpointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint",
    abstract: "Sign where the history stands, to be kept where nobody who can write the ledger can reach it.")

  @OptionGroup var file: LedgerFile
  @Option(help: "The Ed25519 private key that signs.") var key: String
  @Option(help: "The checkpoint's file.") var output = "-"
  @Flag(help: "Replace an existing file.") var force = false

  func run() throws {
    try Output.refuseExisting(output, force: force)
    let text = try refusing {
      try file.open().checkpoint(signedBy: LedgerOwnerKey(jwk: Input.readText(key, limit: 1 << 12))).json
    }
    try Output.write(text + "\n", to: output, force: force)
  }
}
