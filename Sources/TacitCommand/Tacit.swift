import ArgumentParser
import Glibc
import TacitVerbs

/// The root of the command line.
struct Tacit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tacit",
    abstract: "Privacy-preserving computation: private statistics, federated learning, Paillier encryption.",
    discussion: """
      Start with `tacit demo`: the whole story on real data, in under a minute, ending in a report.
      Exit codes: 0 ok, 1 refused or failed, 2 inconclusive, 3 target error, 64 usage, 130 interrupted.
      """,
    version: "0.1.0",
    subcommands: [DemoCommand.self] + TacitVerbs.all + [
      SimulateCommand.self, TradeoffCommand.self, PredictCommand.self, AuditCommand.self,
    ]
  )
}

@main
enum Main {
  static func main() async {
    do {
      var command = try Tacit.parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let failure as CommandFailure {
      StandardOutput.complain("tacit: \(failure.message)")
      exit(failure.code.rawValue)
    } catch {
      finish(error)
    }
  }

  /// Help and version go to standard output; anything else is one line on standard error.
  private static func finish(_ error: any Error) -> Never {
    let code = Tacit.exitCode(for: error)
    if code == .success {
      StandardOutput.write(Tacit.message(for: error) + "\n")
      exit(0)
    }
    if error is ExitCode { exit(code.rawValue) }
    let line = oneLine(Tacit.fullMessage(for: error)) ?? "\(error)"
    StandardOutput.complain("tacit: \(line)" + (code == .validationFailure ? " (see 'tacit --help')" : ""))
    exit(code.rawValue)
  }

  /// The message without its usage, a list of choices joined to it.
  private static func oneLine(_ message: String) -> String? {
    let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
      .prefix { !$0.isEmpty && !$0.hasPrefix("Usage:") && !$0.hasPrefix("Help:") }
      .map { $0.drop { $0 == " " || $0 == "-" } }
    guard let first = lines.first else { return nil }
    let start = first.hasPrefix("Error: ") ? first.dropFirst("Error: ".count) : first
    return lines.count == 1 ? String(start) : "\(start) \(lines.dropFirst().joined(separator: ", "))"
  }
}
