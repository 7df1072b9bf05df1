import ExactMath
import PrivacyAccounting

extension ConfigurationCheck {
  /// The noise and what it claims, from the quantiser's integer bound.
  ///
  /// The sum of one round changes by at most R grid steps in L2 when a client is added or removed and by 2R when one
  /// is replaced, R being the quantiser's radius. Sums are divided by a constant, so nothing else depends on who took
  /// part.
  func privacy(
    _ quantizer: Quantizer, cohort: CohortSampling, clients: Int, dimension: Int, minimum: Int
  ) throws -> PrivacyPlan? {
    guard let options = configuration.privacy else { return nil }
    guard options.unit ?? "client" == "client" else { throw refuse("privacy.unit", "must be client") }
    guard let adjacency = Adjacency(rawValue: options.adjacency ?? "add-remove") else {
      throw refuse("privacy.adjacency", "must be add-remove or replace-one")
    }
    guard let placement = PrivacyPlan.Placement(rawValue: options.placement ?? "central") else {
      throw refuse("privacy.placement", "must be central or distributed")
    }
    guard let noise = PrivacyPlan.Noise(rawValue: options.noise ?? "discrete-gaussian") else {
      throw refuse("privacy.noise", "must be discrete-gaussian or skellam")
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
    let steps = Int(quantizer.radius) * (adjacency == .replaceOne ? 2 : 1)
    let build = NoiseBuilder(
      placement: placement, noise: noise, adjacency: adjacency, delta: delta, sensitivity: steps, dimension: dimension,
      promised: placement == .distributed ? minimum : 1, most: cohort.largestSize(clients: clients),
      isSimulated: source == "simulated")
    switch (options.noiseMultiplier?.value, options.epsilon?.value) {
    case (let multiplier?, nil):
      guard multiplier.signum > 0 else { throw refuse("privacy.noise_multiplier", "must be a number above 0") }
      let total = multiplier * multiplier * Rational(steps) * Rational(steps)
      return try build.plan(variance: build.share(total))
    case (nil, let target?):
      guard target.signum > 0, let epsilon = try? Epsilon(target) else {
        throw refuse("privacy.epsilon", "must be a number above 0")
      }
      return try build.calibrated(to: epsilon, rounds: configuration.rounds)
    default: throw refuse("privacy", "needs either noise_multiplier or epsilon")
    }
  }
}

/// Makes privacy plans of one setting for different amounts of noise.
struct NoiseBuilder {
  let placement: PrivacyPlan.Placement
  let noise: PrivacyPlan.Noise
  let adjacency: Adjacency
  let delta: Delta
  /// L2 sensitivity in grid steps under the adjacency.
  let sensitivity: Int
  let dimension: Int
  /// Clients whose shares are promised; 1 when central.
  let promised: Int
  let most: Int
  let isSimulated: Bool

  /// A draw's σ², whole and rounded up, for a total σ².
  func share(_ total: Rational) throws -> Int {
    guard let whole = (total / Rational(promised)).ceiling, whole >= 1, whole < 1 << 56 else {
      throw FederatedError(.configuration, "privacy.noise_multiplier", "gives noise outside 1 to 2^28 grid steps")
    }
    guard noise != .skellam || whole <= 1 << 24 else {
      throw FederatedError(
        .configuration, "privacy.noise", "skellam reaches 2^12 grid steps a draw; use fewer quantize.bits")
    }
    return whole
  }

  func plan(variance: Int) throws -> PrivacyPlan {
    let scale = try NoiseScale(variance: Rational(variance))
    let change = try L2Sensitivity(Rational(sensitivity))
    let coordinates = try Dimension(dimension)
    let event: PrivacyEvent =
      switch (noise, placement) {
      // The promised shares are Skellam of the summed variance.
      case (.skellam, _):
        .skellam(
          sigma: try NoiseScale(variance: Rational(variance) * Rational(promised)), sensitivity: change,
          dimension: coordinates)
      case (.discreteGaussian, .central):
        .discreteGaussian(sigma: scale, sensitivity: change, dimension: coordinates)
      case (.discreteGaussian, .distributed):
        .distributedDiscreteGaussian(
          sigma: scale, clients: try ClientCount(promised), sensitivity: change, dimension: coordinates)
      }
    let draws = placement == .central ? 1 : most
    let deviation = (Double(variance) * Double(draws)).squareRoot()
    return PrivacyPlan(
      placement: placement, adjacency: adjacency, delta: delta, noise: noise, variance: scale,
      promisedClients: promised,
      roundEvent: event, isSimulated: isSimulated, noiseMargin: Int64(12 * deviation) + 1)
  }

  /// The least whole variance whose composed event is certified to stay within ε.
  func calibrated(to epsilon: Epsilon, rounds: Int) throws -> PrivacyPlan {
    let accountant: any Accountant = noise == .skellam ? RenyiAccountant() : ZCDPAccountant()
    func fits(_ variance: Int) throws -> Bool {
      let event = try plan(variance: variance).event(rounds: rounds)
      return try accountant.epsilon(of: event, delta: delta, adjacency: adjacency).upper
        <= epsilon.value.doubleRoundedDown
    }
    var high = 1
    while try !fits(high) {
      high *= 2
      guard high < (noise == .skellam ? 1 << 25 : 1 << 55) else {
        throw FederatedError(.configuration, "privacy.epsilon", "cannot be reached with this clip, grid and rounds")
      }
    }
    var low = high / 2
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if try low > 0 && fits(middle) { high = middle } else { low = middle }
    }
    guard noise != .skellam || high <= 1 << 24 else {
      throw FederatedError(
        .configuration, "privacy.noise", "skellam reaches 2^12 grid steps a draw; use fewer quantize.bits")
    }
    return try plan(variance: high)
  }
}
