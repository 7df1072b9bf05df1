import ExactMath
import Foundation
import PrivacyAccounting

/// Makes privacy plans of one setting for different amounts of noise.
struct NoiseBuilder {
  let placement: PrivacyPlan.Placement
  let noise: PrivacyPlan.Noise
  let adjacency: Adjacency
  let delta: Delta
  /// The largest squared L2 norm of an update in squared grid steps: R², or what conditional rounding adds to it.
  let squaredBound: Int
  /// What an adaptive clip needs, nil when it is fixed; its indicator is set here.
  let adaptive: (initial: Double, quantile: Double, rate: Double, countNoise: Rational)?
  /// The number of coordinates of an update without the indicator.
  let parameters: Int
  /// Clients whose shares are counted on, those promised less those that collude; 1 unless distributed.
  let promised: Int
  let most: Int
  let sampling: CohortSampling.Accounting
  let clients: Int
  let participation: PrivacyPlan.Participation
  let isSimulated: Bool
  var unit = PrivacyPlan.Unit.client
  /// Steps of a client in a round when the unit is an example, else 1.
  var releasesPerRound = 1
  /// The weights of past rounds' noise, nil without.
  var factorization: BandedFactorization?

  /// f: an update is added or removed, or turned into its opposite.
  private var factor: Int { adjacency == .replaceOne ? 2 : 1 }

  /// Whether a sampler's theorem is part of the event.
  var isAmplified: Bool {
    guard unit == .example || placement == .central && participation == .everyRound else { return false }
    switch sampling {
    case .poisson(let rate): return adjacency == .addOrRemove && rate < 1
    case .withoutReplacement(let size): return adjacency == .replaceOne && size < clients
    default: return false
    }
  }

  /// s for a total variance: ⌊σ/(2σ_b)⌋, at least 1; nil with a fixed clip.
  private func indicator(total: Rational) -> Int? {
    adaptive.map { adaptive in
      let square = (total / (Rational(4) * adaptive.countNoise * adaptive.countNoise)).floor ?? 0
      var root = Int(Double(square).squareRoot())
      while root * root > square { root -= 1 }
      while (root + 1) * (root + 1) <= square { root += 1 }
      return max(1, root)
    }
  }

  /// f²·(bound + s²).
  private func squaredSensitivity(_ indicator: Int?) -> Rational {
    let squared = Rational(squaredBound) + Rational(indicator ?? 0) * Rational(indicator ?? 0)
    return squared * Rational(factor * factor) * Rational(factorization?.squaredColumn ?? 1)
  }

  /// The plan whose σ is at least `multiplier` times the sensitivity.
  func plan(multiplier: Rational, keeps limit: (rounds: Int, epsilon: Epsilon?)) throws -> PrivacyPlan {
    let squared = multiplier * multiplier
    guard let adaptive else {
      return try plan(variance: share(squared * squaredSensitivity(nil)), indicator: nil, keeps: limit)
    }
    // T(1 − z²f²/(2σ_b)²) = z²f²R².
    let part = squared * Rational(factor * factor) / (Rational(4) * adaptive.countNoise * adaptive.countNoise)
    guard part < 1 else {
      throw FederatedError(
        .configuration, "privacy.count_noise", "must be more than half of the noise multiplier under the adjacency")
    }
    let s = indicator(total: squared * squaredSensitivity(nil) / (Rational(1) - part))
    return try plan(variance: share(squared * squaredSensitivity(s)), indicator: s, keeps: limit)
  }

  /// A draw's σ², whole and rounded up, for a total σ².
  private func share(_ total: Rational) throws -> Rational {
    let exact = total / Rational(promised)
    // Banded noise is drawn in 4096ths, where it is divided by as much.
    let unit = Rational(factorization == nil ? 1 : 1 << (2 * BandedFactorization.shift))
    guard let whole = (exact / unit).ceiling, whole >= 1, whole < 1 << 56 else {
      throw FederatedError(.configuration, "privacy.noise_multiplier", "gives noise outside 1 to 2^28 grid steps")
    }
    let variance = Rational(whole) * unit
    try checkReach(variance)
    return variance
  }

  private func checkReach(_ variance: Rational) throws {
    guard noise != .skellam || variance <= Rational(1 << 24) else {
      throw FederatedError(
        .configuration, "privacy.noise", "skellam reaches 2^12 grid steps a draw; use fewer quantize.bits")
    }
    guard noise != .gaussian || variance >= Rational(1 << 12) else {
      throw FederatedError(
        .configuration, "privacy.noise", "gaussian needs a deviation of 64 grid steps; use more quantize.bits")
    }
  }

  private func base(variance: Rational, indicator: Int?) throws -> PrivacyEvent {
    let scale = try NoiseScale(variance: variance)
    let change = try L2Sensitivity(squared: squaredSensitivity(indicator))
    let coordinates = try Dimension(parameters + (indicator == nil ? 0 : 1))
    switch (noise, placement) {
    case (.gaussian, _): return .gaussian(noiseMultiplier: try NoiseMultiplier(scale, over: change))
    // The promised shares are Skellam of the summed variance.
    case (.skellam, _):
      return .skellam(
        sigma: try NoiseScale(variance: variance * Rational(promised)), sensitivity: change,
        dimension: coordinates)
    case (.discreteGaussian, .distributed):
      return .distributedDiscreteGaussian(
        sigma: scale, clients: try ClientCount(promised), sensitivity: change, dimension: coordinates)
    case (.discreteGaussian, _):
      return .discreteGaussian(sigma: scale, sensitivity: change, dimension: coordinates)
    }
  }

