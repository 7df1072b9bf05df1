import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom
import Testing

@Suite struct SelectionLawTests {
  private let scores: [Int64] = [3, 0, 5, 4, 5]

  private func counts(_ total: Int, _ draw: (inout SecureGenerator) -> Int) -> [Int: Int] {
    var generator = SecureGenerator()
    return (0..<total).reduce(into: [:]) { counts, _ in counts[draw(&generator), default: 0] += 1 }
  }

  /// The law of the argmax of score + discrete Laplace noise of a scale, the first of equal ones.
  private func laplaceLaw(_ scores: [Int64], scale: Double) -> [Double] {
    let noise = ChiSquare.law(-200...200) { abs($0) / scale }
    func below(_ x: Int) -> Double { noise.reduce(0) { $0 + ($1.key < x ? $1.value : 0) } }
    let cumulative = Dictionary(uniqueKeysWithValues: (-230...230).map { ($0, below($0)) })
    return scores.indices.map { index in
      noise.reduce(0) { sum, entry in
        let value = Int(scores[index]) + entry.key
        let wins = scores.indices.reduce(1.0) { product, other in
          if other == index { return product }
          // Earlier indices must be strictly smaller, later ones at most equal.
          let limit = value - Int(scores[other]) + (other > index ? 1 : 0)
          return product * (cumulative[min(max(limit, -230), 230)] ?? 0)
        }
        return sum + entry.value * wins
      }
    }
  }

