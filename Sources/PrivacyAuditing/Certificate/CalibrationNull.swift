private import Glibc
import SecureRandom

/// A mechanism of exactly known privacy on the pair "no row" and "one row of value 1".
///
/// Real noise is rounded to a grid of 2⁻¹⁰: the low bits of floating-point noise would give the auditors that look at
/// them a leak to find. Rounding can only lower the exact ε, by less than one part in a thousand.
struct CalibrationNull: Sendable {
  let name: String
  let epsilon: Double
  let delta: Double
  /// One output; the flag says whether the row is there.
  let draw: @Sendable (Bool, inout SimulationGenerator) -> Double

  static let all: [CalibrationNull] = [
    constant("no-leak-coin", 0) { _, random in random.uniformUnit() < 0.5 ? 1 : 0 },
    constant("no-leak-uniform", 0) { _, random in random.uniformUnit() },
    response(0.1), response(0.5), response(1), response(1.5), response(2), response(3),
    laplace(0.1), laplace(0.5), laplace(1), laplace(3),
    geometric(0.5), geometric(1), geometric(1.5),
    gaussian(1), gaussian(0.5),
    // Told with probability δ, otherwise nothing: (0, δ)-private exactly.
    CalibrationNull(name: "tell-with-delta-0.1", epsilon: 0, delta: 0.1) { present, random in
      random.uniformUnit() < 0.1 ? (present ? 1 : -1) : 0
    },
    // A binary response with a δ on top: told with probability 0.05, else ε = 1.
    CalibrationNull(name: "response-1-with-delta-0.05", epsilon: 1, delta: 0.05) { present, random in
      if random.uniformUnit() < 0.05 { return present ? 2 : -2 }
      return (random.uniformUnit() < exp(1.0) / (1 + exp(1.0))) == present ? 1 : 0
    },
  ]

  private static func constant(
    _ name: String, _ epsilon: Double, _ draw: @escaping @Sendable (Bool, inout SimulationGenerator) -> Double
  ) -> CalibrationNull { CalibrationNull(name: name, epsilon: epsilon, delta: 0, draw: draw) }

  private static func response(_ epsilon: Double) -> CalibrationNull {
    constant("response-\(epsilon)", epsilon) { present, random in
      (random.uniformUnit() < 1 / (1 + exp(-epsilon))) == present ? 1 : 0
    }
  }

  private static func laplace(_ epsilon: Double) -> CalibrationNull {
    constant("laplace-\(epsilon)", epsilon) { present, random in
      let u = random.uniformUnit() - 0.5
      let noise = (u < 0 ? 1 : -1) * log1p(-2 * abs(u)) / epsilon
      return (present ? 1 : 0) + (noise * 1_024).rounded() / 1_024
    }
  }

  /// Two-sided geometric noise on a count.
  private static func geometric(_ epsilon: Double) -> CalibrationNull {
    constant("geometric-\(epsilon)", epsilon) { present, random in
      func side() -> Double { (-log1p(-random.uniformUnit()) / epsilon).rounded(.down) }
      return (present ? 1 : 0) + side() - side()
    }
  }

  /// The δ at which Gaussian nulls are claimed.
  static let gaussianDelta = 0.01

  /// Mechanisms that are μ-Gaussian differentially private exactly, the nulls of bounds that refute that and no more.
  static let gaussians: [CalibrationNull] =
    [constant("no-leak-normal", 0) { _, random in NormalLaw.quantile(random.uniformUnit()) }]
    + [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 2, 3].map(gaussian)

  /// Normal noise of standard deviation 1/μ on a count, claimed at δ = 0.01 with the exact ε of that profile.
  private static func gaussian(_ mu: Double) -> CalibrationNull {
    CalibrationNull(
      name: "gaussian-\(mu)", epsilon: NormalLaw.epsilon(mu: mu, delta: gaussianDelta), delta: gaussianDelta
    ) {
      present, random in
      (present ? 1 : 0) + (NormalLaw.quantile(random.uniformUnit()) / mu * 1_024).rounded() / 1_024
    }
  }
}
