public import ExactMath
public import PrivacyAccounting

/// How often a private mechanism is run before its best answer is released: a random number, drawn exactly.
///
/// A fixed number of runs would cost its square root or worse; a random one costs a constant factor (Liu and Talwar
/// 2019; Papernot and Steinke 2022). The number itself must stay hidden: so must the time the runs take.
public struct RepetitionLaw: Sendable, Hashable {
  enum Shape: Sendable, Hashable {
    /// P[K = k] ∝ (1 − γ)^k · Π_{l < k} (l + η)/(l + 1), k ≥ 1.
    case truncatedNegativeBinomial(eta: Rational, gamma: Rational)
    /// P[K = k] = e^(−μ)·μ^k/k!, k ≥ 0.
    case poisson(mean: Rational)
  }

  let shape: Shape

  /// The largest mean number of runs.
  public static let mostRuns = 1 << 20

  private init(_ shape: Shape) {
    self.shape = shape
  }

  /// P[K = k] = γ(1 − γ)^(k−1).
  ///
  /// A coin of probability γ ends the runs (Liu and Talwar 2019). The choice costs 3ε.
  ///
  /// - Throws: `ParameterError` unless γ lies in [2⁻²⁰, 1).
  public static func geometric(stopping gamma: Rational) throws(ParameterError) -> RepetitionLaw {
    try truncatedNegativeBinomial(eta: 1, gamma: gamma)
  }

  /// P[K = k] ∝ (1 − γ)^k/k.
  ///
  /// The choice costs 2ε.
  ///
  /// - Throws: `ParameterError` unless γ lies in [2⁻²⁰, 1).
  public static func logarithmic(gamma: Rational) throws(ParameterError) -> RepetitionLaw {
    try truncatedNegativeBinomial(eta: 0, gamma: gamma)
  }

  /// P[K = k] ∝ (1 − γ)^k · Π_{l<k} (l + η)/(l + 1) for k ≥ 1.
  ///
  /// Papernot and Steinke (2022). The choice costs (2 + η)ε; a smaller η needs a smaller γ for the same
  /// mean.
  ///
  /// - Throws: `ParameterError` unless −1 < η ≤ 1 and γ lies in [2⁻²⁰, 1).
  public static func truncatedNegativeBinomial(
    eta: Rational, gamma: Rational
  ) throws(ParameterError) -> RepetitionLaw {
    guard eta > -1, eta <= 1, eta.numeratorWords.count <= 1, eta.denominatorWords.count <= 1,
      eta.denominatorWords[0] <= 1 << 20
    else {
      throw ParameterError(.outOfRange, "eta", "must lie in (-1, 1] with a denominator up to 2^20")
    }
    guard gamma >= Rational(1, RepetitionLaw.mostRuns), gamma < 1, gamma.denominatorWords.count <= ScaleLimits.words
    else {
      throw ParameterError(.outOfRange, "gamma", "must lie in [2^-20, 1)")
    }
    return RepetitionLaw(.truncatedNegativeBinomial(eta: eta, gamma: gamma))
  }

  /// P[K = k] = e^(−μ)·μ^k/k!, with nothing chosen for K = 0.
  ///
  /// The choice costs ε + μ·tanh(ε/2), at most ε + μ·ε/2.
  ///
  /// - Throws: `ParameterError` unless μ lies in (0, 2²⁰].
  public static func poisson(mean: Rational) throws(ParameterError) -> RepetitionLaw {
    guard mean.signum > 0, mean <= Rational(RepetitionLaw.mostRuns),
      mean.numeratorWords.count + mean.denominatorWords.count <= ScaleLimits.words
    else {
      throw ParameterError(.outOfRange, "mean", "must lie in (0, 2^20]")
    }
    return RepetitionLaw(.poisson(mean: mean))
  }

  /// The loss of choosing among runs of a mechanism of pure loss ε.
  ///
  /// Let f be the probability generating function of K and Q the law of one run, answers ordered by quality. The chosen
  /// answer is y with probability Q(y) times the mean of f′ between Q(worse than y) and Q(no better than y). Between
  /// neighbours Q(y) changes by at most e^ε, and f′(x) ∝ (γ + (1 − γ)(1 − x))^(−η−1) by at most e^((η+1)ε), as 1 − x is
  /// a probability itself (Papernot and Steinke 2022). For the Poisson law f′(x) ∝ e^(μx), and x moves by at
  /// most the total variation distance, tanh(ε/2) ≤ ε/2.
  func loss(ofRuns epsilon: Epsilon) -> Rational {
    switch shape {
    case .truncatedNegativeBinomial(let eta, _): return (2 + eta) * epsilon.value
    case .poisson(let mean):
      let half = epsilon.value / 2
      // tanh(ε/2) = (e^ε − 1)/(e^ε + 1) = 1 − 2/(e^ε + 1).
      let growth = Interval(epsilon.value).exponential
      let tangent = (Interval(1) - Interval(2) / (growth + Interval(1))).high
      let bound = Rational(exactly: tangent).map { $0 < half ? $0 : half } ?? half
      return epsilon.value + mean * bound
    }
  }

  package func draw<Source: UniformSource & ~Copyable>(using source: inout Source) -> Int {
    switch shape {
    case .truncatedNegativeBinomial(let eta, let gamma): truncated(eta, gamma, using: &source)
    case .poisson(let mean): poisson(mean, using: &source)
    }
  }

  /// A geometric number, kept at every further run with probability (k + η)/(k + 1): the product of those that were kept
  /// is the ratio of the two laws.
  private func truncated<Source: UniformSource & ~Copyable>(
    _ eta: Rational, _ gamma: Rational, using source: inout Source
  ) -> Int {
    let stop = RationalCoin(gamma)
    let top = Int(eta.numeratorWords.first ?? 0) * eta.signum
    let bottom = Int(eta.denominatorWords[0])
    while true {
      var k = 1
      var kept = true
      while kept, !stop.flip(using: &source) {
        // (k + top/bottom) / (k + 1)
        kept =
          eta == 1
          || source.bernoulli(UInt64(k * bottom + top), outOf: UInt64((k + 1) * bottom))
        k += 1
      }
      if kept { return k }
    }
  }

  /// A sum of Poisson numbers of means m ≤ ½.
  ///
  /// The run of successes of coins m/1, m/2, m/3, … is N = k with probability
  /// m^k/k! · (1 − m/(k+1)); kept with probability (1 − m)/(1 − m/(k+1)) it is a Poisson number.
  private func poisson<Source: UniformSource & ~Copyable>(_ mean: Rational, using source: inout Source) -> Int {
    let parts = (mean * 2).ceiling ?? 1
    let part = mean / Rational(parts)
    let m = BigWhole(numeratorOf: part)
    let d = BigWhole(denominatorOf: part)
    func piece() -> Int {
      while true {
        var k = 0
        while source.bernoulli(m, outOf: d * BigWhole(UInt64(k + 1))) { k += 1 }
        let place = BigWhole(UInt64(k + 1))
        if source.bernoulli((d - m) * place, outOf: d * place - m) { return k }
      }
    }
    return (0..<parts).reduce(0) { sum, _ in sum + piece() }
  }
}
