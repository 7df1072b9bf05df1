import ExactMath
import Foundation
import PrivacyAccounting
import PrivacyLedger
import Testing

@Suite struct `Plans committed whole` {
  private func plan(_ text: String, _ epsilon: String, _ delta: String = "1e-5") throws -> BudgetTerms {
    try BudgetTerms(
      plan: PrivacyEvent(parsing: text), epsilon: Epsilon(epsilon), delta: Delta(delta), unit: "rows",
      adjacency: .addOrRemove)
  }

  @Test func `a plan is certified as a whole, more tightly than any filter would`() throws {
    // Loss distributions give 1.83 where the best filter gives 2.1.
    let training = "poisson(rate=0.01, gaussian(sigma=1)) * 1000"
    #expect(throws: LedgerError.self) { try plan(training, "1.8") }
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("training", terms: plan(training, "1.9"))
    let step = try PrivacyEvent(parsing: "poisson(rate=0.01, gaussian(sigma=1))")
    for _ in 0..<3 { try ledger.charge(step, to: "training", label: "step") }
    try ledger.charge(.repeated(step, count: 997), to: "training", label: "the rest")
    let refusal = #expect(throws: BudgetRefusal.self) { try ledger.charge(step, to: "training", label: "one more") }
    #expect(refusal?.code == .exhausted)
    #expect(try ledger.status(of: "training").spent == "1000 of 1000 steps")
    #expect(try ledger.verify().intact)
  }

  @Test func `steps are charged in order, may be skipped, and nothing else is charged`() throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("p", terms: plan("laplace(scale=10) * 2 + gaussian(sigma=5) + laplace(scale=20)", "2"))
    func charge(_ text: String) throws { try ledger.charge(PrivacyEvent(parsing: text), to: "p", label: "x") }
    #expect(throws: BudgetRefusal.self) { try charge("laplace(scale=11)") }
    try charge("laplace(scale=10)")
    // The second Laplace step is skipped and gone.
    try charge("gaussian(sigma=10, sensitivity=2)")
    #expect(throws: BudgetRefusal.self) { try charge("laplace(scale=10)") }
    #expect(throws: BudgetRefusal.self) { try charge("gaussian(sigma=5)") }
    #expect(try ledger.status(of: "p").remaining == "1 of 4 steps, next laplace(scale=20, sensitivity=1)")
    try charge("laplace(scale=20)")
    #expect(try ledger.status(of: "p").charges == 3)
    #expect(try ledger.verify().intact)
  }

  @Test func `a budget at one Rényi order adds at that order`() throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    let rdp = try BudgetTerms(
      filter: "rdp", epsilon: Epsilon(2), delta: Delta("1e-6"), order: RenyiOrder(16), unit: "rows",
      adjacency: .addOrRemove)
    try ledger.createBudget("r", terms: rdp)
    let step = try PrivacyEvent(parsing: "poisson(rate=0.01, gaussian(sigma=2)) * 100")
    var granted = 0
    while (try? ledger.charge(step, to: "r", label: "x")) != nil, granted < 10_000 { granted += 1 }
    let all = try PrivacyEvent.repeated(step, count: granted)
    let certified = try RenyiAccountant(orders: [16]).epsilon(of: all, delta: Delta("1e-6"), adjacency: .addOrRemove)
    #expect(granted > 1 && certified.upper <= 2)
    #expect(try ledger.verify().intact)
    #expect(throws: LedgerError.self) {
      try BudgetTerms(
        filter: "zcdp", epsilon: Epsilon(1), delta: Delta("1e-6"), order: RenyiOrder(2), unit: "rows",
        adjacency: .addOrRemove)
    }
  }

  @Test func `a budget refuses another unit and another adjacency`() throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("a", terms: terms())
    #expect(try LedgerBudget("a", of: ledger, unit: "rows", adjacency: .addOrRemove).unit == "rows")
    #expect(throws: LedgerError.self) { try LedgerBudget("a", of: ledger, unit: "column user_id") }
    #expect(throws: LedgerError.self) { try LedgerBudget("a", of: ledger, adjacency: .replaceOne) }
  }
}

