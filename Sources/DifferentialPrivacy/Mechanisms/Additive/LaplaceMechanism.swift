public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Laplace noise for real values: discrete Laplace noise on a grid of a power of two.
///
/// The value is a whole number of grid steps, as sums of clamped and rounded data are. Adding exact discrete Laplace
/// noise of scale/step steps gives ε = ⌊sensitivity/step⌋·step/scale, at most sensitivity/scale, with no attack on
/// floating point to answer (Mironov 2012; Haney et al. 2022).
///
/// **Edge cases**: values are clamped to ±2⁶¹ steps and answers to ±2⁶¹ steps.
public struct LaplaceMechanism: NoiseMechanism {
  /// The scale.
  public let scale: LaplaceScale
  /// The largest change of the value.
  public let sensitivity: Sensitivity
  /// The grid of values and answers.
  public let grid: Grid
  private let discrete: DiscreteLaplaceMechanism

  /// A mechanism for grid values that change by at most `sensitivity`.
  ///
  /// - Parameter grid: the grid of the values; by default the step is a power of two with 2¹⁵ ≤ scale/step < 2¹⁶.
  /// - Throws: `ParameterError` when scale/step is outside 2⁻¹⁰ … 2⁵⁰.
  public init(scale: LaplaceScale, sensitivity: Sensitivity, grid: Grid? = nil) throws(ParameterError) {
    self.scale = scale
    self.sensitivity = sensitivity
    let grid = if let grid { grid } else { try Grid(forScale: scale.value) }
    self.grid = grid
    // Two different grid values differ by at least a step.
    let steps = (sensitivity.value / grid.step).floorWhole
    discrete = try DiscreteLaplaceMechanism(
      scale: LaplaceScale(scale.value / grid.step), sensitivity: GridSensitivity(steps < 1 ? 1 : steps),
      dimension: Dimension(1))
  }

  /// A mechanism for grid values that change by at most `sensitivity`.
  ///
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(scale: Rational, sensitivity: Rational = 1) throws(ParameterError) {
    try self.init(scale: LaplaceScale(scale), sensitivity: Sensitivity(sensitivity))
  }

  /// One release: discrete Laplace, with scale and sensitivity in grid steps.
  public var event: PrivacyEvent { discrete.event }

  /// The standard deviation of the noise.
  public var standardDeviation: Double { discrete.standardDeviation * grid.step.doubleValue }

  /// The mean of |noise|.
  public var expectedError: Double { discrete.expectedError * grid.step.doubleValue }

  /// A width that the noise exceeds with probability at most 1 − `confidence`.
  public func errorBound(confidence: Double) -> Double {
    discrete.errorBound(confidence: confidence) * grid.step.doubleValue
  }

  /// The value with noise.
  ///
  /// - Parameter steps: the value in grid steps.
  public func release(steps: Int64, using generator: inout SecureGenerator) -> GridValue {
    GridValue(steps: discrete.release(steps, using: &generator), grid: grid)
  }

  /// The value with noise from a simulation's stream.
  package func simulate(steps: Int64, using generator: inout SimulationGenerator) -> Simulated<GridValue> {
    Simulated(draw(steps: steps, using: &generator))
  }

  package func draw<Source: UniformSource & ~Copyable>(steps: Int64, using source: inout Source) -> GridValue {
    GridValue(steps: discrete.draw([steps], using: &source)[0], grid: grid)
  }

  /// Noise for `count` later releases, in grid steps.
  public func prepare(_ count: Int, using generator: inout SecureGenerator) -> PreparedNoise {
    discrete.prepare(count, using: &generator)
  }
}

extension Rational {
  /// The largest whole number not above the value, of any size.
  var floorWhole: Rational {
    precondition(signum >= 0, "only non-negative values are rounded here")
    return Rational(whole: BigWhole(numeratorOf: self) / BigWhole(denominatorOf: self))
  }
}

extension LaplaceMechanism: PureDP {
  /// That of the discrete noise: the sensitivity in whole steps over the scale in steps.
  public var pureLoss: Epsilon { discrete.pureLoss }
}
