import PrivacyAccounting
import PrivateStatistics
import TableFormats

let query = try Query(
  privacyUnit: .rows, epsilon: Epsilon("1"), delta: Delta("0"),
  groupBy: [GroupColumn(column: "city", keys: ["Oslo", "Bergen"])],
  metrics: [Metric(name: "visits", kind: .count)])
let budget = SharedBudget(try PrivacyBudget(.pure(Epsilon("1"))))

let table = Array("city\nOslo\nOslo\nBergen\n".utf8)
var reader = try CSVReader(ByteSource(table, name: "visits"), columns: query.columns)
var accumulator = try Accumulator(query, key: SamplingKey())
try accumulator.add(&reader)
let answer = try accumulator.release(charging: budget, label: "visits by city")
for row in answer.rows {
  let visits = row.values[0]
  print("\(row.keys[0]): \(visits.text), 95 % from \(visits.low) to \(visits.high)", terminator: "; ")
}
print("left \(budget.remaining.loss)")
