private import CKernels
package import ExactMath
import SecureRandom
private import Synchronization

/// The exact laws of the package's additive mechanisms.
package enum NoiseLaw: Sendable, Hashable {
  /// P[x] ∝ e^(−|x|/scale).
  case discreteLaplace(scale: Rational)
  /// P[x] ∝ e^(−x/scale), x ≥ 0.
  case geometric(scale: Rational)
  /// P[x] ∝ e^(−x²/(2σ²)).
  case discreteGaussian(variance: Rational)
  /// A normal variate rounded to the nearest integer.
  case roundedNormal(variance: Rational)
  /// The difference of two Poisson variates of mean σ²/2.
  case skellam(variance: Rational)
  /// P[x] ∝ e^(−ε·⌊(|x| + step − first)/step⌋).
  case staircase(epsilon: Rational, step: UInt64, first: UInt64)
}

/// The noise of one mechanism: its law, and the table that vector draws build once and share.
final class NoiseSource: Sendable {
  /// From this many draws on, a table is worth building.
  static let tableThreshold = 256

  let law: NoiseLaw
  private let table = Mutex<Table?>(nil)

  init(_ law: NoiseLaw) {
    self.law = law
  }

  /// Adds independent noise to every value: values are clamped to ±2⁶¹ before, and the result after.
  ///
  /// The sum is formed without overflow, and clamping it is a function of the exact noisy value, so the answer is what
  /// the unbounded mechanism would give, post-processed.
  func add<Source: UniformSource & ~Copyable>(to values: inout [Int64], using source: inout Source) {
    var noise = [Int64](repeating: 0, count: values.count)
    unsafe noise.withUnsafeMutableBufferPointer { buffer in
      unsafe draw(buffer, using: &source)
      for index in values.indices {
        values[index] = unsafe NoiseSource.sum(values[index], buffer[index])
      }
      unsafe tacit_wipe(buffer.baseAddress, buffer.count * 8)
    }
  }

  /// One value with noise, under the rule of ``add(to:using:)``.
  func noisy<Source: UniformSource & ~Copyable>(_ value: Int64, using source: inout Source) -> Int64 {
    var noise: Int64 = 0
    unsafe withUnsafeMutablePointer(to: &noise) { pointer in
      unsafe draw(UnsafeMutableBufferPointer(start: pointer, count: 1), using: &source)
    }
    return NoiseSource.sum(value, noise)
  }

  /// Overwrites `output` with independent samples, clamped to ±2⁶², as the source makes them.
  func draw<Source: UniformSource & ~Copyable>(_ output: UnsafeMutableBufferPointer<Int64>, using source: inout Source)
  {
    unsafe source.fill(output, with: law) { unsafe self.fill($0, using: &$1) }
  }

  /// Overwrites `output` with independent samples, clamped to ±2⁶².
  private func fill<Source: UniformSource & ~Copyable>(
    _ output: UnsafeMutableBufferPointer<Int64>, using source: inout Source
  ) {
    switch law {
    case .discreteLaplace(let scale) where output.count < NoiseSource.tableThreshold:
      let reference = DiscreteLaplaceReference(scale: scale)
      for index in output.indices { unsafe output[index] = reference.sample(using: &source).clamped }
    case .discreteGaussian(let variance) where output.count < NoiseSource.tableThreshold:
      let reference = DiscreteGaussianReference(variance: variance)
      for index in output.indices { unsafe output[index] = reference.sample(using: &source).clamped }
    default:
      switch sampler() {
      case .blocks(let sampler): unsafe sampler.fill(output, using: &source)
      case .skellam(let sampler): unsafe sampler.fill(output, using: &source)
      case .staircase(let sampler): unsafe sampler.fill(output, using: &source)
      }
    }
  }

  private enum Table {
    case blocks(BlockSampler)
    case skellam(SkellamSampler)
    case staircase(StaircaseSampler)
  }

  private func sampler() -> Table {
    table.withLock { table in
      if let table { return table }
      let made: Table =
        switch law {
        case .discreteLaplace(let scale): .blocks(BlockSampler(.discreteLaplace(scale: scale)))
        case .geometric(let scale): .blocks(BlockSampler(.geometric(scale: scale)))
        case .discreteGaussian(let variance): .blocks(BlockSampler(.discreteGaussian(variance: variance)))
        case .roundedNormal(let variance): .blocks(BlockSampler(.roundedNormal(variance: variance)))
        case .skellam(let variance): .skellam(SkellamSampler(variance: variance))
        case .staircase(let epsilon, let step, let first):
          .staircase(StaircaseSampler(epsilon: epsilon, step: step, first: first))
        }
      table = made
      return made
    }
  }

  /// The clamped sum of a value and its noise, without a branch on either.
  static func sum(_ value: Int64, _ noise: Int64) -> Int64 {
    // Noise beyond ±2⁶² is cut there, which takes every sum beyond ±2⁶¹: the cut cannot be told from the last clamp.
    let most = SignedSample.limit / 2
    let clamped = min(max(value, -most), most)
    return min(max(clamped + noise, -most), most)
  }
}
