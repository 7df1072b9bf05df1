import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom
import Testing

@Suite struct FixedCostTests {
  /// A source that counts what is drawn from it.
  private struct CountingSource: UniformSource, ~Copyable {
    var inner = SecureGenerator()
    var calls = 0
    var bytes = 0

    mutating func next() -> UInt64 {
      calls += 1
      bytes += 8
      return inner.next()
    }

    mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) {
      calls += 1
      bytes += buffer.count
      unsafe inner.fill(buffer)
    }
  }

  private func sampler(laplace scale: Rational, _ sensitivity: Rational = 1) throws -> FixedCostSampler {
    try #require(FixedCostSampler(discreteLaplace: scale, sensitivity: sensitivity))
  }

  private func sampler(gaussian variance: Rational, _ squaredSensitivity: Rational = 1) throws -> FixedCostSampler {
    try #require(FixedCostSampler(discreteGaussian: variance, squaredSensitivity: squaredSensitivity))
  }

  /// The exact law of the drawn magnitudes' table, zero in the middle.
  private func law(ofTable thresholds: [UInt128]) -> (at: [Rational], reach: Int) {
    let unit = ExactBounds.unit(127)
    let sums = [Rational.one] + thresholds.map { ExactBounds.whole(BigWhole($0)) * unit } + [.zero]
    let magnitudes = (0..<sums.count - 1).map { sums[$0] - sums[$0 + 1] }
    let reach = magnitudes.count - 1
    return ((-reach...reach).map { $0 == 0 ? magnitudes[0] : magnitudes[abs($0)] / 2 }, reach)
  }

  /// The exact law of the difference of two numbers with independent binary digits.
  private func law(ofDigits thresholds: [UInt128]) -> (at: [Rational], reach: Int) {
    let unit = ExactBounds.unit(128)
    var law = [Rational.one]
    for threshold in thresholds {
      let set = ExactBounds.whole(BigWhole(threshold)) * unit
      law = law.map { $0 * (1 - set) } + law.map { $0 * set }
    }
    let reach = law.count - 1
    let differences = (-reach...reach).map { x in
      (max(0, x)...min(reach, reach + x)).reduce(Rational.zero) { $0 + law[$1] * law[$1 - x] }
    }
    return (differences, reach)
  }

  /// The largest δ of two copies of a law, `shift` apart, at an ε with e^ε = `factor`.
  private func failure(_ law: (at: [Rational], reach: Int), shift: Int, factor: Rational) -> Rational {
    law.at.indices.reduce(Rational.zero) { sum, index in
      let other = law.at.indices.contains(index - shift) ? law.at[index - shift] : .zero
      let excess = law.at[index] - factor * other
      return excess.signum > 0 ? sum + excess : sum
    }
  }

  /// The drawn law is within δ of the ideal one, and so is every hockey-stick divergence of two shifted copies.
  private func checkDistance(
    _ drawn: (at: [Rational], reach: Int), _ ideal: [Int: (low: Rational, high: Rational)], beyond: Rational, shift: Int
  ) {
    func at(_ x: Int) -> Rational { abs(x) <= drawn.reach ? drawn.at[x + drawn.reach] : .zero }
    let distance = ideal.reduce(Rational.zero) { sum, entry in
      let lacking = entry.value.high - at(entry.key)
      return lacking.signum > 0 ? sum + lacking : sum
    }
    #expect(distance + beyond <= FixedCostSampler.failure)
    // e^ε = 1, 1.1, 3 and 100.
    for factor in [Rational(1), Rational(11, 10), 3, 100] {
      let allowed = ideal.reduce(Rational.zero) { sum, entry in
        guard let other = ideal[entry.key - shift] else { return sum }
        let excess = entry.value.low - factor * other.high
        return excess.signum > 0 ? sum + excess : sum
      }
      for side in [shift, -shift] {
        #expect(failure(drawn, shift: side, factor: factor) <= allowed + FixedCostSampler.failure)
      }
    }
  }

  @Test(arguments: ["1/3", "1", "5/2"])
  func `fixed-cost Laplace is the law less a failure, enumerated exactly`(scale: String) throws {
    let scale = try #require(Rational(scale))
    let sampler = try sampler(laplace: scale)
    let drawn = law(ofDigits: sampler.digitThresholds)
    #expect(drawn.at.reduce(.zero, +) == 1)
    let reach = Int(sampler.reach)
    let beyond = ExactBounds.expMinus(Rational(reach) / scale).high * 2 * (scale + 1)
    let ideal = ExactBounds.law(-reach...reach, beyond: beyond) { Rational(abs($0)) / scale }
    let least = 1 - FixedCostSampler.failure / 2
    for x in -reach...reach {
      #expect(drawn.at[x + drawn.reach] >= least * (try #require(ideal[x])).low)
    }
    // Two neighbours' enumerated outputs never exceed the claim.
    for change in [1, -1] {
      let factor = 1 / ExactBounds.expMinus(1 / scale).high
      #expect(failure(drawn, shift: change, factor: factor) <= FixedCostSampler.failure)
    }
    checkDistance(drawn, ideal, beyond: beyond, shift: 1)
  }

  @Test(arguments: ["1/4", "4", "100"])
  func `a fixed-cost Gaussian table is the law less a failure, enumerated exactly`(variance: String) throws {
    let variance = try #require(Rational(variance))
    let sampler = try sampler(gaussian: variance)
    let tables = try #require(sampler.tables)
    #expect(tables.levels == 0)
    let drawn = law(ofTable: tables.last)
    #expect(drawn.at.reduce(.zero, +) == 1)
    let reach = Int(sampler.reach)
    let ideal = ExactBounds.law(-reach...reach, beyond: ExactBounds.unit(50)) {
      Rational($0 * $0) / (2 * variance)
    }
    let least = 1 - FixedCostSampler.failure / 2
    let exact = ExactBounds.law(-reach...reach) { Rational($0 * $0) / (2 * variance) }
    for x in -reach...reach {
      #expect(drawn.at[x + drawn.reach] >= least * (try #require(exact[x])).low)
      #expect((try #require(ideal[x])).low <= (try #require(exact[x])).high)
    }
    // Beyond the reach, which is Δ + zσ with z² ≥ 86, lies less than 2e^(−43).
    checkDistance(drawn, exact, beyond: ExactBounds.expMinus(43).high * 2, shift: 1)
  }

  @Test(arguments: ["2560", "10001/3"])
  func `digits in base sixteen sum to the Gaussian law`(variance: String) throws {
    let variance = try #require(Rational(variance))
    let sampler = try sampler(gaussian: variance)
    let tables = try #require(sampler.tables)
    #expect(tables.levels == 1)
    let digit = law(ofTable: tables.digit)
    let last = law(ofTable: tables.last)
    let reach = Int(sampler.reach)
    let ideal = ExactBounds.law(-reach...reach) { Rational($0 * $0) / (2 * variance) }
    let least = 1 - FixedCostSampler.failure / 2
    for x in stride(from: 0, through: reach, by: 37) + [1, 2, 3, 8, 15, 16, 17, reach] {
      let drawn = (-last.reach...last.reach).reduce(Rational.zero) { sum, y in
        let rest = x - 16 * y
        return abs(rest) <= digit.reach ? sum + last.at[y + last.reach] * digit.at[rest + digit.reach] : sum
      }
      #expect(drawn >= least * (try #require(ideal[x])).low)
    }
    guard variance == 2_560 else { return }
    // The whole law, and its distance from the ideal one.
    let most = digit.reach + 16 * last.reach
    var whole = [Rational](repeating: .zero, count: 2 * most + 1)
    for y in -last.reach...last.reach {
      for x in -digit.reach...digit.reach {
        whole[x + 16 * y + most] += last.at[y + last.reach] * digit.at[x + digit.reach]
      }
    }
    checkDistance((whole, most), ideal, beyond: ExactBounds.expMinus(43).high * 2, shift: 1)
  }

  @Test func `every draw takes the same words in the same calls`() throws {
    for sampler in [
      try sampler(laplace: 1), try sampler(laplace: Rational(1 << 20)), try sampler(gaussian: 4),
      try sampler(gaussian: 1_000_000), try sampler(gaussian: Rational(1 << 40)),
    ] {
      var source = CountingSource()
      var value: Int64 = 0
      for draw in 1...2_000 {
        unsafe withUnsafeMutablePointer(to: &value) { pointer in
          unsafe sampler.fill(UnsafeMutableBufferPointer(start: pointer, count: 1), using: &source)
        }
        #expect(source.calls == draw)
        #expect(source.bytes == draw * sampler.wordsPerDraw * 8)
      }
    }
  }

  @Test func `fixed-cost draws follow their laws by chi-square`() throws {
    let total = 40_000
    func fits(_ sampler: FixedCostSampler, _ law: [Int: Double]) -> Bool {
      var output = [Int64](repeating: 0, count: total)
      var source = SecureGenerator()
      unsafe output.withUnsafeMutableBufferPointer { unsafe sampler.fill($0, using: &source) }
      return ChiSquare.fits(output.reduce(into: [:]) { $0[Int($1), default: 0] += 1 }, law, total: total)
    }
    // False-alarm rate 1e-9 each.
    for scale in [Rational(1, 3), 2, 40] {
      let width = scale.doubleValue
      #expect(fits(try sampler(laplace: scale), ChiSquare.law(-5_000...5_000) { abs($0) / width }))
    }
    for variance in [Rational(1, 2), 9, 2_559, 2_560, 12_345] {
      let square = variance.doubleValue
      #expect(fits(try sampler(gaussian: variance), ChiSquare.law(-5_000...5_000) { $0 * $0 / (2 * square) }))
    }
  }

  @Test(arguments: [16, 20, 30, 50])
  func `wide fixed-cost noise has the deviation of its law`(log: Int) throws {
    let scale = Rational(1 << log)
    let total = 20_000
    for (sampler, square) in [(try sampler(laplace: scale), 2.0), (try sampler(gaussian: scale * scale), 1.0)] {
      var output = [Int64](repeating: 0, count: total)
      var source = SecureGenerator()
      unsafe output.withUnsafeMutableBufferPointer { unsafe sampler.fill($0, using: &source) }
      let mean = output.reduce(0.0) { $0 + (Double($1) / scale.doubleValue) * (Double($1) / scale.doubleValue) }
      // Fourth moments are at most 6 squared variances: 7 deviations, rate below 3e-12.
      #expect(abs(mean / Double(total) / square - 1) < 7 * (5 / Double(total)).squareRoot())
    }
  }

  @Test func `the event is the exact mechanism's and the failure of every coordinate`() throws {
    let laplace = try DiscreteLaplaceMechanism(scale: 20)
    let fixed = try FixedCostMechanism(laplace)
    #expect(
      fixed.event
        == .composed([laplace.event, try .epsilonDelta(epsilon: 0, delta: FixedCostSampler.failure)]))
    #expect(try PrivacyEvent(parsing: fixed.event.description) == fixed.event)
    let bounds = try PureAccountant().epsilon(of: fixed.event, delta: Delta("1e-9"), adjacency: .addOrRemove)
    #expect(bounds.upper >= 0.05 && bounds.upper < 0.050001)
    let vector = try FixedCostMechanism(DiscreteGaussianMechanism(sigma: 50, sensitivity: 3, dimension: 100))
    #expect(vector.failure == FixedCostSampler.failure * 100)
    var generator = SecureGenerator()
    #expect(vector.release([Int64](repeating: 7, count: 100), using: &generator).count == 100)
    #expect(abs(fixed.release(.max, using: &generator)) < 1 << 62)
  }

  @Test func `a sensitivity out of reach is refused at construction`() throws {
    #expect(throws: ParameterError.self) {
      try FixedCostMechanism(DiscreteGaussianMechanism(sigma: 1, sensitivity: Rational(1 << 30)))
    }
    #expect(throws: ParameterError.self) {
      try FixedCostMechanism(DiscreteLaplaceMechanism(scale: 1, sensitivity: 1 << 60))
    }
  }
}
