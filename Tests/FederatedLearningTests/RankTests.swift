import ExactMath
import FederatedLearning
import Foundation
import SecureRandom
import Testing

/// Several ranks do what one process does.
///
/// Ranks are threads here, so nothing needs an MPI library.
@Suite struct RankTests {
  static func run(_ plan: SimulationPlan, ranks: Int) throws -> [SimulationResult] {
    try ThreadCollective.run(ranks: ranks) { own in
      var simulation = Simulation(plan, threads: 1, ranks: own)
      return try simulation.run()
    }
  }

  @Test(arguments: SimulationLawTests.variants + ["compared"])
  func `any number of ranks gives the bytes of one process`(_ name: String) throws {
    var configuration = SimulationLawTests.variant(name == "compared" ? "pairwise" : name)
    if name == "alie" { configuration.personalization.clients = 8 }
    let plan = try SimulationPlan(configuration)
    var single = Simulation(plan, threads: 2, comparesSums: name == "compared")
    let whole = try single.run()
    for ranks in [1, 2, 3, 4, 8] {
      let results = try ThreadCollective.run(ranks: ranks) { own in
        var simulation = Simulation(plan, threads: 1, comparesSums: name == "compared", ranks: own)
        return try simulation.run()
      }
      #expect(results.count == ranks)
      for result in results {
        #expect(result.weightsSHA256 == whole.weightsSHA256, "\(ranks) ranks")
        #expect(result.rounds.map(\.loss) == whole.rounds.map(\.loss))
        #expect(result.rounds.map(\.accuracy) == whole.rounds.map(\.accuracy))
        #expect(result.rounds.map(\.wireBytes) == whole.rounds.map(\.wireBytes))
        #expect(result.rounds.map(\.clipped) == whole.rounds.map(\.clipped))
        #expect(result.rounds.map(\.contributors) == whole.rounds.map(\.contributors))
        #expect(result.rounds.map(\.sumMatches) == whole.rounds.map(\.sumMatches))
        #expect(result.personalization == whole.personalization)
      }
    }
  }

