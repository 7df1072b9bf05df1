import ExactMath
import PrivacyAccounting
import PrivateStatistics
import SecureRandom
import TableFormats
import Testing

/// Records charges and grants them until told otherwise.
final class RecordingBudget: BudgetAuthority, @unchecked Sendable {
  let adjacency: Adjacency
  private(set) var events: [PrivacyEvent] = []
  let refuses: Bool

  init(_ adjacency: Adjacency = .addOrRemove, refuses: Bool = false) {
    self.adjacency = adjacency
    self.refuses = refuses
  }

  func charge(_ event: PrivacyEvent, label: String) throws(BudgetRefusal) -> BudgetReceipt {
    if refuses { throw BudgetRefusal(.exhausted, "nothing is left") }
    events.append(event)
    return BudgetReceipt(event: event, label: label, position: events.count, remaining: "")
  }
}

func rational(_ text: String) throws -> Rational { try #require(Rational(text)) }

func query(
  unit: PrivacyUnit = .rows, adjacency: Adjacency = .addOrRemove, epsilon: String = "1",
  bounds: ContributionBounds? = nil, groupBy: [GroupColumn] = [], metrics: [Metric],
  onBadRow: BadRowPolicy = .reject
) throws -> Query {
  try Query(
    privacyUnit: unit, adjacency: adjacency, epsilon: Epsilon(epsilon), delta: Delta("0"), bounds: bounds,
    groupBy: groupBy, metrics: metrics, onBadRow: onBadRow)
}

func accumulator(
  _ query: Query, _ tables: [String], key: String = "000102030405060708090a0b0c0d0e0f"
) throws -> Accumulator {
  var result = try Accumulator(query, key: SamplingKey(hexadecimal: key))
  for table in tables { try add(table, to: &result) }
  return result
}

func add(_ table: String, to accumulator: inout Accumulator) throws {
  var reader = try CSVReader(ByteSource(Array(table.utf8), name: "test"), columns: accumulator.query.columns)
  try accumulator.add(&reader)
}

/// The noise-free answers, by name, of the only group.
func truth(_ query: Query, _ table: String) throws -> [String: Double] {
  let table = try accumulator(query, [table]).insecureTrueTable()
  return Dictionary(uniqueKeysWithValues: zip(table.names, table.rows[0].values.map(\.value)))
}
