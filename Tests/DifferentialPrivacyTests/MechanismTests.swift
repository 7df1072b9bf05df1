import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom
import Testing

@Suite struct MechanismTests {
  @Test(arguments: ["0", "-1", "1e-9", "1e20", "1/99999999", "1e300"])
  func `scales that cannot mean anything are refused`(text: String) throws {
    let scale = try #require(Rational(text))
    #expect(throws: ParameterError.self) { try DiscreteLaplaceMechanism(scale: scale) }
    #expect(throws: ParameterError.self) { try DiscreteGaussianMechanism(sigma: scale) }
    #expect(throws: ParameterError.self) { try SkellamMechanism(sigma: scale) }
    #expect(throws: ParameterError.self) { try NoiseStream.geometric(scale: scale) }
  }

  @Test(arguments: ["0", "-1", "-1e-9"])
  func `real-valued mechanisms refuse scales that are not positive`(text: String) throws {
    let scale = try #require(Rational(text))
    #expect(throws: ParameterError.self) { try LaplaceMechanism(scale: scale) }
    #expect(throws: ParameterError.self) { try GaussianMechanism(sigma: scale) }
    #expect(throws: ParameterError.self) { try LaplaceMechanism(scale: 1, sensitivity: scale) }
    #expect(throws: ParameterError.self) { try GaussianMechanism(sigma: 1, sensitivity: scale) }
  }

  @Test func `not-a-number and infinity never become a parameter`() {
    for value in [Double.nan, .infinity, -.infinity] {
      #expect(throws: ParameterError.self) { try LaplaceScale(exactly: value) }
      #expect(Rational(exactly: value) == nil)
    }
    #expect(Rational("nan") == nil)
    #expect(Rational("inf") == nil)
  }

  @Test func `parameters with thousands of digits are refused`() throws {
    let long = try #require(Rational("1." + String(repeating: "3", count: 3_000)))
    #expect(throws: ParameterError.self) { try DiscreteLaplaceMechanism(scale: long) }
  }

  @Test func `a mechanism of given epsilon costs exactly that`() throws {
    let epsilon = try Epsilon("0.1")
    let mechanism = try DiscreteLaplaceMechanism(epsilon: epsilon, sensitivity: 7)
    #expect(mechanism.event == (try PrivacyEvent.discreteLaplace(scale: 70, sensitivity: 7)))
    let vector = try DiscreteLaplaceMechanism(epsilon: epsilon, sensitivity: 7, dimension: 3)
    #expect(vector.event == (try PrivacyEvent.epsilonDelta(epsilon: Rational(1, 10))))
    #expect(throws: ParameterError.self) { try DiscreteLaplaceMechanism(epsilon: Epsilon(Rational.zero)) }
  }