  @Test func `noisy max with discrete Laplace noise follows its law by chi-square`() throws {
    let mechanism = try ReportNoisyMaxMechanism(epsilon: Epsilon(2), noise: .laplace)
    let law = laplaceLaw(scores, scale: 1)
    // False-alarm rate 1e-9.
    #expect(
      ChiSquare.fits(
        counts(20_000) { mechanism.choose(scores, using: &$0) }, Dictionary(uniqueKeysWithValues: zip(0..., law)),
        total: 20_000))
  }

  @Test(arguments: [(Rational(1), false), (Rational(3), true)])
  func `noisy max with exponential noise has the law of permute-and-flip`(epsilon: Rational, monotone: Bool) throws {
    let mechanism = try ReportNoisyMaxMechanism(epsilon: Epsilon(epsilon), noise: .exponential, monotone: monotone)
    let rate = epsilon.doubleValue / (monotone ? 1 : 2)
    let keep = scores.map { exp(rate * Double($0 - 5)) }
    var law = [Double](repeating: 0, count: scores.count)
    func visit(_ left: [Int], _ mass: Double) {
      for index in left {
        let share = mass / Double(left.count)
        law[index] += share * keep[index]
        visit(left.filter { $0 != index }, share * (1 - keep[index]))
      }
    }
    visit(Array(scores.indices), 1)
    // False-alarm rate 1e-9.
    #expect(
      ChiSquare.fits(
        counts(20_000) { mechanism.choose(scores, using: &$0) }, Dictionary(uniqueKeysWithValues: zip(0..., law)),
        total: 20_000))
    #expect(mechanism.event == (try PrivacyEvent.epsilonDelta(epsilon: epsilon)))
  }

  @Test func `noisy max neither traps at the ends of the range nor accepts what cannot be`() throws {
    var generator = SecureGenerator()
    for noise in ReportNoisyMaxMechanism.Noise.allCases {
      let mechanism = try ReportNoisyMaxMechanism(epsilon: Epsilon(1), noise: noise)
      #expect(mechanism.choose([.min, .max, 0], using: &generator) == 1)
      #expect(mechanism.choose([7], using: &generator) == 0)
      #expect(throws: ParameterError.self) { try ReportNoisyMaxMechanism(epsilon: Epsilon(0), noise: noise) }
      #expect(throws: ParameterError.self) {
        try ReportNoisyMaxMechanism(epsilon: Epsilon(1), noise: noise, sensitivity: 0)
      }
      #expect(throws: ParameterError.self) { try ReportNoisyMaxMechanism(epsilon: Epsilon("1e-30"), noise: noise) }
    }
  }

  /// P[K = k] of the laws of repetition, from their definitions.
  private func repetition(_ eta: Double, _ gamma: Double) -> [Int: Double] {
    var weights = [Int: Double]()
    var product = 1.0
    for k in 1...2_000 {
      weights[k] = pow(1 - gamma, Double(k)) * product
      product *= (Double(k) + eta) / Double(k + 1)
    }
    let total = weights.values.sorted().reduce(0, +)
    return weights.mapValues { $0 / total }
  }

  private func poisson(_ mean: Double) -> [Int: Double] {
    Dictionary(
      uniqueKeysWithValues: (0...200).map { ($0, exp(Double($0) * log(mean) - mean - lgamma(Double($0 + 1)))) })
  }

  @Test func `the number of runs follows its law by chi-square`() throws {
    let laws: [(RepetitionLaw, [Int: Double])] = [
      (try .geometric(stopping: Rational(1, 7)), repetition(1, 1 / 7)),
      (try .logarithmic(gamma: Rational(1, 9)), repetition(0, 1 / 9)),
      (try .truncatedNegativeBinomial(eta: Rational(-1, 2), gamma: Rational(1, 20)), repetition(-0.5, 0.05)),
      (try .truncatedNegativeBinomial(eta: Rational(1, 3), gamma: Rational(1, 5)), repetition(1.0 / 3, 0.2)),
      (try .poisson(mean: Rational(1, 3)), poisson(1.0 / 3)), (try .poisson(mean: Rational(17, 4)), poisson(4.25)),
    ]
    for (law, expected) in laws {
      // False-alarm rate 1e-9.
      #expect(ChiSquare.fits(counts(12_000) { law.draw(using: &$0) }, expected, total: 12_000))
    }
  }

  /// The exact law of the best of K answers when one run gives answer y with probability `base[y]`, better ones last.
  private func best(_ base: [Double], _ runs: [Int: Double]) -> [Double] {
    var below = 0.0
    return base.map { mass in
      let upTo = below + mass
      defer { below = upTo }
      return runs.reduce(0) { $0 + $1.value * (pow(upTo, Double($1.key)) - pow(below, Double($1.key))) }
    }
  }

  @Test func `choosing the best of many runs never loses more than its event says`() throws {
    let epsilon = 0.7
    let loss = try Epsilon("0.7")
    // Two laws of ratio e^ε at most, bad answers first: the extreme pair of every subset of the answers.
    var pairs: [([Double], [Double])] = []
    for subset in 1..<15 {
      let p = (0..<4).map { subset >> $0 & 1 == 1 ? exp(epsilon) : 1 }
      let q = (0..<4).map { subset >> $0 & 1 == 1 ? 1 : exp(epsilon) }
      // Scaled so that all ratios stay within e^ε: p/q is e^ε or e^(−ε) before both sums become one.
      let (a, b) = (p.reduce(0, +), q.reduce(0, +))
      let (first, second) = (p.map { $0 / a }, q.map { $0 / b })
      if zip(first, second).allSatisfy({ abs(log($0 / $1)) <= epsilon + 1e-12 }) { pairs.append((first, second)) }
    }
    #expect(pairs.count >= 6)
    let laws: [(RepetitionLaw, [Int: Double])] = [
      (try .geometric(stopping: Rational(1, 7)), repetition(1, 1 / 7)),
      (try .logarithmic(gamma: Rational(1, 9)), repetition(0, 1 / 9)),
      (try .truncatedNegativeBinomial(eta: Rational(-1, 2), gamma: Rational(1, 20)), repetition(-0.5, 0.05)),
      (try .poisson(mean: Rational(17, 4)), poisson(4.25)),
    ]
    for (law, runs) in laws {
      let claim = try RepeatedSelection(baseLoss: loss, repetitions: law).pureLoss.value.doubleValue
      var worst = 0.0
      for (p, q) in pairs {
        for (a, b) in zip(best(p, runs), best(q, runs)) { worst = max(worst, abs(log(a / b))) }
      }
      #expect(worst <= claim + 1e-9)
      #expect(worst > epsilon)
    }
    #expect(
      try RepeatedSelection(baseLoss: loss, repetitions: .geometric(stopping: Rational(1, 2))).pureLoss.value
        == Rational(21, 10))
    let selection = try RepeatedSelection(
      base: ExponentialMechanism(epsilon: loss), repetitions: .logarithmic(gamma: Rational(1, 2)))
    #expect(selection.event == (try PrivacyEvent.epsilonDelta(epsilon: Rational(7, 5))))
  }

  @Test func `repeated runs release the best answer by its law`() throws {
    let base = [0.5, 0.3, 0.15, 0.05]
    let selection = try RepeatedSelection(
      baseLoss: Epsilon(1), repetitions: .logarithmic(gamma: Rational(1, 9)))
    func run(_ generator: inout SecureGenerator) -> (quality: Int64, answer: Int) {
      let place = generator.next() % 20
      let answer = place < 10 ? 0 : place < 16 ? 1 : place < 19 ? 2 : 3
      return (Int64(answer), answer)
    }
    let law = best(base, repetition(0, 1 / 9))
    let seen = counts(20_000) { selection.choose(using: &$0, run) ?? -1 }
    // False-alarm rate 1e-9; 2^64 modulo 20 is negligible against it.
    #expect(ChiSquare.fits(seen, Dictionary(uniqueKeysWithValues: zip(0..., law)), total: 20_000))

    let threshold = try ThresholdSelection(baseLoss: Epsilon(1), threshold: 2, giveUp: Rational(1, 10))
    #expect(threshold.pureLoss.value == 2)
    let first = counts(20_000) { threshold.choose(using: &$0, run) ?? -1 }
    let scale = 0.1 + 0.9 * 0.2
    #expect(ChiSquare.fits(first, [2: 0.15 / scale, 3: 0.05 / scale, -1: 0.8 * 0.1 / scale], total: 20_000))
  }

  @Test func `impossible repetitions are refused`() throws {
    for gamma in [Rational(0), 1, 2, -1, Rational(1, 1 << 21)] {
      #expect(throws: ParameterError.self) { try RepetitionLaw.geometric(stopping: gamma) }
      #expect(throws: ParameterError.self) { try RepetitionLaw.logarithmic(gamma: gamma) }
    }
    for eta in [Rational(-1), 2, -3] {
      #expect(throws: ParameterError.self) {
        try RepetitionLaw.truncatedNegativeBinomial(eta: eta, gamma: Rational(1, 2))
      }
    }
    for mean in [Rational(0), -1, Rational(1 << 21)] {
      #expect(throws: ParameterError.self) { try RepetitionLaw.poisson(mean: mean) }
    }
    for giveUp in [Rational(0), 2] {
      #expect(throws: ParameterError.self) {
        try ThresholdSelection(baseLoss: Epsilon(1), threshold: 0, giveUp: giveUp)
      }
    }
  }

  @Test func `numbers above the threshold carry noise of their own`() throws {
    let mechanism = try NumericSparseVectorMechanism(
      comparisonEpsilon: Epsilon(2), answerEpsilon: Epsilon(1), cutoff: Cutoff(2))
    #expect(mechanism.event == (try PrivacyEvent.sparseVector(epsilon: 3, cutoff: 2)))
    #expect(mechanism.pureLoss.value == 3)
    var generator = SecureGenerator()
    var counts: [Int: Int] = [:]
    var total = 0
    for _ in 0..<30_000 {
      var stream = mechanism.start(threshold: 2, using: &generator)
      // Half of the values pass the comparison; the number says nothing of why.
      if case .above(let number) = stream.answer(2, using: &generator) {
        counts[Int(number), default: 0] += 1
        total += 1
      }
    }
    #expect(total > 10_000)
    // False-alarm rate 1e-9. Reusing the compared noise would have no mass on one side.
    #expect(ChiSquare.fits(counts, ChiSquare.law(-200...204) { abs($0 - 2) / 2 }, total: total))
    var stream = mechanism.start(threshold: 0, using: &generator)
    for _ in 0..<2 { _ = stream.answer(1 << 40, using: &generator) }
    let ended = stream.hasEnded
    let after = stream.answer(1 << 40, using: &generator)
    #expect(ended && after == nil)
    #expect(throws: ParameterError.self) {
      try NumericSparseVectorMechanism(comparisonEpsilon: Epsilon(1), answerEpsilon: Epsilon(0), cutoff: Cutoff(1))
    }
    #expect(throws: ParameterError.self) {
      try SparseVectorMechanism(epsilon: Epsilon(1), cutoff: Cutoff(1), thresholdShare: 1)
    }
  }
}
