import DifferentialPrivacy
import ExactMath
import SecureRandom
import Testing

/// The laws of the samplers themselves, enumerated from their random choices; less than 2⁻⁶⁰ is left undecided.
@Suite struct EnumerationTests {
  @Test func `a uniform number is every value of the masked words alike`() {
    struct Script: RandomWords {
      var words: [UInt64]
      mutating func next() -> UInt64 { words.isEmpty ? 0 : words.removeFirst() }
      mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) {}
    }
    for bound in UInt64(1)...33 {
      let bits = max(1, 64 - (bound - 1).leadingZeroBitCount)
      var seen = [Int](repeating: 0, count: Int(bound))
      var again = 0
      for pattern in UInt64(0)..<(1 << UInt64(bits)) {
        for rest in [UInt64(0), .max << UInt64(bits)] {
          var source = Script(words: [pattern | rest, 0])
          let value = source.uniform(below: bound)
          if source.words.isEmpty { again += 1 } else { seen[Int(value)] += 1 }
        }
      }
      #expect(seen.allSatisfy { $0 == 2 })
      #expect(again == 2 * (1 << bits) - 2 * Int(bound))
    }
  }

  @Test(arguments: ["0", "1/7", "1/2", "99/100", "1"])
  func `the exponential coin has exactly its probability, to the thirtieth term`(gamma: String) throws {
    let gamma = try #require(Rational(gamma))
    let a = BigWhole(numeratorOf: gamma)
    let b = BigWhole(denominatorOf: gamma)
    var yes = Rational.zero
    var no = Rational.zero
    for successes in 0..<30 {
      var tree = SeriesTree(successes: successes)
      if tree.bernoulliExp(unit: a, over: b) { yes += tree.mass } else { no += tree.mass }
    }
    let undecided = 1 - yes - no
    // 1/30! is below 2^-107.
    #expect(undecided >= 0 && undecided < ExactBounds.unit(107))
    let bounds = ExactBounds.expMinus(gamma)
    #expect(yes <= bounds.high && yes + undecided >= bounds.low)
  }

  private func check(
    _ law: LoopTree.Law<Int64>, _ ideal: [Int: (low: Rational, high: Rational)]
  ) throws {
    let missing = ExactBounds.whole(law.missing)
    let (low, high) = (ExactBounds.whole(law.low), ExactBounds.whole(law.high))
    #expect(missing < low * ExactBounds.unit(60))
    for (x, mass) in law.accepted {
      let probability = try #require(ideal[Int(x)])
      #expect(ExactBounds.whole(mass.low) <= probability.high * (high + missing))
      #expect(ExactBounds.whole(mass.high) + missing >= probability.low * low)
    }
    // What has a probability above 2⁻⁶⁰ was reached.
    for (x, probability) in ideal where probability.low > ExactBounds.unit(59) {
      #expect(law.accepted[Int64(x)] != nil)
    }
  }

  @Test(arguments: ["1/2", "1", "5/3", "3"])
  func `the reference discrete Laplace has its law on every path`(scale: String) throws {
    let scale = try #require(Rational(scale))
    let sampler = DiscreteLaplaceReference(scale: scale)
    let law = LoopTree.law { sampler.sample(using: &$0).clamped }
    try check(law, ExactBounds.law(-400...400) { Rational(abs($0)) / scale })
  }

  @Test(arguments: ["1/4", "1", "5/2"])
  func `the reference discrete Gaussian has its law on every path`(variance: String) throws {
    let variance = try #require(Rational(variance))
    let sampler = DiscreteGaussianReference(variance: variance)
    let law = LoopTree.law { sampler.sample(using: &$0).clamped }
    try check(law, ExactBounds.law(-400...400) { Rational($0 * $0) / (2 * variance) })
  }

  /// Hands the block sampler one word and one acceptance level, and says what it made of them.
  private struct ScriptedWord: UniformSource {
    let word: UInt64
    let level: UInt64
    /// The geometric variate of the tail, as u + t·v.
    let u: UInt64
    let v: Int
    private(set) var fills = 0
    private(set) var levels = 0
    private var coins = 0

    init(_ word: UInt64, level: UInt64, u: UInt64 = 0, v: Int = 0) {
      self.word = word
      self.level = level
      self.u = u
      self.v = v
    }

    mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) {
      // After a rejection the word of zeros is accepted for certain.
      unsafe bytes.storeBytes(of: fills == 0 ? word.littleEndian : 0, as: UInt64.self)
      fills += 1
    }

    mutating func next() -> UInt64 {
      levels += 1
      return levels == 1 ? level : 0
    }

    mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width { Width(u) }

    mutating func bernoulliExp<Width: CheckedWhole>(unit a: Width, over b: Width, from start: UInt64) -> Bool {
      if a < b { return true }
      coins += 1
      return coins <= v
    }
  }

  /// What became of a candidate.
  private enum Fate: Equatable {
    case kept(Int64)
    case rejected
    case undecided
  }

  private func fate(
    _ sampler: BlockSampler, column: UInt64, fraction: UInt64, negative: Bool, level: UInt64, u: UInt64 = 0, v: Int = 0
  ) -> Fate {
    let word = column << 54 | fraction << 30 | (level >> 50) << 1 | (negative ? 1 : 0)
    var source = ScriptedWord(word, level: level << 14, u: u, v: v)
    let value = sampler.sample(using: &source)
    if source.levels > 1 { return .undecided }
    return source.fills > 1 ? .rejected : .kept(value)
  }

  /// The first number of 0 ..< 2^bits for which the property holds, which it then does to the end; 2^bits if none.
  private func first(_ bits: Int, _ holds: (UInt64) -> Bool) -> Rational {
    var low: UInt64 = 0
    var high: UInt64 = bits == 64 ? .max : (1 << UInt64(bits)) - 1
    guard holds(high) else { return 1 / ExactBounds.unit(bits) }
    while low < high {
      let middle = low + (high - low) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return Rational(Int(high >> 1)) * 2 + Rational(Int(high & 1))
  }

  struct BlockCase: Sendable, CustomTestStringConvertible {
    let name: String
    let law: BlockLaw
    let exponent: @Sendable (Int) -> Rational
    let isOneSided: Bool
    var testDescription: String { name }
  }

  static let cases: [BlockCase] = [
    BlockCase(
      name: "Laplace 1", law: .discreteLaplace(scale: 1), exponent: { Rational(abs($0)) }, isOneSided: false),
    BlockCase(
      name: "Laplace 5/3", law: .discreteLaplace(scale: Rational(5, 3)),
      exponent: { Rational(3 * abs($0), 5) }, isOneSided: false),
    BlockCase(
      name: "geometric 1/2", law: .geometric(scale: Rational(1, 2)), exponent: { Rational(2 * $0) }, isOneSided: true),
    BlockCase(
      name: "Gaussian 1", law: .discreteGaussian(variance: 1), exponent: { Rational($0 * $0, 2) }, isOneSided: false),
    BlockCase(
      name: "Gaussian 7/2", law: .discreteGaussian(variance: Rational(7, 2)),
      exponent: { Rational($0 * $0, 7) }, isOneSided: false),
  ]

  @Test(arguments: EnumerationTests.cases)
  func `the block sampler has its law on every word`(of example: BlockCase) throws {
    let sampler = BlockSampler(example.law)
    #expect(sampler.blockBits == 0)
    // How many of the 2³⁴ pairs of a column and a fraction choose each block; −1 is the remainder.
    var weights: [Int: Rational] = [:]
    func block(_ column: UInt64, _ fraction: UInt64) -> Int {
      if case .kept(let x) = fate(sampler, column: column, fraction: fraction, negative: false, level: 0) {
        return Int(x)
      }
      return -1
    }
    // A column and a fraction that choose a block.
    var words: [Int: (column: UInt64, fraction: UInt64)] = [:]
    for column in UInt64(0)..<1_024 {
      let own = block(column, 0)
      let alias = block(column, 1 << 24 - 1)
      words[own] = (column, 0)
      words[alias] = (column, 1 << 24 - 1)
      let split = first(24) { block(column, $0) != own }
      weights[own, default: 0] += split
      weights[alias, default: 0] += Rational(1 << 24) - split
    }
    #expect(weights.values.reduce(0, +) == Rational(1 << 34))

    var accepted: [Int: Rational] = [:]
    var undecided = Rational.zero
    func decide(_ wanted: Int, _ weight: Rational, at x: Int, u: UInt64, v: Int) throws {
      let (column, fraction) = try #require(words[wanted])
      for negative in [false, true] {
        func fate(_ level: UInt64) -> Fate {
          self.fate(
            sampler, column: column, fraction: fraction, negative: negative, level: level, u: u, v: v)
        }
        let value = negative && !example.isOneSided ? -x : x
        let kept = first(64) { fate($0) != .kept(Int64(value)) }
        let rejected = first(64) { fate($0) == .rejected }
        #expect(rejected >= kept)
        let share = weight * ExactBounds.unit(64 + 34 + 1)
        accepted[value, default: 0] += share * kept
        undecided += share * (rejected - kept)
      }
    }
    for (wanted, weight) in weights where wanted >= 0 && wanted < sampler.blockCount {
      try decide(wanted, weight, at: wanted, u: 0, v: 0)
    }

    // The tail: its geometric variate is enumerated first, one way of drawing every value.
    let (s, t) = sampler.tailRate
    let tail = LoopTree.law { tree -> [Int] in
      let beyond = Int(tree.geometric(s, over: t).big.word ?? 0)
      return [beyond] + tree.path.prefix(1).map { $0.of > 1 ? $0.choice : 0 }
    }
    let total = ExactBounds.whole(tail.high + tail.missing)
    let tailWeight = weights[sampler.blockCount] ?? .zero
    let parts = Int(t.word ?? 1)
    for (outcome, mass) in tail.accepted {
      let (beyond, u) = (outcome[0], parts > 1 ? outcome[1] : 0)
      let v = (beyond * Int(s.word ?? 1) + Int(s.word ?? 1) - 1 - u) / parts
      let weight = tailWeight * ExactBounds.whole(mass.low) / total
      undecided += tailWeight * ExactBounds.whole(mass.high - mass.low) / total * ExactBounds.unit(34)
      // Past 2^-70 of all candidates nothing is left to see.
      if weight < ExactBounds.unit(36) {
        undecided += weight * ExactBounds.unit(34)
      } else {
        try decide(sampler.blockCount, weight, at: sampler.blockCount + beyond, u: UInt64(u), v: v)
      }
    }
    undecided += tailWeight * ExactBounds.whole(tail.missing) / total * ExactBounds.unit(34)

    let sum = accepted.values.reduce(0, +)
    #expect(undecided < ExactBounds.unit(60) * sum)
    let ideal = ExactBounds.law(example.isOneSided ? 0...300 : -300...300, example.exponent)
    for (x, mass) in accepted where mass.signum > 0 {
      let probability = try #require(ideal[x])
      #expect(mass <= probability.high * (sum + undecided))
      #expect(mass + undecided >= probability.low * sum)
    }
  }
}
