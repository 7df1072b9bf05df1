import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom
import Testing

@Suite struct AdaptiveNoiseTests {
  // MARK: Propose, test, release

  @Test(arguments: [("1", "1e-6"), ("0.1", "1e-9"), ("3", "0.5"), ("0.01", "1e-100")])
  func `a value at distance zero is released with probability at most delta`(epsilon: String, delta: String) throws {
    let rate = try Epsilon(epsilon)
    let mechanism = try ProposeTestRelease(
      inner: DiscreteLaplaceMechanism(scale: 5), testEpsilon: rate, delta: Delta(delta))
    let e = rate.value.doubleValue
    // P[noise ≥ t] = e^(−εt)/(1 + e^(−ε)); one less would not be proven by e^(−εt) ≤ δ.
    let logTail = -e * Double(mechanism.threshold)
    #expect(logTail <= log(mechanism.delta.value.doubleValue) + 1e-9)
    #expect(logTail + e > log(mechanism.delta.value.doubleValue) - 1e-9)
    #expect(
      mechanism.event
        == .composed([
          try .discreteLaplace(scale: 1 / rate.value), try .discreteLaplace(scale: 5),
          try .epsilonDelta(epsilon: 0, delta: Rational(delta) ?? 0),
        ]))
    let bounds = try PureAccountant().epsilon(of: mechanism.event, delta: Delta(delta), adjacency: .replaceOne)
    #expect(abs(bounds.upper - (e + 0.2)) < 1e-12)
  }

  @Test func `the enumerated loss of propose-test-release stays below its event`() throws {
    let mechanism = try ProposeTestRelease(
      inner: DiscreteLaplaceMechanism(scale: 2, sensitivity: 2), testEpsilon: Epsilon(1), delta: Delta("0.01"))
    let threshold = Int(mechanism.threshold)
    // The law over ⊥ (nil) and answers −150 … 150.
    func law(_ value: Int, _ distance: Int) -> [Double] {
      let test = ChiSquare.law(-400...400) { abs($0) }
      let pass = test.reduce(0) { $0 + ($1.key + distance >= threshold ? $1.value : 0) }
      let noise = ChiSquare.law(-200...200) { abs($0) / 2 }
      return [1 - pass] + (-150...150).map { pass * (noise[$0 - value] ?? 0) }
    }
    func hockeyStick(_ p: [Double], _ q: [Double], _ epsilon: Double) -> Double {
      zip(p, q).reduce(0) { $0 + max(0, $1.0 - exp(epsilon) * $1.1) }
    }
    // Where the proposal holds: values 2 apart, distances 1 apart. ε = 1 + 1.
    for distance in 0...12 {
      let (p, q) = (law(0, distance), law(2, distance + 1))
      #expect(max(hockeyStick(p, q, 2), hockeyStick(q, p, 2)) <= 0.01)
    }
    // Where it does not, both distances are 0 and the values anything: (0, δ).
    let (p, q) = (law(0, 0), law(60, 0))
    #expect(max(hockeyStick(p, q, 0), hockeyStick(q, p, 0)) <= 0.01)
  }

  @Test func `propose-test-release answers far from danger, refuses near it, and refuses impossible parameters`() throws
  {
    let inner = try DiscreteLaplaceMechanism(scale: 1)
    let mechanism = try ProposeTestRelease(inner: inner, testEpsilon: Epsilon(1), delta: Delta("1e-12"))
    var generator = SecureGenerator()
    // Each fails with probability below 1e-11.
    #expect(mechanism.release(5, distance: .max, using: &generator) != nil)
    #expect(mechanism.release(5, distance: .min, using: &generator) == nil)
    #expect(throws: ParameterError.self) {
      try ProposeTestRelease(inner: inner, testEpsilon: Epsilon(1), delta: Delta(0))
    }
    #expect(throws: ParameterError.self) {
      try ProposeTestRelease(inner: inner, testEpsilon: Epsilon(0), delta: Delta("0.1"))
    }
    #expect(throws: ParameterError.self) {
      try ProposeTestRelease(
        inner: DiscreteLaplaceMechanism(scale: 1, dimension: 2), testEpsilon: Epsilon(1), delta: Delta("0.1"))
    }
  }

  // MARK: Smooth sensitivity

  /// The distribution function of density ∝ 1/(1 + z²)².
  private func cumulative(_ z: Double) -> Double { 0.5 + (atan(z) + z / (1 + z * z)) / .pi }

  @Test(arguments: [(1, 1), (7, 2), (1, 5), (100, 1)])
  func `heavy-tailed noise is the rounding of its continuous law by chi-square`(top: UInt64, bottom: UInt64) {
    let noise = HeavyTail(top: BigWhole(top), bottom: BigWhole(bottom))
    let scale = Double(top) / Double(bottom)
    var generator = SecureGenerator()
    let total = 30_000
    let counts = (0..<total).reduce(into: [Int: Int]()) { counts, _ in
      counts[Int(noise.sample(using: &generator)), default: 0] += 1
    }
    let law = Dictionary(
      uniqueKeysWithValues: (-2_000...2_000).map { x in
        (x, cumulative((Double(x) + 0.5) / scale) - cumulative((Double(x) - 0.5) / scale))
      })
    // False-alarm rate 1e-9.
    #expect(ChiSquare.fits(counts, law, total: total))
  }

  /// All lists of `count` values of 0 … `most`.
  private func lists(_ count: Int, _ most: Int) -> [[Int64]] {
    (0..<count).reduce([[]]) { lists, _ in lists.flatMap { list in (0...most).map { list + [Int64($0)] } } }
  }

  @Test(arguments: [(3, 4, Rational(1, 2)), (4, 3, Rational(1, 2)), (3, 3, 1), (4, 3, Rational(1, 4))])
  func `the smooth sensitivity bounds the local one and is smooth, over all neighbours`(
    count: Int, most: Int, quantile: Rational
  ) throws {
    let mechanism = try SmoothQuantileMechanism(quantile: quantile, range: 0...Int64(most), epsilon: Epsilon(1))
    let rank = max(1, (quantile * Rational(count)).ceiling ?? 1)
    func value(_ list: [Int64]) -> Int64 { list.sorted()[rank - 1] }
    for list in lists(count, most) {
      let here = mechanism.smoothSensitivity(of: list)
      for place in 0..<count {
        for other in 0...Int64(most) {
          var neighbour = list
          neighbour[place] = other
          // The value moves by at most S, and S by a factor of at most e^β, β = ε/6.
          #expect(UInt128((value(list) - value(neighbour)).magnitude) << 62 <= here)
          let there = mechanism.smoothSensitivity(of: neighbour)
          #expect(Double(here) <= exp(1.0 / 6) * Double(there) * (1 + 1e-12))
        }
      }
    }
  }

  @Test func `the loss of smooth quantiles stays below the event on enumerated answers`() throws {
    let epsilon = 1.5
    let mechanism = try SmoothQuantileMechanism(quantile: Rational(1, 2), range: 0...6, epsilon: Epsilon("1.5"))
    #expect(mechanism.event == (try PrivacyEvent.epsilonDelta(epsilon: Rational(3, 2))))
    func law(_ list: [Int64]) -> [Double] {
      let scale = Double(mechanism.smoothSensitivity(of: list)) / 0x1p62 / (epsilon / 4)
      let median = Double(list.sorted()[1])
      return (0...6).map { x in
        let high = x == 6 ? 1 : cumulative((Double(x) + 0.5 - median) / scale)
        let low = x == 0 ? 0 : cumulative((Double(x) - 0.5 - median) / scale)
        return high - low
      }
    }
    var worst = 0.0
    for list in lists(3, 6) where list == list.sorted() {
      let here = law(list)
      for place in 0..<3 {
        for other in 0...Int64(6) {
          var neighbour = list
          neighbour[place] = other
          for (a, b) in zip(here, law(neighbour)) { worst = max(worst, abs(log(a / b))) }
        }
      }
    }
    #expect(worst <= epsilon)
    #expect(worst > 0.2)

    // The mechanism draws that law: false-alarm rate 1e-9.
    var generator = SecureGenerator()
    let counts = (0..<20_000).reduce(into: [Int: Int]()) { counts, _ in
      counts[Int(mechanism.release([1, 2, 6], using: &generator)), default: 0] += 1
    }
    #expect(ChiSquare.fits(counts, Dictionary(uniqueKeysWithValues: zip(0..., law([1, 2, 6]))), total: 20_000))
  }

  @Test func `a concentrated sample has a median of little noise, and no data traps`() throws {
    let range: ClosedRange<Int64> = -(1 << 40)...(1 << 40)
    let mechanism = try SmoothQuantileMechanism(quantile: Rational(1, 2), range: range, epsilon: Epsilon(1))
    var generator = SecureGenerator()
    let values = (0..<2_001).map { Int64($0) }
    let smooth = Double(mechanism.smoothSensitivity(of: values)) / 0x1p62
    #expect(smooth < 100)
    let bound = mechanism.errorBound(confidence: 0.999, smoothSensitivity: smooth)
    let answers = (0..<300).map { _ in mechanism.release(values, using: &generator) }
    // 300 answers with 20 outside a 0.999 bound have probability below 1e-25.
    #expect(answers.count { abs(Double($0 - 1_000)) > bound } < 20)
    for data in [[], [.min], [.max, .min], [Int64](repeating: 3, count: 50)] as [[Int64]] {
      #expect(range.contains(mechanism.release(data, using: &generator)))
    }
    #expect(throws: ParameterError.self) {
      try SmoothQuantileMechanism(quantile: 2, range: 0...1, epsilon: Epsilon(1))
    }
    #expect(throws: ParameterError.self) {
      try SmoothQuantileMechanism(quantile: 0, range: .min...0, epsilon: Epsilon(1))
    }
    for epsilon in ["0", "1e-9", "1e9"] {
      #expect(throws: ParameterError.self) {
        try SmoothQuantileMechanism(quantile: 0, range: 0...1, epsilon: Epsilon(epsilon))
      }
    }
  }

  // MARK: Quantile tree

  @Test(arguments: [(2, 3), (4, 2), (3, 1)])
  func `no neighbour moves the counts of a quantile tree by more than was declared`(branching: Int, height: Int) throws
  {
    for adjacency in [Adjacency.addOrRemove, .replaceOne] {
      let pure = try QuantileTreeMechanism(
        range: 0...9, epsilon: Epsilon(1), adjacency: adjacency, branching: branching, height: height)
      let gauss = try QuantileTreeMechanism(
        range: 0...9, rho: Rho(1), adjacency: adjacency, branching: branching, height: height)
      #expect(pure.pureLoss.value == 1 && gauss.concentratedLoss.value == 1)
      var worst = (0, 0)
      for old in Int64(-1)...10 {
        for new in Int64(-1)...10 {
          let after = adjacency == .replaceOne ? [3, new] : [3]
          let moved = zip(pure.counts([3, old]), pure.counts(after)).map { Int($0 - $1) }
          worst.0 = max(worst.0, moved.reduce(0) { $0 + abs($1) })
          worst.1 = max(worst.1, moved.reduce(0) { $0 + $1 * $1 })
        }
      }
      #expect(Rational(worst.0) == pure.noise.sensitivity.value)
      #expect(Rational(worst.1) == gauss.noise.sensitivity.squared)
    }
  }

  @Test func `a tree with nearly no noise knows counts, ranks and quantiles`() throws {
    let mechanism = try QuantileTreeMechanism(
      range: 0...999, epsilon: Epsilon(1_000), adjacency: .addOrRemove, branching: 10, height: 3)
    var generator = SecureGenerator()
    // Scale 3/1000: noise differs from zero with probability e^(−333).
    let values = (0..<1_000).flatMap { [Int64](repeating: Int64($0), count: 2) }
    let tree = mechanism.release(values, using: &generator)
    #expect(tree.total == 2_000)
    for value in [0, 1, 17, 500, 998, 999] as [Int64] { #expect(tree.rank(of: value) == 2 * (value + 1)) }
    for percent in 0...100 {
      let answer = tree.quantile(Rational(percent, 100))
      #expect(abs(answer - Int64(percent * 10)) <= 1)
    }
    let empty = mechanism.release([], using: &generator)
    #expect(empty.total == 0)
    #expect(abs(empty.quantile(Rational(1, 2)) - 500) <= 1)
  }

  @Test func `quantiles of a noisy tree stay in the range and do not decrease`() throws {
    let mechanism = try QuantileTreeMechanism(
      range: -50...1_000_000, rho: Rho("0.01"), adjacency: .replaceOne, branching: 4, height: 5)
    var generator = SecureGenerator()
    let tree = mechanism.release((0..<3_000).map { Int64($0 * $0 % 70_001) }, using: &generator)
    var last = Int64.min
    for percent in 0...100 {
      let answer = tree.quantile(Rational(percent, 100))
      #expect(answer >= last && (-50...1_000_000).contains(answer))
      last = answer
    }
    let extreme = mechanism.release([.min, .max], using: &generator)
    #expect(extreme.counts.count == 4 + 16 + 64 + 256 + 1_024)
    #expect(mechanism.rankDeviation > mechanism.noise.standardDeviation)
    for (branching, height, values) in [(1, 3, 1), (2, 0, 1), (16, 6, 1), (300, 1, 1), (2, 21, 1), (2, 2, 0)] {
      #expect(throws: ParameterError.self) {
        try QuantileTreeMechanism(
          range: 0...9, epsilon: Epsilon(1), adjacency: .addOrRemove, branching: branching, height: height,
          valuesPerUnit: values)
      }
    }
    #expect(throws: ParameterError.self) {
      try QuantileTreeMechanism(range: .min ... .max, epsilon: Epsilon(1), adjacency: .addOrRemove)
    }
    #expect(throws: ParameterError.self) {
      try QuantileTreeMechanism(range: 0...9, rho: Rho(0), adjacency: .addOrRemove)
    }
  }
}
