import ArgumentParser
import ExactMath
import PrivacyAccounting
import PrivacyLedger

/// `tacit ledger`: durable privacy budgets.
struct LedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger",
    abstract: "Keep privacy budgets in a file: create, charge, look, verify, freeze.",
    subcommands: [
      LedgerCreate.self, LedgerStatus.self, LedgerCharge.self, LedgerHistory.self, LedgerVerify.self,
      LedgerFreeze.self, LedgerUnfreeze.self, LedgerKeygen.self, LedgerGrant.self, LedgerCheckpointCommand.self,
      LedgerExport.self, LedgerImport.self, LedgerCheckHistory.self,
    ])
}

/// Where a budget stands, for JSON and for people.
struct BudgetReport: Encodable {
  let budget: String
  let filter: String
  let epsilon: String
  let delta: String
  let unit: String
  let adjacency: String
  let spent: String
  let remaining: String
  let charges: Int
  let frozen: Bool

  init(_ status: BudgetStatus) {
    budget = status.name
    filter = status.terms.filter
    epsilon = status.terms.epsilon.description
    delta = status.terms.delta.description
    unit = status.terms.unit
    adjacency = status.terms.adjacency.description
    spent = status.spent
    remaining = status.remaining
    charges = status.charges
    frozen = status.frozen
  }

  /// A budget as it was just created.
  init(created name: String, terms: BudgetTerms) {
    self.init(BudgetStatus(created: name, terms: terms))
  }

  var line: String {
    "\(budget): \(filter), limit epsilon=\(epsilon) delta=\(delta), unit \(unit), \(adjacency); "
      + "spent \(spent) in \(charges) charges; left \(remaining)" + (frozen ? "; frozen" : "")
  }
}

struct LedgerCreate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Add a budget, making the ledger when there is none.")

  @OptionGroup var file: LedgerFile
  @Option(name: .long, help: "The budget's name.") var budget: String
  @Option(name: .long, help: "The limit on epsilon, an exact number.") var epsilon: String
  @Option(name: .long, help: "The limit on delta, an exact number.") var delta = "0"
  @Option(
    name: .long, help: "How charges add up: pure, approximate, zcdp, rdp or gdp; by default pure when delta is 0.")
  var filter: String?
  @Option(name: .long, help: "The one order of the rdp filter; by default the best one for Gaussian releases.")
  var order: String?
  @Option(
    name: .long, help: "Instead of a filter: the whole plan, whose steps may be charged in order, each once.")
  var plan: String?
  @Option(name: .long, help: "Give a new ledger an owner: the file of an Ed25519 key made by 'tacit ledger keygen'.")
  var ownerKey: String?
  @Option(name: .long, help: "What is protected: rows, or 'column NAME'; by default what each charge says.")
  var unit = BudgetTerms.anyUnit
  @Option(name: .long, help: "add-remove or replace-one.") var adjacency = Adjacency.addOrRemove.rawValue

  /// The unit of a budget that was created without one.
  static let anyUnit = BudgetTerms.anyUnit

  func validate() throws {
    if plan != nil, filter != nil { throw ValidationError("--plan and --filter exclude each other") }
    if ownerKey != nil, file.capability != nil { throw ValidationError("--owner-key is for a new ledger") }
  }

  func run() throws {
    try refusing {
      try LedgerText.check(budget, name: "budget")
      let delta = try Delta(self.delta)
      guard let adjacency = Adjacency(rawValue: adjacency) else {
        throw CommandFailure("--adjacency: must be add-remove or replace-one", code: .usage)
      }
      let terms = try terms(delta: delta, adjacency: adjacency)
      if let ownerKey {
        let owner = try LedgerPublicKey(jwk: Input.readText(ownerKey, limit: 1 << 12))
        try BudgetLedger.create(file.ledger, owner: owner, budget: budget, terms: terms)
        try file.report(BudgetReport(created: budget, terms: terms))
      } else {
        let book = try BudgetLedger(openingOrCreating: file.ledger, capability: file.readCapability())
        try book.createBudget(budget, terms: terms)
        try file.report(BudgetReport(created: budget, terms: terms))
      }
    }
  }

  private func terms(delta: Delta, adjacency: Adjacency) throws -> BudgetTerms {
    if let plan {
      return try BudgetTerms(
        plan: PrivacyEvent(parsing: plan), epsilon: Epsilon(epsilon), delta: delta, unit: unit, adjacency: adjacency)
    }
    return try BudgetTerms(
      filter: filter ?? (delta.value == 0 ? "pure" : "approximate"), epsilon: Epsilon(epsilon), delta: delta,
      order: order.map { text throws(ParameterError) in try RenyiOrder(text) }, unit: unit, adjacency: adjacency)
  }
}

