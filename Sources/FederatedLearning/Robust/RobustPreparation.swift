public import SecureRandom

/// What is done to updates before a robust rule sees them, so that honest clients with unlike data are not taken for
/// bad ones.
public enum RobustPreparation: Sendable, Hashable {
  /// Every update becomes the mean of its n − f nearest, itself included (Allouah et al. 2023).
  case nearestNeighborMixing(bad: Int)
  /// Updates are shuffled and averaged in groups of this size (Karimireddy et al. 2022).
  case bucketing(size: Int)

  /// Prepared updates, rounded to the grid.
  public func prepare(
    _ updates: [[Int32]], using generator: inout SimulationGenerator, threads: Int = 1
  ) -> [[Int32]] {
    switch self {
    case .nearestNeighborMixing(let bad):
      Self.mixed(updates, PairDistances(updates, threads: threads), bad: bad)
    case .bucketing(let size): Self.buckets(updates, size: size, using: &generator)
    }
  }

  /// The same with distances shared by ranks that all have the same updates.
  package func prepare(
    _ updates: [[Int32]], using generator: inout SimulationGenerator, threads: Int, over ranks: any Collective
  ) throws(FederatedError) -> [[Int32]] {
    guard case .nearestNeighborMixing(let bad) = self else {
      return prepare(updates, using: &generator, threads: threads)
    }
    return Self.mixed(updates, try PairDistances(updates, threads: threads, over: ranks), bad: bad)
  }

  private static func mixed(_ updates: [[Int32]], _ distances: PairDistances, bad: Int) -> [[Int32]] {
    updates.indices.map {
      mean(updates, distances.nearest(to: $0, count: max(1, updates.count - bad)).sorted())
    }
  }

  private static func buckets(
    _ updates: [[Int32]], size: Int, using generator: inout SimulationGenerator
  ) -> [[Int32]] {
    var order = Array(updates.indices)
    generator.shuffle(&order)
    return stride(from: 0, to: order.count, by: max(1, size)).map { start in
      mean(updates, order[start..<min(order.count, start + max(1, size))].sorted())
    }
  }

  private static func mean(_ updates: [[Int32]], _ members: [Int]) -> [Int32] {
    RobustRule.mean(members.map { updates[$0] }).map { Int32($0.rounded(.toNearestOrEven)) }
  }
}
