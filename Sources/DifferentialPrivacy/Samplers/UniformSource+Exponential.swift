// The exact building blocks of Canonne, Kamath and Steinke (2020, "The Discrete Gaussian for Differential Privacy"),
// algorithms 1 and 2. All parameters are fractions of whole numbers; nothing is rounded.

extension UniformSource where Self: ~Copyable {
  /// True with probability e^(−a/b) for a ≤ b.
  ///
  /// Flips coins of probability γ/1, γ/2, γ/3, … until one fails; the answer is whether the failing one has an odd
  /// number, which is the alternating series of the exponential (algorithm 1).
  package mutating func bernoulliExp<Width: CheckedWhole>(unit a: Width, over b: Width, from start: UInt64) -> Bool {
    var k = start
    while true {
      guard let denominator = b.times(Width(k)) else {
        return bernoulliExp(unit: a.wider, over: b.wider, from: k)
      }
      if !bernoulli(a, outOf: denominator) { return k % 2 == 1 }
      k += 1
    }
  }

  /// True with probability e^(−a/b) for a ≤ b.
  package mutating func bernoulliExp<Width: CheckedWhole>(unit a: Width, over b: Width) -> Bool {
    bernoulliExp(unit: a, over: b, from: 1)
  }

  /// True with probability e^(−a/b) for any a.
  package mutating func bernoulliExp<Width: CheckedWhole>(_ a: Width, over b: Width) -> Bool {
    var whole = a.over(b)
    let one = Width(UInt64(1))
    let zero = Width(UInt64(0))
    while whole > zero {
      if !bernoulliExp(unit: one, over: one) { return false }
      whole = whole.distance(to: one)
    }
    return bernoulliExp(unit: a.remainder(over: b), over: b)
  }

  /// A number y ≥ 0 with probability proportional to e^(−y·s/t) (the inner loop of algorithm 2).
  package mutating func geometric<Width: CheckedWhole>(_ s: Width, over t: Width) -> Magnitude {
    var u: Width
    repeat { u = uniform(under: t) } while !bernoulliExp(unit: u, over: t)
    let one = Width(UInt64(1))
    var v: UInt64 = 0
    while bernoulliExp(unit: one, over: one) { v += 1 }
    return quotient(u: u, v: v, s: s, t: t)
  }

  private func quotient<Width: CheckedWhole>(u: Width, v: UInt64, s: Width, t: Width) -> Magnitude {
    guard let product = t.times(Width(v)), let sum = product.plus(u) else {
      return quotient(u: u.wider, v: v, s: s.wider, t: t.wider)
    }
    return Magnitude(sum.over(s))
  }
}

/// A non-negative sample of any size: a word where it fits.
package enum Magnitude: Sendable {
  /// It fits a word.
  case word(UInt64)
  /// It does not.
  case big(BigWhole)

  init(_ value: some CheckedWhole) {
    if let word = value.narrow { self = .word(word) } else { self = .big(value.big) }
  }

  /// Whether the sample is zero.
  package var isZero: Bool {
    if case .word(0) = self { return true }
    return false
  }

  /// The sample at any size.
  package var big: BigWhole {
    switch self {
    case .word(let word): BigWhole(word)
    case .big(let big): big
    }
  }
}

/// An integer sample of any size.
package struct SignedSample: Sendable, CustomStringConvertible {
  /// Whether the sample is below zero; never set for zero.
  package let isNegative: Bool
  /// The absolute value.
  package let magnitude: Magnitude

  /// The largest magnitude that leaves as an `Int64`.
  package static let limit: Int64 = 1 << 62

  /// The sample, clamped to ±2⁶².
  package var clamped: Int64 {
    let value: Int64 =
      switch magnitude {
      case .word(let word): Int64(min(word, UInt64(SignedSample.limit)))
      case .big: SignedSample.limit
      }
    return isNegative ? -value : value
  }

  /// The decimal digits with a sign.
  package var description: String { (isNegative ? "-" : "") + magnitude.big.description }
}
