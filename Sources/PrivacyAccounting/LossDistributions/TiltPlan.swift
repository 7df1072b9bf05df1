private import Glibc

/// The exponential tilt and the window for one question.
///
/// Nothing here needs to be exact.
struct TiltPlan {
  /// The tilt λ > 0.
  let lambda: Double
  /// The loss around which the window is centred.
  let centre: Double
  /// The number of grid points, a power of two.
  let count: Int
  /// Tilts at which the mass above and below the window is bounded.
  let above: Double
  let below: Double

  enum Question {
    case epsilon(Double)
    case logDelta(Double)
  }

  init(_ composition: LossComposition, _ question: Question) {
    let coarse = composition.coarsened(to: 400)
    func kernel(_ lambda: Double) -> Double { Glibc.log(lambda) + Glibc.log1p(lambda) }
    func cost(_ t: Double) -> Double {
      let lambda = Glibc.exp(t)
      let cumulant = coarse.cumulant(lambda)
      guard cumulant.isFinite else { return .infinity }
      switch question {
      case .epsilon(let epsilon): return cumulant - lambda * epsilon - kernel(lambda)
      case .logDelta(let logDelta): return (cumulant - logDelta - kernel(lambda)) / lambda
      }
    }
    var (low, high) = (Glibc.log(1e-3), Glibc.log(1e5))
    for _ in 0..<36 {
      let (left, right) = (low + 0.382 * (high - low), low + 0.618 * (high - low))
      if cost(left) <= cost(right) { high = right } else { low = left }
    }
    let lambda = Glibc.exp((low + high) / 2)
    let base = coarse.cumulant(lambda)
    let centre: Double
    switch question {
    case .epsilon(let epsilon): centre = epsilon
    case .logDelta:
      let estimate = cost((low + high) / 2)
      centre = estimate.isFinite ? Swift.max(0, estimate) : 0
    }
    var count = 1 << 10
    var (above, below) = (lambda * 2, lambda / 2)
    while count < 1 << 19 {
      let half = Double(count / 2) * composition.step
      let ups = [1.02, 1.05, 1.1, 1.2, 1.5, 2, 3, 5, 10].map { lambda * $0 }
      let downs = [0.95, 0.8, 0.6, 0.4, 0.2, 0.05, 0.01].map { lambda * $0 }
      let upper = ups.map { ($0, coarse.cumulant($0) - base - ($0 - lambda) * (centre + half)) }.min { $0.1 < $1.1 }
      let lower = downs.map { ($0, coarse.cumulant($0) - base + (lambda - $0) * (centre - half)) }.min { $0.1 < $1.1 }
      if let upper, let lower {
        (above, below) = (upper.0, lower.0)
        // e^(−14) of the tilted mass outside moves ln δ by about 1e-6.
        if upper.1 < -14, lower.1 < -14 { break }
      }
      count *= 2
    }
    self.lambda = lambda
    self.centre = centre
    self.count = count
    self.above = above
    self.below = below
  }
}