  @Test(arguments: ["softmax", "scaffold", "fedadam", "fedbuff", "top-k", "adaptive", "krum"])
  func `a checkpoint of three ranks is gone on from by two`(_ name: String) throws {
    let plan = try SimulationPlan(SimulationLawTests.variant(name))
    var single = Simulation(plan, threads: 2)
    let whole = try single.run()
    let path = try CheckpointTests.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let folder = try CheckpointFolder(path)
    _ = try ThreadCollective.run(ranks: 3) { own in
      var simulation = Simulation(plan, threads: 1, ranks: own)
      // Only rank 0 is asked, and all stop.
      let result = try simulation.run(checkpoints: folder) { record in own.rank != 0 || record.round < 2 }
      #expect(result.rounds.count == 2)
    }
    let last = try #require(try folder.latest(of: plan))
    #expect(last.round == 2)
    let results = try ThreadCollective.run(ranks: 2) { own in
      var simulation = Simulation(plan, threads: 1, ranks: own)
      try simulation.resumeEverywhere(from: own.rank == 0 ? last : nil)
      return try simulation.run()
    }
    for result in results { #expect(result.weightsSHA256 == whole.weightsSHA256) }
    var alone = Simulation(plan, threads: 1)
    alone.resume(from: last)
    #expect(try alone.run().weightsSHA256 == whole.weightsSHA256)
  }

  @Test func `secret noise is drawn by rank 0 alone`() throws {
    var configuration = PrivacyTests.configuration(sampling: CohortOptions(sampling: "fixed", size: 8), rounds: 3)
    configuration.privacy?.noiseSource = nil
    let plan = try SimulationPlan(configuration)
    let results = try Self.run(plan, ranks: 3)
    // Secret noise is drawn once: every rank ends with the same model.
    #expect(Set(results.map(\.weightsSHA256)).count == 1)
    #expect(try Self.run(plan, ranks: 1)[0].weightsSHA256 != results[0].weightsSHA256)
  }

  @Test func `a rank of another configuration, or that fails, ends all with an error`() throws {
    let (one, other) = (SimulationLawTests.variant("softmax"), SimulationLawTests.variant("fedadam"))
    let plans = [try SimulationPlan(one), try SimulationPlan(other)]
    let error = #expect(throws: FederatedError.self) {
      _ = try ThreadCollective.run(ranks: 3) { own in
        var simulation = Simulation(plans[own.rank == 2 ? 1 : 0], threads: 1, ranks: own)
        return try simulation.run()
      }
    }
    #expect(error?.code == .collective)
    #expect(throws: FederatedError(.data, "rank", "gives up")) {
      _ = try ThreadCollective.run(ranks: 3) { own in
        var simulation = Simulation(plans[0], threads: 1, ranks: own)
        return try simulation.run { record in
          if record.round == 2 { throw FederatedError(.data, "rank", "gives up") }
          return true
        }
      }
    }
  }

  @Test func `ranks with different models are told apart in the round they differ`() throws {
    let plan = try SimulationPlan(SimulationLawTests.variant("softmax"))
    let error = #expect(throws: FederatedError.self) {
      _ = try ThreadCollective.run(ranks: 2) { own in
        var simulation = Simulation(plan, threads: 1, ranks: own)
        if own.rank == 1 {
          var parameters = simulation.parameters
          parameters[3] = 1
          try simulation.start(from: parameters)
        }
        return try simulation.run()
      }
    }
    #expect(error?.code == .collective)
  }

  @Test func `sums, broadcasts and gathers are those of all ranks`() throws {
    for size in [1, 2, 5] {
      let results = try ThreadCollective.run(ranks: size) { own in
        var words = [Int64(own.rank), Int64.max, -1]
        try own.sum(&words)
        var bytes = own.rank == 0 ? [UInt8](repeating: 7, count: 3) : []
        try own.broadcast(&bytes)
        let parts = try own.gather([UInt8](repeating: UInt8(own.rank), count: own.rank))
        return (words, bytes, parts)
      }
      for (rank, result) in results.enumerated() {
        let n = Int64(size)
        #expect(result.0 == [n * (n - 1) / 2, Int64.max &* n, -n])
        #expect(result.1 == [7, 7, 7])
        #expect(result.2 == (rank == 0 ? (0..<size).map { [UInt8](repeating: UInt8($0), count: $0) } : []))
      }
    }
    #expect(Words.pieces(10, limit: 4) == [0..<4, 4..<8, 8..<10])
    #expect(Words.pieces(0, limit: 4).isEmpty)
    #expect(Words.words(Words.bytes([Int64.min, -2, 77])[...], as: Int64.self) == [Int64.min, -2, 77])
  }

  @Test func `a cohort is split without loss, and no rank has more than the others by a client`() {
    var generator = SimulationGenerator(seed: 5, stream: "split")
    for ranks in [1, 2, 3, 8, 40] {
      let sizes = (0..<100).map { _ in 1 + generator.uniform(below: 50) }
      let order = sizes.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
      let shares = (0..<ranks).map { rank in
        CohortSplit.balanced(order, work: order.map { sizes[$0] }, ranks: ranks, rank: rank)
      }
      #expect(shares.joined().sorted() == Array(0..<100))
      let loads = shares.map { $0.reduce(0) { $0 + sizes[$1] + 1 } }
      // The last client dealt to the fullest rank went to the emptiest one.
      #expect(loads.max() ?? 0 <= (loads.min() ?? 0) + 51)
    }
  }

  @Test func `clients are dealt as by looking for the least loaded rank each time`() {
    var generator = SimulationGenerator(seed: 6, stream: "deal")
    for spread in [1, 2, 3, 6, 40, 1_000] {
      for ranks in [2, 3, 7, 40] {
        for count in [0, 1, ranks, 3 * ranks + 1, 500] {
          let works = (0..<count).map { _ in generator.uniform(below: spread) }.sorted(by: >)
          var (loads, dealt) = ([Int](repeating: 0, count: ranks), [[Int]](repeating: [], count: ranks))
          for client in 0..<count {
            let least = loads.indices.reduce(0) { loads[$1] < loads[$0] ? $1 : $0 }
            loads[least] += 1 + works[client]
            dealt[least].append(client)
          }
          for rank in 0..<ranks {
            let own = CohortSplit.balanced(Array(0..<count), work: works, ranks: ranks, rank: rank)
            #expect(own == dealt[rank], "\(count) clients, rank \(rank) of \(ranks)")
          }
        }
      }
    }
  }

  @Test func `distances shared by ranks are exact at the limits`() throws {
    let updates: [[Int32]] = (0..<4).map { row in (0..<2500).map { $0 % 3 == row ? Int32.max : Int32.min + Int32($0) } }
    let whole = PairDistances(updates, threads: 2)
    let parts = try ThreadCollective.run(ranks: 3) { try PairDistances(updates, threads: 1, over: $0) }
    for part in parts {
      for i in 0..<4 { for j in 0..<4 { #expect(part[i, j] == whole[i, j]) } }
    }
  }
}
