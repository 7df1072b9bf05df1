import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom
import Testing

/// Every public constructor against every hostile parameter: it is refused before anything is charged, and what is made
/// answers without a trap.
@Suite struct HostileParameterTests {
  /// A constructor as a function of one parameter, and what the mechanism then does with hostile data.
  struct Constructor<Parameter>: Sendable, CustomTestStringConvertible {
    let name: String
    /// Whether zero must be refused too.
    var refusesZero = true
    let make: @Sendable (Parameter) throws -> Void
    var testDescription: String { name }

    init(_ name: String, refusesZero: Bool = true, _ make: @escaping @Sendable (Parameter) throws -> Void) {
      self.name = name
      self.refusesZero = refusesZero
      self.make = make
    }
  }

  private static let data: [Int64] = [.min, .max]

  private static func use(_ mechanism: some WholeNumberMechanism) {
    var generator = SecureGenerator()
    for value in data where mechanism.dimension.value == 1 { _ = mechanism.release(value, using: &generator) }
    _ = (mechanism.event, mechanism.standardDeviation, mechanism.expectedError, mechanism.errorBound(confidence: 0.9))
  }

  private static func power(_ exponent: Int) -> Rational {
    let step = (0..<(abs(exponent) / 50)).reduce(Rational.one) { product, _ in product * Rational(1 << 50) }
    return exponent < 0 ? 1 / step : step
  }

  /// Refused by every scale, loss, multiplier and probability.
  private static let impossible: [Rational] = [-1, Rational(-1, 1 << 60), -power(2_000)]
  /// Refused, or used without a trap.
  private static let extreme: [Rational] = [
    power(2_000), power(-2_000), power(1_000), power(-1_000), Rational(.max), 1 / Rational(.max),
    (power(3_000) + 1) / power(3_000), power(60), power(-60), 1, Rational(1, 3), 1_000,
  ]

