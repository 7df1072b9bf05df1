public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Samples of a law without a value to protect: for tables, plots and the `tacit noise` command.
public struct NoiseStream: Sendable {
  /// Where samples come from.
  private enum Origin {
    case exact(NoiseSource)
    case fixedCost(FixedCostMechanism)
  }

  private let origin: Origin
  /// The grid the samples count steps of; `nil` for laws on whole numbers.
  public let grid: Grid?

  private init(_ law: NoiseLaw, grid: Grid? = nil) {
    origin = .exact(NoiseSource(law))
    self.grid = grid
  }

  /// The noise of a mechanism of fixed cost: the same work for every sample.
  public init(fixedCost mechanism: FixedCostMechanism) {
    origin = .fixedCost(mechanism)
    grid = nil
  }

  /// P[x] ∝ e^(−|x|/scale).
  ///
  /// - Throws: `ParameterError` for a scale outside 2⁻¹⁰ … 2⁵⁰.
  public static func discreteLaplace(scale: Rational) throws(ParameterError) -> NoiseStream {
    try ScaleLimits.checkScale(scale)
    return NoiseStream(.discreteLaplace(scale: scale))
  }

  /// P[x] ∝ e^(−x/scale) for x ≥ 0.
  ///
  /// - Throws: `ParameterError` for a scale outside 2⁻¹⁰ … 2⁵⁰.
  public static func geometric(scale: Rational) throws(ParameterError) -> NoiseStream {
    try ScaleLimits.checkScale(scale)
    return NoiseStream(.geometric(scale: scale))
  }

  /// P[x] ∝ e^(−x²/(2σ²)).
  ///
  /// - Throws: `ParameterError` for σ outside 2⁻¹⁰ … 2⁵⁰.
  public static func discreteGaussian(sigma: NoiseScale) throws(ParameterError) -> NoiseStream {
    try ScaleLimits.checkVariance(sigma.variance)
    return NoiseStream(.discreteGaussian(variance: sigma.variance))
  }

  /// The difference of two Poisson variates of mean σ²/2.
  ///
  /// - Throws: `ParameterError` for σ outside 2⁻¹⁰ … 2¹².
  public static func skellam(sigma: NoiseScale) throws(ParameterError) -> NoiseStream {
    try ScaleLimits.checkVariance(sigma.variance)
    guard sigma.variance <= SkellamSampler.mostVariance else {
      throw ParameterError(.outOfRange, "sigma", "must be at most 2^12 grid steps for Skellam noise")
    }
    return NoiseStream(.skellam(variance: sigma.variance))
  }

  /// The noise of any mechanism on whole numbers, ``StaircaseMechanism`` for one.
  public static func noise(of mechanism: some WholeNumberMechanism) -> NoiseStream {
    NoiseStream(mechanism.noise.source.law)
  }

  /// The noise of ``LaplaceMechanism`` on its default grid.
  ///
  /// - Throws: `ParameterError` for a scale whose grid would be out of range.
  public static func laplace(scale: LaplaceScale) throws(ParameterError) -> NoiseStream {
    let grid = try Grid(forScale: scale.value)
    let steps = scale.value / grid.step
    try ScaleLimits.checkScale(steps)
    return NoiseStream(.discreteLaplace(scale: steps), grid: grid)
  }

  /// The noise of ``GaussianMechanism`` on its default grid.
  ///
  /// - Throws: `ParameterError` for σ whose grid would be out of range.
  public static func gaussian(sigma: NoiseScale) throws(ParameterError) -> NoiseStream {
    let grid = try Grid(forSquaredScale: sigma.variance)
    let variance = sigma.variance / (grid.step * grid.step)
    try ScaleLimits.checkVariance(variance)
    return NoiseStream(.roundedNormal(variance: variance), grid: grid)
  }

  /// `count` independent samples: whole numbers, or numbers of grid steps.
  public func samples(_ count: Int, using generator: inout SecureGenerator) -> [Int64] {
    draw(count, using: &generator)
  }

  /// `count` samples from a simulation's stream.
  package func samples(_ count: Int, using generator: inout SimulationGenerator) -> Simulated<[Int64]> {
    Simulated(draw(count, using: &generator))
  }

  private func draw<Source: UniformSource & ~Copyable>(_ count: Int, using source: inout Source) -> [Int64] {
    var output = [Int64](repeating: 0, count: count)
    unsafe output.withUnsafeMutableBufferPointer { buffer in
      switch origin {
      case .exact(let noise): unsafe noise.draw(buffer, using: &source)
      case .fixedCost(let mechanism): unsafe mechanism.fill(buffer, using: &source)
      }
    }
    return output
  }
}
