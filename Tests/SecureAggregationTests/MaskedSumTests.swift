import SecureAggregation
import SecureRandom
import Testing

@Suite struct MaskedSumTests {
  /// The law of the whole protocol, by brute force: every client leaves at every point, in every combination.
  @Test(arguments: [3, 4, 6]) func `every dropout pattern gives the plain sum of the survivors or nothing`(
    _ clients: Int
  ) throws {
    var generator = SimulationGenerator(seed: 11, stream: "patterns")
    // All phases for up to four clients; for six the two that differ most, one seed of each kind to be opened.
    let points = clients <= 4 ? Leaving.allCases : [.beforeInput, .never]
    var patterns = 1
    for _ in 0..<clients { patterns *= points.count }
    var opened = 0
    for pattern in 0..<patterns {
      let round = try MaskingRound(clients: clients, count: 2, least: 2)
      var rest = pattern
      var leaving: [Int: Leaving] = [:]
      for number in round.numbers {
        leaving[number] = points[rest % points.count]
        rest /= points.count
      }
      let values = round.randomValues(&generator)
      let after: (Leaving) -> [Int] = { phase in
        round.numbers.filter { (leaving[$0] ?? .never).rawValue > phase.rawValue }
      }
      let threshold = round.plan.threshold
      // Everybody needs that many others in each phase.
      let enough = [Leaving.beforeKeys, .beforeShares, .beforeInput, .beforeConfirmation].allSatisfy { phase in
        after(phase).count > threshold
      }
      let holders = after(.beforeReveal)
      let survivors = after(.beforeInput)
      // Each survivor and each client lost between shares and input is opened by others that stayed to the end.
      let openable = after(.beforeShares).allSatisfy { client in
        holders.filter { $0 != client }.count >= threshold
      }
      if enough && openable {
        #expect(try round.play(values, leaving: leaving) == MaskingRound.plainSum(values, survivors, count: 2))
        opened += 1
      } else {
        #expect(performing: { _ = try round.play(values, leaving: leaving) }, throws: { code($0) == .tooFew })
      }
    }
    #expect(opened > 0)
  }
}
