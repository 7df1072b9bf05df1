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
      LedgerFreeze.self, LedgerUnfreeze.self,
    ])
}

/// The file every verb of the ledger works on.
struct LedgerFile: ParsableArguments {
  @Argument(help: "The ledger's file.")
  var ledger: String

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  func open() throws -> BudgetLedger { try BudgetLedger(opening: ledger) }

  /// Prints where one budget stands.
  func report(_ budget: String, of book: BudgetLedger) throws {
    let status = BudgetReport(try book.status(of: budget))
    if json { try emitJSON(status) } else { StandardOutput.write(status.line + "\n") }
  }
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
    filter = status.terms.limit.filter
    epsilon = status.terms.epsilon.description
    delta = status.terms.delta.description
    unit = status.terms.unit
    adjacency = status.terms.adjacency.description
    spent = status.spent
    remaining = status.remaining
    charges = status.charges
    frozen = status.frozen
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
  @Option(name: .long, help: "How charges add up: pure, approximate, zcdp or gdp; by default pure when delta is 0.")
  var filter: String?
  @Option(name: .long, help: "What is protected: rows, or 'column NAME'; by default what each charge says.")
  var unit = Self.anyUnit
  @Option(name: .long, help: "add-remove or replace-one.") var adjacency = Adjacency.addOrRemove.rawValue

  /// The unit of a budget that was created without one.
  static let anyUnit = "unstated"

  func run() throws {
    try refusing {
      try LedgerText.check(budget, name: "budget")
      let delta = try Delta(self.delta)
      guard let adjacency = Adjacency(rawValue: adjacency) else {
        throw CommandFailure("--adjacency: must be add-remove or replace-one", code: .usage)
      }
      let terms = try BudgetTerms(
        filter: filter ?? (delta.value == 0 ? "pure" : "approximate"), epsilon: Epsilon(epsilon), delta: delta,
        unit: unit, adjacency: adjacency)
      let book = try BudgetLedger(openingOrCreating: file.ledger)
      try book.createBudget(budget, terms: terms)
      try file.report(budget, of: book)
    }
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
  }

  func run() throws {
    let result = try refusing { try file.open().verify(since: since) }
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
