import ExactMath
public import FederatedLearning
private import Glibc
import PrivacyAccounting
import SecureRandom

/// One training with canaries in it: an estimate of ε and a lower bound, beside the certified ε.
///
/// Each canary is a random direction of the clipping norm, in or out by a fair coin. In high dimension random directions
/// are nearly orthogonal, so what is seen of one canary hardly depends on the others, and one training shows what
/// thousands would. What a canary is follows the unit of privacy:
///
/// - For *clients* it is a client whose whole update is the direction, and the attacker sees the released model (Andrew
///   et al. 2023, "One-shot empirical privacy estimation for federated learning").
/// - For *examples* it is one more example of a client whose gradient is the direction: it goes through the sampling of
///   batches, the clip of single examples and the noise of every step like any other (Nasr et al. 2023; Steinke, Nasr and
///   Jagielski 2023), and the attacker sees what that client sends.
///
/// Two figures come out:
///
/// - The *estimate* fits a normal law to the cosines of inserted canaries and compares it with the law N(0, 1/d) of
///   those left out. It has no confidence and may lie above or below the truth.
/// - The *bound* guesses canaries by their cosine and is wrong with probability at most alpha (Steinke, Nasr and
///   Jagielski 2023).
public struct CanaryAudit: Sendable {
  /// What was found.
  public struct Report: Sendable, Hashable {
    /// Whose data a canary stands for.
    public let unit: PrivacyPlan.Unit
    /// Canaries with a coin.
    public let canaries: Int
    /// Canaries that took part.
    public let inserted: Int
    /// Parameters of the model.
    public let dimension: Int
    /// Mean and deviation of the inserted canaries' cosines times √d; 0 and 1 for those left out.
    public let mean: Double
    /// See ``mean``.
    public let deviation: Double
    /// The estimated ε: no bound.
    public let epsilonEstimate: Double
    /// The bound and what is behind it.
    public let finding: MembershipFinding
    /// The ε that the accountant certifies.
    public let certifiedEpsilon: Double
    /// The δ of all three.
    public let delta: Double
    /// The bound's error.
    public let alpha: Double
    /// Rounds trained.
    public let rounds: Int

    /// Whether the bound contradicts the certified ε.
    public var isRefuted: Bool { finding.epsilonLowerBound > certifiedEpsilon }
  }

  /// The training with the canaries in it; run it with one ``FederatedLearning/Simulation`` and hand its result to
  /// ``report(on:from:alpha:)``.
  public let plan: SimulationPlan
  private let unit: PrivacyPlan.Unit
  private let hosts: Int
  private let included: [Bool]
  private let vectors: CanaryVectors
  private let recorder: MessageRecorder?
  private let threads: Int

  /// An audit of a plan with privacy.
  ///
  /// - Parameters:
  ///   - plan: What is trained; canaries join its clients, or their examples.
  ///   - canaries: How many have a coin; the square of their number should stay below the model's parameters.
  ///   - seed: Fixes canaries and coins.
  ///   - threads: Threads that train clients.
  /// - Throws: ``AuditError`` when the plan has no privacy, or not with add-remove adjacency; what a plan with canaries
  ///   is refused for.
  public init(_ plan: SimulationPlan, canaries: Int = 100, seed: UInt64 = 1, threads: Int = 2) throws {
    guard let privacy = plan.privacy else {
      throw AuditError(.invalidSetting, "privacy: nothing is claimed, so canaries have no ε to compare with")
    }
    guard privacy.adjacency == .addOrRemove else {
      throw AuditError(.invalidSetting, "privacy.adjacency: canaries are added or removed; use add-remove")
    }
    guard canaries >= 10, canaries < CanaryVectors.most else {
      throw AuditError(.invalidSetting, "canaries: at least ten are needed")
    }
    guard plan.configuration.personalization.kind == "none" else {
      throw AuditError(.invalidSetting, "personalization: canaries are looked for in a model that all share")
    }
    var coins = SimulationGenerator(seed: seed, stream: "canary coins")
    let included = (0..<canaries).map { _ in coins.next() & 1 == 1 }
    self.included = included
    self.threads = threads
    unit = privacy.unit
    hosts = plan.clientCount
    vectors = CanaryVectors(dimension: plan.model.parameterCount, seed: seed)
    let clip =
      unit == .example ? plan.configuration.privacy?.clip?.value.doubleValue ?? 1 : plan.quantizer.range
    var configuration = plan.configuration
    configuration.partition = PartitionOptions()
    configuration.targetAccuracy = nil
    configuration.privacy?.ledger = nil
    var again = try SimulationPlan(
      configuration,
      population: CanaryPopulation(
        plan: plan, canaries: included.indices.filter { included[$0] }, areExamples: unit == .example),
      test: plan.data.test, model: CanaryAudit.wrap(plan.model, vectors, norm: 4 * clip))
    recorder =
      unit == .client
      ? nil : MessageRecorder(Set((0..<canaries).map { CanaryPopulation.host(of: $0, clients: plan.clientCount) }))
    again.updateObserver = recorder
    self.plan = again
  }

  /// Trains once and looks for the canaries.
  ///
  /// - Parameters:
  ///   - alpha: Probability that the bound lies above the truth.
  ///   - callbacks: Called after every round with the model.
  /// - Throws: what training throws.
  public func run(alpha: Double = 0.05, callbacks: [any RoundCallback] = []) throws -> Report {
    var simulation = Simulation(plan, threads: threads)
    let start = simulation.parameters
    return try report(on: simulation.run(callbacks: callbacks), from: start, alpha: alpha)
  }

