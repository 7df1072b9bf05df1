package import ArgumentParser
package import PrivacyLedger

/// The file every verb of the ledger works on.
package struct LedgerFile: ParsableArguments {
  @Argument(help: "The ledger's file.")
  package var ledger: String

  @Flag(name: .long, help: "Print one JSON document.")
  package var json = false

  @Option(help: "What the ledger's owner allows you; needed for every verb on an owned ledger.")
  package var capability: String?

  package init() {}

  package func open() throws -> BudgetLedger { try LedgerFile.open(ledger, capability) }

  package func readCapability() throws -> LedgerCapability? { try LedgerFile.read(capability) }

  /// Opens a ledger with the capability in a file, if one is given.
  package static func open(_ ledger: String, _ capability: String?) throws -> BudgetLedger {
    try BudgetLedger(opening: ledger, capability: read(capability))
  }

  private static func read(_ capability: String?) throws -> LedgerCapability? {
    try capability.map { try LedgerCapability(json: Input.readText($0, limit: 1 << 16)) }
  }

  /// Prints where one budget stands, unless the capability does not show it.
  func report(_ budget: String, of book: BudgetLedger) throws {
    do {
      try report(BudgetReport(book.status(of: budget)))
    } catch let error as LedgerError where error.code == .denied {
      if json { try emitJSON(["budget": budget]) } else { StandardOutput.write("\(budget): done\n") }
    }
  }

  /// Prints where a budget stands.
  func report(_ status: BudgetReport) throws {
    if json { try emitJSON(status) } else { StandardOutput.write(status.line + "\n") }
  }
}
