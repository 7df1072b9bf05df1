import ExactMath
import Glibc
import PrivacyAccounting

/// The loss of an event in the measure of a filter: exact where the theorem gives a rational, rounded up otherwise.
///
/// Sampling is charged as if everybody took part: a mixture is never easier to tell apart than its components
/// (joint quasi-convexity of the divergences), so this is an upper bound.
enum EventCost {
  /// The cost, or a refusal when the filter has no theorem for the event.
  static func of(_ event: PrivacyEvent, in terms: BudgetTerms) throws(BudgetRefusal) -> SpentLoss {
    switch event {
    case .composed(let events):
      var total = SpentLoss.nothing
      for part in events { total = total + (try of(part, in: terms)) }
      return total
    case .repeated(let part, let count):
      let once = try of(part, in: terms)
      let times = Rational(count.value)
      return SpentLoss(main: once.main * times, delta: once.delta * times)
    case .tree(let levels, let node):
      guard terms.adjacency == .addOrRemove else { throw unsupported("tree", terms) }
      let once = try of(node, in: terms)
      let times = Rational(levels.value)
      return SpentLoss(main: once.main * times, delta: once.delta * times)
    case .poissonSampled(_, let part):
      return try of(part, in: terms)
    case .sampledWithoutReplacement(_, let part), .shuffled(_, let part):
      guard terms.adjacency == .replaceOne else { throw unsupported("sampling a fixed number", terms) }
      return try of(part, in: terms)
    case .group(let size, let part):
      return try group(size.value, of: part, in: terms)
    case .epsilonDelta(let epsilon, let delta):
      return try approximate(epsilon.value, delta.value, in: terms)
    case .gaussian, .discreteGaussian, .zcdp:
      guard terms.filter == .zcdp, let rho = concentrated(event) else { throw unsupported("Gaussian noise", terms) }
      return SpentLoss(main: rho, delta: 0)
    case .laplace, .discreteLaplace, .exponential, .sparseVector, .randomizedResponse,
      .distributedDiscreteGaussian, .skellam:
      guard let epsilon = pure(event, adjacency: terms.adjacency) else { throw unsupported("this event", terms) }
      return try approximate(epsilon, 0, in: terms)
    }
  }

  /// ρ of the Gaussian events: Δ²/(2σ²) (Bun and Steinke 2016; Canonne, Kamath and Steinke 2020).
  private static func concentrated(_ event: PrivacyEvent) -> Rational? {
    switch event {
    case .gaussian(let multiplier): Rational(1, 2) / multiplier.squared
    case .discreteGaussian(let sigma, let sensitivity, _): sensitivity.squared / (sigma.squared * 2)
    case .zcdp(let rho): rho.value
    default: nil
    }
  }

  private static func pure(_ event: PrivacyEvent, adjacency: Adjacency) -> Rational? {
    switch event {
    case .laplace(let scale, let sensitivity): sensitivity.value / scale.value
    case .discreteLaplace(let scale, let sensitivity): sensitivity.value / scale.value
    case .exponential(let epsilon): epsilon.value
    case .sparseVector(let epsilon, _): epsilon.value
    case .randomizedResponse(let replacement, let categories):
      adjacency == .replaceOne ? randomizedResponse(replacement.value, Rational(categories.value)) : nil
    default: nil
    }
  }

  /// ln((1 − p + p/k) / (p/k)), rounded up.
  private static func randomizedResponse(_ p: Rational, _ k: Rational) -> Rational? {
    let ratio = (Rational.one - p + p / k) / (p / k)
    guard ratio > 1 else { return 0 }
    return Rational(exactly: naturalLogarithm(ratio.doubleRoundedUp)).map { $0 * Rational((1 << 40) + 1, 1 << 40) }
  }

  private static func approximate(
    _ epsilon: Rational, _ delta: Rational, in terms: BudgetTerms
  ) throws(BudgetRefusal) -> SpentLoss {
    switch terms.filter {
    case .pure:
      guard delta.signum == 0 else { throw unsupported("an event with delta above 0", terms) }
      return SpentLoss(main: epsilon, delta: 0)
    case .approximate:
      return SpentLoss(main: epsilon, delta: delta)
    case .zcdp:
      guard delta.signum == 0 else { throw unsupported("an event with delta above 0", terms) }
      return SpentLoss(main: epsilon * epsilon / 2, delta: 0)
    }
  }

  /// Group privacy: kε in pure, k²ρ in zero-concentrated differential privacy.
  private static func group(
    _ size: Int, of part: PrivacyEvent, in terms: BudgetTerms
  ) throws(BudgetRefusal) -> SpentLoss {
    let once = try of(part, in: terms)
    guard once.delta.signum == 0 else { throw unsupported("a group of an event with delta above 0", terms) }
    let times = Rational(size)
    return SpentLoss(main: once.main * (terms.filter == .zcdp ? times * times : times), delta: 0)
  }

  private static func unsupported(_ what: String, _ terms: BudgetTerms) -> BudgetRefusal {
    BudgetRefusal(
      .unsupportedEvent, "event: the \(terms.filter) filter has no theorem for \(what) under \(terms.adjacency)")
  }
}

/// The C library's logarithm.
func naturalLogarithm(_ value: Double) -> Double { log(value) }
