private import ExactMath
private import Glibc

extension LossCells {
  /// The Gaussian N(μ, 1) against N(0, 1), or its Poisson sample (1 − q)N(0, 1) + qN(μ, 1) against N(0, 1).
  ///
  /// With w = μx − μ²/2 the loss is ln r, r = 1 − q + q·e^w, and the shares of a cell are integrals of positive functions,
  /// ∫φ(r − rᵢ)/(1 − e^(−h)) and ∫φ(rᵢ₊₁ − r)/(e^h − 1), where r − rᵢ = q·e^(wᵢ)(e^(μ(x−xᵢ)) − 1) has no cancellation. They
  /// are integrated by four Gauss nodes on pieces of width 1/4 over |x| + μ + 4, which keeps the relative error below
  /// 1e-12 (derived in the article on errors). x is cut off at `reach` standard deviations on either side.
  init(step: Double, rate q: Double, mu: Double, reach: Double) {
    let rest = 1 - q
    let top = mu + reach
    func loss(_ x: Double) -> Double {
      let w = mu * x - mu * mu / 2
      if q == 1 { return w }
      return w > 30 ? Glibc.log(q) + w + Glibc.log1p(rest / q * Glibc.exp(-w)) : Glibc.log1p(q * Glibc.expm1(w))
    }
    /// Where the loss equals ε; −∞ below the smallest loss.
    func position(_ epsilon: Double) -> Double {
      if q == 1 { return (epsilon + mu * mu / 2) / mu }
      let inside = Glibc.expm1(epsilon) / q
      if inside <= -1 { return -.infinity }
      let w = epsilon > 30 ? epsilon - Glibc.log(q) + Glibc.log1p(-rest * Glibc.exp(-epsilon)) : Glibc.log1p(inside)
      return (w + mu * mu / 2) / mu
    }
    let first = Int((loss(-reach) / step).rounded(.down))
    let last = Int((loss(top) / step).rounded(.up))
    self.init(step: step, first: first, count: max(1, last - first))
    if q < 1 { conditioning = 2 - Glibc.log(q) + q / rest }
    let (growth, decay) = (Glibc.expm1(step), -Glibc.expm1(-step))
    var x0 = -reach
    for cell in left.indices {
      let low = Double(first + cell) * step
      let end = position(low + step)
      let x1 = cell == left.count - 1 ? top : min(end, top)
      guard x1 > x0 else { continue }
      let start = position(low)
      if start == -.infinity {
        balance(cell, from: x0, to: x1, low: low, q: q, mu: mu)
      } else {
        let (sumLeft, sumRight) = LossCells.integrate(from: x0, to: x1, start: start, end: end, mu: mu)
        right[cell] = sumRight * q / decay
        left[cell] = sumLeft * q / growth
      }
      x0 = x1
    }
    let tail = GaussianTail.probability(Interval(reach)).high
    infinity = 2 * tail + q * tail
  }

  /// Integrals of φ·(e^w − e^(w(start))) and φ·(e^(w(end)) − e^w) over a part of one cell.
  private static func integrate(
    from x0: Double, to x1: Double, start: Double, end: Double, mu: Double
  ) -> (left: Double, right: Double) {
    let scale = 1 / (2 * Double.pi).squareRoot()
    let finest = max(abs(x0), abs(x1)) + mu + 4
    let pieces = max(1, Int(((x1 - x0) * finest * 4).rounded(.up)))
    let width = (x1 - x0) / Double(pieces)
    let startFactor = Glibc.exp(mu * start - mu * mu / 2)
    let endFactor = Glibc.exp(mu * end - mu * mu / 2)
    var (sumLeft, sumRight) = (0.0, 0.0)
    for piece in 0..<pieces {
      let base = x0 + Double(piece) * width
      for node in 0..<4 {
        let x = base + width * GaussNodes.positions[node]
        let weight = GaussNodes.weights[node] * Glibc.exp(-x * x / 2)
        sumRight += weight * startFactor * Glibc.expm1(mu * (x - start))
        sumLeft += weight * endFactor * -Glibc.expm1(mu * (x - end))
      }
    }
    return (sumLeft * width * scale, sumRight * width * scale)
  }

  /// The first cell of a sample, whose lower end is no loss of any x: shares from r − 1 = q(e^w − 1).
  ///
  /// At small rates r itself would keep no digits of its distance from the ends. What cancels between e^(low) − 1 and
  /// r − 1 is known up to a few units of either, which is kept as an absolute error.
  private mutating func balance(_ cell: Int, from x0: Double, to x1: Double, low: Double, q: Double, mu: Double) {
    let finest = max(abs(x0), abs(x1)) + mu + 4
    let pieces = max(1, Int(((x1 - x0) * finest * 4).rounded(.up)))
    let width = (x1 - x0) / Double(pieces)
    let scale = width / (2 * Double.pi).squareRoot()
    let (bottom, top) = (Glibc.expm1(low), Glibc.expm1(low + step))
    var (sumLeft, sumRight, sumSize) = (0.0, 0.0, 0.0)
    for piece in 0..<pieces {
      for node in 0..<4 {
        let x = x0 + Double(piece) * width + width * GaussNodes.positions[node]
        let weight = GaussNodes.weights[node] * Glibc.exp(-x * x / 2)
        let exponent = mu * x - mu * mu / 2
        let excess = q * Glibc.expm1(exponent)
        sumRight += weight * max(0, excess - bottom)
        sumLeft += weight * max(0, top - excess)
        sumSize += weight * (excess.magnitude * (1 + exponent.magnitude) + top.magnitude + bottom.magnitude)
      }
    }
    let (growth, decay) = (Glibc.expm1(step), -Glibc.expm1(-step))
    right[cell] = sumRight * scale / decay
    left[cell] = sumLeft * scale / growth
    let error = 0x1p-50 * sumSize * scale
    blurs.append((cell, error / growth, error / decay))
  }
}

/// Four-point Gauss–Legendre on [0, 1].
private enum GaussNodes {
  static let positions = [
    0.069431844202973712388, 0.330009478207571867599, 0.669990521792428132401, 0.930568155797026287612,
  ]
  static let weights = [
    0.173927422568726928687, 0.326072577431273071313, 0.326072577431273071313, 0.173927422568726928687,
  ]
}
