extension Query {
  /// The same query with running totals over a grouping column's declared keys; see ``continual``.
  ///
  /// - Throws: ``StatisticsError`` when the column or a metric cannot have them.
  public func continual(over column: String) throws(StatisticsError) -> Query {
    try Query(
      privacyUnit: privacyUnit, adjacency: adjacency, epsilon: epsilon, delta: delta,
      bounds: privacyUnit == .rows ? nil : bounds, groupBy: groupBy, selection: selection, derived: derived,
      filters: filters, metrics: metrics, noise: noise, split: split, top: top, continual: column,
      hierarchy: hierarchy, droppedWeight: droppedWeight, onBadRow: onBadRow)
  }

  /// Refuses running totals that the tree of partial sums cannot give.
  static func checkContinual(
    _ column: String?, _ groupBy: [GroupColumn], _ metrics: [Metric], _ top: TopGroups?
  ) throws(StatisticsError) {
    guard let column else { return }
    guard let steps = groupBy.first(where: { $0.column == column }) else {
      throw .query("continual.column", "must name a group_by column")
    }
    guard !groupBy.contains(where: \.isOpen) else {
      throw .query("continual", "needs declared keys in every group_by column")
    }
    guard steps.keys.count <= RunningTotals.mostSteps else {
      throw .query("continual.column", "has more than 2^20 keys")
    }
    guard metrics.allSatisfy({ [.count, .sum, .vectorSum].contains($0.kind) }) else {
      throw .query("continual", "gives running totals of count, sum and vector-sum only")
    }
    guard top == nil else { throw .query("top", "does not go with continual") }
  }
}
