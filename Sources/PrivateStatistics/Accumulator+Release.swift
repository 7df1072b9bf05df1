import DifferentialPrivacy
import ExactMath
public import PrivacyAccounting
import SecureRandom

extension Accumulator {
  /// Charges the query's whole cost, adds exact integer noise and answers; the accumulator is used up.
  ///
  /// The order is fixed: the charge is durable before any noise is drawn, and stands whatever happens next. From
  /// the charge on, nothing the caller sees depends on the data except the noisy answers: empty tables and empty
  /// groups get noise like any other, and no sum can overflow. Groups whose keys are not declared are named only as
  /// far as private selection keeps them.
  ///
  /// A budget without a theorem for Gaussian noise is charged the query's (ε, δ) instead.
  ///
  /// - Parameters:
  ///   - authority: the budget, in memory or in a ledger.
  ///   - label: a public name for the budget's history; never data.
  /// - Throws: ``StatisticsError`` when the budget is stated for another adjacency or refuses, or when what was
  ///   moved to a temporary file cannot be read back; nothing is released then.
  public consuming func release(
    charging authority: some BudgetAuthority, label: String
  ) throws(StatisticsError) -> ReleasedTable {
    guard authority.adjacency == query.adjacency else {
      throw StatisticsError(.refused, "adjacency", "the budget is stated for \(authority.adjacency)")
    }
    // Reading back what was moved out of memory may fail; that is no matter of the data, and comes before the charge.
    let cells = try boundedCells()
    do throws(BudgetRefusal) {
      do throws(BudgetRefusal) {
        try authority.charge(plan.event, label: label)
      } catch {
        guard error.code == .unsupportedEvent, let certificate = plan.certificate else { throw error }
        try authority.charge(certificate, label: label)
      }
    } catch {
      throw StatisticsError(.refused, "budget", error.message)
    }
    var generator = SecureGenerator()
    return noisyTable(cells, using: &generator)
  }

  private borrowing func noisyTable(_ cells: Cells, using generator: inout SecureGenerator) -> ReleasedTable {
    let groups = selected(groupOrder, cells, using: &generator)
    var answers = plan.parts.isEmpty ? [] : groups.map { Array(cells.values[range(ofGroup: $0)]) }
    let exact = plan.parts.map { beforeNoise($0, answers) }
    addCoarserGroups(to: &answers)
    for (part, numbers) in zip(plan.parts, exact) where !groups.isEmpty {
      // Sums beyond ±2⁶¹ steps would be clamped by the mechanism, which moves neighbouring sums no further apart.
      let raw = numbers.map { Int64(clamping: $0) }
      guard let sampler = try? part.law.sampler(dimension: raw.count) else { continue }
      let drawn = sampler.release(raw, using: &generator).map { Int128($0) }
      let noisy = plan.totals?.totals(drawn) ?? plan.tree.map { consistent(part, drawn, $0) } ?? drawn
      for group in answers.indices {
        for cell in 0..<part.width {
          answers[group][part.offset + cell] = noisy[group * part.width + cell]
        }
      }
    }
    var drops: ReleasedValue?
    if let dropped, let law = plan.dropped?.law, let sampler = try? law.sampler(dimension: 1) {
      let count = sampler.release([dropped.count], using: &generator)[0]
      let reach = Int64(sampler.errorBound(confidence: 1 - ReleaseFormula.miss))
      drops = ReleasedValue(text: "\(count)", low: "\(count - reach)", high: "\(count + reach)")
    }
    return table(groups, answers, formula: ReleaseFormula(plan: plan, query: query), dropped: drops)
  }

  /// Makes room for the answers of a hierarchy's coarser groups.
  private borrowing func addCoarserGroups(to answers: inout [[Int128]]) {
    guard let tree = plan.tree else { return }
    let blank = [Int128](repeating: 0, count: plan.cellWidth)
    answers += repeatElement(blank, count: tree.nodes - answers.count)
  }

  /// Consistent estimates of a part's numbers, one tree for each of its cells.
  private borrowing func consistent(_ part: NoisePart, _ noisy: [Int128], _ tree: GroupTree) -> [Int128] {
    var result = noisy
    let estimator = GroupTree.Estimator(tree)
    for cell in 0..<part.width {
      let estimates = estimator.consistent(stride(from: cell, to: noisy.count, by: part.width).map { noisy[$0] })
      for (node, estimate) in estimates.enumerated() { result[node * part.width + cell] = estimate }
    }
    return result
  }

  /// The integers that a part's noise is added to: the groups' own, the blocks of running totals, or all groups of a
  /// hierarchy.
  private borrowing func beforeNoise(_ part: NoisePart, _ answers: [[Int128]]) -> [Int128] {
    let cells = answers.flatMap { $0[part.offset..<(part.offset + part.width)] }
    guard let tree = plan.tree else { return plan.totals?.blocks(cells) ?? cells }
    var result = [Int128](repeating: 0, count: tree.nodes * part.width)
    let links = tree.links
    for cell in 0..<part.width {
      let sums = tree.sums(stride(from: cell, to: cells.count, by: part.width).map { cells[$0] }, links)
      for (node, sum) in sums.enumerated() { result[node * part.width + cell] = sum }
    }
    return result
  }

