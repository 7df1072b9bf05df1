import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom

/// The exact noise on one family of integers.
enum NoiseLaw: Sendable {
  /// Discrete Laplace noise for a change of at most `sensitivity` in the L1 norm.
  case laplace(scale: Rational, sensitivity: Int)
  /// Discrete Gaussian noise for a change of at most √`squaredSensitivity` in the L2 norm.
  case gaussian(variance: Rational, squaredSensitivity: Rational)

  /// Whether the noise is discrete Laplace.
  var isLaplace: Bool {
    if case .laplace = self { true } else { false }
  }

  /// The name in reports.
  var name: String {
    switch self {
    case .laplace: "discrete-laplace"
    case .gaussian: "discrete-gaussian"
    }
  }

  /// The mechanism for this many integers.
  func sampler(dimension: Int) throws(ParameterError) -> NoiseSampler {
    switch self {
    case .laplace(let scale, let sensitivity):
      .laplace(try DiscreteLaplaceMechanism(scale: scale, sensitivity: sensitivity, dimension: dimension))
    case .gaussian(let variance, let squared):
      .gaussian(
        try DiscreteGaussianMechanism(
          sigma: NoiseScale(variance: variance), sensitivity: L2Sensitivity(squared: squared),
          dimension: Dimension(dimension)))
    }
  }
}

/// A mechanism of either law.
enum NoiseSampler: Sendable {
  case laplace(DiscreteLaplaceMechanism)
  case gaussian(DiscreteGaussianMechanism)

  /// The values with independent noise.
  func release(_ values: [Int64], using generator: inout SecureGenerator) -> [Int64] {
    switch self {
    case .laplace(let mechanism): mechanism.release(values, using: &generator)
    case .gaussian(let mechanism): mechanism.release(values, using: &generator)
    }
  }

  private var mechanism: any NoiseMechanism {
    switch self {
    case .laplace(let mechanism): mechanism
    case .gaussian(let mechanism): mechanism
    }
  }

  /// What one release costs.
  var event: PrivacyEvent { mechanism.event }

  /// The standard deviation of the noise on one integer.
  var standardDeviation: Double { mechanism.standardDeviation }

  /// A width that the noise on one integer exceeds with probability at most 1 − `confidence`.
  func errorBound(confidence: Double) -> Double { mechanism.errorBound(confidence: confidence) }
}
