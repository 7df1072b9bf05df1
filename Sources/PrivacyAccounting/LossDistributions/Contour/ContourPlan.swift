private import Glibc

/// Where one question is asked: the tilt, the period and the number of nodes.
///
/// Nothing here needs to be exact except the decay of the transform beyond the last node.
struct ContourPlan {
  /// The tilt λ > 0 and ln M(λ).
  let lambda: Double
  let cumulant: Double
  /// The loss around which the profile is good.
  let centre: Double
  /// The spacing of the nodes t = k·spacing, and how many there are.
  let spacing: Double
  let count: Int
  /// A bound on ln |φ(t)| of the whole for t ≥ count·spacing.
  let logDecay: Double
  /// A larger tilt for the mass a period or more above, and an upper bound on its cumulant.
  let above: (lambda: Double, cumulant: Double)

  /// The most that a profile may cost, as nodes times losses; a finer target has to be cheaper.
  private static let mostWork = 4e7

  init?(_ law: ContourLaw, _ question: TiltPlan.Question, accuracy: Double) {
    guard let (lambda, cumulant, centre) = ContourPlan.tilt(law, question) else { return nil }
    let bounds = DecayBounds(law, lambda: lambda)
    let deviation = bounds.variance.squareRoot()
    guard deviation > 0, deviation.isFinite else { return nil }
    // ln of the integral that remains once e^(K − λε) is taken out, roughly.
    let logMain = -Glibc.log(lambda * (lambda + 1)) - Glibc.log(2.5 * deviation + 1 / (1 + lambda))
    let logDelta = cumulant - lambda * centre + logMain
    guard logDelta < 0.5, logDelta > -1e5 else { return nil }
    let finest = Glibc.log(1e-9)
    let coarsest = Glibc.log(Swift.min(1e-3, accuracy * lambda / 8))
    var chosen: (spacing: Double, count: Int, decay: Double)?
    var above = (lambda: lambda, cumulant: cumulant)
    var larger: [(Double, Double)] = []
    for factor in [1.03, 1.06, 1.1, 1.15, 1.25, 1.4, 1.6, 2, 3, 5, 9, 17] {
      let (value, error) = law.enclosedCumulant(lambda * factor)
      guard value.isFinite, error.isFinite else { break }
      larger.append((lambda * factor, value + error))
    }
    let targets = [
      (finest, 4e5), (Glibc.log(1e-7), 8e5), (Glibc.log(1e-5), 2e6), (coarsest, ContourPlan.mostWork),
      (coarsest + 1, ContourPlan.mostWork),
    ]
    for (logTarget, mostWork) in targets where logTarget <= coarsest + 1 {
      // Periods: mass below by e^(−λP) against δ, mass above by a Chernoff bound.
      var period = Swift.max(1, -logDelta - logTarget) / lambda
      var best = Double.infinity
      for (tilt, value) in larger {
        let needed = (value - tilt * centre - logDelta - logTarget) / (tilt - lambda)
        if needed < best { (best, above) = (needed, (tilt, value)) }
      }
      guard best.isFinite else { continue }
      period = Swift.max(period, best)
      let spacing = 2 * Double.pi / period
      var reach = 1 / deviation
      while bounds.logarithm(reach) - Glibc.log(3 * reach) > logTarget + logMain, reach < 1e9 { reach *= 1.1 }
      let count = (reach / spacing).rounded(.up) + 8
      let work = count * (100 + bounds.losses + reach * bounds.oscillation)
      if work < mostWork {
        chosen = (spacing, Int(count), bounds.logarithm(count * spacing))
        break
      }
    }
    guard let chosen else { return nil }
    self.lambda = lambda
    self.cumulant = cumulant
    self.centre = centre
    spacing = chosen.spacing
    count = chosen.count
    logDecay = chosen.decay
    self.above = above
  }