  /// The integers that noise is added to, one list for each part: they protect nobody.
  ///
  /// For tests of how far one unit moves them.
  package borrowing func insecureIntegers() -> [[Int128]] {
    let cells = unspilledCells()
    let answers = groupOrder.map { Array(cells.values[range(ofGroup: $0)]) }
    return plan.parts.map { beforeNoise($0, answers) }
  }

  /// The groups that may be named, in the order of answers.
  private borrowing func selected(
    _ groups: [Int], _ cells: Cells, using generator: inout SecureGenerator
  ) -> [Int] {
    guard let selection = plan.selection else { return groups }
    let counts = groups.map { Int(clamping: cells.values[$0 * plan.cellWidth + plan.width]) }
    let kept = selection.choose(counts, using: &generator)
    return zip(groups, kept).filter(\.1).map(\.0)
  }

  private borrowing func range(ofGroup group: Int) -> Range<Int> {
    (group * plan.cellWidth)..<((group + 1) * plan.cellWidth)
  }

  /// The answers without any noise, after contribution bounding and clamping, for every group that any unit is in:
  /// they protect nobody.
  ///
  /// For tests, and for the demonstration on public data that shows what privacy costs.
  package borrowing func insecureTrueTable() -> ReleasedTable {
    let cells = unspilledCells()
    let groups = groupOrder.filter { plan.selection == nil || cells.values[$0 * plan.cellWidth + plan.width] > 0 }
    var answers = groups.map { Array(cells.values[range(ofGroup: $0)]) }
    let exact = plan.parts.map { beforeNoise($0, answers) }
    addCoarserGroups(to: &answers)
    for (part, numbers) in zip(plan.parts, exact) where plan.totals != nil || plan.tree != nil {
      let shown = plan.totals?.totals(numbers) ?? plan.tree.map { consistent(part, numbers, $0) } ?? numbers
      for group in answers.indices {
        for cell in 0..<part.width { answers[group][part.offset + cell] = shown[group * part.width + cell] }
      }
    }
    return table(
      groups, answers,
      formula: ReleaseFormula(plan: plan, query: query, noiseFree: true),
      dropped: dropped.map { ReleasedValue(text: "\($0.count)", low: "\($0.count)", high: "\($0.count)") })
  }

  private borrowing func table(
    _ groups: [Int], _ answers: [[Int128]], formula: ReleaseFormula, dropped: ReleasedValue?
  ) -> ReleasedTable {
    if let tree = plan.tree { return table(tree, answers, formula: formula, dropped: dropped) }
    let names = open?.names
    let rows = zip(groups, answers).map { group, cells in
      let keys =
        if let names {
          (GroupName.keys(names[group]) ?? []).map { String(decoding: $0, as: UTF8.self) }
        } else {
          query.keys(ofGroup: group)
        }
      return ReleasedTable.Row(keys: keys, values: formula.values(cells[...], group: group))
    }
    return ReleasedTable(
      groupColumns: query.groupBy.map(\.column), names: query.metrics.flatMap(\.outputNames),
      rows: query.top?.choose(rows, names: query.metrics.flatMap(\.outputNames)) ?? rows, dropped: dropped)
  }
}

extension Accumulator {
  /// The table of a hierarchy: a column for each level, the coarsest groups first, empty keys where a row is a sum.
  private borrowing func table(
    _ tree: GroupTree, _ answers: [[Int128]], formula: ReleaseFormula, dropped: ReleasedValue?
  ) -> ReleasedTable {
    var columns = query.groupBy.map(\.column)
    columns.insert(contentsOf: tree.names.reversed(), at: tree.place)
    let rows = (0..<tree.levels).reversed().flatMap { level in
      let range = tree.range(ofLevel: level)
      return range.map { node in
        ReleasedTable.Row(
          keys: tree.keys(of: node - range.lowerBound, level: level, query),
          values: formula.values(answers[node], node: node))
      }
    }
    return ReleasedTable(
      groupColumns: columns, names: query.metrics.flatMap(\.outputNames), rows: rows, dropped: dropped)
  }
}

extension GroupTree {
  /// A node's keys: of the columns before, of the levels from coarse to fine, empty below its own, of the columns after.
  func keys(of index: Int, level: Int, _ query: Query) -> [String] {
    let (before, key, after) = coordinates(index, level: level)
    var own = [String](repeating: "", count: level)
    var (number, place) = (key, level)
    while true {
      own.append(place == 0 ? query.groupBy[self.place].keys[number] : labels[place - 1][number])
      guard place < levels - 1 else { break }
      number = parent(ofKey: number, level: place)
      place += 1
    }
    return query.groupBy[..<self.place].keys(ofGroup: before) + own.reversed()
      + query.groupBy[(self.place + 1)...].keys(ofGroup: after)
  }
}

extension Query {
  /// The keys of a group of declared keys, whose number counts the last column fastest.
  func keys(ofGroup group: Int) -> [String] { groupBy[...].keys(ofGroup: group) }
}

extension ArraySlice<GroupColumn> {
  /// The keys of these columns in a combination of theirs, whose number counts the last column fastest.
  fileprivate func keys(ofGroup group: Int) -> [String] {
    var rest = group
    var keys: [String] = []
    for column in reversed() {
      keys.append(column.keys[rest % column.keys.count])
      rest /= column.keys.count
    }
    return keys.reversed()
  }
}
