import ArgumentParser
import ExactMath
import PrivacyAccounting
import PrivacyAuditing
import Reporting
import TacitVerbs

/// `tacit audit`.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Try to refute a privacy claim from the outputs alone.",
    subcommands: [
      AuditMechanismCommand.self, AuditModelCommand.self, AuditUpdateCommand.self, AuditFederationCommand.self,
      AuditLedgerCommand.self, AuditConfigCommand.self, AuditZooCommand.self, AuditCertificateCommand.self,
      AuditSBOMCommand.self, AuditBundleCommand.self, AuditMetricsCommand.self, AuditIncidentCommand.self,
    ])
}

/// `tacit audit mechanism`.
struct AuditMechanismCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mechanism", abstract: "Audit a mechanism of this package or a program in any language.",
    discussion: """
      Draws outputs under neighbouring data sets, picks an event on a quarter of them and judges it on the rest with \
      a joint exact test: a claim that is true is refuted with probability at most alpha.
      A cmd: target reads one JSON line {"dataset":[...],"count":N} per request and answers N little-endian doubles.
      Then probes look at the bits, the clock, errors and repetition of the outputs; what they find is a warning, not \
      a verdict.
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
  @Flag(help: "Leave out the probes.")
  var noProbes = false
  @OptionGroup var form: AuditOutputOptions

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
    let start = ContinuousClock().now
    var failure: AuditError?
    var probes: [MechanismProbe.Finding] = []
    let report: AuditReport
    if let name = target.dropPrefix("builtin:") {
      let known: BuiltinTarget?
      do {
        known = try BuiltinTarget(name: name, claim: audit.claim, domain: range)
      } catch {
        throw CommandFailure("--\(error.message)", code: .usage)
      }
      guard var builtin = known else {
        throw CommandFailure(
          "--target: no built-in mechanism '\(name)'; there are \(BuiltinTarget.names.joined(separator: ", "))",
          code: .usage)
      }
      (report, failure) = ProgressLine.during("drawing and judging") { audit.attempt(&builtin) }
      if failure == nil { (probes, failure) = probe(&builtin, pairs) }
    } else if let command = target.dropPrefix("cmd:") {
      do throws(AuditError) {
        var process = try SubprocessTarget(command: command, timeout: timeout)
        (report, failure) = ProgressLine.during("drawing and judging") { audit.attempt(&process) }
        if failure == nil { (probes, failure) = probe(&process, pairs) }
        // An error on one of two neighbours only is a channel; a program that ended cannot be asked again.
        if failure != nil { probes += try errorChannel(command, pairs) }
      } catch {
        throw CommandFailure(error.message, code: .target)
      }
    } else {
      throw CommandFailure("--target: must start with builtin: or cmd:", code: .usage)
    }
    let seconds = AuditClock.seconds(since: start)
    let result = describe(report, probes, failure, seconds)
    let isEmpty = failure != nil && report.witness == nil && probes.isEmpty
    if !isEmpty || form.isJSON {
      try form.write(
        result, document: AuditDocument(report, findings: result.findings, failure: failure, seconds: seconds))
    }
    // A target that fails is neither refuted nor in order, whatever was seen of it before.
    if let failure { throw CommandFailure(failure.message, code: .target) }
    switch report.verdict {
    case .notRefuted: break
    case .refuted: throw ExitCode(CommandFailure.Code.failed.rawValue)
    case .inconclusive: throw ExitCode(CommandFailure.Code.inconclusive.rawValue)
    }
  }

  private func probe(
    _ target: inout some AuditTarget, _ pairs: [AdjacentPair]
  ) -> (findings: [MechanismProbe.Finding], failure: AuditError?) {
    guard !noProbes, let pair = pairs.first else { return ([], nil) }
    do throws(AuditError) {
      return (try MechanismProbe(samples: min(4_000, max(100, samples))).run(&target, pair: pair), nil)
    } catch {
      return ([], error)
    }
  }

  /// Each data set is put to a program that was started for it alone.
  private func errorChannel(_ command: String, _ pairs: [AdjacentPair]) throws(AuditError) -> [MechanismProbe.Finding] {
    func isAnswered(_ dataset: [Double]) -> Bool {
      guard var process = try? SubprocessTarget(command: command, timeout: timeout) else { return false }
      return (try? process.outputs(of: dataset, count: 10)) != nil
    }
    for pair in pairs where isAnswered(pair.first) != isAnswered(pair.second) {
      return [MechanismProbe.unevenErrors]
    }
    return []
  }

  private func readDomain() throws -> ClosedRange<Double> {
    let ends = domain.split(separator: ",").map { Double($0) }
    guard ends.count == 2, let low = ends[0], let high = ends[1], low.isFinite, high.isFinite, low < high else {
      throw CommandFailure("--domain: wants two finite numbers LO,HI with LO < HI", code: .usage)
    }
    return low...high
  }

  private func describe(
    _ report: AuditReport, _ probes: [MechanismProbe.Finding], _ failure: AuditError?, _ seconds: Double
  ) -> AuditResult {
    var table = Table(columns: [.text("audit"), .text("")])
    table.add(["verdict", failure == nil ? AuditDocument.text(report.verdict) : "target error"])
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
    table.add(["time", NumberText.duration(seconds)])
    let level: AuditFinding.Level
    switch report.verdict {
    case .refuted: level = .error
    case .inconclusive: level = .note
    case .notRefuted: level = .none
    }
    var findings = [
      AuditFinding(
        check: "epsilon", level: level,
        detail: "claimed ε \(report.claim.epsilon.decimalDescription), proved at least "
          + "\(NumberText.fixed(report.epsilonLowerBound, decimals: 4)) with error \(report.alpha)",
        remedy: report.remedy, hazard: "home-made implementations")
    ]
    if let failure {
      findings.append(
        AuditFinding(check: "target", level: .error, detail: failure.message, remedy: "Repair the target."))
    }
    findings += probes.map {
      AuditFinding(
        check: $0.probe, level: $0.isSuspect ? .warning : .none, detail: $0.detail, remedy: $0.remedy,
        hazard: "side channels: floating point, time, errors")
    }
    return AuditResult(title: "Audit of a mechanism", findings: findings, tables: [table], seconds: seconds)
  }
}

extension String {
  /// The rest of the text after a prefix, or `nil` when it does not start with it.
  fileprivate func dropPrefix(_ prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