  /// The tilt near the saddle point, its cumulant and the loss it belongs to.
  private static func tilt(
    _ law: ContourLaw, _ question: TiltPlan.Question
  ) -> (lambda: Double, cumulant: Double, centre: Double)? {
    func cost(_ t: Double) -> (value: Double, cumulant: Double) {
      let lambda = Glibc.exp(t)
      let cumulant = law.cumulant(lambda)
      guard cumulant.isFinite else { return (.infinity, .infinity) }
      let kernel = Glibc.log(lambda) + Glibc.log1p(lambda)
      switch question {
      case .epsilon(let epsilon): return (cumulant - lambda * epsilon - kernel, cumulant)
      case .logDelta(let logDelta): return ((cumulant - logDelta - kernel) / lambda, cumulant)
      }
    }
    // A coarse scan first: cumulants of extreme tilts are costly.
    var low = Glibc.log(0.02)
    var middle = low
    var least = cost(low)
    var probe = low
    while probe < Glibc.log(1e4) {
      probe += 1
      let next = cost(probe)
      if next.value < least.value { (least, middle) = (next, probe) } else { break }
    }
    low = middle - 1
    var high = middle + 1
    var (left, right) = (low + 0.382 * (high - low), low + 0.618 * (high - low))
    var (costLeft, costRight) = (cost(left), cost(right))
    for _ in 0..<7 {
      if costLeft.value <= costRight.value {
        (high, right, costRight) = (right, left, costLeft)
        left = low + 0.382 * (high - low)
        costLeft = cost(left)
      } else {
        (low, left, costLeft) = (left, right, costRight)
        right = low + 0.618 * (high - low)
        costRight = cost(right)
      }
    }
    let (best, at) = costLeft.value <= costRight.value ? (costLeft, left) : (costRight, right)
    guard best.value.isFinite else { return nil }
    let lambda = Glibc.exp(at)
    switch question {
    case .epsilon(let epsilon): return (lambda, best.cumulant, epsilon)
    case .logDelta: return (lambda, best.cumulant, Swift.max(0, best.value))
    }
  }
}

/// How the transform of a whole composition decays, from the parts that have a density.
private struct DecayBounds {
  private var sampled: [(bound: DecayBound, count: Double)] = []
  private var laplace: [(transform: LaplaceTransform, count: Double)] = []
  private var squaredMu = 0.0
  private(set) var variance = 0.0
  /// How many losses the parts have at t = 0, and how many more per unit of t.
  private(set) var losses = 20.0
  private(set) var oscillation = 0.0

  init(_ law: ContourLaw, lambda: Double) {
    var quadratures: [(quadrature: SampledQuadrature, count: Double)] = []
    for (part, count) in law.parts {
      switch part {
      case .sampled(let sample, let removal):
        guard
          let quadrature = SampledQuadrature(sample, removal: removal, lambda: lambda, reach: 4, widest: 0x1p-4)
        else {
          variance = .nan
          continue
        }
        quadratures.append((quadrature, count))
        variance += count * quadrature.nodes.variance
        let width = quadrature.positions[quadrature.positions.count - 1] - quadrature.positions[0]
        losses += width * 4
        oscillation += width * sample.mu / (2 * Double.pi)
      case .gaussian(let value):
        squaredMu += count * value
        variance += count * value
      case .laplace(let epsilon):
        let transform = LaplaceTransform(epsilon: epsilon, lambda: lambda)
        laplace.append((transform, count))
        variance += count * transform.variance
        losses += 20
      case .atoms(let atomic):
        let nodes = atomic.tilted(lambda)
        variance += count * nodes.variance
        losses += Double(nodes.losses.count)
      }
    }
    sampled = quadratures.map { (DecayBound($0.quadrature, start: 1 / variance.squareRoot()), $0.count) }
  }

  func logarithm(_ t: Double) -> Double {
    let smooth = laplace.reduce(-squaredMu * (1 - 1e-12) * t * t / 2) { $0 + $1.count * $1.transform.logDecay(t) }
    return sampled.reduce(smooth) { $0 + $1.count * $1.bound.logarithm(t) }
  }
}
