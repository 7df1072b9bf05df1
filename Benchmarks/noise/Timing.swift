import DifferentialPrivacy
import ExactMath
import Glibc
import SecureRandom

/// How much the time of a draw tells of the noise drawn: the correlation of |noise| with it.
struct TimingReport {
  let name: String
  /// Pearson's correlation of |noise| with the time of its draw; times above four medians (interrupts) count as that.
  let correlation: Double
  /// What is wanted of the samplers that promise a fixed cost.
  var target: String? { name.hasPrefix("fixed-cost") ? "below 0.01 in magnitude" : nil }

  /// Draws one at a time and correlates.
  init(_ name: String, draws: Int, _ draw: () -> Int64) {
    var sizes = [Double](repeating: 0, count: draws)
    var times = [Double](repeating: 0, count: draws)
    for _ in 0..<1_000 { _ = draw() }
    for index in 0..<draws {
      let start = monotonicNanoseconds()
      let noise = draw()
      let end = monotonicNanoseconds()
      sizes[index] = Double(abs(noise))
      times[index] = Double(end - start)
    }
    // A few interrupts of milliseconds would drown everything: times are capped at four medians.
    let cap = 4 * times.sorted()[draws / 2]
    for index in times.indices { times[index] = min(times[index], cap) }
    let (meanSize, meanTime) = (sizes.reduce(0, +) / Double(draws), times.reduce(0, +) / Double(draws))
    var (product, squareSize, squareTime) = (0.0, 0.0, 0.0)
    for index in 0..<draws {
      let (s, t) = (sizes[index] - meanSize, times[index] - meanTime)
      product += s * t
      squareSize += s * s
      squareTime += t * t
    }
    self.name = name
    correlation = product / (squareSize * squareTime).squareRoot()
  }
}

/// A clock for single draws.
private func monotonicNanoseconds() -> Int64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC_RAW, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// The reports for the plain samplers, for contrast, and for the fixed-cost ones.
func timingReports(draws: Int) throws -> [TimingReport] {
  var generator = SecureGenerator()
  let laplace = DiscreteLaplaceReference(scale: 10)
  let gaussian = DiscreteGaussianReference(variance: 100)
  let block = BlockSampler(.discreteLaplace(scale: 10))
  let fixedLaplace = try FixedCostMechanism(DiscreteLaplaceMechanism(scale: 10))
  let fixedGaussian = try FixedCostMechanism(DiscreteGaussianMechanism(sigma: 10))
  let wideGaussian = try FixedCostMechanism(DiscreteGaussianMechanism(sigma: 100_000))
  return [
    TimingReport("reference discrete Laplace, scale 10", draws: draws) {
      laplace.sample(using: &generator).clamped
    },
    TimingReport("reference discrete Gaussian, sigma 10", draws: draws) {
      gaussian.sample(using: &generator).clamped
    },
    TimingReport("block discrete Laplace, scale 10", draws: draws) { block.sample(using: &generator) },
    TimingReport("fixed-cost discrete Laplace, scale 10", draws: draws) {
      fixedLaplace.release(0, using: &generator)
    },
    TimingReport("fixed-cost discrete Gaussian, sigma 10", draws: draws) {
      fixedGaussian.release(0, using: &generator)
    },
    TimingReport("fixed-cost discrete Gaussian, sigma 100000", draws: draws) {
      wideGaussian.release(0, using: &generator)
    },
  ]
}
