import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
private import Glibc

/// Noise of the wrong size, shape or support.
extension Zoo {
  static let noiseMembers: [ZooMember] = [
    .each("laplace-scale-1.1-small", .broken, "the scale is 10 % too small", pairs: oneRow, samples: 1_000_000) {
      sum($0) + $1.gridLaplace(1 / 1.1)
    },
    .each("laplace-scale-1.5-small", .broken, "the scale is a third too small", pairs: oneRow) {
      sum($0) + $1.gridLaplace(1 / 1.5)
    },
    .each("laplace-scale-half", .broken, "the scale is half of what it must be", pairs: oneRow) {
      sum($0) + $1.gridLaplace(0.5)
    },
    .each(
      "laplace-epsilon-as-scale", .broken, "noise of scale ε where 1/ε is meant", epsilon: Rational(1, 2), pairs: oneRow
    ) { sum($0) + $1.gridLaplace(0.5) },
    .each(
      "laplace-add-remove-noise-for-replace-one", .broken, "a replaced row moves the sum by 2, the noise is for 1",
      adjacency: .replaceOne, pairs: [AdjacentPair([-1, 0], [1, 0])]
    ) { sum($0) + $1.gridLaplace(1) },
    .each("laplace-std-as-scale", .broken, "the scale is taken for a standard deviation", pairs: oneRow) {
      sum($0) + $1.gridLaplace(1 / 2.0.squareRoot())
    },
    .each("truncated-noise", .broken, "noise cut at four scales without a δ", pairs: oneRow, samples: 100_000) {
      rows, random in
      while true {
        let noise = random.gridLaplace(1)
        if abs(noise) <= 4 { return sum(rows) + noise }
      }
    },
    .each("uniform-noise", .broken, "uniform noise has edges", pairs: oneRow) {
      sum($0) + (($1.unit() * 8 - 4) * 1_024).rounded() / 1_024
    },
    .each("one-sided-noise", .broken, "noise that is never negative shows every increase", pairs: oneRow) {
      sum($0) + $1.geometric(1)
    },
    .each("two-zeros", .broken, "sign times magnitude draws 0 twice as often", pairs: oneRow) {
      let magnitude = $1.geometric(1)
      return sum($0) + ($1.coin(0.5) ? magnitude : -magnitude)
    },
    .each("noise-truncated-to-whole", .broken, "noise rounded towards zero on a count", pairs: oneRow) {
      sum($0) + $1.laplace(1).rounded(.towardZero)
    },
    .each("gaussian-claimed-pure", .broken, "normal noise is never (ε, 0)-private", pairs: oneRow, samples: 200_000) {
      sum($0) + $1.gridGaussian(1)
    },
    .each(
      "gaussian-variance-as-sigma", .broken, "the square root is taken of a standard deviation",
      delta: Rational(1, 100_000), pairs: oneRow
    ) { sum($0) + $1.gridGaussian(4.0.squareRoot() / 4) },
    .each(
      "gaussian-l-infinity-sensitivity", .broken, "16 coordinates move by 1 each, noise for an L2 change of 1",
      delta: Rational(1, 100_000), pairs: oneRow
    ) { rows, random in (0..<16).reduce(0.0) { total, _ in total + sum(rows) + random.gridGaussian(3.8) } },
    .each("rounding-only", .broken, "a rounded sum is no noise", pairs: [AdjacentPair([0.4], [0.4, 1])]) { rows, _ in
      sum(rows).rounded()
    },
    .each("no-noise-one-time-in-five", .broken, "a shortcut answers exactly now and then", pairs: oneRow) {
      $1.coin(0.2) ? sum($0) : sum($0) + $1.gridLaplace(1)
    },

    .all("laplace", .correct, "Laplace noise of scale 1 on a grid", pairs: oneRow + oneMore, samples: 100_000) {
      rows, count, random throws(ParameterError) in
      let mechanism = try LaplaceMechanism(scale: 1)
      let steps = rows.reduce(Int64(0)) { $0 + (mechanism.grid.steps(toward: $1) ?? 0) }
      return (0..<count).map { _ in mechanism.release(steps: steps, using: &random.generator).value }
    },
    .all("discrete-laplace", .correct, "two-sided geometric noise", pairs: oneRow + oneMore, samples: 100_000) {
      rows, count, random throws(ParameterError) in
      let mechanism = try DiscreteLaplaceMechanism(scale: 1)
      return (0..<count).map { _ in Double(mechanism.release(Int64(sum(rows)), using: &random.generator)) }
    },
    .all(
      "gaussian", .correct, "rounded normal noise; σ = 3.7307 gives (1, 1e-5)", delta: Rational(1, 100_000),
      pairs: oneRow, samples: 100_000
    ) { rows, count, random throws(ParameterError) in
      let mechanism = try GaussianMechanism(sigma: Rational(37_307, 10_000))
      let steps = mechanism.grid.steps(toward: sum(rows)) ?? 0
      return (0..<count).map { _ in mechanism.release(steps: steps, using: &random.generator).value }
    },
    .all(
      "discrete-gaussian", .correct, "discrete normal noise; ρ = 1/2·(1/5)² is below (1, 1e-5)",
      delta: Rational(1, 100_000), pairs: oneRow, samples: 100_000
    ) { rows, count, random throws(ParameterError) in
      let mechanism = try DiscreteGaussianMechanism(sigma: 5)
      return (0..<count).map { _ in Double(mechanism.release(Int64(sum(rows)), using: &random.generator)) }
    },
    .each("laplace-over-private", .correct, "twice the noise that is needed", pairs: oneRow) {
      sum($0) + $1.gridLaplace(2)
    },
    .each("laplace-clamped-answer", .correct, "clamping an answer is post-processing", pairs: oneRow) {
      max(0, sum($0) + $1.gridLaplace(1))
    },
    .each("laplace-rounded-answer", .correct, "rounding an answer is post-processing", pairs: oneRow) {
      (sum($0) + $1.gridLaplace(1)).rounded()
    },
    .each(
      "laplace-replace-one", .correct, "a replaced row moves the sum by 2, and so the scale is 2",
      adjacency: .replaceOne, pairs: [AdjacentPair([-1, 0], [1, 0])]
    ) { sum($0) + $1.gridLaplace(2) },
  ]
}
