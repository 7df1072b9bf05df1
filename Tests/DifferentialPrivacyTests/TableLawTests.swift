import DifferentialPrivacy
import ExactMath
import SecureRandom
import Testing

/// The law of the table samplers, cell by cell, against certain bounds of the target from arithmetic of its own.
///
/// A candidate x of block k is drawn with probability units(k)/2³⁴ · 2^(−bits), both counted from the words, and kept
/// below a level t(x), since every decision is monotone in the level. The law is the target's exactly if t(x)·units(k) is
/// one constant c times w(x). The constant is read at zero, and at every other cell the level just below c·w(x)/units must
/// be kept and the one just above rejected: P[x] is right to within 2⁻⁶⁰ of units(k)/2³⁴·2^(−bits), everywhere.
@Suite struct TableLawTests {
  /// e^(−x) for x ≥ 0 in units of 2^−200, from the positive series of e^x and one division: not the production's method.
  private static func expMinus(_ top: BigWhole, over bottom: BigWhole) -> (low: BigWhole, high: BigWhole) {
    let places = 200
    let halvings = (top / bottom).bitWidth + 4
    let working = places + halvings + 64
    let one = BigWhole.one << working
    // x/2^halvings ≤ 1/8, rounded down; one unit more bounds it from above.
    let argument = (top << working) / (bottom << halvings)
    var sum = one
    var term = one
    var n: UInt64 = 1
    while !term.isZero {
      term = (term * argument) >> working / BigWhole(n)
      sum = sum + term
      n += 1
    }
    // n terms were rounded down by less than two units each, what is left out is below one, and the argument, rounded
    // down by less than one, moves the sum by less than two.
    var low = sum
    var high = sum + BigWhole(2 * n + 4)
    for _ in 0..<halvings {
      low = (low * low) >> working
      high = (high * high) >> working + .one
    }
    let unit = BigWhole.one << (working + places)
    return (low: unit / high, high: unit / low + .one)
  }

  /// One law, its weights by their definition, and the cells to look at.
  struct Table: Sendable, CustomTestStringConvertible {
    let name: String
    let law: BlockLaw
    /// Bounds of w(x) in units of 2^−200, for x = first/second.
    let weight: @Sendable (BigWhole, BigWhole) -> (low: BigWhole, high: BigWhole)
    var isReal = false
    /// How many places of every block are looked at; all of them where the block has no more.
    var places = 3
    /// Every how many blocks.
    var stride = 1
    var testDescription: String { name }
  }

  private static func laplace(_ name: String, _ scale: Rational, isOneSided: Bool = false, places: Int = 3) -> Table {
    let (s, t) = (BigWhole(denominatorOf: scale), BigWhole(numeratorOf: scale))
    return Table(
      name: name, law: isOneSided ? .geometric(scale: scale) : .discreteLaplace(scale: scale),
      weight: { expMinus($0 * s, over: $1 * t) }, places: places,
      stride: scale > Rational(1 << 30) ? 5 : scale > 10_000 ? 4 : 1)
  }

  private static func gaussian(_ name: String, _ variance: Rational, isReal: Bool = false, places: Int = 3) -> Table {
    let (n, d) = (BigWhole(numeratorOf: variance), BigWhole(denominatorOf: variance))
    return Table(
      name: name, law: isReal ? .roundedNormal(variance: variance) : .discreteGaussian(variance: variance),
      weight: { expMinus($0 * $0 * d, over: $1 * $1 * n << 1) }, isReal: isReal,
      places: places, stride: variance >= Rational(1 << 60) ? 5 : variance > Rational(1 << 30) ? 4 : 1)
  }

  /// I_x(μ)/I_0(μ) from the series Σ (μ/2)^(2k+x)/(k!(k+x)!), all of whose terms are positive.
  private static func skellam(_ name: String, _ variance: Rational, stride: Int = 1) -> Table {
    let half = variance / 2
    let (n, d) = (BigWhole(numeratorOf: half), BigWhole(denominatorOf: half))
    @Sendable func bessel(_ x: Int) -> (low: BigWhole, high: BigWhole) {
      let places = 400 + Int(variance.doubleValue * 2)
      var term = (low: BigWhole.one << places, high: BigWhole.one << places)
      func times(_ a: BigWhole, _ b: BigWhole) {
        term = (low: term.low * a / b, high: term.high * a / b + .one)
      }
      for k in stride_(1, x) { times(n, d * BigWhole(UInt64(k))) }
      var sum = term
      var k: UInt64 = 1
      // Terms at least halve from k > μ on, so that the rest is below the last one.
      while Double(k) < 2 * half.doubleValue + 4 || term.low.bitWidth > 2 {
        times(n * n, d * d * BigWhole(k) * BigWhole(k + UInt64(x)))
        sum = (low: sum.low + term.low, high: sum.high + term.high)
        k += 1
      }
      return (low: sum.low, high: sum.high + term.high + .one)
    }
    let zero = bessel(0)
    return Table(
      name: name, law: .skellam(variance: variance),
      weight: { x, _ in
        let value = bessel(Int(x.word ?? 0))
        return (low: (value.low << 200) / zero.high, high: (value.high << 200) / zero.low + .one)
      }, stride: stride)
  }

