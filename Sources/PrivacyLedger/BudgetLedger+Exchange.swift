private import Foundation
import PrivacyAccounting

extension BudgetLedger {
  /// The whole history as JSON Lines, one entry a line, with every hash.
  ///
  /// - Throws: ``LedgerError`` when the file cannot be read.
  public func exported() throws(LedgerError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var text = ""
    for record in try history() {
      guard let line = try? encoder.encode(record) else {
        throw LedgerError(.broken, "\(path): entry \(record.position) cannot be written as JSON")
      }
      text += String(decoding: line, as: UTF8.self) + "\n"
    }
    return text
  }

  /// Makes a new ledger from an exported history, after checking all of it.
  ///
  /// Stored answers of named releases are not part of the history; such a release is charged already and has no answer
  /// in the new ledger.
  ///
  /// - Throws: ``LedgerError`` naming the first wrong line, or when the file exists; nothing is left behind then.
  public static func create(_ path: String, importing text: String) throws(LedgerError) {
    var records: [LedgerRecord] = []
    var budgets: [String: LedgerState] = [:]
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: true).enumerated() {
      func wrong(_ reason: String) -> LedgerError { LedgerError(.broken, "line \(index + 1): \(reason)") }
      guard let record = try? JSONDecoder().decode(LedgerRecord.self, from: Data(line.utf8)) else {
        throw wrong("is not an entry of a ledger")
      }
      guard record.position == index + 1 else { throw wrong("is missing or out of place") }
      guard record.previous == records.last?.hash ?? LedgerRecord.origin else {
        throw wrong("does not follow the entry before")
      }
      guard record.recomputed.hash == record.hash else { throw wrong("was altered") }
      if let reason = LedgerState.replay(record, over: &budgets, certifying: true) { throw wrong(reason) }
      records.append(record)
    }
    guard !records.isEmpty else { throw LedgerError(.invalid, "history: is empty") }
    try create(path, records: records, exclusive: true)
  }
}
