import DifferentialPrivacy
import ExactMath
import SecureRandom

/// The generator and the buffer that all subjects share.
private final class Workspace {
  static let count = 1 << 18
  var generator = SecureGenerator()
  var output = [Int64](repeating: 0, count: Workspace.count)

  func fill(_ sampler: BlockSampler) {
    unsafe output.withUnsafeMutableBufferPointer { unsafe sampler.fill($0, using: &generator) }
  }

  func fill(_ sampler: SkellamSampler) {
    unsafe output.withUnsafeMutableBufferPointer { unsafe sampler.fill($0, using: &generator) }
  }

  func fill(_ sampler: FixedCostSampler, _ count: Int) {
    unsafe output.withUnsafeMutableBufferPointer {
      unsafe sampler.fill(UnsafeMutableBufferPointer(rebasing: $0[..<count]), using: &generator)
    }
  }
}

/// Counts the bytes that a sampler takes.
private struct CountedBytes: UniformSource, ~Copyable {
  var inner = SecureGenerator()
  var bytes = 0

  mutating func next() -> UInt64 {
    bytes += 8
    return inner.next()
  }

  mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    bytes += buffer.count
    unsafe inner.fill(buffer)
  }

  /// The bytes a draw takes, over many of them.
  static func perDraw(_ count: Int, _ fill: (UnsafeMutableBufferPointer<Int64>, inout CountedBytes) -> Void) -> Double {
    var source = CountedBytes()
    var output = [Int64](repeating: 0, count: count)
    unsafe output.withUnsafeMutableBufferPointer { unsafe fill($0, &source) }
    return Double(source.bytes) / Double(count)
  }
}

/// What is measured, random bytes first.
func subjects() -> [Subject] {
  let space = Workspace()
  let count = Workspace.count
  var subjects = [
    Subject(name: "random bytes", unit: "bytes", count: count * 8) {
      unsafe space.output.withUnsafeMutableBytes { unsafe space.generator.fill($0) }
    }
  ]
  func add(_ name: String, _ sampler: BlockSampler) {
    let bytes = unsafe CountedBytes.perDraw(1 << 16) { unsafe sampler.fill($0, using: &$1) }
    subjects.append(Subject(name: name, count: count, bytes: bytes) { space.fill(sampler) })
  }
  func add(_ name: String, _ sampler: FixedCostSampler?) {
    guard let sampler else { return }
    subjects.append(
      Subject(name: name, count: count / 64, bytes: Double(8 * sampler.wordsPerDraw)) {
        space.fill(sampler, count / 64)
      })
  }
  for scale in [1, 20, 1_000, 1 << 20] {
    let square = Rational(scale * scale)
    add("discrete Laplace, scale \(scale)", BlockSampler(.discreteLaplace(scale: Rational(scale))))
    add("discrete Gaussian, sigma \(scale)", BlockSampler(.discreteGaussian(variance: square)))
    add(
      "fixed-cost discrete Laplace, scale \(scale)",
      FixedCostSampler(discreteLaplace: Rational(scale), sensitivity: 1))
    add(
      "fixed-cost discrete Gaussian, sigma \(scale)",
      FixedCostSampler(discreteGaussian: square, squaredSensitivity: 1))
  }
  add("rounded normal, sigma 2^15 steps", BlockSampler(.roundedNormal(variance: Rational(1 << 30))))
  let skellam = SkellamSampler(variance: 10_000)
  subjects.append(Subject(name: "Skellam, sigma 100", count: count) { space.fill(skellam) })
  let few = 1 << 13
  for scale in [1_000, 1 << 20] {
    let laplace = DiscreteLaplaceReference(scale: Rational(scale))
    let gaussian = DiscreteGaussianReference(variance: Rational(scale * scale))
    subjects.append(
      Subject(name: "reference discrete Laplace, scale \(scale)", count: few) {
        for _ in 0..<few { _ = laplace.sample(using: &space.generator) }
      })
    subjects.append(
      Subject(name: "reference discrete Gaussian, sigma \(scale)", count: few) {
        for _ in 0..<few { _ = gaussian.sample(using: &space.generator) }
      })
  }
  return subjects
}