  private static func stride_(_ first: Int, _ last: Int) -> [Int] { last < first ? [] : Array(first...last) }

  static let tables: [Table] = [
    // Narrow: every whole number is a block.
    laplace("discrete Laplace 5/3", Rational(5, 3)), laplace("geometric 1/2", Rational(1, 2), isOneSided: true),
    gaussian("discrete Gaussian 7/2", Rational(7, 2)),
    // Blocks of two, four and eight, every place of them.
    laplace("discrete Laplace 100", 100, places: 8), gaussian("discrete Gaussian 300²", 90_000, places: 8),
    laplace("geometric 1001/4", Rational(1_001, 4), isOneSided: true, places: 8),
    // Wide: the first, the last and a place between of every fourth block.
    laplace("discrete Laplace 2²⁰", Rational(1 << 20)),
    laplace("discrete Laplace (2²⁰ + 1)/3", Rational((1 << 20) + 1, 3)),
    laplace("geometric 2¹⁸", Rational(1 << 18), isOneSided: true),
    gaussian("discrete Gaussian 2²⁰", Rational(1 << 40)),
    gaussian("discrete Gaussian 123457/10", Rational(123_457 * 123_457, 100)),
    // A word of its own for the place; every fifth block.
    laplace("discrete Laplace 2⁴⁰", Rational(1 << 40)), gaussian("discrete Gaussian 2³⁰", Rational(1 << 60)),
    // Reals: the density at places of every block.
    gaussian("rounded normal 64", 4_096, isReal: true), gaussian("rounded normal 2¹⁵", Rational(1 << 30), isReal: true),
    gaussian("rounded normal 2³⁰", Rational(1 << 60), isReal: true),
    skellam("Skellam 5/3", Rational(5, 3)), skellam("Skellam 300", 300, stride: 7),
  ]

  @Test(arguments: TableLawTests.tables)
  func `every cell of a table has its probability`(table: Table) throws {
    let sampler = BlockSampler(table.law)
    let probe = BlockProbe(sampler, isReal: table.isReal)
    let bits = sampler.blockBits
    let blocks = probe.blocks()
    #expect(blocks.values.reduce(0) { $0 + $1.weight } == 1 << 34)
    let remainder = blocks[-1]?.weight ?? 0
    // A few columns of slack in 2³⁴: candidates that are always rejected.
    #expect(remainder < 1 << 14)

    // c·2²⁰⁰ = t(0)·units(0), from the first level at which zero is rejected; t has 64 bits.
    let home = try #require(blocks[0])
    var low: UInt64 = 0
    var high = UInt64.max
    while high - low > 1 {
      let middle = low + (high - low) / 2
      let fate = probe.fate(column: home.column, fraction: home.fraction, level: middle)
      if fate == .rejected { high = middle } else { low = middle }
    }
    let constant = BigWhole(high) * BigWhole(home.weight)
    let slack = BigWhole(UInt64(1) << 4)

    var random = SimulationGenerator(seed: 9, stream: table.name)
    var wrong: [Int] = []
    for (block, drawn) in blocks.sorted(by: { $0.key < $1.key })
    where block >= 0 && block < sampler.blockCount && block % table.stride == 0 {
      for place in places(table, bits, &random) {
        // The place of the candidate in 2⁻⁶⁴ of a block, and x as a fraction.
        let x: (BigWhole, BigWhole) =
          table.isReal
          ? ((BigWhole(UInt64(block)) << 64 + BigWhole(place)) << bits, BigWhole.one << 64)
          : (BigWhole(UInt64(block)) << bits + BigWhole(bits == 0 ? 0 : place >> UInt64(64 - bits)), .one)
        let weight = table.weight(x.0, x.1)
        // The constant is off by less than a unit of t(0), which is less than two of t(x).
        let below = ((constant * weight.low) / BigWhole(drawn.weight)) >> 200
        let above = ((constant * weight.high) / BigWhole(drawn.weight)) >> 200
        let keep = below > slack ? (below - slack).word ?? 0 : 0
        let reject = (above + slack).word ?? .max
        func fate(_ level: UInt64) -> BlockProbe.Fate {
          probe.fate(column: drawn.column, fraction: drawn.fraction, place: place, level: level)
        }
        let value = answer(table, block, place, bits)
        if keep > 0, fate(keep) != .kept(value) { wrong.append(block) }
        if reject < .max, fate(reject) != .rejected { wrong.append(block) }
        // Any other level is decided the same way.
        let level = random.next()
        if level < keep, fate(level) != .kept(value) { wrong.append(block) }
        if level > reject, fate(level) != .rejected { wrong.append(block) }
      }
    }
    #expect(wrong.isEmpty)
  }

