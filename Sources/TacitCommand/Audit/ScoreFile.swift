import Foundation
import PrivacyAuditing
import TacitVerbs

/// Reads what a model's owner hands over: scores of an attack, or labelled rows.
enum ScoreFile {
  /// A file with the columns member (1 or 0) and score.
  static func read(_ path: String) throws -> (scores: [Double], included: [Bool]) {
    var lines = try table(path)
    guard let head = lines.first else { throw CommandFailure("\(path): is empty") }
    guard let member = head.firstIndex(of: "member"), let score = head.firstIndex(of: "score") else {
      throw CommandFailure("\(path): needs the columns member and score")
    }
    lines.removeFirst()
    var result: (scores: [Double], included: [Bool]) = ([], [])
    for (number, fields) in lines.enumerated() {
      guard fields.count == head.count, let value = Double(fields[score]), !value.isNaN,
        fields[member] == "0" || fields[member] == "1"
      else { throw CommandFailure("\(path): line \(number + 2) has no member 0 or 1 and score") }
      result.scores.append(value)
      result.included.append(fields[member] == "1")
    }
    return result
  }

  /// Rows of numbers with the class in the last column, with or without a line of names.
  static func rows(_ path: String) throws -> [(features: [Double], label: Int)] {
    let lines = try table(path)
    var rows: [(features: [Double], label: Int)] = []
    for (number, fields) in lines.enumerated() {
      let values = fields.map { Double($0) }
      if number == 0, values.contains(where: { $0 == nil }) { continue }
      let features = values.dropLast().compactMap { $0 }
      guard features.count == fields.count - 1, features.allSatisfy(\.isFinite), fields.count >= 2,
        let label = Int(fields[fields.count - 1]), (0..<10_000).contains(label),
        rows.first.map({ $0.features.count == features.count }) ?? true
      else { throw CommandFailure("\(path): line \(number + 1) is no row of numbers and a class") }
      rows.append((features, label))
    }
    guard !rows.isEmpty else { throw CommandFailure("\(path): has no rows") }
    return rows
  }

  private static func table(_ path: String) throws -> [[String]] {
    try Input.readText(path, limit: 1 << 28).split(whereSeparator: \.isNewline).map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
    }
  }
}

/// A model in another program, asked once.
enum ModelProgram {
  private struct Request: Encodable {
    let rows: [[Double]]
    let classes: Int
  }

  /// The probabilities of every class for every row.
  ///
  /// - Throws: ``AuditError`` when the program fails or answers anything but probabilities.
  static func answers(
    _ command: String, rows: [[Double]], classes: Int, timeout: Double
  ) throws(AuditError) -> [[Double]] {
    guard let line = try? JSONEncoder().encode(Request(rows: rows, classes: classes)) else {
      throw AuditError(.targetFailed, "target: the rows cannot be written as JSON")
    }
    let process = try TargetProcess(command: command, timeout: timeout)
    let values = try process.ask(Array(line), count: rows.count * classes)
    let answers = (0..<rows.count).map { Array(values[$0 * classes..<($0 + 1) * classes]) }
    guard answers.allSatisfy({ $0.allSatisfy { (0...1).contains($0) } && abs($0.reduce(0, +) - 1) < 1e-3 }) else {
      throw AuditError(.targetFailed, "target: answered a row that is no probabilities")
    }
    return answers
  }
}
