import ExactMath
import PrivacyAccounting
import SecureAggregation

extension ConfigurationCheck {
  /// The noise and what it claims, from the quantiser's integer bound.
  ///
  /// The sum of one round changes by at most the bound of one update in L2 when a client is added or removed and by
  /// twice that when one is replaced: the quantiser's radius, or more after conditional rounding. Sums are divided by a
  /// constant, so nothing else depends on who took part.
  ///
  /// A sampler's amplification is claimed only where its theorem holds: for central noise, a Poisson sample under
  /// add-remove and a uniform subset under replace-one. It supposes that nobody who sees the model knows the cohorts;
  /// with distributed or local noise the aggregator does, and rounds compose in full.
  func privacy(
    _ quantizer: Quantizer, _ rounding: ConditionalRounding?, cohort: CohortSampling, clients: Int, dimension: Int,
    minimum: Int
  ) throws -> PrivacyPlan? {
    guard let options = configuration.privacy else { return nil }
    func choice<Value: RawRepresentable & CaseIterable>(
      _ text: String?, _ key: String, _ standard: Value
    ) throws -> Value where Value.RawValue == String {
      guard let text else { return standard }
      guard let value = Value(rawValue: text) else {
        let known = Value.allCases.map(\.rawValue)
        throw refuse("privacy.\(key)", "has no value \"\(text.prefix(40))\"\(Spelling.hint(text, among: known))")
      }
      return value
    }
    let unit = try choice(options.unit, "unit", PrivacyPlan.Unit.client)
    let steps = try exampleSteps(options, unit)
    let placement = try choice(
      options.placement, "placement", unit == .example ? PrivacyPlan.Placement.local : .central)
    let noise = try choice(
      options.noise, "noise", placement == .distributed ? PrivacyPlan.Noise.discreteGaussian : .gaussian)
    let adjacency = try choice(options.adjacency, "adjacency", AdjacencyName(placement == .local && unit == .client))
      .adjacency
    guard noise != .gaussian || placement != .distributed else {
      throw refuse(
        "privacy.noise", "must be discrete-gaussian or skellam when distributed: rounded shares do not add up")
    }
    guard placement != .local || adjacency == .replaceOne || unit == .example else {
      throw refuse("privacy.adjacency", "must be replace-one when local: whether a client reports is not hidden")
    }
    guard let stated = options.delta?.value, let delta = try? Delta(stated), stated.signum > 0 else {
      throw refuse("privacy.delta", "must be a number above 0 and below 1")
    }
    let source = options.noiseSource ?? "secure"
    guard ["secure", "simulated"].contains(source) else {
      throw refuse("privacy.noise_source", "must be secure or simulated")
    }
    guard cohort.accounting != .unbounded else {
      throw refuse("cohort.sampling", "may draw a client twice in a round, for which no privacy bound is claimed")
    }
    guard placement != .distributed || configuration.devices.timeout == nil else {
      throw refuse(
        "devices.timeout",
        "may not be used with distributed noise: whether enough report in time would depend on a client's examples")
    }
    let bands = try factorization(options, cohort, placement, noise)
    let build = NoiseBuilder(
      placement: placement, noise: noise, adjacency: adjacency, delta: delta,
      squaredBound: rounding?.squaredBound ?? Int(quantizer.radius * quantizer.radius),
      adaptive: try adaptiveClip(options, placement, cohort.expectedSize(clients: clients)), parameters: dimension,
      promised: try counted(options, placement, minimum), most: cohort.largestSize(clients: clients),
      sampling: steps.map { .poisson(rate: $0.rate) } ?? cohort.accounting, clients: clients,
      participation: try participation(options, placement, cohort, clients: clients),
      isSimulated: source == "simulated", unit: unit, releasesPerRound: steps?.count ?? 1, factorization: bands)
    switch (options.noiseMultiplier?.value, options.epsilon?.value) {
    case (let multiplier?, nil):
      guard multiplier.signum > 0 else { throw refuse("privacy.noise_multiplier", "must be a number above 0") }
      let limit = try options.maxEpsilon.map { most in
        guard most.value.signum > 0, let limit = try? Epsilon(most.value) else {
          throw refuse("privacy.max_epsilon", "must be a number above 0")
        }
        return limit
      }
      return try build.plan(multiplier: multiplier, keeps: (configuration.rounds, limit))
    case (nil, let target?):
      guard target.signum > 0, let epsilon = try? Epsilon(target) else {
        throw refuse("privacy.epsilon", "must be a number above 0")
      }
      guard options.maxEpsilon == nil else {
        throw refuse(
          "privacy.max_epsilon", "belongs to noise_multiplier: with epsilon the noise is enough for all rounds")
      }
      return try build.calibrated(to: epsilon, rounds: configuration.rounds)
    default: throw refuse("privacy", "needs either noise_multiplier or epsilon")
    }
  }

