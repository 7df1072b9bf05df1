private import Glibc

/// A finite privacy-loss law.
struct AtomicLaw: Sendable {
  var atoms: [(loss: Double, mass: Double)]
  var infinity: Double
  var isTight: Bool

  /// A bound on the relative error of every mass: exponentials of numbers up to the widest loss, unless said otherwise.
  var massError: Double
  /// A bound on the absolute error of every loss.
  var lossError: Double { 0x1p-49 * widest }
  /// The largest size of a loss.
  var widest: Double { atoms.reduce(0) { Swift.max($0, $1.loss.magnitude) } }

  init(atoms: [(loss: Double, mass: Double)], infinity: Double, isTight: Bool) {
    self.atoms = atoms
    self.infinity = infinity
    self.isTight = isTight
    massError = 0
    massError = 0x1p-52 * (40 + 6 * widest)
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
  init(discreteGaussian variance: Double, shift: Int, reach: Double) {
    let last = Int((variance.squareRoot() * reach).rounded(.up)) + shift + 2
    let weights = (0...last).map { Glibc.exp(-Double($0) * Double($0) / (2 * variance)) }
    var normaliser = 0.0
    for x in stride(from: last, through: 1, by: -1) { normaliser += 2 * weights[x] }
    normaliser += 1
    var atoms: [(loss: Double, mass: Double)] = []
    for x in -last...last {
      let loss = (Double(shift) * Double(shift) - 2 * Double(x) * Double(shift)) / (2 * variance)
      atoms.append((loss, weights[abs(x)] / normaliser))
    }
    // Beyond the last point the terms fall faster than a geometric series of ratio e^(−last/σ²).
    let ratio = Glibc.exp(-Double(last) / variance)
    self.init(atoms: atoms, infinity: 4 * weights[last] * ratio / (1 - ratio) / normaliser, isTight: true)
    // Exponents up to last²/(2σ²), and a sum of that many positive terms.
    massError += 0x1p-52 * (2 * Double(last) * Double(last) / variance + Double(last))
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
  /// The law must be symmetric under swapping P and Q.
  func sampled(rate q: Double, rest: Double) -> (removal: AtomicLaw, addition: AtomicLaw) {
    let removed = atoms.map { atom in
      let excess = q * Glibc.expm1(atom.loss)
      let loss =
        atom.loss > 30
        ? Glibc.log(q) + atom.loss + Glibc.log1p(rest / q * Glibc.exp(-atom.loss))
        : excess > -0.5 ? Glibc.log1p(excess) : Glibc.log(rest + q * Glibc.exp(atom.loss))
      return (loss: loss, mass: rest * atom.mass * Glibc.exp(-atom.loss) + q * atom.mass)
    }
    let added = zip(atoms, removed).map { (loss: -$1.loss, mass: $0.mass * Glibc.exp(-$0.loss)) }
    // Outcomes that only P has: under removal they keep the share q, under addition nothing can produce them.
    var removal = AtomicLaw(atoms: removed, infinity: (q * infinity).nextUp, isTight: isTight)
    var addition = AtomicLaw(atoms: added, infinity: 0, isTight: isTight)
    if infinity > 0 {
      // Outcomes that only Q has: they are outcomes of (1 − q)Q + qP too.
      let edge = Glibc.log(rest)
      removal.atoms.append((edge, rest * infinity))
      addition.atoms.append((-edge, infinity))
    }
    removal.massError += massError
    addition.massError += massError
    return (removal, addition)
  }
}
