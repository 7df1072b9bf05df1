import Glibc

/// One measured answer.
struct Row {
  let accountant: String
  let milliseconds: Double
  let lower: Double?
  let upper: Double
  let question: String
}

/// Prints lines as they come, or one JSON document at the end when `--json` is given.
enum Report {
  static let asJSON = CommandLine.arguments.contains("--json")
  nonisolated(unsafe) private static var documents: [String] = []

  /// A heading of the text form.
  static func section(_ title: String) {
    if !asJSON { print(title) }
  }

  /// One more row.
  static func add(_ row: Row) {
    guard asJSON else {
      let width = row.lower.map { "\(row.upper - $0)" } ?? "-"
      let lower = row.lower.map { "\($0)" } ?? "-"
      print(
        "\(row.accountant)\t\(row.milliseconds) ms\t[\(lower), \(row.upper)]\twidth \(width)\t\(row.question)")
      fflush(nil)
      return
    }
    func number(_ value: Double?) -> String { value.map { $0.isFinite ? "\($0)" : "null" } ?? "null" }
    unsafe documents.append(
      """
      {"accountant":"\(row.accountant)","lower":\(number(row.lower)),"milliseconds":\(number(row.milliseconds)),\
      "question":"\(row.question)","upper":\(number(row.upper))}
      """)
  }

  /// Ends the report.
  static func finish() {
    if asJSON { print("[\(unsafe documents.joined(separator: ","))]") }
  }
}
