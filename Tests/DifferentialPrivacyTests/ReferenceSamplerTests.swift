import DifferentialPrivacy
import ExactMath
import Glibc
import SecureRandom
import Testing

@Suite struct ReferenceSamplerTests {
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
    for _ in 0..<30_000 { counts[Int(sampler.sample(using: &source).clamped), default: 0] += 1 }
    let law = ChiSquare.law(-1_000...1_000) { abs($0) / scale.doubleValue }
    #expect(ChiSquare.fits(counts, law, total: 30_000))
  }

  @Test(arguments: ["1/10", "1/2", "1", "5/3", "100", "12345/67"])
  func `discrete Gaussian samples follow their law by chi-square`(variance: String) throws {
    // False-alarm rate 1e-9.
    let variance = try #require(Rational(variance))
    let sampler = DiscreteGaussianReference(variance: variance)
    var source = SecureGenerator()
    var counts: [Int: Int] = [:]
    for _ in 0..<30_000 { counts[Int(sampler.sample(using: &source).clamped), default: 0] += 1 }
    let law = ChiSquare.law(-1_000...1_000) { $0 * $0 / (2 * variance.doubleValue) }
    #expect(ChiSquare.fits(counts, law, total: 30_000))
  }
}
