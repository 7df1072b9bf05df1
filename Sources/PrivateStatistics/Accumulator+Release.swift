import DifferentialPrivacy
import ExactMath
public import PrivacyAccounting
import SecureRandom

extension Accumulator {
  /// Charges the query's whole cost, adds exact integer noise and answers; the accumulator is used up.
  ///
  /// The order is fixed: the charge is durable before any noise is drawn, and stands whatever happens next. From
  /// the charge on, nothing the caller sees depends on the data except the noisy answers: empty tables and empty
  /// groups get noise like any other, and no sum can overflow.
  ///
  /// - Parameters:
  ///   - authority: the budget, in memory or in a ledger.
  ///   - label: a public name for the budget's history; never data.
  /// - Throws: ``StatisticsError`` when the budget is stated for another adjacency or refuses; nothing is released
  ///   then.
  public consuming func release(
    charging authority: some BudgetAuthority, label: String
  ) throws(StatisticsError) -> ReleasedTable {
    guard authority.adjacency == query.adjacency else {
      throw StatisticsError(.refused, "adjacency", "the budget is stated for \(authority.adjacency)")
    }
    do throws(BudgetRefusal) {
      try authority.charge(plan.event, label: label)
    } catch {
      throw StatisticsError(.refused, "budget", error.message)
    }
    var generator = SecureGenerator()
    return noisyTable(using: &generator)
  }

  private borrowing func noisyTable(using generator: inout SecureGenerator) -> ReleasedTable {
    var values = boundedCells().values
    for part in plan.parts {
      let places = (0..<query.groupCount).flatMap { group in
        (0..<part.width).map { group * plan.width + part.offset + $0 }
      }
      // Sums beyond ±2⁶¹ steps would be clamped by the mechanism, which moves neighbouring sums no further apart.
      let noisy = part.mechanism.release(places.map { Int64(clamping: values[$0]) }, using: &generator)
      for (place, value) in zip(places, noisy) { values[place] = Int128(value) }
    }
    return table(of: values, formula: ReleaseFormula(plan: plan, query: query))
  }

  /// The answers without any noise, after contribution bounding and clamping: they protect nobody.
  ///
  /// For tests, and for the demonstration on public data that shows what privacy costs.
  package borrowing func insecureTrueTable() -> ReleasedTable {
    table(of: boundedCells().values, formula: ReleaseFormula(plan: plan, query: query, noiseFree: true))
  }

  private borrowing func table(of values: [Int128], formula: ReleaseFormula) -> ReleasedTable {
    var rows: [ReleasedTable.Row] = []
    for group in 0..<query.groupCount {
      let cells = values[(group * plan.width)..<((group + 1) * plan.width)]
      rows.append(ReleasedTable.Row(keys: query.keys(ofGroup: group), values: formula.values(cells)))
    }
    return ReleasedTable(
      groupColumns: query.groupBy.map(\.column), names: query.metrics.flatMap(\.outputNames), rows: rows)
  }
}

extension Query {
  /// The keys of a group, whose number counts the last column fastest.
  func keys(ofGroup group: Int) -> [String] {
    var rest = group
    var keys: [String] = []
    for column in groupBy.reversed() {
      keys.append(column.keys[rest % column.keys.count])
      rest /= column.keys.count
    }
    return keys.reversed()
  }
}
