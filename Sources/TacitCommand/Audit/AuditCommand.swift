import ArgumentParser
import ExactMath
import PrivacyAccounting
import PrivacyAuditing
import Reporting

/// `tacit audit`.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Try to refute a privacy claim from the outputs alone.",
    subcommands: [AuditMechanismCommand.self, AuditZooCommand.self, AuditCertificateCommand.self])
}

/// `tacit audit mechanism`.
struct AuditMechanismCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mechanism", abstract: "Audit a mechanism of this package or a program in any language.",
    discussion: """
      Draws outputs under neighbouring data sets, picks an event on a quarter of them and judges it on the rest with \
      Clopper-Pearson bounds: a claim that is true is refuted with probability at most alpha.
      A cmd: target reads one JSON line {"dataset":[...],"count":N} per request and answers N little-endian doubles.
      Exit codes: 0 not refuted, 1 refuted, 2 inconclusive (more samples are needed), 3 the target failed.
      """)

  @Option(help: "builtin:NAME (\(BuiltinTarget.names.joined(separator: ", "))) or cmd:\"PROGRAM ARG…\".")
  var target: String
  @Option(help: "epsilon=E,delta=D,unit=U,adjacency=add-remove|replace-one; the unit is mandatory.")
  var claim: String
  @Option(help: "Probability of refuting a true claim.")
  var alpha = 0.05
  @Option(help: "Outputs drawn per data set.")
  var samples = 100_000
  @Option(help: "Least and greatest value sent to the target.")
  var domain = "0,1"
  @Option(help: "Seconds of silence after which a cmd: target has failed.")
  var timeout = 60.0
  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let claim = try ClaimText.parse(claim)
    let range = try readDomain()
    guard timeout > 0, timeout <= 86_400 else {
      throw CommandFailure("--timeout: must lie in (0, 86400]", code: .usage)
    }
    let pairs: [AdjacentPair] =
      claim.adjacency == .addOrRemove
      ? AdjacentPair.addOneRow(domain: range) : AdjacentPair.replaceOneRow(domain: range)
    let audit: MechanismAudit
    do {
      audit = try MechanismAudit(claim: claim, alpha: alpha, samples: samples, pairs: pairs)
    } catch {
      throw CommandFailure("--\(error.message)", code: .usage)
    }
    let clock = ContinuousClock()
    let start = clock.now
    let report: AuditReport
    do {
      report = try run(audit, domain: range)
    } catch let error as AuditError where error.code == .targetFailed {
      throw CommandFailure(error.message, code: .target)
    }
    let seconds =
      Double((clock.now - start).components.seconds) + Double((clock.now - start).components.attoseconds) * 1e-18
    try json ? emitJSON(AuditDocument(report, seconds: seconds)) : show(report, seconds: seconds)
    switch report.verdict {
    case .notRefuted: break
    case .refuted: throw ExitCode(CommandFailure.Code.failed.rawValue)
    case .inconclusive: throw ExitCode(CommandFailure.Code.inconclusive.rawValue)
    }
  }

  private func run(_ audit: MechanismAudit, domain: ClosedRange<Double>) throws -> AuditReport {
    if let name = target.dropPrefix("builtin:") {
      guard var builtin = try BuiltinTarget(name: name, claim: audit.claim, domain: domain) else {
        throw CommandFailure(
          "--target: no built-in mechanism '\(name)'; there are \(BuiltinTarget.names.joined(separator: ", "))",
          code: .usage)
      }
      return try audit.run(&builtin)
    }
    guard let command = target.dropPrefix("cmd:") else {
      throw CommandFailure("--target: must start with builtin: or cmd:", code: .usage)
    }
    var process = try SubprocessTarget(command: command, timeout: timeout)
    return try audit.run(&process)
  }

  private func readDomain() throws -> ClosedRange<Double> {
    let ends = domain.split(separator: ",").map { Double($0) }
    guard ends.count == 2, let low = ends[0], let high = ends[1], low.isFinite, high.isFinite, low < high else {
      throw CommandFailure("--domain: wants two finite numbers LO,HI with LO < HI", code: .usage)
    }
    return low...high
  }

  private func show(_ report: AuditReport, seconds: Double) {
    var table = Table(columns: [.text("audit"), .text("")])
    table.add(["verdict", AuditDocument.text(report.verdict)])
    table.add(["claimed ε", report.claim.epsilon.decimalDescription])
    table.add(["ε proved at least", NumberText.fixed(report.epsilonLowerBound, decimals: 4)])
    table.add(["this run could see up to ε", NumberText.fixed(report.cap, decimals: 4)])
    table.add(["unit, adjacency", "\(report.claim.unit), \(report.claim.adjacency)"])
    table.add(["alpha, samples a data set", "\(report.alpha), \(report.samples)"])
    if let witness = report.witness {
      table.add([
        "witness",
        "\(witness.event): \(witness.counts.first) against \(witness.counts.second) of \(witness.counts.trials)",
      ])
    }
    table.add(["remedy", report.remedy])
    table.add(["time", NumberText.duration(seconds)])
    StandardOutput.write(table.terminal() + "\n")
  }
}

extension String {
  /// The rest of the text after a prefix, or `nil` when it does not start with it.
  fileprivate func dropPrefix(_ prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