  static let fractions: [Constructor<Rational>] = [
    Constructor("discrete Laplace") { use(try DiscreteLaplaceMechanism(scale: $0)) },
    Constructor("discrete Laplace, epsilon") { use(try DiscreteLaplaceMechanism(epsilon: Epsilon($0))) },
    Constructor("discrete Gaussian") { use(try DiscreteGaussianMechanism(sigma: $0)) },
    Constructor("discrete Gaussian, sensitivity") {
      use(try DiscreteGaussianMechanism(sigma: 1, sensitivity: $0))
    },
    Constructor("Skellam") { use(try SkellamMechanism(sigma: $0)) },
    Constructor("geometric") { use(try OneSidedGeometricMechanism(scale: $0)) },
    Constructor("staircase") { use(try StaircaseMechanism(epsilon: Epsilon($0), sensitivity: 7)) },
    Constructor("Laplace") { _ = try LaplaceMechanism(scale: $0).event },
    Constructor("Laplace, sensitivity") { _ = try LaplaceMechanism(scale: 1, sensitivity: $0).event },
    Constructor("Gaussian") { _ = try GaussianMechanism(sigma: $0).event },
    Constructor("Gaussian, sensitivity") { _ = try GaussianMechanism(sigma: 1, sensitivity: $0).event },
    Constructor("grid") { _ = try Grid(forScale: $0) },
    Constructor("fixed cost") { parameter in
      _ = try FixedCostMechanism(DiscreteLaplaceMechanism(scale: parameter)).event
      _ = try FixedCostMechanism(DiscreteGaussianMechanism(sigma: parameter)).event
    },
    Constructor("vector sum, epsilon") {
      use(try VectorSumMechanism(l1Bound: 1, dimension: 1, epsilon: Epsilon($0), adjacency: .replaceOne).noise)
    },
    Constructor("vector sum, rho") {
      use(try VectorSumMechanism(l2Bound: 1, dimension: 1, rho: Rho($0), adjacency: .replaceOne).noise)
    },
    Constructor("exponential") { parameter in
      var generator = SecureGenerator()
      _ = try ExponentialMechanism(epsilon: Epsilon(parameter)).choose([0, .max], using: &generator)
    },
    Constructor("permute-and-flip") { parameter in
      var generator = SecureGenerator()
      _ = try PermuteAndFlipMechanism(epsilon: Epsilon(parameter)).choose([0, .max], using: &generator)
    },
    Constructor("top-k") { parameter in
      var generator = SecureGenerator()
      _ = try TopKMechanism(choices: 1, epsilonPerChoice: Epsilon(parameter)).choose([0, 1], using: &generator)
    },
    Constructor("noisy max") { parameter in
      var generator = SecureGenerator()
      for noise in ReportNoisyMaxMechanism.Noise.allCases {
        _ = try ReportNoisyMaxMechanism(epsilon: Epsilon(parameter), noise: noise).choose(data, using: &generator)
      }
    },
    Constructor("quantile") { parameter in
      var generator = SecureGenerator()
      _ = try QuantileMechanism(
        quantile: Rational(1, 2), range: 0...9, epsilon: Epsilon(parameter), adjacency: .replaceOne
      ).release(data, using: &generator)
    },
    Constructor("quantile, place", refusesZero: false) {
      _ = try QuantileMechanism(quantile: $0, range: 0...9, epsilon: Epsilon(1), adjacency: .replaceOne)
    },
    Constructor("smooth quantile") { parameter in
      var generator = SecureGenerator()
      _ = try SmoothQuantileMechanism(quantile: 0, range: 0...9, epsilon: Epsilon(parameter))
        .release(data, using: &generator)
    },
    Constructor("quantile tree") {
      _ = try QuantileTreeMechanism(range: 0...9, epsilon: Epsilon($0), adjacency: .replaceOne, branching: 2, height: 2)
    },
    Constructor("quantile tree, rho") {
      _ = try QuantileTreeMechanism(range: 0...9, rho: Rho($0), adjacency: .replaceOne, branching: 2, height: 2)
    },
    Constructor("propose-test-release") {
      _ = try ProposeTestRelease(
        inner: DiscreteLaplaceMechanism(scale: 1), testEpsilon: Epsilon($0), delta: Delta("1e-9"))
    },
    Constructor("sparse vector") { _ = try SparseVectorMechanism(epsilon: Epsilon($0), cutoff: Cutoff(1)) },
    Constructor("sparse vector, share") {
      _ = try SparseVectorMechanism(epsilon: Epsilon(1), cutoff: Cutoff(1), thresholdShare: $0)
    },
    Constructor("numeric sparse vector") {
      _ = try NumericSparseVectorMechanism(
        comparisonEpsilon: Epsilon(1), answerEpsilon: Epsilon($0), cutoff: Cutoff(1))
    },
    Constructor("Toeplitz") { _ = try ToeplitzMechanism(horizon: 8, rho: Rho($0)) },
    Constructor("repeated selection", refusesZero: false) {
      _ = try RepeatedSelection(baseLoss: Epsilon($0), repetitions: .poisson(mean: 1)).event
    },
    Constructor("stopping") { _ = try RepetitionLaw.geometric(stopping: $0) },
    Constructor("Poisson runs") { _ = try RepetitionLaw.poisson(mean: $0) },
    Constructor("giving up") { _ = try ThresholdSelection(baseLoss: Epsilon(1), threshold: 0, giveUp: $0) },
    Constructor("likelihood ratio") { _ = try LikelihoodRatio($0).epsilon },
    Constructor("likelihood ratio, epsilon") { _ = try LikelihoodRatio(epsilon: Epsilon($0)) },
    Constructor("randomised response") { _ = try RandomizedResponse(replacement: $0).pureLoss },
    Constructor("local hashing") { _ = try LocalHashing(replacement: $0, bucketBits: 2, categories: 9).pureLoss },
    Constructor("unary, keep") { _ = try UnaryEncoding(keep: $0, flip: Rational(1, 9), categories: 4).pureLoss },
    Constructor("unary, flip") { _ = try UnaryEncoding(keep: Rational(1, 2), flip: $0, categories: 4).pureLoss },
    Constructor("stream, discrete Laplace") { _ = try NoiseStream.discreteLaplace(scale: $0) },
    Constructor("stream, geometric") { _ = try NoiseStream.geometric(scale: $0) },
    Constructor("stream, discrete Gaussian") { _ = try NoiseStream.discreteGaussian(sigma: NoiseScale(sigma: $0)) },
    Constructor("stream, Skellam") { _ = try NoiseStream.skellam(sigma: NoiseScale(sigma: $0)) },
    Constructor("stream, Laplace") { _ = try NoiseStream.laplace(scale: LaplaceScale($0)) },
    Constructor("stream, Gaussian") { _ = try NoiseStream.gaussian(sigma: NoiseScale(sigma: $0)) },
  ]

