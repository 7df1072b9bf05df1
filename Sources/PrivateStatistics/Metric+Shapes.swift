import ExactMath

extension Metric {
  /// The shares of rows that a quantile metric asks about.
  var shares: [Double] { kind == .median ? [0.5] : at.map(\.doubleValue) }

  /// How rows are read for this metric.
  var sources: [ValueSource] {
    if kind == .vectorSum, let grid { return vector.map { ValueSource(column: $0, reading: .steps(grid)) } }
    guard let column else { return [] }
    if kind == .bounds { return [ValueSource(column: column, reading: .bin(LogarithmicBins.edges))] }
    switch (kind, grid) {
    case (_, .some(let grid)) where kind.readsTree:
      return [ValueSource(column: column, reading: .leaf(grid))]
    case (.sum, .some(let grid)): return [ValueSource(column: column, reading: .steps(grid))]
    case (_, .some(let grid)):
      let first = ValueSource(column: column, reading: .centred(grid))
      guard let other, let otherGrid else { return [first] }
      return [first, ValueSource(column: other, reading: .centred(otherGrid))]
    case (_, .none):
      return [ValueSource(column: column, reading: keys.isEmpty ? .bin(edges) : .key(keys))]
    }
  }

  /// The families of cells that this metric needs.
  func shapes(rows: Int, slots: [Int]) -> [NoisePlan.Shape] {
    typealias Shape = NoisePlan.Shape
    let count = Shape(role: .rows, cell: rows)
    guard let grid else {
      switch kind {
      case .units: return [Shape(role: .units, cell: 1)]
      case .bounds: return [Shape(role: .bins, width: LogarithmicBins.edges.count - 1, cell: rows, slots: slots)]
      case .histogram:
        let bins = keys.isEmpty ? edges.count - 1 : keys.count
        // Each row adds one to one bin; all may fall in the same.
        return [Shape(role: .bins, width: bins, cell: rows, slots: slots)]
      default: return [count]
      }
    }
    switch kind {
    case .vectorSum: return slots.map { Shape(role: .sum, cell: rows * grid.reach, slots: [$0]) }
    case .sum: return [Shape(role: .sum, cell: rows * grid.reach, slots: slots)]
    case .mean: return [count, Shape(role: .centred, cell: rows * grid.radius, slots: slots)]
    case .quantile, .median, .minimum, .maximum:
      var nodes = 0
      var level = 1
      for _ in 0..<NoisePlan.treeLevels {
        level *= NoisePlan.treeBranching
        nodes += level
      }
      return [Shape(role: .tree, width: nodes, cell: rows, cells: NoisePlan.treeLevels, slots: slots)]
    case .covariance, .regression:
      guard let otherGrid else { return [count] }
      let (first, second) = ([slots[0]], [slots[1]])
      let shapes = [
        count, Shape(role: .centred, cell: rows * grid.radius, slots: first),
        Shape(role: .centred, cell: rows * otherGrid.radius, slots: second),
        Shape(role: .products, cell: rows * grid.radius * otherGrid.radius, slots: [slots[0], slots[1]]),
      ]
      if kind == .covariance { return shapes }
      return shapes + [Shape(role: .squares, cell: rows * grid.radius * grid.radius, slots: first)]
    default:
      return [
        count, Shape(role: .centred, cell: rows * grid.radius, slots: slots),
        Shape(role: .squares, cell: rows * grid.radius * grid.radius, slots: slots),
      ]
    }
  }
}
