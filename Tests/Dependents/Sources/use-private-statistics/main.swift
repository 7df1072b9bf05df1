import PrivacyAccounting
import PrivateStatistics
import TableFormats

/// Counts visits by city with ε = 1 and says what came out.
func countVisits(charging budget: SharedBudget) throws {
  let query = try Query(
    privacyUnit: .rows, epsilon: Epsilon("1"), delta: Delta("0"),
    groupBy: [GroupColumn(column: "city", keys: ["Oslo", "Bergen"])],
    metrics: [Metric(name: "visits", kind: .count)])
  let table = Array("city\nOslo\nOslo\nBergen\n".utf8)
  var reader = try CSVReader(ByteSource(table, name: "visits"), columns: query.columns)
  var accumulator = try Accumulator(query, key: SamplingKey())
  try accumulator.add(&reader)
  let answer = try accumulator.release(charging: budget, label: "visits by city")
  for row in answer.rows {
    let visits = row.values[0]
    print("\(row.keys[0]): \(visits.text), 95 % from \(visits.low) to \(visits.high)", terminator: "; ")
  }
}

let budget = SharedBudget(try PrivacyBudget(.pure(Epsilon("1"))))
try countVisits(charging: budget)
print("left \(budget.remaining.loss)")
