private import Glibc

/// The quadrature of a sampled Gaussian at one tilt.
struct SampledQuadrature {
  private(set) var nodes: TiltedNodes
  let law: SampledGaussian
  /// a in φr^a.
  let exponent: Double
  private(set) var positions: [Double] = []
  private(set) var posteriors: [Double] = []
  let step: Double

  /// The nodes at tilt λ, good for |t| up to `reach`; `nil` when there would be too many.
  ///
  /// Under removal the loss is ln r and M(z) = G(z + 1); under addition it is −ln r and M(z) = G(−z).
  /// - Parameter widest: an upper limit for the step.
  init?(
    _ law: SampledGaussian, removal: Bool, lambda: Double, reach: Double, most: Int = 40_000, widest: Double = 0.5
  ) {
    self.law = law
    exponent = removal ? lambda + 1 : -lambda
    let rule = QuadratureRule(mu: law.mu, exponent: exponent, reach: reach, widest: widest)
    step = rule.step
    var side = SampledQuadratureSide(law: law, exponent: exponent, step: step, most: most)
    guard side.run(from: 0, direction: 1) else { return nil }
    let right = side
    side = SampledQuadratureSide(law: law, exponent: exponent, step: step, most: most, top: right.top)
    guard side.run(from: 1, direction: -1) else { return nil }
    positions = side.positions.reversed() + right.positions
    posteriors = side.posteriors.reversed() + right.posteriors
    let ratios = side.ratios.reversed() + right.ratios
    nodes = TiltedNodes(
      losses: removal ? ratios : ratios.map { -$0 }, logWeights: side.logs.reversed() + right.logs,
      logErrors: side.logErrors.reversed() + right.logErrors, lossErrors: side.errors.reversed() + right.errors,
      logScale: Glibc.log(step) - 0.5 * Glibc.log(2 * Double.pi))
    nodes.rule = rule
    // Tails are relative to a term of the sum, which is at most the total.
    nodes.truncation = (side.tail + right.tail) * 1.01
  }
}

/// One side of the quadrature, from the middle outwards until the rest is negligible.
private struct SampledQuadratureSide {
  let law: SampledGaussian
  let exponent: Double
  let step: Double
  let most: Int
  var top = -Double.infinity
  var positions: [Double] = []
  var posteriors: [Double] = []
  var ratios: [Double] = []
  var errors: [Double] = []
  var logs: [Double] = []
  var logErrors: [Double] = []
  /// The rest of the sum relative to the largest term.
  var tail = 0.0

  init(law: SampledGaussian, exponent: Double, step: Double, most: Int, top: Double = -.infinity) {
    self.law = law
    self.exponent = exponent
    self.step = step
    self.most = most
    self.top = top
  }

  /// Collects terms of φr^a; false when there would be too many.
  ///
  /// The logarithm of a term has the slope −x + aμp. Beyond the last node its size is at least
  /// D = |x| − max(0, ±a)μp* with p* = 1 on the right and p(x) on the left, so the rest is a geometric series.
  mutating func run(from start: Int, direction: Double) -> Bool {
    var index = start
    while index < most {
      let x = direction * Double(index) * step
      let (ratio, error, posterior) = law.logRatio(x)
      let log = exponent * ratio - x * x / 2
      positions.append(x)
      posteriors.append(posterior)
      ratios.append(ratio)
      errors.append(error)
      logs.append(log)
      logErrors.append(
        exponent.magnitude * error + 0x1p-52 * (x * x + 3 * (exponent * ratio).magnitude + log.magnitude))
      top = max(top, log)
      let pull = direction > 0 ? max(0, exponent) * law.mu : max(0, -exponent) * law.mu * posterior
      let slope = x.magnitude - pull
      if slope >= 1, log < top - 44 {
        tail = Glibc.exp(log - top) / Glibc.expm1(slope * step)
        return true
      }
      index += 1
    }
    return false
  }
}
