private import ExactMath
private import Glibc

/// Builds the loss cells of single events, in both directions of adjacency.
struct LossCellBuilder {
  /// The probability mass that may be cut off per event, as a number of standard deviations of a normal law.
  let reach: Double

  /// The largest losses of one event that the grid can hold.
  private static let losses = 1e-8...600.0

  /// The finest loss spacing that is exact for the event: a divisor every atom is a multiple of; `nil` for none.
  static func spacing(of event: SingleEvent) -> Double? {
    switch event {
    case .pure(let epsilon), .boundedRange(let epsilon), .approximate(let epsilon, _): epsilon.doubleValue
    case .group(let size, .pure(let epsilon)): (Rational(size) * epsilon).doubleValue
    case .discreteLaplace(let scale, let shift) where shift == 1: (1 / scale).doubleValue
    default: nil
    }
  }

  /// The widest loss of the event, for choosing a grid.
  func range(of event: SingleEvent) throws(AccountingError) -> ClosedRange<Double> {
    let coarse = try pair(of: event, step: nil)
    let lows = coarse.map { Double($0.first) * $0.step }
    let highs = coarse.map { Double($0.first + $0.left.count) * $0.step }
    return (lows.min() ?? 0)...(highs.max() ?? 0)
  }

  /// The cells under removal and under addition, in this order; only one for symmetric events.
  func pair(of event: SingleEvent, step wanted: Double?) throws(AccountingError) -> [LossCells] {
    switch event {
    case .gaussian(let squaredMu):
      let mu = try muValue(squaredMu)
      let step = wanted ?? (mu * reach / 100)
      return both(LossCells(step: step, rate: 1, mu: mu, reach: reach))
    case .poisson(let rate, let terms):
      if case .gaussian(let squaredMu)? = terms.only {
        let mu = try muValue(squaredMu)
        let q = rate.doubleValue
        guard q > 1e-250 else { throw unsupported("so rare a sample") }
        if q > 1 - 1e-6 {
          // The likelihood ratio has lost its digits near 1 − q. The unsampled Gaussian dominates, since hockey-stick
          // divergences are jointly convex; nothing is then known from below.
          var cells = LossCells(step: wanted ?? (mu * reach / 100), rate: 1, mu: mu, reach: reach)
          cells.isTight = false
          return both(cells)
        }
        let top = Glibc.log(q) + mu * reach + mu * mu / 2
        let step = wanted ?? max(1e-7, (Swift.max(0.02 * q * mu, top) - Glibc.log1p(-q)) / 200)
        let remove = LossCells(step: step, rate: q, mu: mu, reach: reach)
        return [remove, remove.swapped(infinity: remove.infinity)]
      }
      if case .laplace(let epsilon)? = terms.only {
        guard LossCellBuilder.losses.contains(epsilon.doubleValue) else { throw unsupported("so extreme a loss") }
        let remove = LossCells(step: wanted, rate: rate, laplace: epsilon.doubleValue)
        return [remove, remove.swapped(infinity: 0)]
      }
      if let only = terms.only, let atoms = try atoms(of: only) {
        return try sampled(atoms, rate: rate, step: wanted)
      }
      throw unsupported("a sample of an event that is not one Gaussian or one discrete mechanism")
    case .replacedSample(let rate, let terms):
      return both(try replaced(rate, terms, step: wanted))
    case .withoutReplacement(let sizes, let terms):
      return both(try replaced(Rational(sizes.sample, sizes.population), terms, step: wanted))
    default:
      guard let atoms = try atoms(of: event) else {
        if case .laplace(let epsilon) = event {
          guard LossCellBuilder.losses.contains(epsilon.doubleValue) else { throw unsupported("so extreme a loss") }
          return both(laplace(epsilon.doubleValue, step: wanted))
        }
        throw unsupported("this event")
      }
      return both(try cells(atoms, step: wanted))
    }
  }

  private func both(_ cells: LossCells) -> [LossCells] { [cells] }

  private func unsupported(_ what: String) -> AccountingError {
    AccountingError(.unsupportedEvent, "no dominating pair is used for \(what); use rdp")
  }

  /// μ as a double; a relative error of 2⁻⁵³ moves a mass by less than the cells' slack.
  private func muValue(_ squaredMu: Rational) throws(AccountingError) -> Double {
    let mu = Interval(squaredMu).squareRoot.middle
    guard mu > 1e-7, mu * (reach + mu / 2) < 600 else { throw unsupported("a Gaussian of such noise") }
    return mu
  }

