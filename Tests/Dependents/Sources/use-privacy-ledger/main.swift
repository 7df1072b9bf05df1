import Foundation
import PrivacyAccounting
import PrivacyLedger

let path = FileManager.default.temporaryDirectory.appendingPathComponent("ledger-\(UUID().uuidString).db").path
defer { try? FileManager.default.removeItem(atPath: path) }
let ledger = try BudgetLedger(openingOrCreating: path)
try ledger.createBudget(
  "survey",
  terms: BudgetTerms(
    filter: "pure", epsilon: Epsilon("1"), delta: Delta("0"), unit: "rows", adjacency: .addOrRemove))
let budget = try LedgerBudget("survey", of: ledger)
let receipt = try budget.charge(PrivacyEvent(parsing: "laplace(scale=4)"), label: "first question")
guard try ledger.verify().intact else { fatalError("a broken chain") }
print("charge \(receipt.position), left \(receipt.remaining)")
