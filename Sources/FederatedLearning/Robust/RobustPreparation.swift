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
    func mean(_ members: [Int]) -> [Int32] {
      RobustRule.mean(members.map { updates[$0] }).map { Int32($0.rounded(.toNearestOrEven)) }
    }
    switch self {
    case .nearestNeighborMixing(let bad):
      let distances = PairDistances(updates, threads: threads)
      return updates.indices.map {
        mean(distances.nearest(to: $0, count: max(1, updates.count - bad)).sorted())
      }
    case .bucketing(let size):
      var order = Array(updates.indices)
      generator.shuffle(&order)
      return stride(from: 0, to: order.count, by: max(1, size)).map { start in
        mean(order[start..<min(order.count, start + max(1, size))].sorted())
      }
    }
  }
}