  /// Looks for the canaries in a training of ``plan``.
  ///
  /// - Parameters:
  ///   - result: What the training ended with.
  ///   - start: The parameters that it began with.
  ///   - alpha: Probability that the bound lies above the truth.
  /// - Throws: what the accountant throws.
  public func report(on result: SimulationResult, from start: [Float], alpha: Double = 0.05) throws -> Report {
    guard let privacy = plan.privacy else { throw AuditError(.invalidSetting, "privacy: nothing is claimed") }
    let scores = scores(result, start)
    var moments = Moments()
    for (score, isIn) in zip(scores, included) where isIn { moments.add(score) }
    let delta = privacy.delta.value.doubleRoundedUp
    let certified = try AutomaticAccountant().epsilon(
      of: privacy.event(rounds: result.rounds.count), delta: privacy.delta, adjacency: privacy.adjacency
    ).upper
    return Report(
      unit: unit, canaries: included.count, inserted: moments.count, dimension: vectors.dimension, mean: moments.mean,
      deviation: moments.deviation,
      epsilonEstimate: NormalPair(mean: moments.mean, deviation: max(moments.deviation, 1e-9)).epsilon(delta: delta),
      finding: try MembershipFinding(
        "canaries", scores: scores, included: included, delta: delta, alpha: alpha),
      certifiedEpsilon: certified, delta: delta, alpha: alpha, rounds: result.rounds.count)
  }

  /// Cosines in units of the deviation 1/√d that they have for a canary left out.
  private func scores(_ result: SimulationResult, _ start: [Float]) -> [Double] {
    let root = Double(vectors.dimension).squareRoot()
    func scores(_ canaries: some Sequence<Int>, _ moved: [Double]) -> [(Int, Double)] {
      let length = moved.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return canaries.map { ($0, length > 0 ? vectors.product($0, with: moved) / length * root : 0) }
    }
    guard let recorder else {
      return scores(included.indices, zip(result.parameters, start).map { Double($0) - Double($1) }).map(\.1)
    }
    var all = [Double](repeating: 0, count: included.count)
    for host in 0..<min(hosts, included.count) {
      guard let sent = recorder.sum(of: host), sent.count == vectors.dimension else { continue }
      for (canary, score) in scores(stride(from: host, to: included.count, by: hosts), sent.map(Double.init)) {
        all[canary] = score
      }
    }
    return all
  }

  private static func wrap<Model: FederatedModel>(
    _ model: Model, _ vectors: CanaryVectors, norm: Double
  ) -> any FederatedModel { CanaryModel(base: model, vectors: vectors, norm: norm) }
}

/// The privacy profile between N(mean, deviation²) and N(0, 1), in both directions.
public struct NormalPair: Sendable, Hashable {
  private let mean: Double
  private let deviation: Double

  /// A pair.
  ///
  /// - Precondition: the deviation is positive.
  public init(mean: Double, deviation: Double) {
    precondition(deviation > 0, "a deviation is positive")
    self.mean = mean
    self.deviation = deviation
  }

  /// The least ε at which both hockey-stick divergences are at most δ; at most 200.
  public func epsilon(delta: Double) -> Double {
    if divergence(0) <= delta { return 0 }
    var (low, high) = (0.0, 200.0)
    for _ in 0..<100 where high - low > 1e-9 {
      let middle = low + (high - low) / 2
      if divergence(middle) > delta { low = middle } else { high = middle }
    }
    return high
  }

  /// The larger of the two divergences.
  private func divergence(_ epsilon: Double) -> Double {
    max(
      NormalPair.divergence(epsilon, mean, deviation),
      // Seen from the first law, the second is N(−mean/deviation, 1/deviation²).
      NormalPair.divergence(epsilon, -mean / deviation, 1 / deviation))
  }

  /// P − e^ε·Q on the set where the ratio of densities exceeds e^ε, P = N(m, s²) and Q = N(0, 1).
  ///
  /// The logarithm of the ratio is the quadratic a·x² + b·x + c + ε with a = ½ − 1/(2s²), b = m/s² and
  /// c = −m²/(2s²) − ln s − ε.
  private static func divergence(_ epsilon: Double, _ m: Double, _ s: Double) -> Double {
    let (a, b) = (0.5 - 1 / (2 * s * s), m / (s * s))
    let c = -m * m / (2 * s * s) - log(s) - epsilon
    func mass(_ low: Double, _ high: Double) -> Double {
      func tail(_ x: Double) -> Double { 0.5 * erfc(x / 2.0.squareRoot()) }
      func between(_ x: Double, _ y: Double) -> Double { x > 0 ? tail(x) - tail(y) : tail(-y) - tail(-x) }
      return between((low - m) / s, (high - m) / s) - exp(epsilon) * between(low, high)
    }
    if abs(a) < 1e-9 {
      guard b != 0 else { return c > 0 ? mass(-.infinity, .infinity) : 0 }
      return b > 0 ? mass(-c / b, .infinity) : mass(-.infinity, -c / b)
    }
    let discriminant = b * b - 4 * a * c
    guard discriminant > 0 else { return a > 0 ? max(0, 1 - exp(epsilon)) : 0 }
    // The root that does not cancel, and the other by Vieta.
    let q = -(b + (b < 0 ? -1 : 1) * discriminant.squareRoot()) / 2
    let roots = [q / a, c / q].sorted()
    return a > 0 ? mass(-.infinity, roots[0]) + mass(roots[1], .infinity) : mass(roots[0], roots[1])
  }
}