  @Test func `events carry the parameters the noise is drawn with`() throws {
    #expect(
      try DiscreteGaussianMechanism(sigma: 5, sensitivity: 2, dimension: 3).event
        == PrivacyEvent.discreteGaussian(sigma: 5, sensitivity: 2, dimension: 3))
    #expect(try SkellamMechanism(sigma: 5).event == PrivacyEvent.skellam(sigma: 5))
    #expect(
      try GaussianMechanism(sigma: 3, sensitivity: 2).event
        == PrivacyEvent.gaussian(noiseMultiplier: Rational(3, 2)))
    // ε of a grid Laplace is sensitivity over scale when the sensitivity is a whole number of steps.
    guard case .discreteLaplace(let scale, let sensitivity) = try LaplaceMechanism(scale: 20, sensitivity: 3).event
    else { throw Unexpected() }
    #expect(sensitivity.value / scale.value == Rational(3, 20))
  }

  struct Unexpected: Error {}

  @Test(arguments: ["1e-250", "1/3", "1", "1000", "65535", "65536", "123456789.5", "1e250"])
  func `the default grid keeps its promise`(text: String) throws {
    let scale = try #require(Rational(text))
    let ratio = scale / (try Grid(forScale: scale)).step
    #expect(ratio >= 32_768)
    #expect(ratio < 65_536)
  }

  @Test func `answers have no bit below their grid and read back from text`() throws {
    var generator = SecureGenerator()
    let laplace = try LaplaceMechanism(scale: Rational(1, 3))
    let gaussian = try GaussianMechanism(sigma: Rational(1, 3))
    for _ in 0..<2_000 {
      for answer in [laplace.release(steps: 12, using: &generator), gaussian.release(steps: -7, using: &generator)] {
        #expect(Rational(exactly: answer.value) == answer.exactValue)
        #expect(Double(answer.description) == answer.value)
      }
    }
  }

  @Test func `rounding to the grid goes toward zero and never traps`() throws {
    let grid = try Grid(exponent: -1)
    #expect(grid.steps(toward: 1.9) == 3)
    #expect(grid.steps(toward: -1.9) == -3)
    #expect(grid.steps(toward: 0.49) == 0)
    #expect(grid.steps(toward: .infinity) == 1 << 61)
    #expect(grid.steps(toward: -1e300) == -(1 << 61))
    #expect(grid.steps(toward: .nan) == nil)
  }

  @Test(arguments: [Int64.min, -1 << 62, -1, 0, 1, 1 << 62, .max])
  func `no value overflows or traps`(value: Int64) throws {
    var generator = SecureGenerator()
    let most: Int64 = 1 << 62
    let wide = try DiscreteLaplaceMechanism(scale: Rational(1 << 50))
    let answer = wide.release(value, using: &generator)
    #expect((-most...most).contains(answer))
    let vector = try GaussianMechanism(sigma: 1, sensitivity: 1, dimension: 300)
    let answers = vector.release(steps: [Int64](repeating: value, count: 300), using: &generator)
    #expect(answers.allSatisfy { (-most...most).contains($0) })
  }

  @Test func `empty data gets noise like any other`() throws {
    var generator = SecureGenerator()
    let mechanism = try DiscreteLaplaceMechanism(scale: 100)
    let answers = (0..<200).map { _ in mechanism.release(0, using: &generator) }
    // All zero has probability below (1/200)^200.
    #expect(answers.contains { $0 != 0 })
  }

  private func mechanisms() throws -> [(any NoiseMechanism, (Int, inout SecureGenerator) -> [Double])] {
    let laplace = try DiscreteLaplaceMechanism(scale: Rational(7, 2), sensitivity: 1, dimension: 50_000)
    let gaussian = try DiscreteGaussianMechanism(sigma: 6, dimension: 50_000)
    let skellam = try SkellamMechanism(sigma: 9, dimension: 50_000)
    let normal = try GaussianMechanism(sigma: 4, sensitivity: 1, dimension: 50_000)
    return [
      (laplace, { laplace.release([Int64](repeating: 0, count: $0), using: &$1).map { Double($0) } }),
      (gaussian, { gaussian.release([Int64](repeating: 0, count: $0), using: &$1).map { Double($0) } }),
      (skellam, { skellam.release([Int64](repeating: 0, count: $0), using: &$1).map { Double($0) } }),
      (
        normal,
        { count, generator in
          normal.release(steps: [Int64](repeating: 0, count: count), using: &generator).map {
            GridValue(steps: $0, grid: normal.grid).value
          }
        }
      ),
    ]
  }

  @Test func `the stated standard deviation and error bounds are those of the noise`() throws {
    var generator = SecureGenerator()
    let count = 50_000
    for (mechanism, draw) in try mechanisms() {
      let samples = draw(count, &generator)
      let square = samples.reduce(0) { $0 + $1 * $1 } / Double(count)
      let variance = mechanism.standardDeviation * mechanism.standardDeviation
      // The fourth moments are at most 6.1σ⁴, so the mean square has deviation below 0.0102σ²: 7 of them, rate 3e-12.
      #expect(abs(square / variance - 1) < 0.072)
      for confidence in [0.5, 0.9, 0.99] {
        let bound = mechanism.errorBound(confidence: confidence)
        let outside = Double(samples.count { abs($0) > bound }) / Double(count)
        // A binomial share of 50,000 is 6.5 deviations (0.0146) high with probability below 1e-10.
        #expect(outside <= 1 - confidence + 0.0146)
        #expect(outside >= (1 - confidence) * 0.5 - 0.0146)
      }
    }
  }

  @Test func `simulated noise is a function of the seed and says so`() throws {
    let mechanism = try DiscreteGaussianMechanism(sigma: 6, dimension: 500)
    var first = SimulationGenerator(seed: 3, stream: "noise")
    var second = SimulationGenerator(seed: 3, stream: "noise")
    let values = [Int64](repeating: 5, count: 500)
    let a: Simulated<[Int64]> = mechanism.simulate(values, using: &first)
    let b = mechanism.simulate(values, using: &second)
    #expect(a.value == b.value)
    #expect(a.value != mechanism.simulate(values, using: &first).value)
  }

  @Test func `shifting the data shifts the answer, whatever the noise`() throws {
    // Record and replay: the same tape on neighbouring data takes the same path and differs by the data alone.
    let mechanism = try DiscreteLaplaceMechanism(scale: 9, dimension: 400)
    let tape = SimulationGenerator(seed: 8, stream: "tape")
    let data = (0..<400).map { Int64($0) }
    var changed = data
    changed[17] += 1
    var first = tape
    var second = tape
    let a = mechanism.simulate(data, using: &first).value
    let b = mechanism.simulate(changed, using: &second).value
    #expect(zip(a, b).map { $1 - $0 } == (0..<400).map { $0 == 17 ? 1 : 0 })
    #expect(first.next() == second.next())
  }

  @Test func `prepared noise is used once and takes the same time whatever it is`() throws {
    var generator = SecureGenerator()
    let mechanism = try DiscreteLaplaceMechanism(scale: 10)
    let count = 1_000_000
    var prepared = mechanism.prepare(count, using: &generator)
    #expect(prepared.event == mechanism.event)
    var sums = (x: 0.0, y: 0.0, xx: 0.0, yy: 0.0, xy: 0.0)
    var squares = 0.0
    for _ in 0..<count {
      var start = timespec()
      var end = timespec()
      unsafe clock_gettime(CLOCK_MONOTONIC, &start)
      let answer = prepared.release(0)
      unsafe clock_gettime(CLOCK_MONOTONIC, &end)
      // Interruptions by other processes are cut off so that they do not drown the signal looked for.
      let elapsed = min(2_000, Double(end.tv_nsec - start.tv_nsec) + 1e9 * Double(end.tv_sec - start.tv_sec))
      let noise = Double(abs(answer))
      squares += noise * noise
      sums = (
        sums.x + noise, sums.y + elapsed, sums.xx + noise * noise, sums.yy + elapsed * elapsed,
        sums.xy + noise * elapsed
      )
    }
    #expect(prepared.remaining == 0)
    let n = Double(count)
    let covariance = sums.xy / n - sums.x / n * sums.y / n
    let spread = ((sums.xx / n - sums.x / n * sums.x / n) * (sums.yy / n - sums.y / n * sums.y / n)).squareRoot()
    // Without dependence the correlation has standard deviation 0.001: ten of them.
    #expect(abs(covariance / max(spread, 1e-9)) < 0.01)
    #expect(abs(squares / n / (mechanism.standardDeviation * mechanism.standardDeviation) - 1) < 0.02)
  }

  @Test func `every scale in range builds a table and draws`() throws {
    var generator = SecureGenerator()
    let values = [Int64](repeating: 0, count: 600)
    for log in -10...50 {
      let scale = log < 0 ? Rational(1, 1 << -log) : Rational(1 << log)
      do {
        let laplace = try DiscreteLaplaceMechanism(scale: scale, dimension: 600).release(values, using: &generator)
        let gaussian = try DiscreteGaussianMechanism(sigma: scale, dimension: 600).release(values, using: &generator)
        let reach = scale.doubleValue * 100 + 1
        // A hundred scales are exceeded with probability below e^(−100).
        #expect(laplace.allSatisfy { Double(abs($0)) <= reach })
        #expect(gaussian.allSatisfy { Double(abs($0)) <= reach })
        if log >= 3 { #expect(Set(laplace).count > 8 && Set(gaussian).count > 8) }
      }
    }
  }
}
