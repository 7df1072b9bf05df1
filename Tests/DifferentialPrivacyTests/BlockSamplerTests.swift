import DifferentialPrivacy
import ExactMath
import Glibc
import SecureRandom
import Testing

@Suite struct BlockSamplerTests {
  private func draws(_ sampler: BlockSampler, _ count: Int) -> [Int64] {
    var source = SecureGenerator()
    var output = [Int64](repeating: 0, count: count)
    unsafe output.withUnsafeMutableBufferPointer { unsafe sampler.fill($0, using: &source) }
    return output
  }

  private func counts(_ samples: [Int64]) -> [Int: Int] {
    samples.reduce(into: [:]) { $0[Int($1), default: 0] += 1 }
  }

  /// Ordinary tables, short ones whose tail is hit often, and tables without the fixed-point step.
  private static let settings: [(mostBlocks: Int, fixedPoint: Bool, total: Int)] = [
    (1_022, true, 200_000), (2, true, 1_000), (1_022, false, 1_000), (1, false, 500),
  ]

  @Test(arguments: ["1/50", "1/3", "1", "5/3", "20", "40", "100"])
  func `discrete Laplace follows its law by chi-square`(scale: String) throws {
    let scale = try #require(Rational(scale))
    let width = scale.doubleValue
    let law = ChiSquare.law(-5_000...5_000) { abs($0) / width }
    for setting in BlockSamplerTests.settings {
      let sampler = BlockSampler(
        .discreteLaplace(scale: scale), mostBlocks: setting.mostBlocks, usesFixedPoint: setting.fixedPoint)
      // False-alarm rate 1e-9 each.
      #expect(ChiSquare.fits(counts(draws(sampler, setting.total)), law, total: setting.total))
    }
  }

  @Test(arguments: ["1/3", "1", "5/3", "20", "100"])
  func `one-sided geometric follows its law by chi-square`(scale: String) throws {
    let scale = try #require(Rational(scale))
    let width = scale.doubleValue
    let law = ChiSquare.law(0...5_000) { $0 / width }
    for setting in BlockSamplerTests.settings {
      let sampler = BlockSampler(
        .geometric(scale: scale), mostBlocks: setting.mostBlocks, usesFixedPoint: setting.fixedPoint)
      // False-alarm rate 1e-9 each.
      #expect(ChiSquare.fits(counts(draws(sampler, setting.total)), law, total: setting.total))
    }
  }

  @Test(arguments: ["1/10", "1/2", "1", "10", "400", "90000/7"])
  func `discrete Gaussian follows its law by chi-square`(variance: String) throws {
    let variance = try #require(Rational(variance))
    let square = variance.doubleValue
    let law = ChiSquare.law(-5_000...5_000) { $0 * $0 / (2 * square) }
    for setting in BlockSamplerTests.settings {
      let sampler = BlockSampler(
        .discreteGaussian(variance: variance),
        mostBlocks: max(setting.mostBlocks, Int(variance.doubleValue.squareRoot())),
        usesFixedPoint: setting.fixedPoint)
      // False-alarm rate 1e-9 each.
      #expect(ChiSquare.fits(counts(draws(sampler, setting.total)), law, total: setting.total))
    }
  }

  @Test(arguments: [(1_022, true, 400_000), (100, true, 5_000), (1_022, false, 5_000)])
  func `rounded normal follows its law by chi-square`(mostBlocks: Int, fixedPoint: Bool, total: Int) throws {
    let sigma = 70.5
    let sampler = BlockSampler(
      .roundedNormal(variance: Rational(141 * 141, 4)), mostBlocks: mostBlocks, usesFixedPoint: fixedPoint)
    let law = Dictionary(
      uniqueKeysWithValues: (-1_000...1_000).map { x in
        // The mass of an interval, from whichever tail is smaller.
        let (a, b) = (Double(abs(x)) - 0.5, Double(abs(x)) + 0.5)
        return (x, (erfc(a / (sigma * 2.squareRoot())) - erfc(b / (sigma * 2.squareRoot()))) / 2)
      })
    // False-alarm rate 1e-9 each.
    #expect(ChiSquare.fits(counts(draws(sampler, total)), law, total: total))
  }

  @Test(arguments: ["1/10", "1", "5/3", "20", "900", "16384"])
  func `Skellam follows its law by chi-square`(variance: String) throws {
    let variance = try #require(Rational(variance))
    let mean = variance.doubleValue / 2
    // The convolution of two Poisson laws, from the published definition.
    let reach = Int(mean + 12 * mean.squareRoot() + 60)
    let poisson = (0...reach).map { exp(Double($0) * log(mean) - mean - lgamma(Double($0) + 1)) }
    var law: [Int: Double] = [:]
    for x in -Int(12 * variance.doubleValue.squareRoot() + 40)...Int(12 * variance.doubleValue.squareRoot() + 40) {
      law[x] = (max(0, -x)...reach).reduce(0) { $1 + x <= reach ? $0 + poisson[$1] * poisson[$1 + x] : $0 }
    }
    for (mostBlocks, fixedPoint, total) in [(1_022, true, 200_000), (1_022, false, 1_000), (2, true, 300)]
    where variance < 100 || mostBlocks == 1_022 && fixedPoint {
      let sampler = BlockSampler(.skellam(variance: variance), mostBlocks: mostBlocks, usesFixedPoint: fixedPoint)
      // False-alarm rate 1e-9 each.
      #expect(ChiSquare.fits(counts(draws(sampler, total)), law, total: total))
    }
  }