@Suite struct `Histories that travel` {
  @Test func `an exported history makes the same ledger, hash for hash`() throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("a", terms: terms())
    for index in 0..<5 { try ledger.charge(laplace(20), to: "a", label: "n° \(index)") }
    try ledger.freeze("a")
    let text = try ledger.exported()
    let copy = folder.path + "/copy.db"
    try BudgetLedger.create(copy, importing: text)
    #expect(try BudgetLedger(opening: copy).exported() == text)
    #expect(try BudgetLedger(opening: copy).verify().head == ledger.verify().head)
    #expect(throws: LedgerError.self) { try BudgetLedger.create(copy, importing: text) }
  }

  @Test func `a limit that does not certify its claim is not imported`() throws {
    // A history made by hand, hashes and all: a limit of 5 under a claim of 1.
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("a", terms: terms(epsilon: "5"))
    let entry = try #require(try ledger.history().first)
    let detail = entry.detail.replacingOccurrences(of: "\"epsilon\":\"5\"", with: "\"epsilon\":\"1\"")
    try #require(detail != entry.detail)
    let forged = LedgerRecord(
      position: 1, time: entry.time, kind: .create, budget: "a", detail: detail, label: "", release: nil,
      spent: entry.spent, previous: entry.previous)
    let text = String(decoding: try JSONEncoder().encode(forged), as: UTF8.self)
    let error = #expect(throws: LedgerError.self) { try BudgetLedger.create(folder.path + "/b.db", importing: text) }
    #expect(error?.message.contains("does not certify") == true)
  }

  @Test func `an altered line is named and leaves no ledger behind`() throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("a", terms: terms())
    for _ in 0..<3 { try ledger.charge(laplace(20), to: "a", label: "x") }
    var lines = try ledger.exported().split(separator: "\n").map(String.init)
    lines[2] = lines[2].replacingOccurrences(of: "scale=20", with: "scale=40")
    let copy = folder.path + "/copy.db"
    let error = #expect(throws: LedgerError.self) {
      try BudgetLedger.create(copy, importing: lines.joined(separator: "\n"))
    }
    #expect(error?.message.hasPrefix("line 3") == true)
    #expect(!FileManager.default.fileExists(atPath: copy))
    #expect(throws: LedgerError.self) { try BudgetLedger.create(copy, importing: "rubbish") }
  }

  @Test(arguments: [
    (
      "{\"history\": [[1.1, 0.01, 1000], [0.9, 1.0, 2]], \"mechanism\": \"rdp\"}", ForeignHistory.opacus,
      "poisson(rate=0.01, gaussian(sigma=1.1)) * 1000 + poisson(rate=1, gaussian(sigma=0.9)) * 2"
    ),
    (
      "[[2, 0.5, 3], [2, 0.25, 3]]", .opacus,
      "poisson(rate=0.5, gaussian(sigma=2)) * 3 + poisson(rate=0.25, gaussian(sigma=2)) * 3"
    ),
    (
      "SelfComposedDpEvent(event=PoissonSampledDpEvent(sampling_probability=0.01, event=GaussianDpEvent(noise_multiplier=1.1)), count=1000)",
      .dpAccounting, "poisson(rate=0.01, gaussian(sigma=1.1)) * 1000"
    ),
    (
      "dp_event.ComposedDpEvent(events=[LaplaceDpEvent(noise_multiplier=2.0), dp_event.NoOpDpEvent(), ZCDpEvent(rho=1e-3, xi=0)])",
      .dpAccounting, "laplace(scale=2) + nothing() + zcdp(rho=0.001)"
    ),
  ])
  func `histories of other programs read as events`(text: String, format: ForeignHistory, event: String) throws {
    let (read, wanted) = (try format.event(text), try PrivacyEvent(parsing: event))
    #expect(try EventTerms(read, adjacency: .addOrRemove) == EventTerms(wanted, adjacency: .addOrRemove))
  }

  @Test(arguments: [
    ("{\"history\": [[1.1, 0.01]]}", ForeignHistory.opacus), ("{\"history\": [[-1, 0.01, 5]]}", .opacus),
    ("not json", .opacus), ("NonPrivateDpEvent()", .dpAccounting),
    ("GaussianDpEvent(noise_multiplier=1", .dpAccounting), ("GaussianDpEvent(sigma=1)", .dpAccounting),
    ("ZCDpEvent(rho=1, xi=0.5)", .dpAccounting), ("__import__('os')", .dpAccounting),
  ])
  func `histories without a guarantee are refused`(text: String, format: ForeignHistory) {
    #expect(throws: LedgerError.self) { try format.event(text) }
  }
}
