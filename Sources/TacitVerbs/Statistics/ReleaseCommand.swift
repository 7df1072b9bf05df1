import ArgumentParser
import ExactMath
import Foundation
import PrivacyAccounting
import PrivacyLedger
import PrivateStatistics
import TableFormats

/// `tacit release`: one private release of a query over tables.
struct ReleaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release",
    abstract: "Answer a query over tables with exact noise, charged to a budget first.",
    discussion: """
      Without --ledger nothing remembers the charge: whoever runs the release keeps count.
      With --release-id the same name and query give the stored answer again and charge nothing. Without it the
      ledger names the release itself, and its history shows the name.
      """)

  /// How the answer is written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case csv, jsonl, json, html
  }

  @Argument(help: "The query, YAML or JSON.")
  var query: String

  @Option(name: .long, help: "A table to read: CSV with a header, gzip allowed, '-' for standard input. Repeatable.")
  var input: [String] = []

  @Option(
    name: .long, parsing: .upToNextOption,
    help: "Partial aggregates to finish from, instead of tables.")
  var partial: [String] = []

  @OptionGroup var checks: MergeChecks

  @Option(name: .long, help: "How tables are written: csv, jsonl, sqlite or spark-transform.")
  var inputFormat: TableInput.Format = .csv

  @Option(name: .long, help: "The table of an SQLite database.")
  var table: String?

  @OptionGroup var joining: JoinOptions

  @Option(
    name: .long,
    help: """
      What the contributions of units may take in memory, such as 512m or 2g; the rest goes to an unlinked temporary \
      file of mode 0600 in TMPDIR, which holds raw data.
      """)
  var memory: TableInput.MemorySize?

  @Option(name: .long, help: "The ledger that keeps the budget.")
  var ledger: String?

  @Option(name: .long, help: "The budget in the ledger.")
  var budget: String?

  @Option(name: .long, help: "What the ledger's owner allows you; needed for a ledger with an owner.")
  var capability: String?

  @Option(name: .long, help: "A name for the release: retries under it are charged once and answered alike.")
  var releaseID: String?

  @Option(
    name: .long,
    help: "Answer running totals over this group_by column, whose declared keys are steps of time.")
  var continual: String?

  @Option(name: .long, help: "Threads that read tables; answers do not depend on it. One a processor if left out.")
  var threads: Int?

  @Option(name: .long, help: "The key that opens sealed partials: 64 hexadecimal digits in a file.")
  var seal: String?

  @Option(name: .long, help: "csv, jsonl, json or html.")
  var format: Format = .csv

  @Flag(name: .long, help: "The same as --format json.")
  var json = false

  @Option(name: .long, help: "Where the answer goes; '-' is standard output.")
  var output = "-"

  @Option(name: .long, help: "Also write the answer as an HTML page with error bars here.")
  var report: String?

  @Flag(name: .long, help: "Replace an existing output file.")
  var force = false

  func validate() throws {
    _ = try options
    if !checks.isEmpty, partial.isEmpty {
      throw ValidationError("--expect-rows, --expect-partials and --ignore-duplicates belong to --partial")
    }
    if joining.join != nil, !partial.isEmpty { throw ValidationError("--join belongs to --input") }
    if seal != nil, partial.isEmpty { throw ValidationError("--seal belongs to --partial") }
    if input.isEmpty == partial.isEmpty { throw ValidationError("either --input or --partial is needed") }
    if (ledger == nil) != (budget == nil) { throw ValidationError("--ledger and --budget belong together") }
    if releaseID != nil, ledger == nil { throw ValidationError("--release-id needs --ledger") }
    if input.filter({ $0 == "-" }).count > 1 { throw ValidationError("standard input can be read once") }
  }

  private var options: TableInput.Options {
    get throws { try TableInput.Options(inputFormat, table: table, threads: threads) }
  }

  func run() throws {
    try Output.refuseExisting(output, force: force)
    if let report { try Output.refuseExisting(report, force: force) }
    let question = try QueryFile.read(query, continual: continual)
    // A charge cannot be taken back, so what would lose its answer is found before it.
    try Output.requireRoom(for: ReleaseText.room(for: question), at: output, force: force)
    guard let ledger, let budget else {
      let table = try released(question, charging: UnrecordedBudget(question), label: "release")
      return try show(table, question)
    }
    // A release without a name of the operator's gets one, so that an answer paid for can always be read again.
    let name = releaseID ?? Self.freshName()
    let table = try refusing { try recorded(question, in: LedgerFile.open(ledger, capability), budget, name) }
    do {
      try show(table, question)
    } catch let failure as CommandFailure {
      throw CommandFailure("\(failure.message); the answer is kept: ask again with --release-id \(name)")
    }
  }

  private func show(_ table: ReleasedTable, _ question: Query) throws {
    if let report {
      try Output.write(ReleaseText(table, question).text(.html), to: report, force: force)
    }
    if let dropped = table.dropped, format == .csv || format == .jsonl, !json {
      FileHandle.standardError.write(
        Data("units with dropped rows: \(dropped.text), 95 % from \(dropped.low) to \(dropped.high)\n".utf8))
    }
    try Output.write(ReleaseText(table, question).text(json ? .json : format), to: output, force: force)
  }

  private static func freshName() -> String {
    var generator = SystemRandomNumberGenerator()
    return "unnamed-" + String(generator.next() as UInt64, radix: 36)
  }

  /// The stored answer of the name, or a new one that is charged, stored and only then returned.
  private func recorded(
    _ question: Query, in book: BudgetLedger, _ budget: String, _ name: String
  ) throws -> ReleasedTable {
    try requireUnit(of: question, in: book.status(of: budget))
    let text = question.canonicalText
    if let stored = try book.answer(of: name, budget: budget, query: text) {
      return try JSONDecoder().decode(ReleasedTable.self, from: Data(stored.utf8))
    }
    let authority = try LedgerBudget(budget, of: book, release: name, query: text)
    let table = try released(question, charging: authority, label: "release \(name)")
    let kept = try book.store(jsonText(table), of: name, budget: budget, query: text)
    return try JSONDecoder().decode(ReleasedTable.self, from: Data(kept.utf8))
  }

  /// A budget that bounds what is learnt about a person cannot pay for a promise about a row, nor the reverse.
  private func requireUnit(of question: Query, in status: BudgetStatus) throws {
    let unit = status.terms.unit
    guard unit == LedgerCreate.anyUnit || unit == question.privacyUnit.text else {
      throw CommandFailure("privacy_unit: the budget is stated for \(unit)")
    }
  }

  private func released(
    _ question: Query, charging authority: some BudgetAuthority, label: String
  ) throws -> ReleasedTable {
    try refusing {
      if !partial.isEmpty {
        let merged = try PartialFile.merged(
          partial, question: question, seal: seal.map(PartialSeal.init(reading:)), checks: checks)
        return try merged.release(charging: authority, label: label)
      }
      let joined = try joining.table(for: question)
      var accumulator = try Accumulator(question, key: SamplingKey(), memory: memory?.bytes)
      for path in input {
        try TableInput.add(path, options, joined: joined, to: &accumulator)
      }
      return try accumulator.release(charging: authority, label: label)
    }
  }
}

/// Grants one query its own cost when no ledger keeps count.
private struct UnrecordedBudget: BudgetAuthority {
  let adjacency: Adjacency

  init(_ query: Query) { adjacency = query.adjacency }

  func charge(_ event: PrivacyEvent, label: String) throws(BudgetRefusal) -> BudgetReceipt {
    BudgetReceipt(event: event, label: label, position: 1, remaining: "not recorded")
  }
}