  @Test func `a sum of Skellam parts has the variance asked for`() {
    let sampler = SkellamSampler(variance: 50_000)
    var source = SecureGenerator()
    var output = [Int64](repeating: 0, count: 100_000)
    unsafe output.withUnsafeMutableBufferPointer { unsafe sampler.fill($0, using: &source) }
    let square = output.reduce(0.0) { $0 + Double($1) * Double($1) } / 100_000
    // The mean square has standard deviation σ²·√(2/n) = 0.0045σ²; seven of them: rate below 3e-12.
    #expect(abs(square / 50_000 - 1) < 7 * 0.0045)
  }

  @Test(arguments: [16, 20, 21, 30, 40])
  func `large scales follow their law in sixty-four cells`(log: Int) throws {
    let scale = Rational(1 << log) + Rational(1, 3)
    let total = 100_000
    let width = scale.doubleValue
    for law in [
      BlockLaw.discreteLaplace(scale: scale), .discreteGaussian(variance: scale * scale),
      .roundedNormal(variance: scale * scale),
    ] {
      let sampler = BlockSampler(law)
      let isLaplace = law.isExponential
      // The continuous law's quantile transform; at these scales the grid moves a cell's mass by less than 2^-15.
      let cells = draws(sampler, total).map { x -> Int in
        let z = (Double(x) + (x == 0 ? 0.25 : 0)) / width
        let u = isLaplace ? (z < 0 ? exp(z) / 2 : 1 - exp(-z) / 2) : erfc(-z / 2.squareRoot()) / 2
        return min(63, Int(u * 64))
      }
      let uniform = Dictionary(uniqueKeysWithValues: (0..<64).map { ($0, 1.0 / 64) })
      // False-alarm rate 1e-9 each.
      #expect(ChiSquare.fits(cells.reduce(into: [:]) { $0[$1, default: 0] += 1 }, uniform, total: total))
    }
  }

  @Test func `low bits of large samples are uniform`() {
    let samples = draws(BlockSampler(.discreteGaussian(variance: Rational(1 << 36))), 200_000)
    let cells = samples.reduce(into: [:]) { $0[Int($1 & 63), default: 0] += 1 }
    // At σ = 2^18 the residues mod 64 are uniform to within e^(−2π²σ²/64²); false-alarm rate 1e-9.
    #expect(ChiSquare.fits(cells, Dictionary(uniqueKeysWithValues: (0..<64).map { ($0, 1.0 / 64) }), total: 200_000))
  }

  @Test func `fixed point never contradicts exact arithmetic`() throws {
    var random = SimulationGenerator(seed: 1, stream: "decisions")
    for law in [
      BlockLaw.discreteLaplace(scale: 1_000), .discreteGaussian(variance: Rational(1_000_003, 7)),
      .roundedNormal(variance: Rational(1 << 40)), .geometric(scale: Rational(123_456_789, 1_000)),
    ] {
      let sampler = BlockSampler(law)
      for _ in 0..<400 {
        let block = random.uniform(below: sampler.blockCount)
        let place = sampler.validPlace(random.next())
        let near = sampler.acceptanceLevel(block: block, place: place)
        // Levels close to the boundary, at every distance from 2^-63 to 2^-1.
        let shift = random.next() >> UInt64(random.uniform(below: 63) + 1)
        let level = random.next() & 1 == 0 ? near &+ min(shift, .max - near) : near - min(shift, near)
        if let quick = sampler.quickDecision(block: block, place: place, level: level) {
          var source = random.substream("exact")
          #expect(quick == sampler.exactDecision(block: block, place: place, level: level, using: &source))
        }
      }
    }
  }

  @Test func `the same words give the same samples however the request is cut, up to its rejections`() {
    let sampler = BlockSampler(.discreteLaplace(scale: 50))
    var a = SimulationGenerator(seed: 2)
    var b = SimulationGenerator(seed: 2)
    var first = [Int64](repeating: 0, count: 2_000)
    var second = first
    unsafe first.withUnsafeMutableBufferPointer { unsafe sampler.fill($0, using: &a) }
    unsafe second.withUnsafeMutableBufferPointer { unsafe sampler.fill($0, using: &b) }
    #expect(first == second)
  }
}
