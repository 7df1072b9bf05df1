import ArgumentParser
import FederatedLearning
import Foundation
import PrivacyAccounting
import PrivacyLedger
import PrivateStatistics
import Reporting
import TableFormats
import TacitVerbs

/// `tacit demo`.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "The whole story on real data, in under a minute, ending in a report.",
    discussion: """
      Answers census queries with exact noise charged to a ledger, trains a federation whose updates are summed under \
      Paillier encryption, measures what privacy costs in accuracy, and writes DIR/report.html with every file needed \
      to see each number again.
      """)

  @Option(help: "Folder for the report and its files; it may exist.")
  var output = "tacit-demo"
  @Option(help: "Fixes partitions, batches and simulated noise.")
  var seed: UInt64 = 1
  @Option(help: "Folder with census.csv and digits.csv to use instead of the embedded tables.")
  var data: String?
  @Option(help: "Threads; never changes a result.")
  var threads = ProcessInfo.processInfo.activeProcessorCount
  @Flag(help: "Replace an existing report.")
  var force = false

  func validate() throws {
    if threads < 1 || threads > 1_024 { throw ValidationError("--threads must lie in 1…1024") }
  }

  func run() throws {
    let report = "\(output)/report.html"
    try Output.refuseExisting(report, force: force)
    let tables = try DemoData(folder: data)
    try Output.makeFolder(output)
    let outcome = try refusing { try story(tables) }
    try Output.write(DemoReport.make(outcome).html(), to: report, force: force)
    StandardOutput.write("\nReport: \(report)\n")
  }

  private func story(_ tables: DemoData) throws -> DemoOutcome {
    let style = TerminalStyle.of(descriptor: STDOUT_FILENO)
    say(style.bold("1. Private statistics") + " over a census table")
    let statistics = try DemoStatistics(census: tables.census, folder: output, force: force).run()
    for query in statistics.queries { say(DemoText.table(query).terminal(width: style.width, style: style)) }
    say("ledger: spent \(statistics.ledger[1].value), remaining \(statistics.ledger[2].value)")
    say(
      style.dim(
        "The demo shows true answers; a real release may not, since the truth beside the answer gives the noise away."))

    say("\n" + style.bold("2. Federated averaging") + " under Paillier encryption")
    let federation = DemoFederation(data: tables, folder: output, seed: seed, threads: threads)
    let training = try federation.trainEncrypted()
    say(DemoText.table(training).terminal(width: style.width, style: style))
    say("encrypted sum = plain sum, bit for bit: weights \(training.encryptedHash.prefix(16))…")

    say("\n" + style.bold("3. Privacy against accuracy"))
    let tradeoff = try federation.sweep()
    say(DemoText.table(tradeoff).terminal(width: style.width, style: style))
    return DemoOutcome(
      statistics: statistics, federation: training, tradeoff: tradeoff, seed: seed, folder: output)
  }

  private func say(_ text: String) { StandardOutput.write(text + "\n") }
}
