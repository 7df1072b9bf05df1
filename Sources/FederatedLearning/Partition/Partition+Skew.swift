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

  /// Every example to its owner; owners without training examples are no clients.
  static func natural(_ data: DataSplit) throws(FederatedError) -> [[Int32]] {
    guard let owners = data.owners else {
      throw FederatedError(.partition, "partition.kind", "natural needs data that say whose examples are")
    }
    var dealt = [[Int32]](repeating: [], count: Int(owners.max() ?? 0) + 1)
    for (index, owner) in owners.enumerated() { dealt[Int(owner)].append(Int32(index)) }
    return dealt.filter { !$0.isEmpty }
  }

  /// Sizes that follow a log-normal law of this deviation, at least one example each.
  static func logNormal(
    _ count: Int, _ clients: Int, _ deviation: Double, _ generator: inout SimulationGenerator
  ) throws(FederatedError) -> [[Int32]] {
    guard (0...20).contains(deviation) else {
      throw FederatedError(.partition, "partition.sigma", "must be from 0 to 20")
    }
    let order = shuffled(count, &generator)
    return cut(order, (0..<clients).map { _ in generator.logNormal(mean: 0, deviation: deviation) })
  }

  /// Cuts in parts of at least one example whose sizes follow the weights.
  private static func cut(_ order: [Int32], _ weights: [Double]) -> [[Int32]] {
    let total = weights.reduce(0, +)
    let spare = Double(order.count - weights.count)
    var start = 0
    var cumulative = 0.0
    return weights.enumerated().map { client, weight in
      cumulative += weight
      let end =
        client == weights.count - 1 ? order.count : min(order.count, client + 1 + Int(cumulative / total * spare))
      defer { start = max(start, end) }
      return Array(order[start..<max(start, end)])
    }
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
    return cut(order, weights)
  }
}
