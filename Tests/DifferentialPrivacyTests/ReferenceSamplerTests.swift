import DifferentialPrivacy
import ExactMath
import Glibc
import SecureRandom
import Testing

@Suite struct ReferenceSamplerTests {
  /// A source that follows one path through the tree of coin flips, to its end or until its probability is small.
  private struct CoinTree: UniformSource {
    var path: [Bool]
    var depth = 0
    var mass = 1.0
    /// The mass of the path where it was cut off.
    var cut: Double?
    var depthLimit: Int
    var overrun: Bool { cut != nil }

    mutating func next() -> UInt64 { 0 }
    mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) {}

    static let leastMass = 1e-5

    private mutating func branch(_ probability: Double) -> Bool {
      if probability == 0 { return false }
      if probability == 1 { return true }
      if cut == nil, depth >= depthLimit || mass < CoinTree.leastMass { cut = mass }
      // Past the limit every loop of the samplers ends on a failure.
      if depth == path.count { path.append(overrun ? false : true) }
      let outcome = path[depth]
      mass *= outcome ? probability : 1 - probability
      depth += 1
      return outcome
    }

    mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width {
      let bound = bound.narrow ?? 1
      var value: UInt64 = 0
      while value + 1 < bound, !branch(1 / Double(bound - value)) { value += 1 }
      return Width(value)
    }

    mutating func bernoulli<Width: CheckedWhole>(_ numerator: Width, outOf denominator: Width) -> Bool {
      branch(Double(numerator.narrow ?? 0) / Double(denominator.narrow ?? 1))
    }
  }

  /// Walks the tree of coin outcomes depth first: each outcome's probability, and the mass of paths cut off.
  private func enumerate(
    depth: Int, _ body: (inout CoinTree) -> Int64?
  ) -> (law: [Int64: Double], missing: Double) {
    var law: [Int64: Double] = [:]
    var missing = 0.0
    var path: [Bool] = []
    while true {
      var tree = CoinTree(path: path, depthLimit: depth)
      let value = body(&tree)
      if let cut = tree.cut { missing += cut } else if let value { law[value, default: 0] += tree.mass }
      path = tree.path
      while let last = path.last, !last { path.removeLast() }
      if path.isEmpty { return (law, missing) }
      path[path.count - 1] = false
    }
  }

  @Test(arguments: [(0, 1), (1, 3), (1, 2), (1, 1), (5, 4)])
  func `the exponential coin has exactly its probability`(a: Int, b: Int) {
    let (law, missing) = enumerate(depth: 24) { tree in
      tree.bernoulliExp(UInt64(a), over: UInt64(b)) ? 1 : 0
    }
    let expected = exp(-Double(a) / Double(b))
    #expect(missing < 1e-3)
    #expect((law[1] ?? 0) <= expected + 1e-12)
    #expect((law[0] ?? 0) <= 1 - expected + 1e-12)
    #expect(abs((law[0] ?? 0) + (law[1] ?? 0) + missing - 1) < 1e-12)
  }

  @Test(arguments: [(1, 1), (1, 2), (2, 3), (3, 2)])
  func `the walk over all coins gives the discrete Laplace law`(numerator: Int, denominator: Int) {
    let sampler = DiscreteLaplaceReference(scale: Rational(numerator, denominator))
    let (law, missing) = enumerate(depth: 64) { $0.overrun ? nil : sampler.sample(using: &$0).clamped }
    let exact = ChiSquare.law(-2_000...2_000) { abs($0) * Double(denominator) / Double(numerator) }
    #expect(missing < 0.15)
    for (value, mass) in law {
      #expect(mass <= (exact[Int(value)] ?? 0) + 1e-12)
      #expect(mass >= (exact[Int(value)] ?? 0) - missing)
    }
  }

  @Test(arguments: [(1, 4), (1, 1), (2, 1)])
  func `the walk over all coins gives the discrete Gaussian law`(numerator: Int, denominator: Int) {
    let sampler = DiscreteGaussianReference(variance: Rational(numerator, denominator))
    let (law, missing) = enumerate(depth: 64) { $0.overrun ? nil : sampler.sample(using: &$0).clamped }
    let exact = ChiSquare.law(-2_000...2_000) { $0 * $0 * Double(denominator) / (2 * Double(numerator)) }
    #expect(missing < 0.35)
    for (value, mass) in law {
      #expect(mass <= (exact[Int(value)] ?? 0) + 1e-12)
      #expect(mass >= (exact[Int(value)] ?? 0) - missing)
    }
  }

  @Test func `every width gives the same samples from the same words`() throws {
    for text in ["1/3", "1", "7/2", "1000", "1048576", "123456789/1000", "4294967296", "99999999999", "1e25"] {
      let parameter = try #require(Rational(text))
      let root = SimulationGenerator(seed: 9, stream: text)
      var results: [[String]] = []
      for width in SamplerWidth.allCases {
        var source = root
        let laplace = DiscreteLaplaceReference(scale: parameter, leastWidth: width)
        let gaussian = DiscreteGaussianReference(variance: parameter, leastWidth: width)
        results.append(
          (0..<40).map { _ in laplace.sample(using: &source).description }
            + (0..<40).map { _ in gaussian.sample(using: &source).description })
      }
      #expect(results[0] == results[1])
      #expect(results[0] == results[2])
    }
  }

  @Test(arguments: ["1/10", "1/2", "1", "5/3", "10"])
  func `discrete Laplace samples follow their law by chi-square`(scale: String) throws {
    // False-alarm rate 1e-9.
    let scale = try #require(Rational(scale))
    let sampler = DiscreteLaplaceReference(scale: scale)
    var source = SecureGenerator()
    var counts: [Int: Int] = [:]
    for _ in 0..<100_000 { counts[Int(sampler.sample(using: &source).clamped), default: 0] += 1 }
    let law = ChiSquare.law(-1_000...1_000) { abs($0) / scale.doubleValue }
    #expect(ChiSquare.fits(counts, law, total: 100_000))
  }

  @Test(arguments: ["1/10", "1/2", "1", "5/3", "100", "12345/67"])
  func `discrete Gaussian samples follow their law by chi-square`(variance: String) throws {
    // False-alarm rate 1e-9.
    let variance = try #require(Rational(variance))
    let sampler = DiscreteGaussianReference(variance: variance)
    var source = SecureGenerator()
    var counts: [Int: Int] = [:]
    for _ in 0..<100_000 { counts[Int(sampler.sample(using: &source).clamped), default: 0] += 1 }
    let law = ChiSquare.law(-1_000...1_000) { $0 * $0 / (2 * variance.doubleValue) }
    #expect(ChiSquare.fits(counts, law, total: 100_000))
  }
}
