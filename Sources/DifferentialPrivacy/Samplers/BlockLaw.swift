package import ExactMath

/// A law that ``BlockSampler`` can draw: weight w(x) = e^(−g(x)) with g(0) = 0, for |x| or for x ≥ 0.
package struct BlockLaw: Sendable {
  /// The exponent g.
  enum Shape: Sendable {
    /// g(x) = x·s/t, scale t/s.
    case exponential(s: BigWhole, t: BigWhole)
    /// g(x) = x²·d/(2n), σ² = n/d.
    case gaussian(n: BigWhole, d: BigWhole)
    /// e^(−g(x)) = I_x(μ) / I_0(μ), the modified Bessel functions, μ = σ² = n/d.
    case skellam(n: BigWhole, d: BigWhole)
  }

  /// What x is.
  enum Support: Sendable {
    /// All integers.
    case integers
    /// Integers from zero.
    case naturals
    /// All reals, and the sample is rounded to the nearest integer.
    case roundedReals
  }

  let shape: Shape
  let support: Support
  /// The scale of an exponential law, σ² of a Gaussian one.
  let parameter: Rational

  private init(shape: Shape, support: Support, parameter: Rational) {
    self.shape = shape
    self.support = support
    self.parameter = parameter
  }

  /// P[x] ∝ e^(−|x|/scale) over the integers.
  package static func discreteLaplace(scale: Rational) -> BlockLaw {
    BlockLaw(shape: exponential(scale), support: .integers, parameter: scale)
  }

  /// P[x] ∝ e^(−x/scale) over the integers from zero.
  package static func geometric(scale: Rational) -> BlockLaw {
    BlockLaw(shape: exponential(scale), support: .naturals, parameter: scale)
  }

  /// P[x] ∝ e^(−x²/(2σ²)) over the integers.
  package static func discreteGaussian(variance: Rational) -> BlockLaw {
    BlockLaw(shape: gaussian(variance), support: .integers, parameter: variance)
  }

  /// A normal variate of variance σ², rounded to the nearest integer.
  ///
  /// - Precondition: σ² is at least 2¹².
  package static func roundedNormal(variance: Rational) -> BlockLaw {
    precondition(variance >= 4_096, "a rounded normal needs a standard deviation of at least 64 steps")
    return BlockLaw(shape: gaussian(variance), support: .roundedReals, parameter: variance)
  }

  /// P[x] ∝ I_|x|(σ²) over the integers: the difference of two Poisson variates of mean σ²/2 (Skellam 1946).
  ///
  /// - Precondition: σ² is at most 2¹⁴; sums of such samples reach further.
  package static func skellam(variance: Rational) -> BlockLaw {
    precondition(variance.signum > 0 && variance <= 16_384, "a Skellam table reaches a variance of 2^14")
    let shape = Shape.skellam(n: BigWhole(numeratorOf: variance), d: BigWhole(denominatorOf: variance))
    return BlockLaw(shape: shape, support: .integers, parameter: variance)
  }

  private static func exponential(_ scale: Rational) -> Shape {
    precondition(scale.signum > 0, "a scale is positive")
    return .exponential(s: BigWhole(denominatorOf: scale), t: BigWhole(numeratorOf: scale))
  }

  private static func gaussian(_ variance: Rational) -> Shape {
    precondition(variance.signum > 0, "a variance is positive")
    return .gaussian(n: BigWhole(numeratorOf: variance), d: BigWhole(denominatorOf: variance))
  }
}

extension BlockLaw {
  /// Whether g is linear.
  package var isExponential: Bool {
    if case .exponential = shape { return true }
    return false
  }

  /// log₂ of the block length: the longest power of two of at most 1/32 of the scale, or 1/64 of σ; at least 1.
  var blockBits: Int {
    let (reference, numerator, step): (BigWhole, BigWhole, Int) =
      switch shape {
      case .exponential(let s, let t): (s << 5, t, 1)
      case .gaussian(let n, let d): (d << 12, n, 2)
      case .skellam: (.one, .zero, 1)
      }
    var bits = 0
    while reference << (step * (bits + 1)) <= numerator { bits += 1 }
    return bits
  }

  /// The exponent of block `index` over that of block 0, as a fraction: g(index · 2^bits).
  func exponent(ofBlock index: UInt64, bits: Int) -> (BigWhole, BigWhole) {
    exponent(of: BigWhole(index) << bits, places: 0)
  }

  /// Certain bounds of e^(−g(x)) over integers x = 0 … `last` for a Skellam law, in units of 2^−precision.
  ///
  /// The ratios r_k = I_k/I_(k−1) satisfy r_k = 1/(2k/μ + r_(k+1)). Started far out from the interval [0, 1], the
  /// backward recurrence contracts to them; rounding is outwards throughout. Empty for other laws.
  func skellamWeights(through last: Int, precision: Int) -> [(low: BigWhole, high: BigWhole)] {
    guard case .skellam(let n, let d) = shape else { return [] }
    let sigma = Int((n / d).squareRoot.word ?? 0) + 1
    let reach = Int(BigWhole(UInt64(precision)).squareRoot.word ?? 0) + 1
    let unit = BigWhole.one << precision
    let top = n << (2 * precision)
    var ratio = (low: BigWhole.zero, high: unit)
    var ratios: [(low: BigWhole, high: BigWhole)] = []
    for k in stride(from: last + 2 * sigma * reach + precision, through: 1, by: -1) {
      let fixed = (BigWhole(2 * UInt64(k)) * d) << precision
      ratio = (low: top / (fixed + n * ratio.high), high: top / (fixed + n * ratio.low) + .one)
      if k <= last { ratios.append(ratio) }
    }
    var weights = [(low: unit, high: unit)]
    for ratio in ratios.reversed() {
      let before = weights[weights.count - 1]
      weights.append(
        (low: (before.low * ratio.low) >> precision, high: (before.high * ratio.high) >> precision + .one))
    }
    return weights
  }

  /// g(x / 2^places) as a fraction.
  func exponent(of x: BigWhole, places: Int) -> (BigWhole, BigWhole) {
    switch shape {
    case .exponential(let s, let t): (x * s, t << places)
    case .gaussian(let n, let d): (x * x * d, n << (2 * places + 1))
    case .skellam: preconditionFailure("a Skellam exponent is not rational")
    }
  }

  /// The rate at which the envelope beyond block `blocks` falls from one block to the next, as a fraction.
  ///
  /// For the exponential it is T·s/t. For the Gaussian, ((N+i)T)² ≥ (NT)² + 2·i·N·T², so N·T²/σ² bounds it.
  /// For the Skellam law the ratio of neighbours falls with the order (Thiruvenkatachar and Nanjundiah 1951), so the
  /// ratio at the table's end bounds all later ones; y/(1 + y) with y = (N + 1/2)/μ is below −ln of it (Amos 1974),
  /// which the table checks.
  func tailRate(blocks: UInt64, bits: Int) -> (BigWhole, BigWhole) {
    switch shape {
    case .exponential(let s, let t): (s << bits, t)
    case .gaussian(let n, let d): ((BigWhole(blocks) * d) << (2 * bits), n)
    case .skellam(let n, let d):
      (BigWhole(2 * blocks + 1) * d, BigWhole(2 * blocks + 1) * d + n << 1)
    }
  }
}
