private import DifferentialPrivacy
private import ExactMath
private import PrivacyAccounting
private import SecureRandom

/// Mechanisms to audit without writing one: four that keep the claim by construction and two that break it.
///
/// Each answers a bounded sum or count of the data set with noise sized for the claim that is audited.
///
/// | name | what it does | keeps the claim |
/// |---|---|---|
/// | `laplace` | bounded sum with Laplace noise of scale sensitivity/ε on a grid | yes |
/// | `discrete-laplace` | count of rows in the upper half of the domain, discrete Laplace noise of scale 1/ε | yes |
/// | `gaussian` | bounded sum with normal noise on a grid, σ calibrated to ε and δ | yes |
/// | `discrete-gaussian` | count of rows in the upper half of the domain, discrete Gaussian noise, σ calibrated | yes |
/// | `laplace-half-noise` | as `laplace` with half the scale, as if the sensitivity had been halved | no, it is 2ε |
/// | `laplace-silent-empty` | as `laplace`, but an empty data set is answered 0 without noise | no, ε is infinite |
public struct BuiltinTarget: AuditTarget {
  /// The names that ``init(name:claim:domain:)`` knows.
  public static let names = [
    "laplace", "discrete-laplace", "gaussian", "discrete-gaussian", "laplace-half-noise", "laplace-silent-empty",
  ]

  private enum Answer {
    case sum(LaplaceMechanism, silentWhenEmpty: Bool)
    case count(DiscreteLaplaceMechanism, from: Double)
    case normalSum(GaussianMechanism)
    case normalCount(DiscreteGaussianMechanism, from: Double)
  }

  private let answer: Answer
  private let domain: ClosedRange<Double>
  private let randomness = Randomness()

  /// A built-in mechanism with noise for a claim.
  ///
  /// - Parameters:
  ///   - name: One of ``names``.
  ///   - claim: Gives ε and the adjacency.
  ///   - domain: Where the rows lie; rows outside are clamped to it.
  /// - Returns: `nil` when there is no mechanism of that name.
  /// - Throws: ``AuditError`` when the claim or the domain gives a scale that no noise can have, such as ε = 0.
  public init?(name: String, claim: PrivacyClaim, domain: ClosedRange<Double>) throws(AuditError) {
    guard BuiltinTarget.names.contains(name) else { return nil }
    guard claim.epsilon.signum > 0 else {
      throw AuditError(.invalidSetting, "claim: built-in mechanisms need ε above 0")
    }
    guard let low = Rational(exactly: domain.lowerBound), let high = Rational(exactly: domain.upperBound) else {
      throw AuditError(.invalidSetting, "domain: must be finite")
    }
    let isNormal = name == "gaussian" || name == "discrete-gaussian"
    guard !isNormal || claim.delta.signum > 0 else {
      throw AuditError(.invalidSetting, "claim: normal noise needs δ above 0")
    }
    let multiplier = isNormal ? try BuiltinTarget.calibrated(name, claim) : Rational.one
    let reach = claim.adjacency == .addOrRemove ? max(low.magnitude, high.magnitude) : high - low
    do throws(ParameterError) {
      switch name {
      case "discrete-laplace":
        answer = .count(
          try DiscreteLaplaceMechanism(scale: Rational.one / claim.epsilon), from: ((low + high) / 2).doubleValue)
      case "gaussian":
        answer = .normalSum(try GaussianMechanism(sigma: multiplier * reach, sensitivity: reach))
      case "discrete-gaussian":
        answer = .normalCount(
          try DiscreteGaussianMechanism(sigma: multiplier), from: ((low + high) / 2).doubleValue)
      case "laplace-half-noise":
        answer = .sum(
          try LaplaceMechanism(scale: reach / claim.epsilon / 2, sensitivity: reach), silentWhenEmpty: false)
      default:
        answer = .sum(
          try LaplaceMechanism(scale: reach / claim.epsilon, sensitivity: reach),
          silentWhenEmpty: name == "laplace-silent-empty")
      }
    } catch {
      throw AuditError(.invalidSetting, "domain: no noise can be sized for it: \(error)")
    }
    self.domain = domain
  }

  /// The least σ for sensitivity 1 that keeps a claim.
  private static func calibrated(_ name: String, _ claim: PrivacyClaim) throws(AuditError) -> Rational {
    do {
      // The sensitivity is already that of the claim's adjacency.
      return try Calibration.solve(
        EventTemplate(parsing: "\(name)(sigma=?)"), epsilon: Epsilon(claim.epsilon), delta: Delta(claim.delta),
        adjacency: .addOrRemove
      ).value
    } catch {
      throw AuditError(.invalidSetting, "claim: no noise can be sized for it: \(error)")
    }
  }

  /// Independent releases of the sum or count.
  public mutating func outputs(of dataset: [Double], count: Int) throws(AuditError) -> [Double] {
    let rows = dataset.map { min(max($0, domain.lowerBound), domain.upperBound) }
    switch answer {
    case .sum(let mechanism, let silentWhenEmpty):
      if silentWhenEmpty, rows.isEmpty { return [Double](repeating: 0, count: count) }
      let steps = steps(rows, on: mechanism.grid)
      let step = mechanism.grid.step.doubleValue
      return blocks(count) { size in
        var noise = mechanism.prepare(size, using: &randomness.generator)
        return (0..<size).map { _ in Double(noise.release(steps)) * step }
      }
    case .count(let mechanism, let middle):
      let truth = Int64(rows.count { $0 >= middle })
      return blocks(count) { size in
        var noise = mechanism.prepare(size, using: &randomness.generator)
        return (0..<size).map { _ in Double(noise.release(truth)) }
      }
    case .normalSum(let mechanism):
      let steps = steps(rows, on: mechanism.grid)
      let step = mechanism.grid.step.doubleValue
      return blocks(count) { size in
        var noise = mechanism.prepare(size, using: &randomness.generator)
        return (0..<size).map { _ in Double(noise.release(steps)) * step }
      }
    case .normalCount(let mechanism, let middle):
      let truth = Int64(rows.count { $0 >= middle })
      return blocks(count) { size in
        var noise = mechanism.prepare(size, using: &randomness.generator)
        return (0..<size).map { _ in Double(noise.release(truth)) }
      }
    }
  }

  private func steps(_ rows: [Double], on grid: Grid) -> Int64 {
    rows.reduce(0) { $0 + (grid.steps(toward: $1) ?? 0) }
  }

  /// Answers in blocks, which cost a tenth of answers one by one.
  private func blocks(_ count: Int, _ draw: (Int) -> [Double]) -> [Double] {
    var outputs: [Double] = []
    outputs.reserveCapacity(count)
    while outputs.count < count { outputs += draw(min(1 << 16, count - outputs.count)) }
    return outputs
  }
}

/// Keeps a generator that cannot be copied inside a value that can.
private final class Randomness {
  var generator = SecureGenerator()
}
