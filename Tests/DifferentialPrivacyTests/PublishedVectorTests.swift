import DifferentialPrivacy
import ExactMath
import SecureRandom
import Testing

/// The discrete Gaussian vectors of divviup/libprio-rs (`tests/test_vectors`, `src/dp/distributions.rs`), reproduced
/// with its byte rules: 32-bit words, bounds of `bits(m)` bits, fractions in lowest terms.
@Suite struct PublishedVectorTests {
  private struct VectorSource: UniformSource {
    var stream: TurboShake

    init(seed: [UInt8]) {
      stream = TurboShake([0, 0, 32] + seed, domain: 1)
    }

    mutating func next() -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(stream.byte()) << UInt64(8 * $1) }
    }

    mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) {
      for index in bytes.indices { unsafe bytes[index] = stream.byte() }
    }

    mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width {
      let bits = bound.big.bitWidth
      let count = (bits + 31) / 32
      while true {
        var value = BigWhole.zero
        for index in 0..<count {
          var word = (0..<4).reduce(UInt64(0)) { $0 | UInt64(stream.byte()) << UInt64(8 * $1) }
          if index == count - 1 && bits % 32 != 0 { word >>= UInt64(32 - bits % 32) }
          value = value + BigWhole(word) << (32 * index)
        }
        if let value = Width(value), value < bound { return value }
      }
    }

    mutating func bernoulli<Width: CheckedWhole>(_ numerator: Width, outOf denominator: Width) -> Bool {
      var (a, b) = (numerator.big, denominator.big)
      while !b.isZero { (a, b) = (b, a - a / b * b) }
      return uniform(under: denominator.big / a) < numerator.big / a
    }
  }

  @Test func `the sponge gives its published output`() {
    var sponge = TurboShake([], domain: 0x1f)
    #expect((0..<6).map { _ in sponge.byte() } == [0x1e, 0x41, 0x5f, 0x1c, 0x59, 0x83])
  }

  @Test(arguments: [
    ("3", "count", "2 -1 -1 1 2 -6 1 1 0 -4"),
    ("5", "zero", "10 7 2 1 -1 -2 -1 3 -3 -1 3 6 3 -7 -8 -1 2 -4 -11 -4"),
    ("1/2", "ones", "0 0 0 0 0 -1 0 0"),
    ("100", "ones", "-69 -31 -23 -104 -52 93 71 -18"),
    ("1171/500", "ones", "2 -3 -5 -1 1 -4 0 -3"),
    ("41293847", "ones", "-75326462 31694000 -5929652 -139962110 -647883 -48868497 37135312 39933664"),
    (
      "9999999999999999999999", "ones",
      """
      -10394723812734603033003 16577311289648108524662 10631609491009070010720 1504194126138940702703 \
      2732115744865055414771 -16165878322716700089314 2899256872615622078983 -5151360438382400451546
      """
    ),
  ]) func `discrete Gaussian vectors are reproduced in every width`(
    sigma: String, seed: String, expected: String
  ) throws {
    let seeds = [
      "count": (0..<32).map { UInt8($0) }, "zero": [UInt8](repeating: 0, count: 32),
      "ones": [UInt8](repeating: 255, count: 32),
    ]
    let sigma = try #require(Rational(sigma))
    for width in SamplerWidth.allCases {
      var source = VectorSource(seed: try #require(seeds[seed]))
      let sampler = DiscreteGaussianReference(variance: sigma * sigma, leastWidth: width)
      let expected = expected.split(separator: " ").map(String.init)
      let samples = expected.indices.map { _ in sampler.sample(using: &source).description }
      #expect(samples == expected)
    }
  }

  @Test func `the discrete Laplace vector is reproduced`() throws {
    var source = VectorSource(seed: [UInt8](repeating: 255, count: 32))
    let sampler = DiscreteLaplaceReference(scale: Rational(7, 2))
    let samples = (0..<12).map { _ in sampler.sample(using: &source).clamped }
    #expect(samples == [-5, -3, -8, -2, -2, 3, 5, -2, -2, 0, -4, -1])
  }
}