struct LedgerStatus: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "status", abstract: "Show where budgets stand.")

  @OptionGroup var file: LedgerFile
  @Option(name: .long, help: "One budget only.") var budget: String?

  private struct Document: Encodable { let budgets: [BudgetReport] }

  func run() throws {
    try refusing {
      let book = try file.open()
      let found = try budget.map { [try book.status(of: $0)] } ?? book.status()
      let reports = found.map(BudgetReport.init)
      if file.json {
        try emitJSON(Document(budgets: reports))
      } else {
        StandardOutput.write(reports.map { $0.line + "\n" }.joined())
      }
    }
  }
}

struct LedgerCharge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "charge", abstract: "Charge an event; exit code 1 when it is refused.")

  @OptionGroup var file: LedgerFile
  @Option(name: .long, help: "The budget's name.") var budget: String
  @Option(name: .long, help: "A public name for the history.") var label = "charge"
  @Argument(help: "The event, for example 'laplace(scale=20) * 3'.") var event: String

  private struct Document: Encodable {
    let budget: String
    let event: String
    let position: Int
    let remaining: String
  }

  func run() throws {
    try refusing {
      let event = try PrivacyEvent(parsing: event)
      let receipt = try file.open().charge(event, to: budget, label: label)
      if file.json {
        try emitJSON(
          Document(
            budget: budget, event: event.description, position: receipt.position, remaining: receipt.remaining))
      } else {
        StandardOutput.write("charged \(event) at position \(receipt.position); left \(receipt.remaining)\n")
      }
    }
  }
}

struct LedgerHistory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "List what happened, oldest first.")

  @OptionGroup var file: LedgerFile
  @Option(name: .long, help: "One budget only.") var budget: String?

  private struct Document: Encodable { let entries: [LedgerRecord] }

  func run() throws {
    try refusing {
      let entries = try file.open().history(of: budget)
      if file.json {
        try emitJSON(Document(entries: entries))
        return
      }
      for entry in entries {
        let label = entry.label.isEmpty ? "" : " \"\(entry.label)\""
        StandardOutput.write("\(entry.position) \(entry.kind.rawValue) \(entry.budget)\(label) \(entry.detail)\n")
      }
    }
  }
}

struct LedgerVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check the whole history; exit code 1 when something in it is wrong.",
    discussion: "A file cannot show that its end was cut off: keep the printed head elsewhere, give it with --since.")

  @OptionGroup var file: LedgerFile
  @Option(name: .long, help: "A head that an earlier verify printed.") var since: String?
  @Option(name: .long, help: "A checkpoint kept elsewhere; needs --key.") var checkpoint: String?
  @Option(name: .long, help: "The public key that signed the checkpoint.") var key: String?

  private struct Document: Encodable {
    let intact: Bool
    let entries: Int
    let broken_at: Int?
    let reason: String?
    let head: String
  }

  func validate() throws {
    if let since, since.utf8.count != 64 || !since.allSatisfy(\.isHexDigit) {
      throw ValidationError("--since: must be 64 hexadecimal digits")
    }
    if (checkpoint == nil) != (key == nil) { throw ValidationError("--checkpoint and --key belong together") }
    if checkpoint != nil, since != nil { throw ValidationError("--checkpoint and --since exclude each other") }
  }

  func run() throws {
    let result = try refusing {
      guard let checkpoint, let key else { return try file.open().verify(since: since) }
      return try file.open().verify(
        against: LedgerCheckpoint(json: Input.readText(checkpoint, limit: 1 << 16)),
        key: LedgerPublicKey(jwk: Input.readText(key, limit: 1 << 12)))
    }
    if file.json {
      try emitJSON(
        Document(
          intact: result.intact, entries: result.entries, broken_at: result.brokenAt, reason: result.reason,
          head: result.head))
    } else if result.intact {
      StandardOutput.write("intact: \(result.entries) entries, head \(result.head)\n")
    }
    if let position = result.brokenAt {
      throw CommandFailure("\(file.ledger): entry \(position): \(result.reason ?? "is wrong")")
    }
  }
}

struct LedgerFreeze: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "freeze", abstract: "Stop all spending from a budget.")

  @OptionGroup var file: LedgerFile
  @Option(name: .long, help: "The budget's name.") var budget: String

  func run() throws {
    try refusing {
      let book = try file.open()
      try book.freeze(budget)
      try file.report(budget, of: book)
    }
  }
}

struct LedgerUnfreeze: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unfreeze", abstract: "Allow spending from a budget again.")

  @OptionGroup var file: LedgerFile
  @Option(name: .long, help: "The budget's name.") var budget: String

  func run() throws {
    try refusing {
      let book = try file.open()
      try book.unfreeze(budget)
      try file.report(budget, of: book)
    }
  }
}
