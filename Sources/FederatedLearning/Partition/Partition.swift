import SecureRandom

/// How the training examples are dealt out to simulated clients.
///
/// A partition is a pure function of the data's labels, the number of clients and the seed.
public enum Partition: Sendable, Hashable {
  /// Shuffled and cut in equal parts.
  case iid(clients: Int)
  /// Sorted by label, cut in equal shards, `shardsPerClient` of them dealt to each client (McMahan et al. 2017).
  case shards(clients: Int, shardsPerClient: Int)
  /// For each class the clients' shares follow a symmetric Dirichlet law (Li et al. 2022, as in NIID-bench).
  case dirichlet(clients: Int, alpha: Double, minimumExamples: Int)
  /// Shuffled, with sizes proportional to rank^(−exponent) and at least one example a client.
  case powerLaw(clients: Int, exponent: Double)
  /// Shuffled, with log-normal sizes of this deviation and at least one example a client.
  case logNormal(clients: Int, deviation: Double)

  /// The number of clients.
  public var clients: Int {
    switch self {
    case .iid(let clients), .shards(let clients, _), .dirichlet(let clients, _, _), .powerLaw(let clients, _),
      .logNormal(let clients, _):
      clients
    }
  }

  /// Deals out the examples: for each client the positions of its examples.
  ///
  /// Every example goes to exactly one client, except that equal cuts leave a remainder smaller than the number of
  /// parts unused (IID deals the remainder out one by one; shards drop it).
  ///
  /// - Throws: ``FederatedError`` when there are not enough examples for every client.
  public func deal(_ data: LabeledData, seed: UInt64) throws(FederatedError) -> [[Int32]] {
    guard clients > 0 else { throw FederatedError(.partition, "partition.clients", "must be at least 1") }
    guard clients <= data.count else {
      throw FederatedError(
        .partition, "partition.clients", "asks for \(clients) clients of \(data.count) training examples")
    }
    var generator = SimulationGenerator(seed: seed, stream: "partition")
    switch self {
    case .iid(let clients): return Partition.even(Partition.shuffled(data.count, &generator), clients)
    case .shards(let clients, let perClient):
      return try Partition.shards(data, clients, perClient, &generator)
    case .dirichlet(let clients, let alpha, let minimum):
      return try Partition.dirichlet(data, clients, alpha, minimum, &generator)
    case .powerLaw(let clients, let exponent):
      return try Partition.powerLaw(data.count, clients, exponent, &generator)
    case .logNormal(let clients, let deviation):
      return try Partition.logNormal(data.count, clients, deviation, &generator)
    }
  }

  static func shuffled(_ count: Int, _ generator: inout SimulationGenerator) -> [Int32] {
    var order = (0..<Int32(count)).map { $0 }
    generator.shuffle(&order)
    return order
  }

  /// Cuts into parts whose sizes differ by at most one.
  static func even(_ order: [Int32], _ parts: Int) -> [[Int32]] {
    (0..<parts).map { Array(order[$0 * order.count / parts..<($0 + 1) * order.count / parts]) }
  }

  private static func shards(
    _ data: LabeledData, _ clients: Int, _ perClient: Int, _ generator: inout SimulationGenerator
  ) throws(FederatedError) -> [[Int32]] {
    guard perClient > 0, clients * perClient <= data.count else {
      throw FederatedError(
        .partition, "partition.shards_per_client", "must be at least 1 and give every shard an example")
    }
    // Shuffled first, so that examples of one class are in random order inside their shards.
    var order = shuffled(data.count, &generator)
    order = byClass(order, data).flatMap { $0 }
    let shards = clients * perClient
    let size = data.count / shards
    let dealt = shuffled(shards, &generator)
    return (0..<clients).map { client in
      (0..<perClient).flatMap { slot in
        let shard = Int(dealt[client * perClient + slot])
        return order[shard * size..<(shard + 1) * size]
      }
    }
  }

  /// Positions grouped by class, each group in the order given.
  static func byClass(_ order: [Int32], _ data: LabeledData) -> [[Int32]] {
    order.reduce(into: [[Int32]](repeating: [], count: data.classes)) { groups, position in
      groups[Int(data.labels[Int(position)])].append(position)
    }
  }
}
