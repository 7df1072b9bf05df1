import ArgumentParser
import ExactMath
import FederatedLearning
import PrivacyAccounting
import PrivacyAuditing
import PrivateStatistics
import Reporting
import TacitVerbs
import Yams

/// `tacit audit config`.
struct AuditConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Go through the hazards of a query or a simulation before it runs.",
    discussion: """
      A checklist after NIST SP 800-226 over QUERY.yaml or a simulation's CONFIG.yaml. With --threats, a file of \
      assumptions is held against the simulation:
        server: trusted | honest-but-curious | malicious
        clients: honest | byzantine
        colluding: 2            # decryptors that may pool their shares
        model-readers: clients | public
      Every key must be there and every value known: an assumption that is unknown is a failure.
      Exit codes: 0 in order or warnings, 1 a hazard is open or a threat is not met.
      """)

  @Argument(help: "QUERY.yaml or CONFIG.yaml.")
  var file: String
  @Option(help: "A threat model to hold against a simulation.")
  var threats: String?
  @OptionGroup var form: AuditOutputOptions

  private struct Document: Encodable {
    let open: Int
    let warnings: Int
    let findings: [AuditFinding]
  }

  func run() throws {
    let text = try Input.readText(file)
    var findings: [AuditFinding]
    if text.split(whereSeparator: \.isNewline).contains(where: { $0.hasPrefix("privacy_unit") }) {
      guard threats == nil else { throw CommandFailure("--threats belongs to a simulation", code: .usage) }
      findings = HazardChecklist.query(try QueryFile.decode(text, path: file))
    } else {
      let configuration = try SimulationFile.configuration(file)
      findings = HazardChecklist.simulation(configuration)
      if let threats { findings += try ThreatModel.read(threats).check(configuration) }
    }
    let result = AuditResult(title: "Audit of a configuration", findings: findings)
    try form.write(
      result,
      document: Document(
        open: findings.count { $0.level == .error }, warnings: findings.count { $0.level == .warning },
        findings: findings))
    if result.hasErrors { throw ExitCode(CommandFailure.Code.failed.rawValue) }
  }
}

/// Hazards of NIST SP 800-226 (initial public draft, December 2023) that a configuration can show.
enum HazardChecklist {
  private static func finding(
    _ check: String, _ level: AuditFinding.Level, _ hazard: String, _ detail: String, _ remedy: String = ""
  ) -> AuditFinding {
    AuditFinding(check: check, level: level, detail: detail, remedy: remedy, hazard: hazard)
  }

  /// ε above 1 is a warning, above 10 a strong one, with the largest advantage it allows an attacker.
  private static func size(_ epsilon: Double, _ delta: Double) -> [AuditFinding] {
    let advantage = NumberText.fixed(ROCCurve.advantageBound(epsilon: epsilon, delta: delta), decimals: 3)
    let detail = "ε \(NumberText.significant(epsilon)): an attacker's advantage may be as large as \(advantage)"
    return [
      finding(
        "epsilon", epsilon > 1 ? .warning : .none, "a large ε may mean little privacy",
        (epsilon > 10 ? "very large: " : "") + detail,
        epsilon > 1 ? "Use a smaller ε, or say why this one is enough." : ""),
      finding(
        "delta", delta > 1e-4 ? .error : delta > 1e-5 ? .warning : .none, "(ε, δ) allows a catastrophic failure",
        "δ \(NumberText.significant(delta)) is the chance that ε does not hold",
        delta > 1e-5 ? "Keep δ far below one over the number of people." : ""),
    ]
  }

  static func query(_ query: Query) -> [AuditFinding] {
    var findings = size(query.epsilon.value.doubleRoundedUp, query.delta.value.doubleRoundedUp)
    let isRows: Bool
    if case .rows = query.privacyUnit { isRows = true } else { isRows = false }
    findings.append(
      finding(
        "unit", isRows ? .warning : .none, "event level protects rows, not people",
        "the unit of privacy is \(query.privacyUnit.text)",
        isRows ? "Name the column that says whose a row is, unless everybody has one row." : ""))
    let open = query.groupBy.filter(\.isOpen).map(\.column)
    findings.append(
      finding(
        "groups", !open.isEmpty && query.delta.value.signum == 0 ? .error : .none, "histogram bins must be given",
        open.isEmpty
          ? "all group keys are given beforehand"
          : "keys of \(open.joined(separator: ", ")) are released above a threshold",
        ""))
    findings.append(
      finding(
        "bad-rows", query.onBadRow == .drop ? .note : .none, "statistical bias must be quantified",
        query.onBadRow == .drop
          ? "rows that cannot be read are dropped silently" : "rows that cannot be read stop the query"))
    findings.append(
      finding(
        "floating-point", .none, "side channels: floating point", "values and noise lie on an integer grid", ""))
    return findings
  }

