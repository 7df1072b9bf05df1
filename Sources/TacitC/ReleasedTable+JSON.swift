import PrivateStatistics

extension ReleasedTable {
  /// The answers as one line of JSON, every number as its exact text.
  var jsonText: String {
    func list(_ items: [String]) -> String { "[" + items.joined(separator: ",") + "]" }
    func texts(_ items: [String]) -> String { list(items.map(CanonicalJSON.quoted)) }
    func interval(_ value: ReleasedValue) -> String {
      "{\"high\":\(CanonicalJSON.quoted(value.high)),\"low\":\(CanonicalJSON.quoted(value.low)),"
        + "\"text\":\(CanonicalJSON.quoted(value.text))}"
    }
    let dropped = dropped.map { "\"dropped\":\(interval($0))," } ?? ""
    let rows = rows.map { row in
      let values = row.values.map(interval)
      return "{\"keys\":\(texts(row.keys)),\"values\":\(list(values))}"
    }
    return "{\(dropped)\"group_columns\":\(texts(groupColumns)),\"names\":\(texts(names)),\"rows\":\(list(rows))}"
  }
}
