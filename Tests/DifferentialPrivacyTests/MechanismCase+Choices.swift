import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom

// The table of all other mechanisms.
extension MechanismCase {
  static func choices() throws -> [MechanismCase] {
    let epsilon = try Epsilon(Rational(1))
    let scores = Metric.each(count: 3, bound: 1, monotone: false)
    let monotone = Metric.each(count: 3, bound: 1, monotone: true)
    var cases: [MechanismCase] = []
    for metric in [scores, monotone] {
      let oneWay = metric == monotone
      let exponential = try ExponentialMechanism(epsilon: epsilon, monotone: oneWay)
      let flip = try PermuteAndFlipMechanism(epsilon: epsilon, monotone: oneWay)
      let topK = try TopKMechanism(choices: 2, epsilonPerChoice: epsilon, monotone: oneWay)
      let laplace = try ReportNoisyMaxMechanism(epsilon: Epsilon(4), noise: .laplace, monotone: oneWay)
      let lazy = try ReportNoisyMaxMechanism(epsilon: Epsilon(2), noise: .exponential, monotone: oneWay)
      let two = Metric.each(count: 2, bound: 1, monotone: oneWay)
      cases += [
        // Of two scores, so that a rejected one leaves one path.
        MechanismCase("ExponentialMechanism", exponential.event, two, .data) {
          [Int64(exponential.draw($0, using: &$1))]
        },
        MechanismCase("PermuteAndFlipMechanism", flip.event, metric, .data) { [Int64(flip.draw($0, using: &$1))] },
        MechanismCase("TopKMechanism", topK.event, metric, .data) {
          topK.draw($0, using: &$1).map { Int64($0) }
        }.with {
          $0.least = 1e-4
          $0.twin = 3
          $0.stretch = 3
        },
        MechanismCase("ReportNoisyMaxMechanism", laplace.event, two, .data) {
          [Int64(laplace.draw($0, using: &$1))]
        }.with { $0.twin = 3 },
        MechanismCase("ReportNoisyMaxMechanism", lazy.event, two, .data) { [Int64(lazy.draw($0, using: &$1))] }.with {
          $0.least = 1e-4
          $0.twin = 3
          $0.stretch = 3
        },
      ]
    }
    return cases + (try quantiles()) + (try repeated())
  }

  private static func quantiles() throws -> [MechanismCase] {
    let rows = Metric.replaced(values: [0, 2, 5], count: 3, changed: 1)
    let more = Metric.added(values: [0, 2, 5], count: 2, changed: 1)
    let smooth = try SmoothQuantileMechanism(quantile: Rational(1, 2), range: 0...6, epsilon: Epsilon("1.5"))
    let tree = try QuantileTreeMechanism(
      range: 0...5, epsilon: Epsilon(2), adjacency: .replaceOne, branching: 2, height: 1)
    let gaussian = try QuantileTreeMechanism(
      range: 0...5, rho: Rho(1), adjacency: .addOrRemove, branching: 2, height: 1)
    let test = try ProposeTestRelease(
      inner: DiscreteLaplaceMechanism(scale: 1, sensitivity: 1), testEpsilon: Epsilon(1), delta: Delta("0.01"))
    var cases = try [(Rational(1, 2), rows), (Rational(1, 3), rows), (Rational(3, 4), more)].map { quantile, metric in
      let adjacency: Adjacency = metric == rows ? .replaceOne : .addOrRemove
      let mechanism = try QuantileMechanism(
        quantile: quantile, range: 0...5, epsilon: Epsilon(1), adjacency: adjacency)
      return MechanismCase("QuantileMechanism", mechanism.event, metric, .data) {
        [mechanism.draw($0, using: &$1)]
      }.with {
        $0.twin = 3
        $0.stretch = nil
      }
    }
    cases += [
      MechanismCase("SmoothQuantileMechanism", smooth.event, rows, .data) {
        [smooth.draw($0, using: &$1)]
      }.with {
        $0.twin = 8
        $0.stretch = nil
      },
      MechanismCase("QuantileTreeMechanism", tree.event, rows, .fixed) {
        tree.draw($0, using: &$1).counts
      },
      MechanismCase("QuantileTreeMechanism", gaussian.event, more, .fixed) { gaussian.draw($0, using: &$1).counts }
        .with { $0.stretch = 3 },
      MechanismCase(
        "ProposeTestRelease", test.event, .valueAndDistance(bound: 1, near: Int(test.threshold) + 2), .fixed
      ) { input, walk in test.draw(input[0], distance: input[1], using: &walk).map { [$0] } ?? [] }
      .with {
        $0.twin = 3
        $0.stretch = nil
      },
    ]
    return cases
  }