  @Test(arguments: HostileParameterTests.fractions)
  func `no fraction traps, and impossible ones are refused`(constructor: Constructor<Rational>) {
    for value in HostileParameterTests.impossible + (constructor.refusesZero ? [0] : []) {
      #expect(throws: ParameterError.self, "\(constructor.name)") { try constructor.make(value) }
    }
    for value in HostileParameterTests.extreme {
      do { try constructor.make(value) } catch { #expect(error is ParameterError) }
    }
  }

  static let counts: [Constructor<Int>] = [
    Constructor("discrete Laplace, sensitivity") { use(try DiscreteLaplaceMechanism(scale: 1, sensitivity: $0)) },
    Constructor("dimension") { _ = try DiscreteLaplaceMechanism(scale: 1, dimension: $0).event },
    Constructor("geometric, sensitivity") { use(try OneSidedGeometricMechanism(scale: 9, sensitivity: $0)) },
    Constructor("staircase, sensitivity") { use(try StaircaseMechanism(epsilon: Epsilon(1), sensitivity: $0)) },
    Constructor("staircase, first step") {
      use(try StaircaseMechanism(epsilon: Epsilon(1), sensitivity: 5, firstStep: $0))
    },
    Constructor("grid", refusesZero: false) { _ = try Grid(exponent: $0).step },
    Constructor("norm bound") { _ = try NormBound(.l2, bound: $0).clip([.min, .max]) },
    Constructor("vector sum, bound") {
      _ = try VectorSumMechanism(l1Bound: $0, dimension: 1, epsilon: Epsilon(1), adjacency: .replaceOne)
    },
    Constructor("vector sum, dimension") {
      _ = try VectorSumMechanism(l2Bound: 1, dimension: $0, rho: Rho(1), adjacency: .replaceOne)
    },
    Constructor("exponential, sensitivity") { _ = try ExponentialMechanism(epsilon: Epsilon(1), sensitivity: $0) },
    Constructor("flip, sensitivity") { _ = try PermuteAndFlipMechanism(epsilon: Epsilon(1), sensitivity: $0) },
    Constructor("top-k, choices") { _ = try TopKMechanism(choices: $0, epsilonPerChoice: Epsilon(1)).pureLoss },
    Constructor("noisy max, sensitivity") {
      _ = try ReportNoisyMaxMechanism(epsilon: Epsilon(1), noise: .laplace, sensitivity: $0)
    },
    Constructor("sparse vector, sensitivity") {
      _ = try SparseVectorMechanism(epsilon: Epsilon(1), cutoff: Cutoff(1), sensitivity: $0)
    },
    Constructor("cutoff") { _ = try SparseVectorMechanism(epsilon: Epsilon(1), cutoff: Cutoff($0)) },
    Constructor("tree, horizon") { _ = try TreeMechanism(horizon: $0, node: DiscreteLaplaceMechanism(scale: 1)).event },
    Constructor("Toeplitz, horizon") { _ = try ToeplitzMechanism(horizon: $0, rho: Rho(1)).event },
    Constructor("Toeplitz, sensitivity") { _ = try ToeplitzMechanism(horizon: 4, rho: Rho(1), sensitivity: $0).event },
    Constructor("Toeplitz, band") { _ = try ToeplitzMechanism(horizon: 4, rho: Rho(1), band: $0).event },
    Constructor("quantile tree, branching") {
      _ = try QuantileTreeMechanism(range: 0...9, epsilon: Epsilon(1), adjacency: .replaceOne, branching: $0, height: 1)
    },
    Constructor("quantile tree, height") {
      _ = try QuantileTreeMechanism(range: 0...9, rho: Rho(1), adjacency: .replaceOne, branching: 2, height: $0)
    },
    Constructor("quantile tree, values") {
      _ = try QuantileTreeMechanism(
        range: 0...9, epsilon: Epsilon(1), adjacency: .replaceOne, branching: 2, height: 2, valuesPerUnit: $0)
    },
    Constructor("randomised response, categories") { count in
      _ = try RandomizedResponse(replacement: Rational(1, 2), categories: count).pureLoss
    },
    Constructor("randomised response of a ratio") { count in
      _ = try RandomizedResponse(ratio: LikelihoodRatio(2), categories: count).pureLoss
    },
    Constructor("unary, categories") { _ = try UnaryEncoding.optimized(ratio: LikelihoodRatio(2), categories: $0) },
    Constructor("subset, categories") { _ = try SubsetSelection(ratio: LikelihoodRatio(2), categories: $0) },
    Constructor("subset, size") { _ = try SubsetSelection(ratio: LikelihoodRatio(2), categories: 9, size: $0) },
    Constructor("Hadamard, categories") { _ = try HadamardResponse(ratio: LikelihoodRatio(2), categories: $0) },
    Constructor("hashing, categories") { _ = try LocalHashing(ratio: LikelihoodRatio(2), categories: $0) },
    Constructor("hashing, buckets") {
      _ = try LocalHashing(replacement: Rational(1, 2), bucketBits: $0, categories: 9)
    },
  ]

  @Test(arguments: HostileParameterTests.counts)
  func `no count traps, and impossible ones are refused`(constructor: Constructor<Int>) {
    let isGrid = constructor.name == "grid"
    for value in (isGrid ? [] : [-1, -2, -1_000_000]) + [.min, .min + 1] + (constructor.refusesZero ? [0] : []) {
      #expect(throws: ParameterError.self, "\(constructor.name)") { try constructor.make(value) }
    }
    for value in [1, 2, 3, 1 << 20, 1 << 31, 1 << 40, 1 << 61, .max - 1, .max] {
      do { try constructor.make(value) } catch { #expect(error is ParameterError) }
    }
  }

  @Test func `ranges out of reach are refused, and doubles that are no numbers never become parameters`() throws {
    let ranges: [ClosedRange<Int64>] = [.min...0, 0 ... .max, .min ... .max, (1 << 61) + 1...1 << 62]
    for range in ranges {
      #expect(throws: ParameterError.self) {
        try QuantileMechanism(quantile: 0, range: range, epsilon: Epsilon(1), adjacency: .addOrRemove)
      }
      #expect(throws: ParameterError.self) {
        try SmoothQuantileMechanism(quantile: 0, range: range, epsilon: Epsilon(1))
      }
      #expect(throws: ParameterError.self) {
        try QuantileTreeMechanism(range: range, epsilon: Epsilon(1), adjacency: .addOrRemove)
      }
    }
    for value in [Double.nan, .infinity, -.infinity, .signalingNaN] { #expect(Rational(exactly: value) == nil) }
    for text in ["nan", "inf", "-inf", "1e", "", "0x10", "1/0"] { #expect(Rational(text) == nil) }
  }
}
