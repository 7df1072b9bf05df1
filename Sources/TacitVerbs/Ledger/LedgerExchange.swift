import ArgumentParser
import ExactMath
import PrivacyAccounting
import PrivacyLedger

/// `tacit ledger export`: the history as JSON Lines.
struct LedgerExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write the whole history as JSON Lines, one entry a line.")

  @OptionGroup var file: LedgerFile
  @Option(help: "The file to write.") var output = "-"
  @Flag(help: "Replace an existing file.") var force = false

  func run() throws {
    try Output.refuseExisting(output, force: force)
    try Output.write(refusing { try file.open().exported() }, to: output, force: force)
  }
}

/// `tacit ledger import`: a new ledger from an exported history.
struct LedgerImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Make a new ledger from an exported history, checking all of it.")

  @Argument(help: "The new ledger's file.") var ledger: String
  @Option(help: "The exported history.") var input: String

  func run() throws {
    let text = try Input.readText(input, limit: 1 << 30)
    try refusing { try BudgetLedger.create(ledger, importing: text) }
  }
}

/// `tacit ledger check-history`: whether another program's history supports its claim.
struct LedgerCheckHistory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-history",
    abstract: "Check what a history of Opacus or dp_accounting claims.",
    discussion: """
      The claim holds (exit 0) when the certified epsilon is at most the claimed one, is refuted (exit 1) when even the
      lower bound is above it, and is undecided (exit 2) in between.
      """)

  @Argument(help: "The history: an Opacus accountant's state as JSON, or a printed DpEvent.") var history: String
  @Option(help: "opacus or dp-accounting.") var from: String
  @Option(help: "The claimed epsilon.") var epsilon: String
  @Option(help: "The claimed delta.") var delta: String
  @OptionGroup var options: AccountingOptions

  private struct Document: Encodable {
    let accountant: String
    let claimed: String
    let delta: String
    let epsilon: BoundsJSON
    let event: String
    let verdict: String
  }

  func run() throws {
    guard let format = ForeignHistory(rawValue: from) else {
      throw CommandFailure("--from: must be opacus or dp-accounting", code: .usage)
    }
    var verdict = ""
    try Refusal.oneLine {
      let (claimed, delta) = (try Epsilon(epsilon), try Delta(delta))
      let question = try options.question()
      let text = try Input.readText(history, limit: 1 << 22)
      let event = try refusing { try format.event(text) }
      let (bounds, name) = try question.epsilon(of: event, delta: delta)
      let upper = Rational(exactly: bounds.upper)
      let lower = bounds.lower.flatMap { Rational(exactly: $0) }
      if upper.map({ $0 <= claimed.value }) ?? false {
        verdict = "holds"
      } else {
        verdict = lower.map { $0 > claimed.value } ?? false ? "refuted" : "undecided"
      }
      let explained = options.explainBounds ? question.explained(event, delta: delta) : nil
      try options.print(
        Document(
          accountant: name, claimed: claimed.description, delta: delta.description, epsilon: BoundsJSON(bounds),
          event: event.description, verdict: verdict),
        "\(verdict): epsilon \(bounds) at delta \(delta) against a claim of \(claimed) (\(name))", explained)
    }
    switch verdict {
    case "refuted": throw CommandFailure("the history costs more than it claims")
    case "undecided": throw CommandFailure("the claim lies between the bounds", code: .inconclusive)
    default: return
    }
  }
}
