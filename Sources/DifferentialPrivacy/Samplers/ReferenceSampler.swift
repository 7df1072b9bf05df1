package import ExactMath

/// The discrete Laplace law P[x] ∝ e^(−|x|/b), sampled step by step with whole numbers.
///
/// Canonne, Kamath and Steinke (2020), algorithm 2. It is the reference and the oracle of ``BlockSampler``, and the
/// sampler of choice for a single draw, since it builds no table. About ten uniform draws a sample.
package struct DiscreteLaplaceReference: Sendable {
  let s: BigWhole
  let t: BigWhole
  let leastWidth: SamplerWidth

  /// - Precondition: `scale` is positive.
  package init(scale: Rational, leastWidth: SamplerWidth = .word) {
    precondition(scale.signum > 0, "a scale is positive")
    t = BigWhole(numeratorOf: scale)
    s = BigWhole(denominatorOf: scale)
    self.leastWidth = leastWidth
  }

  /// One sample of any size.
  package func sample<Source: UniformSource & ~Copyable>(using source: inout Source) -> SignedSample {
    if leastWidth <= .word, let s = s.word, let t = t.word { return sample(s, t, using: &source) }
    if leastWidth <= .doubleWord, let s = s.doubleWord, let t = t.doubleWord { return sample(s, t, using: &source) }
    return sample(s, t, using: &source)
  }

  private func sample<Width: CheckedWhole, Source: UniformSource & ~Copyable>(
    _ s: Width, _ t: Width, using source: inout Source
  ) -> SignedSample {
    while true {
      let negative = source.bernoulli(Width(UInt64(1)), outOf: Width(UInt64(2)))
      let magnitude = source.geometric(s, over: t)
      if !(negative && magnitude.isZero) { return SignedSample(isNegative: negative, magnitude: magnitude) }
    }
  }
}

/// The discrete Gaussian law P[x] ∝ e^(−x²/(2σ²)), sampled step by step with whole numbers.
///
/// Canonne, Kamath and Steinke (2020), algorithm 3: a discrete Laplace candidate of scale t = ⌊σ⌋ + 1 is kept with
/// probability e^(−(|y| − σ²/t)²/(2σ²)). About fifteen uniform draws a sample.
package struct DiscreteGaussianReference: Sendable {
  private let words: Coin<UInt64>?
  private let doubleWords: Coin<UInt128>?
  private let bigs: Coin<BigWhole>
  private let candidates: DiscreteLaplaceReference

  /// - Precondition: `variance`, which is σ², is positive.
  package init(variance: Rational, leastWidth: SamplerWidth = .word) {
    precondition(variance.signum > 0, "a variance is positive")
    let n = BigWhole(numeratorOf: variance)
    let d = BigWhole(denominatorOf: variance)
    let t = (n / d).squareRoot + .one
    words = leastWidth <= .word ? Coin(n, d, t) : nil
    doubleWords = leastWidth <= .doubleWord ? Coin(n, d, t) : nil
    bigs = Coin(n: n, d: d, t: t)
    candidates = DiscreteLaplaceReference(scale: Rational(whole: t), leastWidth: leastWidth)
  }

  /// One sample of any size.
  package func sample<Source: UniformSource & ~Copyable>(using source: inout Source) -> SignedSample {
    while true {
      let candidate = candidates.sample(using: &source)
      if accepts(candidate.magnitude, using: &source) { return candidate }
    }
  }

  private func accepts<Source: UniformSource & ~Copyable>(
    _ magnitude: Magnitude, using source: inout Source
  ) -> Bool {
    if case .word(let y) = magnitude {
      if let words, let answer = words.flip(y, using: &source) { return answer }
      if let doubleWords, let answer = doubleWords.flip(UInt128(y), using: &source) { return answer }
    }
    return bigs.flip(magnitude.big, using: &source) ?? false
  }
}

/// The coin that keeps a candidate of the discrete Gaussian, in one width.
private struct Coin<Width: CheckedWhole & Sendable>: Sendable {
  let n: Width
  let d: Width
  let t: Width

  init(n: Width, d: Width, t: Width) {
    self.n = n
    self.d = d
    self.t = t
  }

  init?(_ n: BigWhole, _ d: BigWhole, _ t: BigWhole) {
    guard let n = Width(n), let d = Width(d), let t = Width(t) else { return nil }
    self.init(n: n, d: d, t: t)
  }

  /// The coin for |y|, or `nil`, before anything is drawn, when γ does not fit the width.
  ///
  /// With σ² = n/d, γ = (|y|·d·t − n)² / (2·n·d·t²).
  func flip<Source: UniformSource & ~Copyable>(_ y: Width, using source: inout Source) -> Bool? {
    guard let dt = d.times(t), let ydt = y.times(dt) else { return nil }
    let distance = ydt.distance(to: n)
    guard let top = distance.times(distance), let dtt = dt.times(t), let ndtt = dtt.times(n),
      let bottom = ndtt.times(Width(UInt64(2)))
    else { return nil }
    return source.bernoulliExp(top, over: bottom)
  }
}

/// The narrowest width a reference sampler may start in; tests compare all of them on one stream.
package enum SamplerWidth: Int, Comparable, Sendable, CaseIterable {
  /// 64 bits.
  case word
  /// 128 bits.
  case doubleWord
  /// Any size.
  case big

  package static func < (a: SamplerWidth, b: SamplerWidth) -> Bool { a.rawValue < b.rawValue }
}

extension Rational {
  /// A whole number of any size.
  init(whole: BigWhole) {
    self = whole.words.reversed().reduce(Rational.zero) { sum, word in
      sum * Rational(1 << 32) * Rational(1 << 32) + Rational(Int(word >> 32)) * Rational(1 << 32)
        + Rational(Int(word & 0xffff_ffff))
    }
  }
}