  /// The finite law of a discrete event: losses and P-masses, symmetric under swapping; `nil` for continuous events.
  func atoms(of event: SingleEvent) throws(AccountingError) -> AtomicLaw? {
    switch event {
    case .pure(let epsilon): return AtomicLaw(pure: epsilon.doubleValue, infinity: 0, isTight: true)
    case .boundedRange(let epsilon): return AtomicLaw(pure: epsilon.doubleValue, infinity: 0, isTight: false)
    case .group(let size, .pure(let epsilon)):
      return AtomicLaw(pure: (Rational(size) * epsilon).doubleValue, infinity: 0, isTight: false)
    case .approximate(let epsilon, let delta):
      return AtomicLaw(pure: epsilon.doubleValue, infinity: delta.doubleRoundedUp, isTight: true)
    case .randomizedResponse(let p, let k):
      let likely = (1 - p + p / Rational(k)).doubleValue
      let unlikely = (p / Rational(k)).doubleValue
      let ratio = Interval(1 + Rational(k) * (1 - p) / p).logarithm.middle
      return AtomicLaw(
        atoms: [(ratio, likely), (0, unlikely * Double(k - 2)), (-ratio, unlikely)], infinity: 0, isTight: true)
    case .discreteLaplace(let scale, let shift):
      guard let steps = shift.integer, steps <= 100_000 else { throw unsupported("so large a sensitivity") }
      return AtomicLaw(discreteLaplace: (1 / scale).doubleValue, shift: steps)
    case .discreteGaussian(let variance, let squaredSensitivity, let dimension):
      guard dimension == 1, let shift = squaredSensitivity.squareRoot?.integer else {
        throw unsupported("discrete Gaussian vectors")
      }
      let sigma = variance.doubleValue.squareRoot()
      guard sigma * reach < 200_000, sigma > 0.02, Double(shift) < 1e6 else {
        throw unsupported("a discrete Gaussian of such noise")
      }
      return AtomicLaw(discreteGaussian: variance.doubleValue, shift: shift, reach: reach)
    case .laplace: return nil
    case .gaussian, .poisson: return nil
    case .distributedDiscreteGaussian, .skellam, .zcdp, .group, .shuffled, .replacedSample, .withoutReplacement:
      throw unsupported("this event")
    }
  }

  private func cells(_ law: AtomicLaw, step wanted: Double?) throws(AccountingError) -> LossCells {
    let widest = law.atoms.map { abs($0.loss) }.max() ?? 1
    guard LossCellBuilder.losses.contains(widest) else { throw unsupported("so extreme a loss") }
    var cells = LossCells(step: wanted ?? max(widest / 100, 1e-9), atoms: law.atoms, infinity: law.infinity)
    cells.isTight = law.isTight
    cells.conditioning += law.widest + law.massError * 1e15 * cells.step
    cells.lossError = law.lossError
    return cells
  }

  /// A Poisson sample of a symmetric discrete pair, under removal and under addition.
  private func sampled(
    _ law: AtomicLaw, rate: Rational, step wanted: Double?
  ) throws(AccountingError) -> [LossCells] {
    guard law.atoms.allSatisfy({ abs($0.loss) <= LossCellBuilder.losses.upperBound }) else {
      throw unsupported("so extreme a loss")
    }
    let (removal, addition) = law.sampled(rate: rate.doubleValue, rest: (1 - rate).doubleValue)
    return try [cells(removal, step: wanted), cells(addition, step: wanted)]
  }

  /// Continuous Laplace of pure loss ε: atoms ½ at ε and ½e^(−ε) at −ε, density ¼e^(−(ε−ℓ)/2) between.
  private func laplace(_ epsilon: Double, step wanted: Double?) -> LossCells {
    let step = wanted ?? max(epsilon / 100, 1e-9)
    var cells = LossCells(step: step, atoms: [(epsilon, 0.5), (-epsilon, 0.5 * Glibc.exp(-epsilon))])
    let (growth, decay) = (Glibc.expm1(step), -Glibc.expm1(-step))
    for cell in cells.left.indices {
      let low = Double(cells.first + cell) * step
      let (from, to) = (max(low, -epsilon) - low, min(low + step, epsilon) - low)
      guard to > from else { continue }
      let weight = 0.25 * Glibc.exp((low - epsilon) / 2)
      // ∫(1 − e^(−u))e^(u/2)du = 4·2·sinh(a)sinh(b) with a, b the half sum and half difference over 4.
      cells.right[cell] += weight * 8 * Glibc.sinh((to + from) / 4) * Glibc.sinh((to - from) / 4) / decay
      let (near, far) = (step - to, step - from)
      cells.left[cell] +=
        weight * Glibc.exp(step / 2) * 8 * Glibc.sinh((far + near) / 4) * Glibc.sinh((far - near) / 4) / growth
    }
    return cells
  }
}
