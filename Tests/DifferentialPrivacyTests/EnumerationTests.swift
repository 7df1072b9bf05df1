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
}
