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

  /// Cells as a partial holds them.
  init(width: Int, values: [Int128]) {
    self.width = width
    self.values = values
  }

  /// The number of groups.
  var groupCount: Int { width == 0 ? 0 : values.count / width }

  /// Makes room for more groups.
  mutating func grow(toGroups groups: Int) {
    guard groups > groupCount else { return }
    values.reserveCapacity(max(groups * width, min(2 * values.count, 1 << 30)))
    values.append(contentsOf: repeatElement(0, count: groups * width - values.count))
  }

  /// Adds every record of a buffer, each a unit by itself.
  mutating func add(_ rows: borrowing RowBuffer, rules: [CellRule]) {
    guard rows.count > 0 else { return }
    let width = width
    unsafe values.withUnsafeMutableBufferPointer { cells in
      for rule in rules {
        for row in 0..<rows.count {
          let record = unsafe rows[row]
          let base = unsafe Int(record[RowWord.group]) * width + rule.offset
          if rule.role == .units {
            unsafe cells[base] += 1
          } else {
            unsafe Cells.add(record + RowWord.values, copies: 1, to: cells, at: base, rule)
          }
        }
      }
    }
  }

  /// Adds `copies` equal rows of one unit to a group; the unit itself when it is `counted` there.
  mutating func add(
    _ row: UnsafePointer<UInt64>, copies: Int, to group: Int, counted: Bool, rules: [CellRule]
  ) {
    let base = group * width
    unsafe values.withUnsafeMutableBufferPointer { cells in
      for rule in rules {
        if rule.role == .units {
          if counted { unsafe cells[base + rule.offset] += 1 }
        } else {
          unsafe Cells.add(row, copies: copies, to: cells, at: base + rule.offset, rule)
        }
      }
    }
  }

  @inline(__always)
  private static func add(
    _ row: UnsafePointer<UInt64>, copies: Int, to cells: UnsafeMutableBufferPointer<Int128>, at cell: Int,
    _ rule: CellRule
  ) {
    let times = Int128(copies)
    switch rule.role {
    case .rows: unsafe cells[cell] += times
    case .units: break
    case .sum, .centred: unsafe cells[cell] += Int128(value(row, rule.first)) * times
    case .squares:
      let value = unsafe Int128(value(row, rule.first))
      unsafe cells[cell] += value * value * times
    case .products:
      unsafe cells[cell] += Int128(value(row, rule.first)) * Int128(value(row, rule.second)) * times
    case .bins:
      let bin = unsafe value(row, rule.first)
      if bin >= 0 { unsafe cells[cell + bin] += times }
    case .tree:
      let leaf = unsafe value(row, rule.first)
      var node = cell
      var level = NoisePlan.treeBranching
      while level <= NoisePlan.leafCount {
        unsafe cells[node + leaf * level / NoisePlan.leafCount] += times
        node += level
        level *= NoisePlan.treeBranching
      }
    }
  }

  @inline(__always)
  private static func value(_ row: UnsafePointer<UInt64>, _ slot: Int) -> Int {
    Int(truncatingIfNeeded: Int64(bitPattern: unsafe row[slot]))
  }

  /// Adds other cells; their group `g` is `renumber[g]` here.
  mutating func merge(_ other: Cells, renumber: [Int]? = nil) {
    guard let renumber else {
      grow(toGroups: other.groupCount)
      for index in other.values.indices { values[index] += other.values[index] }
      return
    }
    for group in 0..<other.groupCount {
      for cell in 0..<width { values[renumber[group] * width + cell] += other.values[group * width + cell] }
    }
  }
}

/// Where a part's cells are and what they add up: the part without its noise.
struct CellRule: Sendable {
  let role: NoisePart.Role
  let offset: Int
  /// The values that are read.
  let first: Int
  let second: Int

  init(role: NoisePart.Role, offset: Int, slots: [Int]) {
    self.role = role
    self.offset = offset
    first = slots.first ?? 0
    second = slots.count > 1 ? slots[1] : 0
  }
}