  /// The clients whose noise the claim counts on.
  private func counted(
    _ options: PrivacyOptions, _ placement: PrivacyPlan.Placement, _ minimum: Int
  ) throws(FederatedError) -> Int {
    guard placement == .distributed else {
      guard options.colluding == nil else {
        throw refuse("privacy.colluding", "belongs to privacy.placement distributed")
      }
      return 1
    }
    let colluding = options.colluding ?? 0
    guard (0..<minimum).contains(colluding) else {
      throw refuse("privacy.colluding", "must be from 0 to aggregation.min_contributors less one, \(minimum - 1)")
    }
    return minimum - colluding
  }

  /// How updates are rounded after a rotation, nil without one.
  func rounding(_ quantizer: Quantizer, parameters: Int) throws(FederatedError) -> ConditionalRounding? {
    let isDistributed = configuration.privacy?.placement == PrivacyPlan.Placement.distributed.rawValue
    switch configuration.quantize.rotation ?? (isDistributed ? "hadamard" : "none") {
    case "none": return nil
    case "hadamard":
      guard isDistributed else {
        throw refuse("quantize.rotation", "hadamard belongs to privacy.placement distributed")
      }
      var dimension = 1
      while dimension < parameters { dimension *= 2 }
      return ConditionalRounding(clipSteps: Int(quantizer.radius), dimension: dimension)
    case let other:
      throw refuse(
        "quantize.rotation",
        "has no value \"\(other.prefix(40))\"\(Spelling.hint(other, among: ["hadamard", "none"]))")
    }
  }

  /// The names of ``Adjacency``.
  private enum AdjacencyName: String, CaseIterable {
    case addOrRemove = "add-remove"
    case replaceOne = "replace-one"

    init(_ replaces: Bool) { self = replaces ? .replaceOne : .addOrRemove }

    var adjacency: Adjacency { self == .replaceOne ? .replaceOne : .addOrRemove }
  }

  private func participation(
    _ options: PrivacyOptions, _ placement: PrivacyPlan.Placement, _ cohort: CohortSampling, clients: Int
  ) throws -> PrivacyPlan.Participation {
    let isTree = options.mechanism == "tree"
    guard case .separated(let rounds) = cohort.accounting else {
      guard !isTree else {
        throw refuse("privacy.mechanism", "tree needs cohort.sampling min-separation, which bounds participation")
      }
      guard options.restart == nil else { throw refuse("privacy.restart", "belongs to privacy.mechanism tree") }
      return .everyRound
    }
    guard isTree else {
      guard options.restart == nil else { throw refuse("privacy.restart", "belongs to privacy.mechanism tree") }
      return .separated(by: rounds)
    }
    guard placement == .central else { throw refuse("privacy.mechanism", "tree needs privacy.placement central") }
    guard !options.adaptsClip else {
      throw refuse("privacy.clip", "must be fixed with privacy.mechanism tree: running sums need one grid")
    }
    let restart = options.restart ?? rounds
    guard (1...rounds).contains(restart) else {
      throw refuse("privacy.restart", "must be from 1 to the separation of the cohorts, \(rounds) rounds")
    }
    return .tree(rounds: restart)
  }

  private func adaptiveClip(
    _ options: PrivacyOptions, _ placement: PrivacyPlan.Placement, _ expected: Double
  ) throws -> (initial: Double, quantile: Double, rate: Double, countNoise: Rational)? {
    guard options.adaptsClip else {
      for (key, isGiven) in [
        ("initial_clip", options.initialClip != nil), ("target_quantile", options.targetQuantile != nil),
        ("clip_learning_rate", options.clipLearningRate != nil), ("count_noise", options.countNoise != nil),
      ] where isGiven {
        throw refuse("privacy.\(key)", "belongs to privacy.clip adaptive")
      }
      return nil
    }
    guard placement != .local else { throw refuse("privacy.clip", "must be a number when local") }
    let initial = options.initialClip?.value ?? Rational(1, 10)
    guard initial.signum > 0 else { throw refuse("privacy.initial_clip", "must be a number above 0") }
    let quantile = try number(options.targetQuantile ?? 0.5, "privacy.target_quantile", "from 0 to 1") {
      $0 >= 0 && $0 <= 1
    }
    let rate = try number(options.clipLearningRate ?? 0.2, "privacy.clip_learning_rate", "above 0 and at most 4") {
      $0 > 0 && $0 <= 4
    }
    let count = options.countNoise?.value ?? Rational(exactly: expected).map { $0 / Rational(20) } ?? 1
    guard count.signum > 0 else { throw refuse("privacy.count_noise", "must be a number above 0") }
    return (initial.doubleValue, quantile, rate, count)
  }
}
