import SecureAggregation
import SecureRandom
import Testing

@Suite struct SeedShareTests {
  @Test func `every subset at the threshold gives the secret back, and smaller ones give another`() {
    var generator = SecureGenerator()
    for threshold in 1...5 {
      let secret = generator.bytes(32)
      let points = [3, 1, 7, 1_000, 20]
      let shares = SeedShares.deal(secret, threshold: threshold, points: points, using: &generator)
      for pattern in 1..<(1 << 5) {
        let chosen = (0..<5).filter { pattern >> $0 & 1 == 1 }
        let found = SeedShares.combine(chosen.map { (points[$0], shares[$0]) })
        // Fewer shares meet in a random point: it is the secret with probability 2^−305 and rarely a secret at all.
        #expect((found == secret) == (chosen.count >= threshold))
      }
    }
  }

  @Test func `a share below the threshold is uniform, whatever the secret`() {
    // 4,000 shares of a constant secret, eight cells of the leading bits: χ² with 7 degrees of freedom exceeds 60 with
    // probability 2e-10.
    var generator = SimulationGenerator(seed: 9, stream: "shares")
    for secret in [[UInt8](repeating: 0, count: 32), [UInt8](repeating: 255, count: 32)] {
      var cells = [Int](repeating: 0, count: 8)
      for _ in 0..<4_000 {
        let share = SeedShares.deal(secret, threshold: 2, points: [1], using: &generator)[0]
        cells[Int(share[0] >> 2)] += 1
      }
      let statistic = cells.reduce(0.0) { $0 + (Double($1) - 500) * (Double($1) - 500) / 500 }
      #expect(statistic < 60)
    }
  }

  @Test func `shares that are not canonical are refused`() {
    #expect(SeedShares.combine([(1, [UInt8](repeating: 255, count: 40))]) == nil)
    #expect(SeedShares.combine([(1, [0])]) == nil)
  }
}