  static func simulation(_ configuration: SimulationConfiguration) -> [AuditFinding] {
    guard let privacy = configuration.privacy else {
      return [
        finding(
          "privacy", .error, "models memorise training data", "the training claims no privacy",
          "Add privacy: with unit, clip, epsilon and delta.")
      ]
    }
    let delta = privacy.delta?.value.doubleRoundedUp ?? 0
    var findings: [AuditFinding] = []
    if let epsilon = privacy.epsilon ?? privacy.maxEpsilon {
      findings += size(epsilon.value.doubleRoundedUp, delta)
    } else {
      findings.append(
        finding(
          "epsilon", .warning, "a large ε may mean little privacy",
          "noise is given and no ε: what it is follows only from the whole training",
          "Give privacy.epsilon, or privacy.max_epsilon beside the noise multiplier."))
    }
    findings.append(
      finding(
        "unit", privacy.unit == nil ? .warning : .none, "hypotheses outside the unit of privacy are not protected",
        privacy.unit == nil
          ? "the unit is not written down; it is the client" : "the unit is the \(privacy.unit ?? "")",
        privacy.unit == nil ? "Write unit: client." : ""))
    let isCentral = privacy.placement ?? "central" == "central"
    findings.append(
      finding(
        "trust", isCentral && configuration.aggregation.kind == "plain" ? .warning : .none,
        "trust assumptions must hold",
        isCentral
          ? "the server adds the noise and must be trusted to" : "clients add the noise before anything leaves them",
        isCentral ? "Use placement: distributed with a secure sum when the server is not trusted." : ""))
    findings.append(
      finding(
        "simulated-noise", privacy.noiseSource == "simulated" ? .error : .none, "home-made implementations",
        privacy.noiseSource == "simulated"
          ? "noise comes from the seed: nobody is protected" : "noise comes from the system's randomness",
        privacy.noiseSource == "simulated" ? "Leave out noise_source outside tests." : ""))
    findings.append(
      finding(
        "ledger", privacy.ledger == nil ? .warning : .none, "other releases of the same data",
        privacy.ledger == nil
          ? "the training is not charged to a durable budget" : "the training is charged before its first round",
        privacy.ledger == nil ? "Add privacy.ledger: {file, budget}." : ""))
    return findings
  }
}

/// What is assumed of the parties of a federation, to be held against its configuration.
struct ThreatModel {
  private let values: [String: String]

  /// Every key and the values it may have; an empty list stands for a whole number.
  private static let known: [(key: String, values: [String])] = [
    ("server", ["trusted", "honest-but-curious", "malicious"]), ("clients", ["honest", "byzantine"]),
    ("colluding", []), ("model-readers", ["clients", "public"]),
  ]

  static func read(_ path: String) throws -> ThreatModel {
    do {
      return ThreatModel(values: try YAMLDecoder().decode([String: String].self, from: Input.readText(path)))
    } catch is DecodingError {
      throw CommandFailure("\(path): is no mapping of assumptions")
    } catch is YamlError {
      throw CommandFailure("\(path): is not YAML")
    }
  }

  func check(_ configuration: SimulationConfiguration) -> [AuditFinding] {
    func finding(_ check: String, _ isMet: Bool, _ detail: String, _ remedy: String) -> AuditFinding {
      AuditFinding(
        check: "threat-\(check)", level: isMet ? .none : .error, detail: detail, remedy: isMet ? "" : remedy,
        hazard: "trust assumptions must hold")
    }
    var findings: [AuditFinding] = []
    for (key, allowed) in ThreatModel.known {
      guard let value = values[key], allowed.isEmpty ? Int(value).map({ $0 >= 0 }) ?? false : allowed.contains(value)
      else {
        findings.append(
          finding(
            key, false, values[key] == nil ? "not stated" : "a value that is not known",
            "State \(key): \(allowed.isEmpty ? "a whole number" : allowed.joined(separator: ", "))."))
        continue
      }
      findings.append(met(key, value, configuration, finding))
    }
    for key in values.keys.sorted() where !ThreatModel.known.contains(where: { $0.key == key }) {
      findings.append(finding(key, false, "an assumption that no check knows", "Remove it, or waive it elsewhere."))
    }
    return findings
  }

  private func met(
    _ key: String, _ value: String, _ configuration: SimulationConfiguration,
    _ finding: (String, Bool, String, String) -> AuditFinding
  ) -> AuditFinding {
    let isSummed = configuration.aggregation.kind != "plain"
    let placement = configuration.privacy?.placement ?? (configuration.privacy == nil ? "none" : "central")
    switch (key, value) {
    case ("server", "honest-but-curious"):
      return finding(
        key, placement == "local" || (isSummed && placement == "distributed"),
        "a curious server sees \(isSummed ? "sums" : "single updates"), noise is \(placement)",
        "Use a secure sum with placement: distributed, or placement: local.")
    case ("server", "malicious"):
      return finding(
        key, placement == "local", "a malicious server can shape the model it sends; noise is \(placement)",
        "Only placement: local holds against a server that may send any model.")
    case ("clients", "byzantine"):
      return finding(
        key, configuration.robust.kind != "none", "hostile clients meet the rule \(configuration.robust.kind)",
        "Choose a robust rule; it needs aggregation: plain.")
    case ("colluding", let number):
      let holders =
        configuration.aggregation.kind == "threshold-paillier"
        ? configuration.aggregation.threshold ?? 2 : configuration.aggregation.kind == "paillier" ? 1 : Int.max
      return finding(
        key, (Int(number) ?? 0) < holders,
        "\(number) key holders may collude"
          + (holders == Int.max ? "; there are no key holders" : ", \(holders) open a sum"),
        "Raise aggregation.threshold above the number that may collude.")
    case ("model-readers", "public"):
      return finding(
        key, placement != "none", "the model is public and noise is \(placement)", "A public model needs privacy:.")
    default: return finding(key, true, value, "")
    }
  }
}
