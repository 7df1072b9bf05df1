/// The table of a ``BlockSampler``: an alias table over blocks of equal length, with whole-number weights.
///
/// See the article "Exact sampling by blocks" for why any weights above the envelope give the exact law.
struct BlockTable: Sendable {
  static let columnBits = 10
  static let columns = 1 << columnBits
  /// Bits of a word that choose between a column and its alias.
  static let fractionBits = 24
  /// Bits of a word compared with a block's quick acceptance bound.
  static let acceptanceBits = 14
  /// Bits of a word that say where in its block a candidate lies.
  static let offsetBits = 15

  /// The block length is 2^bits.
  let bits: Int
  /// Blocks in the table; the tail has this index and the remainder the next.
  let blocks: Int
  /// The scale λ of all weights.
  let lambda: UInt64
  /// A column's threshold (low 32 bits) and alias (high 32 bits).
  let aliases: [UInt64]
  /// H: a block's weight, above λ·w at its start; the last is the tail's.
  let weights: [UInt64]
  /// A lower bound, in units of 2^−14, of the acceptance probability anywhere in the block; 0 for tail and remainder.
  let sureBounds: [UInt16]
  /// A lower bound of λ·w/H at the block's start in units of 2^−64.
  let startRatios: [UInt64]
  /// B = T²/(2σ²), or T/scale, rounded down to units of 2^−64.
  let fall: UInt64
  /// e^(−rate) of the tail's geometric law is the factor between envelope blocks.
  let tailRate: (BigWhole, BigWhole)

  init(_ law: BlockLaw, mostBlocks: Int = BlockTable.columns - 2) {
    let bits = law.blockBits
    let (starts, falls) = BlockTable.envelope(law, bits, mostBlocks)
    // `starts` holds one more than the blocks: where the tail begins.
    let blocks = falls.count
    let tail = law.tailRate(blocks: UInt64(blocks), bits: bits)
    let tailRatio = Fixed120(expMinus: tail.0, over: tail.1)
    if case .skellam = law.shape {
      // w(N+1)/w(N) must lie below the tail's ratio, and the logarithmic concavity of w does the rest.
      let edge = law.skellamWeights(through: blocks + 1, precision: 160)
      precondition(
        edge[blocks + 1].high << 160 <= edge[blocks].low * BigWhole(tailRatio.low) << 40, "the tail is under its bound")
    }
    let tailWeight = BlockTable.quotient(starts[blocks].high, tailRatio.complement.low)

    let total = starts[..<blocks].reduce(UInt128(0)) { $0 + $1.high } + tailWeight
    let room = UInt128(1) << UInt128(BlockTable.columnBits + BlockTable.fractionBits) - UInt128(3 * blocks + 8)
    let lambda = (room << 64) / ((total >> 56) + 1)
    var weights: [UInt64] = []
    var startRatios: [UInt64] = []
    for start in starts[..<blocks] {
      let weight = (lambda * ((start.high >> 26) + 1)) >> 94 + 1
      weights.append(UInt64(weight))
      startRatios.append(UInt64(min(((lambda * (start.low >> 26)) >> 30) / weight, UInt128(UInt64.max))))
    }
    weights.append(UInt64((lambda * ((tailWeight >> 26) + 1)) >> 94 + 1))

    self.bits = bits
    self.blocks = blocks
    self.lambda = UInt64(lambda)
    self.weights = weights
    self.startRatios = startRatios
    self.tailRate = tail
    sureBounds =
      zip(startRatios, falls).map { ratio, fall in
        // A block of one integer has no fall within it.
        let within = bits == 0 && law.support != .roundedReals ? UInt128(1) << 120 : fall.low
        return UInt16(truncatingIfNeeded: (UInt128(ratio) * (within >> 64)) >> 106)
      } + [UInt16](repeating: 0, count: BlockTable.columns - blocks)
    fall = BlockTable.fall(law, bits)
    aliases = BlockTable.aliases(of: weights)
  }

  /// The quotient of two numbers with 120 fraction bits, rounded up.
  private static func quotient(_ a: UInt128, _ b: UInt128) -> UInt128 {
    let (quotient, remainder) = b.dividingFullWidth((a >> 8, a << 120))
    return remainder == 0 ? quotient : quotient + 1
  }

  /// w at the start of every block and at the start of the tail, and the fall over each block.
  private static func envelope(_ law: BlockLaw, _ bits: Int, _ mostBlocks: Int) -> ([Fixed120], [Fixed120]) {
    let smallest = UInt128(1) << 80
    var starts = [Fixed120.one]
    var falls: [Fixed120] = []
    if case .skellam = law.shape {
      for weight in law.skellamWeights(through: mostBlocks, precision: 160).dropFirst() {
        starts.append(
          Fixed120(low: (weight.low >> 40).doubleWord ?? 0, high: ((weight.high >> 40).doubleWord ?? 0) + 1))
        falls.append(.one)
        if starts[starts.count - 1].high < smallest { break }
      }
      return (starts, falls)
    }
    let (top, bottom) = law.exponent(ofBlock: 1, bits: bits)
    var ratio = Fixed120(expMinus: top, over: bottom)
    let ratioOfRatios = law.isExponential ? Fixed120.one : Fixed120(expMinus: top << 1, over: bottom)
    while true {
      falls.append(ratio)
      starts.append(starts[starts.count - 1] * ratio)
      ratio = ratio * ratioOfRatios
      if starts[starts.count - 1].high < smallest || falls.count == mostBlocks { return (starts, falls) }
    }
  }

  private static func fall(_ law: BlockLaw, _ bits: Int) -> UInt64 {
    if case .skellam = law.shape { return 0 }
    let (top, bottom) = law.exponent(ofBlock: 1, bits: bits)
    return ((top << 64) / bottom).word ?? UInt64.max
  }

  /// Vose's construction in whole numbers: every column holds exactly 2^24 units, of at most two entries.
  private static func aliases(of weights: [UInt64]) -> [UInt64] {
    let capacity = UInt64(1) << UInt64(fractionBits)
    var left = weights + [UInt64](repeating: 0, count: columns - weights.count)
    let used = weights.reduce(0, +)
    // What the envelope leaves over is the remainder: a candidate that is always rejected.
    left[weights.count] = capacity << UInt64(columnBits) - used
    var small: [Int] = []
    var large: [Int] = []
    for index in left.indices {
      if left[index] < capacity { small.append(index) } else { large.append(index) }
    }
    var table = (0..<columns).map { UInt64($0) << 32 | capacity }
    while let poor = small.popLast(), let rich = large.popLast() {
      table[poor] = UInt64(rich) << 32 | left[poor]
      left[rich] -= capacity - left[poor]
      if left[rich] < capacity { small.append(rich) } else { large.append(rich) }
    }
    return table
  }
}
