private import CKernels
import SecureRandom

/// The fast exact sampler: about one random word and one table look-up a draw, with the law of the reference.
///
/// A candidate is a block of an envelope and a uniform place in it; it is kept with probability w(x) over the
/// envelope's height. One word carries the sign, the place, the choice of block and the first bits of the acceptance
/// test, which settle all but about one draw in a hundred. The rest is settled by fixed-point arithmetic with a proven
/// error, and what that leaves open (about one draw in 2⁴⁰) by whole-number intervals that are refined until they
/// decide. No floating point is involved and the law is exact; see the article "Exact sampling by blocks".
package struct BlockSampler: Sendable {
  let law: BlockLaw
  let table: BlockTable
  /// Whether the place in a block needs a word of its own.
  private let isWide: Bool
  private let offsetShift: UInt64
  /// Tests turn the fixed-point step off to compare it with exact arithmetic.
  private let usesFixedPoint: Bool

  /// Builds the table: some tenths of a millisecond.
  ///
  /// - Precondition: the scale or σ is at most 2⁶² steps.
  package init(_ law: BlockLaw, mostBlocks: Int = BlockTable.columns - 2, usesFixedPoint: Bool = true) {
    self.law = law
    self.usesFixedPoint = usesFixedPoint
    table = BlockTable(law, mostBlocks: mostBlocks)
    let needed = table.bits + (law.support == .roundedReals ? 1 : 0)
    precondition(needed <= 58, "a scale is at most 2^62 steps")
    isWide = needed > BlockTable.offsetBits
    offsetShift = UInt64(isWide ? 64 - needed : BlockTable.offsetBits - needed)
  }

  /// Overwrites `output` with independent samples, clamped to ±2⁶².
  package func fill<Source: UniformSource & ~Copyable>(
    _ output: UnsafeMutableBufferPointer<Int64>, using source: inout Source
  ) {
    let wordsPerDraw = isWide ? 2 : 1
    let chunk = 512
    unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: chunk * wordsPerDraw) { words in
      var done = 0
      while done < output.count {
        let count = min(chunk, output.count - done)
        let used = count * wordsPerDraw
        unsafe source.fill(UnsafeMutableRawBufferPointer(start: words.baseAddress, count: used * 8))
        done += unsafe draw(
          words, count, UnsafeMutableBufferPointer(rebasing: output[done...]), using: &source)
      }
      unsafe tacit_wipe(words.baseAddress, chunk * wordsPerDraw * 8)
    }
  }

  /// One sample.
  package func sample<Source: UniformSource & ~Copyable>(using source: inout Source) -> Int64 {
    var result: Int64 = 0
    unsafe withUnsafeMutablePointer(to: &result) { pointer in
      unsafe fill(UnsafeMutableBufferPointer(start: pointer, count: 1), using: &source)
    }
    return result
  }

  /// Turns `count` draws' words into samples and says how many candidates were kept.
  private func draw<Source: UniformSource & ~Copyable>(
    _ words: UnsafeMutableBufferPointer<UInt64>, _ count: Int, _ output: UnsafeMutableBufferPointer<Int64>,
    using source: inout Source
  ) -> Int {
    let bits = UInt64(table.bits)
    let rounds: UInt64 = law.support == .roundedReals ? 1 : 0
    let signMask: UInt64 = law.support == .naturals ? 0 : 1
    let refusesNegativeZero: UInt64 = law.support == .integers ? 1 : 0
    return unsafe table.aliases.withUnsafeBufferPointer { aliases in
      unsafe table.sureBounds.withUnsafeBufferPointer { sureBounds in
        var kept = 0
        for index in 0..<count {
          let word = unsafe UInt64(littleEndian: words[isWide ? 2 * index : index])
          let column = word >> 54
          let entry = unsafe aliases[Int(truncatingIfNeeded: column)]
          let fraction = (word >> 30) & 0xff_ffff
          let block = fraction < entry & 0xffff_ffff ? column : entry >> 32
          let acceptance = (word >> 1) & 0x3fff
          let negative = word & signMask
          let place = isWide ? unsafe UInt64(littleEndian: words[2 * index + 1]) : (word >> 15) & 0x7fff
          let x = block &<< bits &+ ((place &>> offsetShift) &+ rounds) &>> rounds
          let sure = unsafe UInt64(sureBounds[Int(truncatingIfNeeded: block)])
          if acceptance < sure {
            if x == 0 && negative & refusesNegativeZero == 1 { continue }
            unsafe output[kept] = (Int64(bitPattern: x) ^ -Int64(negative)) &+ Int64(negative)
            kept += 1
          } else if let x = settle(
            block: Int(block), place: place << (isWide ? 0 : 49), acceptance: acceptance, using: &source)
          {
            if x == 0 && negative & refusesNegativeZero == 1 { continue }
            unsafe output[kept] = negative == 1 ? -x : x
            kept += 1
          }
        }
        return kept
      }
    }
  }
}

