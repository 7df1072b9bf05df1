private import Glibc

/// A finite privacy-loss law, by increasing loss.
struct AtomicLaw: Sendable {
  var atoms: [(loss: Double, mass: Double)]
  /// Mass at infinite loss, or at least what was cut off.
  var infinity: Double
  var isTight: Bool
  /// Whether `infinity` bounds what was cut off, so that nothing is known to be there.
  var isTruncated = false

  /// A bound on the relative error of every mass: exponentials of numbers up to the widest loss, unless said otherwise.
  var massError: Double
  /// A bound on the absolute error of every loss.
  var lossError: Double
  /// The largest size of a loss.
  var widest: Double { atoms.reduce(0) { Swift.max($0, $1.loss.magnitude) } }

  init(atoms: [(loss: Double, mass: Double)], infinity: Double, isTight: Bool) {
    self.atoms = atoms.sorted { $0.loss < $1.loss }
    self.infinity = infinity
    self.isTight = isTight
    (massError, lossError) = (0, 0)
    massError = 0x1p-52 * (40 + 6 * widest)
    lossError = 0x1p-49 * widest
  }

  /// Binary randomised response, the worst ε-DP mechanism, with an extra mass at infinity (Kairouz and others 2015).
  init(pure epsilon: Double, infinity: Double, isTight: Bool) {
    let likely = 1 / (1 + Glibc.exp(-epsilon))
    let unlikely = Glibc.exp(-epsilon) / (1 + Glibc.exp(-epsilon))
    self.init(
      atoms: [(epsilon, (1 - infinity) * likely), (-epsilon, (1 - infinity) * unlikely)], infinity: infinity,
      isTight: isTight)
  }

  init(discreteLaplace inverseScale: Double, shift: Int) {
    let normaliser = 1 + Glibc.exp(-inverseScale)
    let point = -Glibc.expm1(-inverseScale) / normaliser
    let whole = Double(shift) * inverseScale
    var atoms = [(loss: whole, mass: 1 / normaliser), (loss: -whole, mass: Glibc.exp(-whole) / normaliser)]
    for x in stride(from: 1, to: shift, by: 1) {
      atoms.append((Double(shift - 2 * x) * inverseScale, point * Glibc.exp(-Double(x) * inverseScale)))
    }
    self.init(atoms: atoms, infinity: 0, isTight: true)
  }

  /// P[x] ∝ e^(−x²/(2σ²)) against the law moved by `shift`: loss (Δ² − 2xΔ)/(2σ²).
  ///
  /// The support is cut to −l … l + Δ, which is symmetric under swapping the two laws, so that either law loses the same
  /// mass. What underflows counts as cut off too: such a law is never bounded.
  init(discreteGaussian variance: Double, shift: Int, reach: Double) {
    let last = Int((variance.squareRoot() * reach).rounded(.up)) + 1
    let weights = (0...last + shift).map { Glibc.exp(-Double($0) * Double($0) / (2 * variance)) }
    var normaliser = 0.0
    for x in stride(from: last + shift, through: 1, by: -1) { normaliser += 2 * weights[x] }
    normaliser += 1
    var atoms: [(loss: Double, mass: Double)] = []
    for x in stride(from: last + shift, through: -last, by: -1) {
      let loss = (Double(shift) * Double(shift) - 2 * Double(x) * Double(shift)) / (2 * variance)
      atoms.append((loss, weights[abs(x)] / normaliser))
    }
    // Beyond the last point the terms fall faster than a geometric series of ratio e^(−last/σ²).
    let ratio = Glibc.exp(-Double(last) / variance)
    let cut = 4 * weights[last] * ratio / (1 - ratio) / normaliser + 1e-303
    self.init(atoms: atoms, infinity: cut, isTight: true)
    isTruncated = true
    // Exponents up to last²/(2σ²), a sum of that many positive terms, and what the sum leaves out.
    massError += 0x1p-52 * (2 * Double(last) * Double(last) / variance + Double(last + shift)) + cut
  }

  /// The law tilted by e^(λL).
  func tilted(_ lambda: Double) -> TiltedNodes {
    let kept = atoms.filter { $0.mass > 0 }
    let (massError, lossError) = (massError, lossError)
    return TiltedNodes(
      losses: kept.map(\.loss), logWeights: kept.map { Glibc.log($0.mass) + lambda * $0.loss },
      logErrors: kept.map {
        massError + lambda * lossError + 0x1p-51 * (Glibc.log($0.mass).magnitude + lambda * $0.loss.magnitude)
      }, lossErrors: kept.map { _ in lossError })
  }

  /// A Poisson sample of the pair (P, Q): (1 − q)Q + qP against Q under removal, and the reverse under addition.
  ///
  /// The law must be symmetric under swapping P and Q: the mass that Q gives an outcome is the one that P gives the outcome
  /// of the opposite loss. An error of the inner loss moves ln(1 + q(e^ℓ − 1)) by p(ℓ) times as much, which can exceed the
  /// rounding of the sampled loss itself when that is small.
  func sampled(rate q: Double, rest: Double) -> (removal: AtomicLaw, addition: AtomicLaw) {
    let unit = 0x1p-52
    var (removed, added): ([(loss: Double, mass: Double)], [(loss: Double, mass: Double)]) = ([], [])
    var error = 0.0
    for (atom, opposite) in zip(atoms, atoms.reversed()) {
      let excess = q * Glibc.expm1(atom.loss)
      let odds = q * Glibc.exp(atom.loss)
      let loss: Double
      let posterior: Double
      let own: Double
      if atom.loss > 30 {
        let inverse = rest / q * Glibc.exp(-atom.loss)
        loss = Glibc.log(q) + atom.loss + Glibc.log1p(inverse)
        posterior = 1 / (1 + inverse)
        own = 4 * unit * (Glibc.log(q).magnitude + atom.loss + 1)
      } else if excess > -0.5 {
        loss = Glibc.log1p(excess)
        posterior = odds / (rest + odds)
        own = unit * (8 * excess.magnitude / (1 + excess) + 4 * loss.magnitude)
      } else {
        loss = Glibc.log(rest + odds)
        posterior = odds / (rest + odds)
        own = unit * (8 + 4 * loss.magnitude)
      }
      error = Swift.max(error, posterior * (lossError + 4 * unit * atom.loss.magnitude) + own)
      removed.append((loss, rest * opposite.mass + q * atom.mass))
      added.append((-loss, opposite.mass))
    }
    // Outcomes that only P has: under removal they keep the share q, under addition nothing can produce them.
    var (lost, unmatched) = ((q * infinity).nextUp, 0.0)
    if infinity > 0, isTruncated {
      (lost, unmatched) = (infinity, infinity)
    } else if infinity > 0 {
      // Outcomes that only Q has: they are outcomes of (1 − q)Q + qP too.
      let edge = Glibc.log(rest)
      removed.append((edge, rest * infinity))
      added.append((-edge, infinity))
      error = Swift.max(error, unit * (2 + 4 * edge.magnitude))
    }
    var removal = AtomicLaw(atoms: removed, infinity: lost, isTight: isTight)
    var addition = AtomicLaw(atoms: added, infinity: unmatched, isTight: isTight)
    removal.massError += massError
    addition.massError += massError
    (removal.isTruncated, addition.isTruncated) = (isTruncated, isTruncated)
    removal.lossError = Swift.max(removal.lossError, error)
    addition.lossError = Swift.max(addition.lossError, error)
    return (removal, addition)
  }
}
