import DifferentialPrivacy
import ExactMath
import Glibc
import SecureRandom

/// Processor time of this thread in seconds.
func processorSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Prints how fast `body` makes `count` things, the best of five runs.
func measure(_ name: String, count: Int, unit: String = "M/s", _ body: () -> Void) {
  var best = Double.infinity
  for _ in 0..<5 {
    let start = processorSeconds()
    body()
    best = min(best, processorSeconds() - start)
  }
  let rate = Double(count) / best / 1e6
  let padded = name + String(repeating: " ", count: max(1, 44 - name.count))
  print("\(padded)\((rate * 100).rounded() / 100) \(unit)\t\((best / Double(count) * 1e11).rounded() / 100) ns each")
}

let count = 1 << 20
var generator = SecureGenerator()
var output = [Int64](repeating: 0, count: count)

measure("random bytes", count: count * 8, unit: "MB/s") {
  unsafe output.withUnsafeMutableBytes { unsafe generator.fill($0) }
}

for scale in [1, 20, 1_000, 1 << 20] {
  let laws: [(String, BlockLaw)] = [
    ("discrete Laplace", .discreteLaplace(scale: Rational(scale))),
    ("discrete Gaussian", .discreteGaussian(variance: Rational(scale * scale))),
    ("geometric", .geometric(scale: Rational(scale))),
  ]
  for (name, law) in laws {
    let sampler = BlockSampler(law)
    measure("\(name), scale \(scale)", count: count) {
      unsafe output.withUnsafeMutableBufferPointer { unsafe sampler.fill($0, using: &generator) }
    }
  }
}
let skellam = SkellamSampler(variance: 10_000)
measure("Skellam, sigma 100", count: count) {
  unsafe output.withUnsafeMutableBufferPointer { unsafe skellam.fill($0, using: &generator) }
}
let normal = BlockSampler(.roundedNormal(variance: Rational(1 << 30)))
measure("rounded normal, sigma 2^15 steps", count: count) {
  unsafe output.withUnsafeMutableBufferPointer { unsafe normal.fill($0, using: &generator) }
}

let laplace = DiscreteLaplaceReference(scale: 1_000)
measure("reference discrete Laplace, scale 1000", count: 1 << 15) {
  for _ in 0..<(1 << 15) { _ = laplace.sample(using: &generator) }
}
let gaussian = DiscreteGaussianReference(variance: 1_000_000)
measure("reference discrete Gaussian, scale 1000", count: 1 << 15) {
  for _ in 0..<(1 << 15) { _ = gaussian.sample(using: &generator) }
}
measure("building a table, scale 1000", count: 10) {
  for _ in 0..<10 { _ = BlockSampler(.discreteGaussian(variance: 1_000_000)) }
}
Peers.measure()
