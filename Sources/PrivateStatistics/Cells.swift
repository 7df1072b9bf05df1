/// The exact integers of every group: `width` cells each, group after group.
///
/// A cell is 128 bits wide: a contribution is below 2⁸⁰ and rows below 2⁴⁷, so a sum cannot overflow.
struct Cells {
  let width: Int
  private(set) var values: [Int128]

  init(groups: Int, width: Int) {
    self.width = width
    values = [Int128](repeating: 0, count: groups * width)
  }

  /// Adds `copies` equal rows to a group.
  @inline(__always)
  mutating func add(_ row: [Int], copies: Int, to group: Int, rules: [CellRule]) {
    let base = group * width
    for part in rules {
      let value = row[part.metric]
      let cell = base + part.offset
      switch part.role {
      case .rows: values[cell] += Int128(copies)
      case .units: break
      case .sum, .centred: values[cell] += Int128(value) * Int128(copies)
      case .squares: values[cell] += Int128(value) * Int128(value) * Int128(copies)
      case .bins:
        if value >= 0 { values[cell + value] += Int128(copies) }
      case .tree:
        var node = cell
        var level = NoisePlan.treeBranching
        while level <= NoisePlan.leafCount {
          values[node + value * level / NoisePlan.leafCount] += Int128(copies)
          node += level
          level *= NoisePlan.treeBranching
        }
      }
    }
  }

  /// Counts a privacy unit in a group, for the metrics that count units.
  mutating func addUnit(to group: Int, rules: [CellRule]) {
    for part in rules where part.role == .units {
      values[group * width + part.offset] += 1
    }
  }

  /// Cells as a partial holds them.
  init(width: Int, values: [Int128]) {
    self.width = width
    self.values = values
  }

  mutating func merge(_ other: Cells) {
    for index in values.indices { values[index] += other.values[index] }
  }
}

/// Where a part's cells are and what they add up: the part without its noise.
struct CellRule: Sendable {
  let metric: Int
  let role: NoisePart.Role
  let offset: Int
}
