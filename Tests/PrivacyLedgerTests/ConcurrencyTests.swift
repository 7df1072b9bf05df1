import ExactMath
import Foundation
import Glibc
import PrivacyAccounting
import PrivacyLedger
import Testing

@Suite struct `Ledger under many processes` {
  /// The name of the variable that turns a test process into a worker.
  private static let variable = "TACIT_LEDGER_WORKER"

  /// Starts this test program again, to run ``worker()`` alone.
  private func start(_ path: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments =
      Array(CommandLine.arguments.dropFirst()).filter { !$0.hasPrefix("--filter") && $0.hasPrefix("--test") == false }
    process.arguments = ["--testing-library", "swift-testing", "--filter", "worker that hammers"]
    process.environment = ProcessInfo.processInfo.environment.merging([Self.variable: path]) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["TACIT_LEDGER_WORKER"] != nil))
  func `worker that hammers one file`() throws {
    let path = try #require(ProcessInfo.processInfo.environment[Self.variable])
    let ledger = try BudgetLedger(opening: path)
    while true {
      do {
        try ledger.charge(laplace(50), to: "a", label: "process \(getpid())")
      } catch {
        break
      }
    }
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["TACIT_LEDGER_WORKER"] == nil))
  func `eight processes spend exactly the budget and two killed ones break nothing`() throws {
    let folder = try Folder()
    let ledger = try BudgetLedger(openingOrCreating: folder.ledger)
    try ledger.createBudget("a", terms: terms(epsilon: "4"))
    let workers = try (0..<8).map { _ in try start(folder.ledger) }
    for victim in workers.prefix(2) {
      while victim.isRunning, try ledger.status(of: "a").charges < 20 { usleep(1_000) }
      kill(victim.processIdentifier, SIGKILL)
    }
    for worker in workers { worker.waitUntilExit() }
    let status = try ledger.status(of: "a")
    #expect(status.charges == 200 && status.remaining == "epsilon=0")
    #expect(try ledger.verify().intact)
  }
}