extension BlockSampler {
  /// Settles a candidate that the quick test left open; `nil` rejects it.
  ///
  /// - Parameters:
  ///   - place: the position in the block, as a fraction of 2⁶⁴; further bits are drawn for real-valued laws.
  ///   - acceptance: the first 14 bits of the number to be compared with the acceptance probability.
  private func settle<Source: UniformSource & ~Copyable>(
    block: Int, place: UInt64, acceptance: UInt64, using source: inout Source
  ) -> Int64? {
    if block > table.blocks { return nil }
    let level = acceptance << 50 | source.next() >> 14
    var place = place
    if law.support == .roundedReals && !isWide {
      place |= source.next() >> 15
    } else if law.support != .roundedReals {
      // Only the place's leading bits belong to an integer.
      place = table.bits == 0 ? 0 : place & (UInt64.max << UInt64(64 - table.bits))
    }
    if block < table.blocks {
      let decision = usesFixedPoint ? quickDecision(block: block, place: place, level: level) : nil
      let kept =
        decision ?? ExactDecision(self, block: block, beyond: .zero, place: place, level: level).settle(using: &source)
      return kept ? Int64(UInt64(block) << UInt64(table.bits) + offset(place)) : nil
    }
    let rate = table.tailRate
    let beyond: BigWhole
    if let s = rate.0.word, let t = rate.1.word {
      beyond = source.geometric(s, over: t).big
    } else {
      beyond = source.geometric(rate.0, over: rate.1).big
    }
    guard
      ExactDecision(self, block: table.blocks, beyond: beyond, place: place, level: level).settle(using: &source)
    else { return nil }
    let x = (BigWhole(UInt64(block)) + beyond) << table.bits + BigWhole(offset(place))
    return Int64(min(x.word ?? .max, UInt64(SignedSample.limit)))
  }

  /// How far into its block the integer lies that a place stands for.
  private func offset(_ place: UInt64) -> UInt64 {
    let rounds: UInt64 = law.support == .roundedReals ? 1 : 0
    let needed = UInt64(table.bits) + rounds
    return needed == 0 ? 0 : (place >> (64 - needed) + rounds) >> rounds
  }

  /// Compares the level with the acceptance probability in fixed point; `nil` when they are too close to tell.
  ///
  /// With z = B·(2k + η)·η, or B·η, the probability is e^(−z)·λw/H. All quantities have 63 or 64 fraction bits; z is
  /// off by less than 2⁻⁶¹, the series (z ≤ 1/4, terms to z¹⁴/14!) by less than 2⁻⁶⁰ and the start ratio by less than
  /// 2⁻⁵³, so that a margin of 2⁻⁵⁰ covers them all.
  package func quickDecision(block: Int, place: UInt64, level: UInt64) -> Bool? {
    let z: UInt64
    switch law.shape {
    case .exponential:
      z = place.multipliedFullWidth(by: table.fall).high
    case .gaussian:
      let twice = UInt128(2 * UInt64(block)) * UInt128(place)
      let sum = twice + UInt128(place.multipliedFullWidth(by: place).high)
      z = UInt64(truncatingIfNeeded: ((sum >> 12) * UInt128(table.fall)) >> 52)
    case .skellam:
      z = 0
    }
    var series: UInt64 = 0
    for coefficient in BlockSampler.inverseFactorials {
      series = coefficient - z.multipliedFullWidth(by: series).high
    }
    let probability = series.multipliedFullWidth(by: table.startRatios[block]).high
    let level = level >> 1
    let margin: UInt64 = 1 << 13
    if level + 1 + margin <= probability { return true }
    if level >= probability + margin { return false }
    return nil
  }

  /// ⌊2⁶³/n!⌋ for n = 14 … 0.
  private static let inverseFactorials: [UInt64] = {
    var factorial: UInt64 = 1
    var values: [UInt64] = [1 << 63]
    for n in 1...14 {
      factorial *= UInt64(n)
      values.append((1 << 63) / factorial)
    }
    return values.reversed()
  }()
}

// What the tests compare the two decisions with.
extension BlockSampler {
  /// The number of blocks in the table.
  package var blockCount: Int { table.blocks }

  /// log₂ of the number of integers in a block.
  package var blockBits: Int { table.bits }

  /// The rate s/t of the geometric law of blocks beyond the table.
  package var tailRate: (BigWhole, BigWhole) { table.tailRate }

  /// The bits of `place` that a candidate of this law can have.
  package func validPlace(_ place: UInt64) -> UInt64 {
    guard law.support != .roundedReals else { return place }
    return table.bits == 0 ? 0 : place & (UInt64.max << UInt64(64 - table.bits))
  }

  /// The acceptance probability of a candidate in the table, in units of 2⁻⁶⁴.
  package func acceptanceLevel(block: Int, place: UInt64) -> UInt64 {
    ExactDecision(self, block: block, beyond: .zero, place: place, level: 0).approximateProbability
  }

  /// The decision by exact arithmetic alone.
  package func exactDecision<Source: UniformSource & ~Copyable>(
    block: Int, place: UInt64, level: UInt64, using source: inout Source
  ) -> Bool {
    ExactDecision(self, block: block, beyond: .zero, place: place, level: level).settle(using: &source)
  }
}