  private static func repeated() throws -> [MechanismCase] {
    // One run is a randomised response, and the quality is its answer.
    let base = try RandomizedResponse(replacement: Rational(1, 3), categories: 2)
    let laws: [RepetitionLaw] = [
      try .geometric(stopping: Rational(2, 3)), try .logarithmic(gamma: Rational(1, 2)),
      try .poisson(mean: Rational(1, 2)),
    ]
    var cases = try laws.map { law in
      let mechanism = try RepeatedSelection(base: base, repetitions: law)
      return MechanismCase("RepeatedSelection", mechanism.event, .anyTwo(categories: 2), .data) { input, walk in
        let answer = mechanism.draw(using: &walk) { source in
          let answer = base.draw(Int(input[0]), using: &source)
          return (Int64(answer), Int64(answer))
        }
        return answer.map { [$0] } ?? []
      }.with {
        $0.least = 1e-5
        $0.twin = 8
      }
    }
    let threshold = try ThresholdSelection(baseLoss: base.pureLoss, threshold: 1, giveUp: Rational(1, 2))
    cases.append(
      MechanismCase("ThresholdSelection", threshold.event, .anyTwo(categories: 2), .data) { input, walk in
        let answer = threshold.draw(using: &walk) { source in
          let answer = base.draw(Int(input[0]), using: &source)
          return (Int64(answer), Int64(answer))
        }
        return answer.map { [$0] } ?? []
      }.with {
        $0.least = 1e-6
        $0.twin = 8
      })
    return cases
  }

  static func local() throws -> [MechanismCase] {
    let ratio = try LikelihoodRatio(3)
    let response = try RandomizedResponse(replacement: Rational(1, 3), categories: 3)
    let symmetric = try UnaryEncoding.symmetric(bitRatio: ratio, categories: 3)
    let optimized = try UnaryEncoding.optimized(ratio: ratio, categories: 3)
    let subset = try SubsetSelection(ratio: ratio, categories: 4, size: 2)
    let hadamard = try HadamardResponse(ratio: ratio, categories: 5)
    let hashing = try LocalHashing(replacement: Rational(1, 3), bucketBits: 2, categories: 6)
    func make(
      _ type: String, _ event: PrivacyEvent, _ categories: Int, _ control: Control = .fixed,
      _ run: @escaping @Sendable ([Int64], inout LawWalk) -> [Int64]
    ) -> MechanismCase {
      MechanismCase(type, event, .anyTwo(categories: categories), control, run)
    }
    return [
      make("RandomizedResponse", response.event, 3) { [Int64(response.draw(Int($0[0]), using: &$1))] },
      make("UnaryEncoding", symmetric.event, 3) { symmetric.draw(Int($0[0]), using: &$1).map { $0 ? 1 : 0 } },
      make("UnaryEncoding", optimized.event, 3) { optimized.draw(Int($0[0]), using: &$1).map { $0 ? 1 : 0 } },
      make("SubsetSelection", subset.event, 4) { subset.draw(Int($0[0]), using: &$1).map { Int64($0) } },
      make("HadamardResponse", hadamard.event, 5) { [Int64(hadamard.draw(Int($0[0]), using: &$1))] },
      make("LocalHashing", hashing.event, 6) { input, walk in
        let report = hashing.draw(Int(input[0]), using: &walk)
        return [Int64(report.bucket)] + report.masks.map { Int64(bitPattern: $0) }
      },
    ]
  }

  static func streams() throws -> [MechanismCase] {
    let tree = try TreeMechanism(horizon: 2, node: DiscreteLaplaceMechanism(scale: 1))
    let gaussian = try TreeMechanism(horizon: 3, node: DiscreteGaussianMechanism(sigma: Rational(3, 2)))
    let toeplitz = try ToeplitzMechanism(horizon: 1, rho: Rho(Rational(1, 2)))
    func all(_ count: Int, _ oneWay: Bool = false) -> Metric { .each(count: count, bound: 1, monotone: oneWay) }
    var cases = [
      MechanismCase("TreeMechanism", tree.event, .oneStep(count: 2, bound: 1), .fixed) { input, walk in
        var stream = tree.start()
        return input.map { stream.draw($0, using: &walk) ?? 0 }
      },
      MechanismCase("TreeMechanism", gaussian.event, .oneStep(count: 3, bound: 1), .fixed) { input, walk in
        var stream = gaussian.start()
        return input.map { stream.draw($0, using: &walk) ?? 0 }
      }.with { $0.stretch = 3 },
      MechanismCase("ToeplitzMechanism", toeplitz.event, .oneStep(count: 1, bound: 1), .fixed) { input, walk in
        var stream = toeplitz.start()
        return input.map { stream.draw($0, using: &walk) ?? 0 }
      },
    ]
    for oneWay in [false, true] {
      let above = try SparseVectorMechanism(epsilon: Epsilon(8), cutoff: Cutoff(1), monotone: oneWay)
      cases.append(
        MechanismCase("SparseVectorMechanism", above.event, all(2, oneWay), .data) { input, walk in
          var stream = above.begin(threshold: 1, using: &walk)
          return input.compactMap { stream.draw($0, using: &walk).map { $0 ? 1 : 0 } }
        }.with {
          $0.twin = 3
          $0.stretch = 3
        })
    }
    let numeric = try NumericSparseVectorMechanism(
      comparisonEpsilon: Epsilon(8), answerEpsilon: Epsilon(3), cutoff: Cutoff(1))
    cases.append(
      MechanismCase("NumericSparseVectorMechanism", numeric.event, all(1), .data) { input, walk in
        var stream = numeric.begin(threshold: 1, using: &walk)
        return input.flatMap { value -> [Int64] in
          switch stream.draw(value, using: &walk) {
          case .above(let number): [1, number]
          case .below: [0]
          case nil: []
          }
        }
      }.with {
        $0.twin = 3
        $0.stretch = 3
      })
    return cases
  }

  /// All of them.
  static func table() throws -> [MechanismCase] { try additive() + choices() + local() + streams() }
}
