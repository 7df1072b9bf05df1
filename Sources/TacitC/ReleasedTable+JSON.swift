import PrivateStatistics

extension ReleasedTable {
  /// The answers as one line of JSON, every number as its exact text.
  var jsonText: String {
    func list(_ items: [String]) -> String { "[" + items.joined(separator: ",") + "]" }
    func texts(_ items: [String]) -> String { list(items.map(JSONValue.quoted)) }
    let rows = rows.map { row in
      let values = row.values.map { value in
        "{\"high\":\(JSONValue.quoted(value.high)),\"low\":\(JSONValue.quoted(value.low)),"
          + "\"text\":\(JSONValue.quoted(value.text))}"
      }
      return "{\"keys\":\(texts(row.keys)),\"values\":\(list(values))}"
    }
    return "{\"group_columns\":\(texts(groupColumns)),\"names\":\(texts(names)),\"rows\":\(list(rows))}"
  }
}
