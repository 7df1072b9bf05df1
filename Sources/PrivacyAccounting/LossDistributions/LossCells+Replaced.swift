import ExactMath
private import Glibc

extension LossCellBuilder {
  /// A sample of rate γ under replace-one, by a pair that dominates it and is its own mirror image.
  ///
  /// Let (P, Q) dominate the inner event for every pair among M₁ (the sample holds the unit), M₁′ (it holds the
  /// replacement) and M₀ (neither; for a fixed size another unit in its place). For α ≥ 1 and α = 1 + γ(α₀ − 1) advanced
  /// joint convexity (Balle, Barthe and Gaboardi 2018, theorem 2) gives
  /// H_α((1−γ)M₀ + γM₁ ‖ (1−γ)M₀ + γM₁′) ≤ γH_{α₀}(P ‖ Q) = H_α((1−γ)Q + γP ‖ Q), and exchanging both sides gives
  /// H_α(Q ‖ (1−γ)Q + γP) for α < 1 (Zhu, Dong and Wang 2022, proposition 30). The law with this profile has the positive
  /// losses of the sample under removal, the negative ones of the sample under addition and the rest of its mass at zero.
  /// Neither removal nor addition alone is a bound for compositions; both are attained, so they bound from below.
  func replaced(_ rate: Rational, _ terms: EventTerms, step: Double?) throws(AccountingError) -> LossCells {
    guard let inner = terms.only else { throw unsupportedSample }
    let q = rate.doubleValue
    let zero: Double
    switch inner {
    case .gaussian(let squaredMu):
      // Above a rate so near one the pair has lost its digits: the unsampled Gaussian dominates.
      if q > 1 - 1e-6 {
        guard var cells = try pair(of: inner, step: step).first else { throw unsupportedSample }
        cells.isTight = false
        return cells
      }
      // (1 − γ)(2Φ(μ/2) − 1)
      zero = (1 - rate).doubleValue * Glibc.erf(Interval(squaredMu).squareRoot.middle / 8.0.squareRoot())
    case .laplace(let epsilon):
      // The total variation of Laplace laws is 1 − e^(−ε/2).
      zero = (1 - rate).doubleValue * -Glibc.expm1(-epsilon.doubleValue / 2)
    case .pure, .approximate, .boundedRange, .discreteLaplace, .discreteGaussian:
      guard let law = try atoms(of: inner) else { throw unsupportedSample }
      // Atoms at zero are among the losses of the sample already.
      var distance = law.infinity
      for atom in law.atoms where atom.loss > 0 { distance += atom.mass * -Glibc.expm1(-atom.loss) }
      zero = (1 - rate).doubleValue * distance
    default: throw unsupportedSample
    }
    guard let removal = try pair(of: .poisson(rate: rate, terms), step: step).first else { throw unsupportedSample }
    var cells = removal.mirrored()
    cells.add(zero, at: 0)
    cells.infinity = removal.infinity * (q < 1 ? 1 + 1e-12 : 1)
    cells.isTight = false
    cells.lossError = removal.lossError
    return cells
  }

  private var unsupportedSample: AccountingError {
    AccountingError(
      .unsupportedEvent,
      "no dominating pair is used for a sample of an event that is not one Gaussian, Laplace or discrete mechanism; use rdp"
    )
  }
}

extension LossCells {
  /// The positive losses of this law, and the negative ones of the swapped law; what lies at zero is left out.
  fileprivate func mirrored() -> LossCells {
    let last = Swift.max(1, first + left.count)
    var result = LossCells(step: step, first: -last, count: 2 * last)
    result.conditioning = conditioning
    let other = swapped(infinity: 0)
    for blur in blurs where first + blur.cell >= 0 {
      result.blurs.append((first + blur.cell + last, blur.left, blur.right))
    }
    for blur in other.blurs where other.first + blur.cell < 0 {
      result.blurs.append((other.first + blur.cell + last, blur.left, blur.right))
    }
    for cell in left.indices where first + cell >= 0 {
      result.left[first + cell + last] = left[cell]
      result.right[first + cell + last] = right[cell]
    }
    for cell in other.left.indices where other.first + cell < 0 {
      result.left[other.first + cell + last] = other.left[cell]
      result.right[other.first + cell + last] = other.right[cell]
    }
    return result
  }

