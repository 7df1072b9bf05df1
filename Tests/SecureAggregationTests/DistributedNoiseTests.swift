import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureAggregation
import SecureRandom
import Testing

@Suite struct DistributedNoiseTests {
  static func plan(
    _ noise: DistributedNoisePlan.Noise, count: Int = 100, multiplier: Rational = Rational(1), clients: Int = 10,
    promised: Int = 8, colluding: Int = 2, steps: Int = 64, adjacency: Adjacency = .addOrRemove
  ) throws -> DistributedNoisePlan {
    try DistributedNoisePlan(
      count: count, clip: 2, clipSteps: steps, noise: noise, noiseMultiplier: multiplier, contributors: clients,
      promised: promised, colluding: colluding, adjacency: adjacency)
  }

  @Test func `a rotation keeps lengths and is undone exactly enough`() {
    var generator = SimulationGenerator(seed: 1, stream: "rotation test")
    for count in [1, 2, 3, 64, 1_000] {
      let rotation = HadamardRotation(count: count, seed: 7)
      let vector = (0..<count).map { _ in generator.uniformUnit() * 2 - 1 }
      let rotated = rotation.rotate(vector)
      let back = rotation.unrotate(rotated)
      for (a, b) in zip(vector, back) { #expect(abs(a - b) < 1e-12) }
      let (before, after) = (vector.reduce(0) { $0 + $1 * $1 }, rotated.reduce(0) { $0 + $1 * $1 })
      #expect(abs(before - after) < 1e-12 * (1 + before))
    }
    // One spike is spread to equal magnitudes.
    var spike = [Double](repeating: 0, count: 256)
    spike[3] = 16
    #expect(HadamardRotation(count: 256, seed: 2).rotate(spike).allSatisfy { abs(abs($0) - 1) < 1e-12 })
  }

  @Test func `no update whatever leaves the integer bound`() throws {
    let plan = try Self.plan(.skellam, count: 100)
    let codec = try DistributedNoiseCodec(plan, rotationSeed: 3)
    var generator = SimulationGenerator(seed: 4, stream: "bound")
    var hostile: [[Double]] = [
      [Double](repeating: 1e300, count: 100), [Double](repeating: .greatestFiniteMagnitude, count: 100),
      [Double](repeating: .nan, count: 100), [Double](repeating: .infinity, count: 99) + [1],
      [Double](repeating: .leastNonzeroMagnitude, count: 100), [Double](repeating: 0, count: 100),
      [2] + [Double](repeating: 0, count: 99),
    ]
    for _ in 0..<200 { hostile.append((0..<100).map { _ in (generator.uniformUnit() - 0.5) * 3 }) }
    for update in hostile {
      let rounded = try codec.round(update, using: &generator)
      #expect(rounded.count == 128)
      #expect(rounded.reduce(0) { $0 + Int($1 * $1) } <= plan.squaredBound)
    }
    #expect(performing: { _ = try codec.round([1], using: &generator) }, throws: { code($0) == .malformed })
  }

  @Test func `published bounds of conditional rounding are met`() throws {
    // Kairouz, Liu and Steinke's bound for c = 10, d = 1,024 is 19.544820285692065 (squared 381.99999…).
    let small = try Self.plan(.skellam, count: 1_024, steps: 10)
    #expect(small.squaredBound == 382)
    // For c = 100, d = 2^20 it is 522.2604714124935.
    let large = try Self.plan(.skellam, count: 1 << 20, steps: 100)
    #expect(abs(Double(large.squaredBound).squareRoot() - 522.2604714124935) < 1e-3)
  }

  @Test func `a sum of noisy contributions decodes to the sum of clipped updates and noise of the planned size`() throws
  {
    for noise in DistributedNoisePlan.Noise.allCases {
      let plan = try Self.plan(noise, count: 4_096, clients: 8, promised: 8, colluding: 0)
      let codec = try DistributedNoiseCodec(plan, rotationSeed: 11)
      var generator = SecureGenerator()
      var open = PlainSum(insecurelyShaped: plan.shape)
      var client = open.makeClient()
      var server = open.makeServer(round: 1)
      let update = (0..<4_096).map { $0 == 9 ? 1.5 : 0 }
      for number in 0..<8 {
        let values = try codec.contribution(update, using: &generator)
        try server.add(client.protect(values, client: number, round: 1))
      }
      let decoded = try codec.decode(try open.open(server))
      let step = plan.step
      // Noise of 8 shares and rounding of at most a quarter step² a client; both rotate into themselves.
      let variance = (8 * plan.shareVariance.variance.doubleValue) * step * step
      // Six and a half standard deviations of one coordinate: false alarm 1e-10.
      #expect(abs(decoded[9] - 12) < 6.5 * (variance + 2 * step * step).squareRoot() + 0.01)
      let measured = decoded.enumerated().filter { $0.offset != 9 }.reduce(0) { $0 + $1.element * $1.element } / 4_095
      // The relative deviation of a variance of 4,095 values is √(2/4095) = 2.2 %; 15 % is 6.8 of those, and rounding
      // adds at most 2 steps² of the planned variance.
      #expect(measured > 0.85 * variance && measured < 1.15 * (variance + 2 * step * step))
    }
  }

  @Test func `the event counts honest shares only and reads back`() throws {
    for noise in DistributedNoisePlan.Noise.allCases {
      let plan = try Self.plan(noise, promised: 8, colluding: 2)
      let event = try plan.event
      #expect(try PrivacyEvent(parsing: "\(event)") == event)
      let replaced = try Self.plan(noise, promised: 8, colluding: 2, adjacency: .replaceOne)
      // Twice the sensitivity with the same multiplier is four times the variance.
      #expect(replaced.shareVariance.variance >= plan.shareVariance.variance * 4 - 4)
      let accountant = RenyiAccountant()
      let delta = try Delta(Rational("1e-5") ?? Rational(0))
      let trusting = try Self.plan(noise, promised: 8, colluding: 0)
      let own = try accountant.epsilon(of: event, delta: delta, adjacency: .addOrRemove).upper
      let other = try accountant.epsilon(of: trusting.event, delta: delta, adjacency: .addOrRemove).upper
      // The same multiplier is the same claim: colluders are paid for with more noise.
      #expect(abs(own - other) < 0.05 * own && plan.shareVariance > trusting.shareVariance)
      // Not far from the Gaussian mechanism of multiplier 1 (ε = 4.4 at δ = 1e-5), and never below it.
      #expect(own > 4 && own < 8)
    }
  }

  @Test func `the ring holds the worst sum, and wrapping is as rare as promised`() throws {
    for noise in DistributedNoisePlan.Noise.allCases {
      let plan = try Self.plan(noise, count: 1_024, clients: 10, promised: 10, colluding: 0)
      let codec = try DistributedNoiseCodec(plan, rotationSeed: 5)
      var generator = SimulationGenerator(seed: 6, stream: "wrap")
      var true1 = [Int64](repeating: 0, count: 1_024)
      // All clients send the same vector at the clip: the longest sum there is.
      let update = (0..<1_024).map { _ in 2.0 / 32 }
      for _ in 0..<10 {
        let values = try codec.simulatedContribution(update, using: &generator).value
        for index in values.indices { true1[index] += values[index] }
      }
      let half = Int64(1) << Int64(plan.shape.ringBits - 1)
      #expect(true1.allSatisfy { $0 >= -half && $0 < half })
      #expect(plan.wrapProbability <= 1e-6)
    }
  }

  @Test func `too few survivors abort the round before anything is unmasked, and the charge stands`() throws {
    let plan = try Self.plan(.discreteGaussian, count: 8, clients: 6, promised: 5, colluding: 1)
    let delta = try Delta(Rational("1e-5") ?? Rational(0))
    let authority = SharedBudget(try PrivacyBudget(.zcdp(Rho(Rational(1)), delta), adjacency: .addOrRemove))
    try plan.charge(authority, label: "round 1")
    let codec = try DistributedNoiseCodec(plan, rotationSeed: 1)
    var generator = SecureGenerator()
    var sum = PairwiseSum(plan.shape)
    try sum.begin(round: 1, cohort: Array(0..<6))
    var client = sum.makeClient()
    var server = try sum.makeServer(round: 1)
    for number in 0..<4 {
      let values = try codec.contribution([1, 0, 0, 0, 0, 0, 0, 0], using: &generator)
      try server.add(client.protect(values, client: number, round: 1))
    }
    do {
      _ = try sum.open(server)
      Issue.record("opened below the promise")
    } catch { #expect(code(error) == .tooFew) }
    // Multiplier 1 costs a ρ of at least a half, so a budget of 1 ends within three more rounds.
    #expect(throws: BudgetRefusal.self) { for _ in 0..<3 { try plan.charge(authority, label: "round 2") } }
  }

  @Test func `parameters out of range are refused by name`() throws {
    #expect(
      performing: { _ = try Self.plan(.skellam, promised: 3, colluding: 3) }, throws: { "\($0)".contains("colluding") })
    #expect(performing: { _ = try Self.plan(.skellam, steps: 0) }, throws: { "\($0)".contains("clipSteps") })
    #expect(
      performing: { _ = try Self.plan(.skellam, multiplier: Rational(0)) },
      throws: { "\($0)".contains("noiseMultiplier") })
  }
}
