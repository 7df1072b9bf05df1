// %% [markdown]
// # A privacy budget in production
//
// A mechanism is private once. A service answers every week, from several programs, through crashes and restores. What it
// may still answer is the *budget*, and the budget is a record: this page keeps one, spends it, runs out, has an incident
// and recovers.

// %%
import CData
import ExactMath
import Foundation
import PrivacyAccounting
import PrivacyLedger
import PrivateStatistics
import Reporting
import TableFormats

let notebook = Notebook()
let folder = FileManager.default.temporaryDirectory.appending(path: "tacit-notebook-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
let path = folder.appending(path: "budget.db").path
let census = unsafe Array(UnsafeBufferPointer(start: tacit_adult_table(), count: Int(tacit_adult_csv_length)))

// %% [markdown]
// ## A budget that cannot be spent twice
//
// In a program, a budget is a value that is not copyable. A second spender needs a part that was carved off; passing the
// same budget on twice does not compile. The charge comes before the work and stands when the work fails, because a
// failure can be an answer.

// %%
struct Outage: Error {}
var whole = try PrivacyBudget(.pure(Epsilon("1")))
let release = try PrivacyEvent.laplace(scale: 10)
do {
  try whole.spend(release) { throw Outage() }
} catch {
  notebook.show("the release failed; spent ε = \(whole.spent.loss.decimalDescription)")
}
notebook.check("a failed release has spent its ε", whole.spent.loss == Rational(1, 10))
var team = try whole.carve(BudgetAmount(loss: Rational(1, 2)))
let tooMuch = try PrivacyEvent.laplace(scale: 2)
var refusal: BudgetRefusal.Code?
do {
  try whole.spend(tooMuch) {}
} catch let refused as BudgetRefusal {
  refusal = refused.code
}
notebook.check("what was carved off is gone from the rest", refusal == .exhausted)
try team.spend(tooMuch) {}
notebook.check("and is there, to the last digit, for who has it", team.remaining.loss == 0)

// %% [markdown]
// ## Which filter
//
// A *filter* is the rule by which charges add up while later questions may depend on earlier answers (Rogers and others
// 2016; Feldman and Zrnic 2021). How many weekly counts with an error of about a hundred people fit into ε = 1 at
// δ = 10⁻⁶? Sums of ε take Laplace noise; sums of ρ, of one Rényi order and of μ² take Gaussian noise of the same
// standard deviation.

// %%
let laplaceNoise = try PrivacyEvent.laplace(scale: 71)
let gaussianNoise = try PrivacyEvent.gaussian(noiseMultiplier: 100)
let one = try Epsilon("1")
let tiny = try Delta("1e-6")
let filters: [(name: String, limit: BudgetLimit, event: PrivacyEvent)] = [
  ("pure: sum of ε", .pure(one), laplaceNoise),
  ("zcdp: sum of ρ", try .zcdp(certifying: one, delta: tiny), gaussianNoise),
  ("gdp: sum of μ²", try .gaussian(certifying: one, delta: tiny), gaussianNoise),
]
var weeks: [Int] = []
for filter in filters {
  var budget = try PrivacyBudget(filter.limit)
  var count = 0
  while count < 5_000, (try? budget.charge(filter.event)) != nil { count += 1 }
  weeks.append(count)
}
notebook.show(
  Plot(
    title: "Weekly counts with a standard deviation of a hundred people, ε = 1, δ = 1e-6",
    description: "Filters that know the noise is Gaussian admit several times as many releases.",
    x: Plot.Axis("", categories: filters.map(\.name)), y: Plot.Axis("weeks"),
    series: [.bars("weeks", weeks.map(Double.init))]))
var admitted = Table(columns: [.text("filter"), .text("noise"), .number("weeks")])
for (filter, count) in zip(filters, weeks) { admitted.add([filter.name, "\(filter.event)", "\(count)"]) }
notebook.show(admitted)
notebook.check("the sum of ε admits exactly as many as its scale", weeks[0] == 71)
notebook.check("a filter for Gaussians admits at least four times as many", weeks[1] >= 4 * weeks[0])
notebook.check("and the exact one at least as many again", weeks[2] >= weeks[1])

// %% [markdown]
// ## A ledger
//
// Programs end. A *ledger* is the budget on disk: a charge is one transaction, durable before any noise is drawn, in a
// history where every entry carries the hash of the one before. Each release has an identity. Asked again with the same
// identity and the same question, for instance by a job that was restarted, the ledger gives back the same answer and
// charges nothing.

// %%
let question = try Query(
  privacyUnit: .rows, epsilon: Epsilon("0.1"), delta: Delta("0"),
  groupBy: [GroupColumn(column: "sex", keys: ["Female", "Male"])],
  metrics: [Metric(name: "people", kind: .count)], noise: .laplace)

/// One weekly release: charged once for its identity, then always the same answer.
func weekly(_ identity: String, in ledger: BudgetLedger) throws -> (answer: String, isNew: Bool) {
  let text = question.canonicalText
  if let stored = try ledger.answer(of: identity, budget: "census", query: text) { return (stored, false) }
  let authority = try LedgerBudget("census", of: ledger, release: identity, query: text)
  var rows = try Accumulator(question, key: SamplingKey())
  var reader = try CSVReader(ByteSource(census, name: "census.csv"), columns: question.columns)
  try rows.add(&reader)
  let table = try rows.release(charging: authority, label: identity)
  let answer = table.rows.map { "\($0.keys[0]) \($0.values[0].text)" }.joined(separator: ", ")
  return (try ledger.store(answer, of: identity, budget: "census", query: text), true)
}

let terms = try BudgetTerms(
  filter: "pure", epsilon: Epsilon("1"), delta: Delta("0"), unit: "rows", adjacency: .addOrRemove)
var spent: [Plot.Point] = [Plot.Point(0, 0)]
var answers = Table(caption: "Weekly answers", columns: [.text("week"), .text("answer")])
var first = ""
do {
  let ledger = try BudgetLedger(openingOrCreating: path)
  try ledger.createBudget("census", terms: terms)
  for week in 1...4 {
    let (answer, _) = try weekly("2026-w0\(week)", in: ledger)
    if week == 1 { first = answer }
    answers.add(["2026-w0\(week)", answer])
    spent.append(Plot.Point(Double(week), Double(week) / 10))
  }
}
notebook.show(answers, varies: true)

// Another process, later: the file is all there is.
let ledger = try BudgetLedger(opening: path)
let status = try ledger.status(of: "census")
notebook.show("\(status.charges) charges, spent \(status.spent), left \(status.remaining)")
let again = try weekly("2026-w01", in: ledger)
notebook.check("a repeated release is the same answer, to the digit", again.answer == first && !again.isNew)
notebook.check("and costs nothing", try ledger.status(of: "census").spent == status.spent)

// %% [markdown]
// ## Running out
//
// The budget pays for ten weeks. The eleventh is refused, in words that hold no data, before anything is drawn.

// %%
for week in 5...10 {
  _ = try weekly("2026-w\(week < 10 ? "0" : "")\(week)", in: ledger)
  spent.append(Plot.Point(Double(week), Double(week) / 10))
}
var words = ""
do {
  _ = try weekly("2026-w11", in: ledger)
} catch let error as StatisticsError {
  words = error.description
}
spent.append(Plot.Point(12, 1))
notebook.show(words)
notebook.show(
  Plot(
    title: "Spent", description: "Ten equal steps up to the limit, then nothing more.",
    x: Plot.Axis("week"), y: Plot.Axis("ε spent", range: 0...1.1), series: [.step("spent", spent)],
    rules: [Plot.Rule("limit", at: 1)]))
notebook.check("the eleventh week is refused", !words.isEmpty)
notebook.check("refused releases are not in the history", try ledger.status(of: "census").charges == 10)
notebook.check("ten charges of a tenth fit exactly", try ledger.status(of: "census").remaining == "epsilon=0")

// %% [markdown]
// ## An incident
//
// On Friday somebody notices that the export of week 12 holds rows of people who had objected. First, stop: a frozen budget
// refuses every program at once. Then look. Then go on.

// %%
let second = try BudgetTerms(
  filter: "zcdp", epsilon: Epsilon("2"), delta: Delta("1e-6"), unit: "rows", adjacency: .addOrRemove)
try ledger.createBudget("health", terms: second)
try ledger.charge(gaussianNoise, to: "health", label: "w12")
try ledger.freeze("health")
func outcome(_ label: String) -> String {
  do {
    let receipt = try BudgetLedger(opening: path).charge(gaussianNoise, to: "health", label: label)
    return "granted at position \(receipt.position)"
  } catch {
    return "refused: \(error)".replacing(path, with: "budget.db")
  }
}
let whileFrozen = outcome("w13")
try ledger.unfreeze("health")
let afterwards = outcome("w13")
notebook.show("frozen: \(whileFrozen)\nafterwards: \(afterwards)")
notebook.check("a frozen budget refuses another program", whileFrozen.hasPrefix("refused"))
notebook.check("and grants again when it is released", afterwards.hasPrefix("granted"))
let kinds = try ledger.history(of: "health").map(\.kind.rawValue)
notebook.show("history of the incident: " + kinds.joined(separator: ", "))
notebook.check(
  "everything that was done is in the history", kinds == ["create", "charge", "freeze", "unfreeze", "charge"])

// %% [markdown]
// ## A restore that would give budget back
//
// The disk fails and last week's backup is put back. Every later charge is forgotten, and the budget looks fuller than it
// is. The file itself is perfectly in order; only something kept *elsewhere* can tell. A checkpoint is that: the
// position and hash of the last entry, signed.

// %%
let owner = LedgerOwnerKey()
let backup = folder.appending(path: "backup.db").path
try FileManager.default.copyItem(atPath: path, toPath: backup)
try ledger.charge(gaussianNoise, to: "health", label: "w14")
let checkpoint = try ledger.checkpoint(signedBy: owner)
let sound = try ledger.verify(against: checkpoint, key: owner.publicKey)
let restored = try BudgetLedger(opening: backup)
let alone = try restored.verify()
let compared = try restored.verify(against: checkpoint, key: owner.publicKey)
notebook.show("the restored file alone: \(alone.intact ? "intact" : "broken"), \(alone.entries) entries")
notebook.show("against the checkpoint: \(compared.intact ? "intact" : "broken"): \(compared.reason ?? "")")
notebook.check("the ledger agrees with its checkpoint", sound.intact)
notebook.check("a restored backup is intact in itself", alone.intact)
notebook.check("and is found out by the checkpoint", !compared.intact)

// %% [markdown]
// Recovery is arithmetic, not hope: charge again what the checkpoint proves was spent, or retire the budget. Never guess
// downwards.
//
// ## Changing the past
//
// Somebody with the file edits it. One byte of a label is enough to show.

// %%
let forged = folder.appending(path: "forged.db").path
var bytes = try Data(contentsOf: URL(fileURLWithPath: backup))
if let place = bytes.firstRange(of: Data("2026-w03".utf8)) {
  bytes.replaceSubrange(place, with: Data("2026-w13".utf8))
}
try bytes.write(to: URL(fileURLWithPath: forged))
var found = "not found"
do {
  let verdict = try BudgetLedger(opening: forged).verify()
  found = verdict.intact ? "not found" : "broken at entry \(verdict.brokenAt ?? 0)"
} catch {
  found = "refused to open"
}
notebook.show("the edited file: \(found)")
notebook.check("an edited label is found", found != "not found")

// %% [markdown]
// ## What to take away
//
// - Charge first; let charges stand.
// - Choose the filter for the noise you use: it is worth a factor of several in releases.
// - Give every release an identity, so that a retry is free.
// - Keep checkpoints away from the file they are about.
// - On an incident: freeze, read the history, go on. The same as `tacit ledger freeze`, `history`, `verify`.

// %%
try FileManager.default.removeItem(at: folder)
notebook.finish()