  /// A Poisson sample of continuous Laplace of pure loss ε under removal: r = 1 − q + q·e^w with w the inner loss.
  ///
  /// Under Q the inner loss has atoms ½e^(−ε) at ε and ½ at −ε and the density ¼e^(−(ε + w)/2) between. The shares of a
  /// cell are closed forms without cancellation:
  /// ∫(e^w − e^a)¼e^(−(ε+w)/2)dw over [a, b] is 2e^((a − ε)/2)·sinh((b − a)/4)², and the same with the roles of the ends
  /// exchanged, plus the whole mass of the cell times the distance of r at its ends from the ratios on the grid.
  init(step wanted: Double?, rate: Rational, laplace epsilon: Double) {
    let (q, rest) = (rate.doubleValue, (1 - rate).doubleValue)
    func loss(_ w: Double) -> Double {
      if w > 30 { return Glibc.log(q) + w + Glibc.log1p(rest / q * Glibc.exp(-w)) }
      let excess = q * Glibc.expm1(w)
      return excess > -0.5 ? Glibc.log1p(excess) : Glibc.log(rest + q * Glibc.exp(w))
    }
    /// The inner loss at a loss ℓ; −∞ below the smallest.
    func inner(_ loss: Double) -> Double {
      if loss > 30 { return loss - Glibc.log(q) + Glibc.log1p(-rest * Glibc.exp(-loss)) }
      let inside = Glibc.expm1(loss) / q
      return inside <= -1 ? -.infinity : Glibc.log1p(inside)
    }
    let (bottom, top) = (loss(-epsilon), loss(epsilon))
    let step = wanted ?? Swift.max((top - bottom) / 200, 1e-9)
    let half = Glibc.exp(-epsilon) / 2
    self.init(
      step: step,
      atoms: [(top, rest * half + q / 2), (bottom, rest / 2 + q * half)])
    conditioning = 4 - Glibc.log(q) + q / rest
    lossError = 0x1p-49 * (Swift.max(top.magnitude, bottom.magnitude) + epsilon * 0x1p-3)
    let (growth, decay) = (Glibc.expm1(step), -Glibc.expm1(-step))
    for cell in left.indices {
      let low = Double(first + cell) * step
      let (start, end) = (inner(low), inner(low + step))
      let (a, b) = (Swift.max(start, -epsilon), Swift.min(end, epsilon))
      guard b > a else { continue }
      let width = Glibc.sinh((b - a) / 4)
      // ∫¼e^(−(ε + w)/2)dw
      let mass = Glibc.exp(-(epsilon + (a + b) / 2) / 2) * width
      // r − 1 keeps its digits where r would not; what cancels is kept as an absolute error.
      let (bottom, top) = (Glibc.expm1(low), Glibc.expm1(low + step))
      let (from, to) = (q * Glibc.expm1(a), q * Glibc.expm1(b))
      let above = a > start ? Swift.max(0, from - bottom) : 0
      let below = b < end ? Swift.max(0, top - to) : 0
      if above > 0 || below > 0 {
        let unit = 0x1p-48 * (1 + epsilon) * mass
        blurs.append(
          (
            cell, below > 0 ? unit * (top.magnitude + to.magnitude) / growth : 0,
            above > 0 ? unit * (bottom.magnitude + from.magnitude) / decay : 0
          ))
      }
      right[cell] += (q * 2 * Glibc.exp((a - epsilon) / 2) * width * width + above * mass) / decay
      left[cell] += (q * 2 * Glibc.exp((b - epsilon) / 2) * width * width + below * mass) / growth
    }
  }
}
