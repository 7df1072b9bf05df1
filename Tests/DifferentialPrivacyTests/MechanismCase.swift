import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom

/// One mechanism as the law tests see it: what it claims, whom it protects, and how it is run.
struct MechanismCase: Sendable {
  /// What may differ between two runs on the same words.
  enum Control: Sendable {
    /// Nothing: the answers differ by exactly the inputs' difference.
    case additive
    /// The answers, but not the number of words.
    case fixed
    /// The number of words too; the mechanism's documentation says so.
    case data
  }

  /// The public type.
  let type: String
  /// What one run costs.
  let event: PrivacyEvent
  let metric: Metric
  let control: Control
  /// Paths of less mass are left undecided.
  var least = 1e-7
  /// How much sharper noise and coins are in the broken twin.
  var twin = 2.0
  /// How much farther apart than neighbours the inputs are that must be told apart; `nil` where loss is not tight.
  var stretch: Int? = 2
  /// `false` for a law that is not made of samples; it is enumerated by a suite of its own.
  var isEnumerated = true
  let run: @Sendable ([Int64], inout LawWalk) -> [Int64]

  init(
    _ type: String, _ event: PrivacyEvent, _ metric: Metric, _ control: Control,
    _ run: @escaping @Sendable ([Int64], inout LawWalk) -> [Int64]
  ) {
    self.type = type
    self.event = event
    self.metric = metric
    self.control = control
    self.run = run
  }

  func with(_ change: (inout MechanismCase) -> Void) -> MechanismCase {
    var copy = self
    change(&copy)
    return copy
  }
}

extension MechanismCase {
  /// The neighbours of the metric, as accountants name them.
  var adjacency: Adjacency {
    switch metric {
    case .anyTwo, .replaced: .replaceOne
    default: .addOrRemove
    }
  }
}

extension MechanismCase: CustomStringConvertible {
  var description: String { "\(type), \(event)" }
}

// MARK: The table of additive mechanisms

extension MechanismCase {
  static func additive() throws -> [MechanismCase] {
    func whole(_ name: String, _ mechanism: some WholeNumberMechanism, _ metric: Metric) -> MechanismCase {
      MechanismCase(name, mechanism.event, metric, .additive) { mechanism.draw($0, using: &$1) }
    }
    let pair = try DiscreteGaussianMechanism(
      sigma: NoiseScale(variance: 2), sensitivity: L2Sensitivity(squared: 2), dimension: Dimension(2))
    let laplace = try LaplaceMechanism(
      scale: LaplaceScale(2), sensitivity: Sensitivity(Rational(5, 2)), grid: Grid(exponent: 0))
    let gaussian = try GaussianMechanism(
      sigma: NoiseScale(variance: 1_024), sensitivity: L2Sensitivity(32), dimension: Dimension(1),
      grid: Grid(exponent: -1))
    let l1 = try VectorSumMechanism(l1Bound: 1, dimension: 2, epsilon: Epsilon(2), adjacency: .replaceOne)
    let l2 = try VectorSumMechanism(l2Bound: 2, dimension: 2, rho: Rho(2), adjacency: .addOrRemove)
    @Sendable func people(_ values: [Int64]) -> [[Int64]] {
      stride(from: 0, to: values.count, by: 1).map { [values[$0] % 1_000, values[$0] / 1_000] }
    }
    let fixedLaplace = try FixedCostMechanism(DiscreteLaplaceMechanism(scale: 3, sensitivity: 2))
    let fixedGaussian = try FixedCostMechanism(DiscreteGaussianMechanism(sigma: 60, sensitivity: 2))
    return [
      whole("DiscreteLaplaceMechanism", try DiscreteLaplaceMechanism(scale: 1), .l1(bound: 1, dimension: 1)),
      whole(
        "DiscreteLaplaceMechanism", try DiscreteLaplaceMechanism(scale: Rational(5, 3), sensitivity: 2, dimension: 2),
        .l1(bound: 2, dimension: 2)),
      whole("OneSidedGeometricMechanism", try OneSidedGeometricMechanism(scale: 3), .l1(bound: 1, dimension: 1)),
      whole(
        "StaircaseMechanism", try StaircaseMechanism(epsilon: Epsilon(1), sensitivity: 3, firstStep: 1),
        .l1(bound: 3, dimension: 1)),
      whole("DiscreteGaussianMechanism", try DiscreteGaussianMechanism(sigma: 1), .l1(bound: 1, dimension: 1)),
      whole("DiscreteGaussianMechanism", pair, .l2(square: 2, dimension: 2)),
      whole("SkellamMechanism", try SkellamMechanism(sigma: 3), .l1(bound: 1, dimension: 1)),
      MechanismCase("LaplaceMechanism", laplace.event, .l1(bound: 2, dimension: 1), .additive) {
        [laplace.draw(steps: $0[0], using: &$1).steps]
      },
      MechanismCase("GaussianMechanism", gaussian.event, .l1(bound: 64, dimension: 1), .additive) {
        gaussian.draw(steps: $0, using: &$1)
      },
      MechanismCase(
        "VectorSumMechanism", l1.event,
        .replaced(values: [0, 1, -1_000, 7_007], count: 2, changed: 1), .fixed
      ) { l1.draw(people($0), using: &$1) },
      // Adding a person who is clipped to norm 2.
      MechanismCase("VectorSumMechanism", l2.event, .added(values: [0, 2, -9_009], count: 1, changed: 1), .fixed) {
        l2.draw(people($0), using: &$1)
      },
      MechanismCase("FixedCostMechanism", fixedLaplace.event, .l1(bound: 2, dimension: 1), .additive) {
        fixedLaplace.draw($0, using: &$1)
      }.with { $0.isEnumerated = false },
      MechanismCase("FixedCostMechanism", fixedGaussian.event, .l1(bound: 2, dimension: 1), .additive) {
        fixedGaussian.draw($0, using: &$1)
      }.with { $0.isEnumerated = false },
    ]
  }
}