  /// The event of a round, or of a tree of rounds.
  private func event(_ base: PrivacyEvent) throws -> PrivacyEvent {
    if case .tree(let rounds) = participation {
      return try .tree(levels: TreeNoise.levels(rounds: rounds), node: base)
    }
    guard isAmplified else { return base }
    switch sampling {
    case .poisson(let rate): return try .poissonSampled(rate: rate, base)
    case .withoutReplacement(let size):
      return try .sampledWithoutReplacement(sample: size, population: clients, base)
    default: return base
    }
  }

  private func plan(
    variance: Rational, indicator: Int?, keeps limit: (rounds: Int, epsilon: Epsilon?)
  ) throws -> PrivacyPlan {
    let draws = placement == .central ? 1 : most
    let levels = if case .tree(let rounds) = participation { TreeNoise.levels(rounds: rounds) } else { 0 }
    let spread = factorization.map { $0.noiseVariance(rounds: limit.rounds) } ?? Double(draws * (1 + levels))
    let deviation = (variance.doubleValue * spread).squareRoot()
    func made(_ rounds: Int) throws -> PrivacyPlan {
      PrivacyPlan(
        unit: unit, releasesPerRound: releasesPerRound, factorization: factorization, placement: placement,
        adjacency: adjacency, delta: delta, noise: noise,
        variance: try NoiseScale(variance: variance), promisedClients: promised,
        roundEvent: try event(base(variance: variance, indicator: indicator)), participation: participation,
        adaptiveClip: adaptive.map {
          AdaptiveClip(
            initial: $0.initial, quantile: $0.quantile, rate: $0.rate, countNoise: $0.countNoise,
            indicator: Int64(indicator ?? 1))
        }, affordableRounds: rounds, isSimulated: isSimulated, noiseMargin: Int64(12 * deviation) + 1)
    }
    let whole = try made(limit.rounds)
    guard let most = limit.epsilon else { return whole }
    func fits(_ rounds: Int) throws -> Bool {
      try AutomaticAccountant().epsilon(of: whole.event(rounds: rounds), delta: delta, adjacency: adjacency).upper
        <= most.value.doubleRoundedDown
    }
    if try fits(limit.rounds) { return whole }
    var (low, high) = (0, limit.rounds)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if try fits(middle) { low = middle } else { high = middle }
    }
    guard low > 0 else {
      throw FederatedError(.configuration, "privacy.max_epsilon", "would be exceeded by the first round")
    }
    return try made(low)
  }

  /// The plan with about the least noise whose rounds are certified to stay within ε.
  func calibrated(to epsilon: Epsilon, rounds: Int) throws -> PrivacyPlan {
    var plan = try leastNoise(for: epsilon, rounds: rounds)
    plan.target = epsilon
    return plan
  }

  private func leastNoise(for epsilon: Epsilon, rounds: Int) throws -> PrivacyPlan {
    let limit = epsilon.value.doubleRoundedDown
    if noise == .gaussian {
      // The event of some amount of noise, whose innermost part is then left open.
      let some = try base(variance: Rational(1 << 60), indicator: nil)
      let text = try PrivacyPlan.event(
        event(some), participation, rounds: rounds, releases: releasesPerRound
      ).description
      guard let place = text.range(of: some.description) else {
        throw FederatedError(.configuration, "privacy.epsilon", "cannot be calibrated for this sampling")
      }
      let template = text.replacingCharacters(in: place, with: "gaussian(sigma=?)")
      let found = try Calibration.solve(
        EventTemplate(parsing: template), epsilon: epsilon, delta: delta, adjacency: adjacency)
      return try plan(multiplier: found.value, keeps: (rounds, nil))
    }
    let accountant: any Accountant = noise == .skellam || isAmplified ? RenyiAccountant() : ZCDPAccountant()
    func made(_ variance: Int) throws -> PrivacyPlan {
      try plan(
        variance: Rational(variance), indicator: indicator(total: Rational(variance) * Rational(promised)),
        keeps: (rounds, nil))
    }
    func fits(_ variance: Int) throws -> Bool {
      try accountant.epsilon(of: made(variance).event(rounds: rounds), delta: delta, adjacency: adjacency).upper
        <= limit
    }
    var high = 1
    while try !fits(high) {
      high *= 2
      guard high < (noise == .skellam ? 1 << 25 : 1 << 55) else {
        throw FederatedError(.configuration, "privacy.epsilon", "cannot be reached with this clip, grid and rounds")
      }
    }
    var low = high / 2
    // Whole, or to a millionth where an evaluation costs more.
    while high - low > (isAmplified ? max(1, high >> 20) : 1) {
      let middle = low + (high - low) / 2
      if try low > 0 && fits(middle) { high = middle } else { low = middle }
    }
    try checkReach(Rational(high))
    return try made(high)
  }
}
