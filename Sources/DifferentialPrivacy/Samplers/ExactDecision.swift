import SecureRandom

/// The acceptance test of one candidate by whole-number intervals, refined until it is decided.
struct ExactDecision {
  private let law: BlockLaw
  private let bits: Int
  private let lambda: BigWhole
  private let weight: BigWhole
  private let tailBlocks: UInt64?
  private let tailRate: (BigWhole, BigWhole)
  private let beyond: BigWhole
  private let block: BigWhole
  private var place: BigWhole
  private var placeBits = 64
  private var level: BigWhole
  private var levelBits = 64

  /// - Parameters:
  ///   - block: the table's block, or the number of blocks for the tail.
  ///   - beyond: how many blocks past the table's end a tail candidate lies.
  ///   - place: the position in the block, in units of 2⁻⁶⁴ of its length.
  ///   - level: the first 64 bits of the uniform number compared with the acceptance probability.
  init(_ sampler: BlockSampler, block: Int, beyond: BigWhole, place: UInt64, level: UInt64) {
    law = sampler.law
    bits = sampler.table.bits
    lambda = BigWhole(sampler.table.lambda)
    weight = BigWhole(sampler.table.weights[block])
    tailBlocks = block == sampler.table.blocks ? UInt64(block) : nil
    tailRate = sampler.table.tailRate
    self.beyond = beyond
    self.block = BigWhole(UInt64(block)) + beyond
    self.place = BigWhole(place)
    self.level = BigWhole(level)
  }

  /// Whether the uniform number is below λ·w(x)/H, or λ·w(x)/(H·(1 − ρ)·ρ^beyond) in the tail.
  consuming func settle<Source: UniformSource & ~Copyable>(using source: inout Source) -> Bool {
    var precision = 128
    while true {
      let (low, high) = probability(precision)
      if (level + .one) * low.1 <= low.0 << levelBits { return true }
      if level * high.1 >= high.0 << levelBits { return false }
      precision *= 2
      level = level << 64 + BigWhole(source.next())
      levelBits += 64
      if law.support == .roundedReals {
        place = place << 64 + BigWhole(source.next())
        placeBits += 64
      }
    }
  }

  /// A lower bound of the acceptance probability in units of 2⁻⁶⁴, within a few units.
  var approximateProbability: UInt64 {
    let low = probability(128).low
    return ((low.0 << 64) / low.1).word ?? .max
  }

  /// A lower and an upper bound of the acceptance probability, as fractions.
  private func probability(_ precision: Int) -> (low: (BigWhole, BigWhole), high: (BigWhole, BigWhole)) {
    let start = block << placeBits + place
    let end = law.support == .roundedReals ? start + .one : start
    let unit = BigWhole.one << precision
    var norm = (low: unit, high: unit)
    if tailBlocks != nil {
      let ratio = ExactExponential.bounds(tailRate.0, over: tailRate.1, precision: precision)
      norm = (low: ratio.high < unit ? unit - ratio.high : .zero, high: unit - min(ratio.low, unit))
    }
    let (low, high) = weightBounds(from: start, to: end, precision)
    return (low: (lambda * low, weight * norm.high), high: (lambda * high, weight * norm.low))
  }

  /// Bounds of w(x)·e^(beyond · rate) over the interval, in units of 2^−precision.
  private func weightBounds(from start: BigWhole, to end: BigWhole, _ precision: Int) -> (BigWhole, BigWhole) {
    if case .skellam = law.shape {
      let weight = law.skellamWeights(through: Int(block.word ?? 0), precision: 2 * precision).last
      guard let weight, !beyond.isZero else {
        return ((weight?.low ?? .zero) >> precision, (weight?.high ?? .zero) >> precision + .one)
      }
      let decay = ExactExponential.bounds(beyond * tailRate.0, over: tailRate.1, precision: precision)
      guard !decay.low.isZero else { return (.zero, .one << precision) }
      return (weight.low / decay.high, weight.high / decay.low + .one)
    }
    let atStart = exponent(start)
    let atEnd = exponent(end)
    return (
      ExactExponential.bounds(atEnd.0, over: atEnd.1, precision: precision).low,
      ExactExponential.bounds(atStart.0, over: atStart.1, precision: precision).high
    )
  }

  /// g(x) − beyond · rate for x = `scaled` blocks of 2^−placeBits, as a fraction.
  private func exponent(_ scaled: BigWhole) -> (BigWhole, BigWhole) {
    let (top, bottom) = law.exponent(of: scaled << bits, places: placeBits)
    guard !beyond.isZero else { return (top, bottom) }
    return (top * tailRate.1 - beyond * tailRate.0 * bottom, bottom * tailRate.1)
  }
}
