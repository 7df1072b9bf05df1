import ExactMath
import FederatedLearning
import PrivacyAccounting
import Reporting
import TacitVerbs
import Yams

/// Stages 2 and 3: federated training under encryption, and the same training at several privacy levels.
struct DemoFederation {
  let data: DemoData
  let folder: String
  let seed: UInt64
  let threads: Int

  /// The privacy level of the encrypted run.
  private static let encryptedEpsilon: Rational = 8
  private static let levels: [Rational?] = [nil, 8, 4, 2, 1]
  private static let repeats: UInt64 = 5

  /// The encrypted run beside the plain run of the same seed.
  func trainEncrypted() throws -> FederationOutcome {
    let encrypted = configuration(epsilon: DemoFederation.encryptedEpsilon, encrypted: true, seed: seed)
    let plain = configuration(epsilon: DemoFederation.encryptedEpsilon, encrypted: false, seed: seed)
    try write(encrypted, to: "encrypted.yaml")
    try write(plain, to: "plain.yaml")
    let progress = ProgressLine(
      "encrypted rounds", total: encrypted.rounds, whenRedirected: .lines(everySeconds: 5))
    var simulation = try Simulation(plan(encrypted), threads: threads)
    let plan = simulation.plan
    let secured = try simulation.run { record in
      progress.update(record.round, note: DemoFederation.note(record))
      return true
    }
    progress.finish(secured.finalAccuracy.map { "accuracy \(NumberText.fixed($0, decimals: 3))" } ?? "")
    var reference = try Simulation(self.plan(plain), threads: threads)
    let open = try reference.run()
    guard secured.weightsSHA256 == open.weightsSHA256 else {
      throw CommandFailure("demo: the encrypted sum differs from the plain sum; nothing is reported")
    }
    return outcome(plan, secured: secured, open: open)
  }

  /// Accuracy against ε with the plain sum.
  func sweep() throws -> TradeoffOutcome {
    let clock = ContinuousClock()
    let start = clock.now
    let progress = ProgressLine(
      "privacy levels", total: DemoFederation.levels.count * Int(DemoFederation.repeats),
      whenRedirected: .lines(everySeconds: 5))
    var points: [TradeoffOutcome.Point] = []
    var multipliers: [Double?] = []
    for level in DemoFederation.levels {
      var accuracies: [Double] = []
      for offset in 0..<DemoFederation.repeats {
        let settings = configuration(epsilon: level, encrypted: false, seed: seed &+ offset)
        var simulation = try Simulation(plan(settings), threads: threads)
        let result = try simulation.run()
        if offset == 0 { multipliers.append(simulation.plan.privacy.flatMap(DemoFederation.noiseMultiplier)) }
        accuracies.append(result.finalAccuracy ?? 0)
        progress.update(
          points.count * Int(DemoFederation.repeats) + accuracies.count, note: "ε = \(level?.description ?? "∞")")
      }
      points.append(TradeoffOutcome.Point(epsilon: level?.doubleValue, accuracies: accuracies))
    }
    progress.finish()
    return TradeoffOutcome(
      points: points, noiseMultipliers: multipliers, seconds: (clock.now - start).inSeconds)
  }

  private func configuration(epsilon: Rational?, encrypted: Bool, seed: UInt64) -> SimulationConfiguration {
    var settings = SimulationConfiguration.digitsDemonstration(epsilon: epsilon, encrypted: encrypted, seed: seed)
    settings.privacy?.noiseSource = "simulated"
    return settings
  }

  private func plan(_ settings: SimulationConfiguration) throws -> SimulationPlan {
    try SimulationPlan(settings, data: data.digits)
  }

  private func write(_ settings: SimulationConfiguration, to name: String) throws {
    try Output.write(try YAMLEncoder().encode(settings), to: "\(folder)/\(name)", force: true)
  }

  private static func note(_ record: RoundRecord) -> String {
    var parts: [String] = []
    if let loss = record.loss { parts.append("loss \(NumberText.fixed(loss, decimals: 3))") }
    if let accuracy = record.accuracy { parts.append("accuracy \(NumberText.fixed(accuracy, decimals: 3))") }
    if let epsilon = record.epsilon?.upper { parts.append("ε \(NumberText.fixed(epsilon, decimals: 2))") }
    return parts.joined(separator: ", ")
  }

  private func outcome(
    _ plan: SimulationPlan, secured: SimulationResult, open: SimulationResult
  ) -> FederationOutcome {
    let contributions = secured.rounds.reduce(0) { $0 + $1.contributors }
    let seconds = secured.rounds.reduce(0) { $0 + $1.seconds }
    let plainSeconds = open.rounds.reduce(0) { $0 + $1.seconds }
    let bytes = secured.rounds.reduce(0) { $0 + $1.wireBytes } / max(1, contributions)
    let ciphertexts = plan.packing?.ciphertexts ?? 0
    return FederationOutcome(
      clients: plan.clientCount, parameters: plan.model.parameterCount, keyBits: plan.keyBits ?? 0,
      slots: plan.packing?.slots ?? 0, ciphertextsPerClient: ciphertexts, bytesPerClient: bytes,
      plainBytesPerClient: plan.model.parameterCount * 4,
      rounds: secured.rounds.map {
        FederationOutcome.Round(
          number: $0.round, loss: $0.loss ?? .nan, accuracy: $0.accuracy, epsilon: $0.epsilon?.upper)
      },
      accuracy: secured.finalAccuracy ?? 0, claims: claims(plan, secured), encryptedHash: secured.weightsSHA256,
      plainHash: open.weightsSHA256,
      encryptionsPerSecond: Double(contributions * ciphertexts) / max(seconds, 1e-9), seconds: seconds,
      plainSeconds: plainSeconds)
  }

  /// σ of the whole noise over the L2 sensitivity.
  private static func noiseMultiplier(_ privacy: PrivacyPlan) -> Double? {
    guard case .distributedDiscreteGaussian(let sigma, let clients, let sensitivity, _) = privacy.roundEvent else {
      return nil
    }
    return (sigma.squared.doubleValue * Double(clients.value)).squareRoot()
      / sensitivity.squared.doubleValue.squareRoot()
  }

  private func claims(_ plan: SimulationPlan, _ result: SimulationResult) -> [(name: String, value: String)] {
    [
      ("unit of privacy", "one client with all its images"),
      ("adjacency", plan.privacy?.adjacency.description ?? ""),
      (
        "ε if deployed", result.epsilon.map { "at most \(NumberText.fixed($0.upper, decimals: 4))" } ?? "none"
      ),
      ("δ", plan.privacy?.delta.value.decimalDescription ?? ""),
      ("accountant", result.accountant ?? ""),
      ("event", result.event?.description ?? ""),
      ("noise", "simulated: drawn from the keyed generator so that the run repeats; it protects nobody"),
    ]
  }
}