  /// Places of a block, in units of 2⁻⁶⁴: its first, its last and some others, or all.
  private func places(_ table: Table, _ bits: Int, _ random: inout SimulationGenerator) -> [UInt64] {
    if table.isReal { return [1 << 63, .max] + (0..<table.places).map { _ in random.next() } }
    if bits == 0 { return [0] }
    if 1 << bits <= table.places { return (0..<(1 << bits)).map { UInt64($0) << UInt64(64 - bits) } }
    let mask = UInt64.max << UInt64(64 - bits)
    return [0, mask] + (0..<(table.places - 2)).map { _ in random.next() & mask }
  }

  /// The whole number that a candidate stands for.
  private func answer(_ table: Table, _ block: Int, _ place: UInt64, _ bits: Int) -> Int64 {
    if !table.isReal { return Int64(block) << Int64(bits) + (bits == 0 ? 0 : Int64(place >> UInt64(64 - bits))) }
    // ⌊(block + place/2⁶⁴)·2^bits + ½⌋.
    let half = (BigWhole(UInt64(block)) << 64 + BigWhole(place)) << bits + BigWhole.one << 63
    return Int64((half >> 64).word ?? 0)
  }

  @Test(arguments: [(1_000, 15), (1 << 20, 15), (33, 15)])
  func `the place's bits choose every number of a block alike, and the sign's its sign`(scale: Int, bits: Int) throws {
    let sampler = BlockSampler(.discreteLaplace(scale: Rational(scale)))
    let probe = BlockProbe(sampler)
    let home = try #require(probe.blocks()[1])
    var counts = [Int](repeating: 0, count: 1 << sampler.blockBits)
    for field in UInt64(0)..<(1 << UInt64(bits)) {
      for negative in [false, true] {
        let fate = probe.fate(
          column: home.column, fraction: home.fraction, place: field << UInt64(64 - bits), negative: negative, level: 0)
        guard case .kept(let x) = fate, (x < 0) == negative else { continue }
        counts[Int(abs(x)) - 1 << sampler.blockBits] += 1
      }
    }
    #expect(counts.allSatisfy { $0 == 2 << (bits - sampler.blockBits) })
  }

  @Test(arguments: TableLawTests.tables.filter { !$0.name.hasPrefix("Skellam") && !$0.isReal })
  func `the tail beyond a short table has its probability`(table: Table) throws {
    // P[tail block i] = (1 − ρ)ρ^i by the exact geometric sampler; what is kept of it must be c·w(x)·2^bits/2³⁴ again.
    let whole = BlockSampler(table.law)
    let sampler = BlockSampler(table.law, mostBlocks: max(2, whole.blockCount / 4))
    let probe = BlockProbe(sampler)
    let blocks = probe.blocks()
    let (s, t) = sampler.tailRate
    guard let rate = s.word, let parts = t.word else { return }
    let home = try #require(blocks[0])
    let tail = try #require(blocks[sampler.blockCount])
    var low: UInt64 = 0
    var high = UInt64.max
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if probe.fate(column: home.column, fraction: home.fraction, level: middle) == .rejected {
        high = middle
      } else {
        low = middle
      }
    }
    let constant = BigWhole(high) * BigWhole(home.weight)
    let unit = BigWhole.one << 200
    let ratio = TableLawTests.expMinus(s, over: t)
    let slack = BigWhole(UInt64(1) << 8)
    var wrong: [Int] = []
    for beyond in [0, 1, 2, 3, 5, 8] {
      let x = BigWhole(UInt64(sampler.blockCount + beyond)) << sampler.blockBits
      let weight = table.weight(x, .one)
      let decay = TableLawTests.expMinus(s * BigWhole(UInt64(beyond)), over: t)
      // t(x) = c·w / (units · (1 − ρ) · ρ^i).
      let fewest = BigWhole(tail.weight) * (unit - ratio.high) * decay.low
      let most = BigWhole(tail.weight) * (unit - ratio.low) * decay.high
      let below = (constant * weight.low << 200) / most
      let above = (constant * weight.high << 200) / fewest
      let keep = below > slack ? (below - slack).word ?? 0 : 0
      let reject = (above + slack).word ?? .max
      // u + t·v = s·i gives the block i.
      let (v, u) = (UInt64(beyond) * rate).quotientAndRemainder(dividingBy: parts)
      func fate(_ level: UInt64) -> BlockProbe.Fate {
        probe.fate(column: tail.column, fraction: tail.fraction, level: level, u: u, v: Int(v))
      }
      if keep > 0, fate(keep) != .kept(Int64(x.word ?? 0)) { wrong.append(beyond) }
      if reject < .max, fate(reject) != .rejected { wrong.append(beyond) }
    }
    #expect(wrong.isEmpty)
  }
}
