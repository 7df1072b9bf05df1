import FederatedLearning

/// The clients of a plan, holding only those of the candidates whose coin said so.
///
/// A client left without examples contributes a zero update, which is what an absent client contributes.
struct CoinPopulation: ClientPopulation {
  let base: LabeledData
  let clients: [[Int32]]

  init(_ plan: SimulationPlan, without: Set<Int32>) {
    base = plan.data.training
    clients = plan.clients.map { $0.filter { !without.contains($0) } }
  }

  var count: Int { clients.count }
  var largestCount: Int { max(1, clients.map(\.count).max() ?? 1) }
  var width: Int { base.width }
  var classes: Int { base.classes }

  func exampleCount(of client: Int) -> Int { clients[client].count }

  func examples(of client: Int) throws -> LabeledData { try base.rows(clients[client].map(Int.init)) }
}

extension LabeledData {
  /// The examples at some positions, in their order.
  func rows(_ places: [Int]) throws(FederatedError) -> LabeledData {
    let features = places.flatMap { self.features[$0 * width..<($0 + 1) * width] }
    guard targets.isEmpty else {
      return try LabeledData(features: features, targets: places.map { targets[$0] }, width: width)
    }
    return try LabeledData(features: features, labels: places.map { labels[$0] }, width: width, classes: classes)
  }
}
