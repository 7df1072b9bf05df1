private import CKernels
import SecureRandom

extension Partition {
  /// Deals each class by a Dirichlet draw; a client that already holds its even share takes no more, and the whole
  /// deal is repeated until every client has the minimum.
  static func dirichlet(
    _ data: LabeledData, _ clients: Int, _ alpha: Double, _ minimum: Int, _ generator: inout SimulationGenerator
  ) throws(FederatedError) -> [[Int32]] {
    guard alpha > 0, alpha.isFinite else {
      throw FederatedError(.partition, "partition.alpha", "must be a finite number above zero")
    }
    guard minimum >= 0, minimum * clients <= data.count else {
      throw FederatedError(.partition, "partition.minimum_examples", "cannot be met by this many clients")
    }
    let groups = byClass(shuffled(data.count, &generator), data)
    for _ in 0..<10_000 {
      var dealt = [[Int32]](repeating: [], count: clients)
      for group in groups {
        var shares = generator.dirichlet(concentration: alpha, count: clients)
        for client in 0..<clients where dealt[client].count * clients >= data.count { shares[client] = 0 }
        let total = shares.reduce(0, +)
        if total <= 0 { shares = [Double](repeating: 1, count: clients) }
        let norm = total > 0 ? total : Double(clients)
        var cumulative = 0.0
        var start = 0
        for client in 0..<clients {
          cumulative += shares[client]
          let end = client == clients - 1 ? group.count : min(group.count, Int(cumulative / norm * Double(group.count)))
          if end > start { dealt[client] += group[start..<end] }
          start = max(start, end)
        }
      }
      if dealt.allSatisfy({ $0.count >= minimum }) {
        for client in dealt.indices { generator.shuffle(&dealt[client]) }
        return dealt
      }
    }
    throw FederatedError(
      .partition, "partition.alpha",
      "10000 deals left a client below minimum_examples; raise alpha or lower the minimum")
  }

  /// Sizes proportional to rank^(−exponent), at least one each, ranks dealt to clients at random.
  static func powerLaw(
    _ count: Int, _ clients: Int, _ exponent: Double, _ generator: inout SimulationGenerator
  ) throws(FederatedError) -> [[Int32]] {
    guard exponent >= 0, exponent.isFinite else {
      throw FederatedError(.partition, "partition.exponent", "must be a finite number of at least zero")
    }
    let order = shuffled(count, &generator)
    let ranks = shuffled(clients, &generator)
    let weights = ranks.map { tacit_exp(-exponent * tacit_log(Double($0) + 1)) }
    let total = weights.reduce(0, +)
    let spare = count - clients
    var dealt: [[Int32]] = []
    var start = 0
    var cumulative = 0.0
    for client in 0..<clients {
      cumulative += weights[client]
      let end =
        client == clients - 1 ? count : min(count, client + 1 + Int(cumulative / total * Double(spare)))
      dealt.append(Array(order[start..<max(start, end)]))
      start = max(start, end)
    }
    return dealt
  }
}
