private import Foundation

/// A signed statement that a ledger's history once had a certain entry at a certain place.
///
/// Kept where whoever can write the ledger cannot reach it, it shows that the history was cut, put back to an older
/// state, or computed anew.
public struct LedgerCheckpoint: Sendable, Hashable, Codable {
  /// The hash of the ledger's first entry.
  public let ledger: String
  /// How many entries there were.
  public let position: Int
  /// The hash of the last of them.
  public let head: String
  /// When it was taken, in seconds since 1970.
  public let time: Int
  /// The signature, in base64url.
  public let signature: String

  private init(ledger: String, position: Int, head: String, time: Int, signature: String) {
    self.ledger = ledger
    self.position = position
    self.head = head
    self.time = time
    self.signature = signature
  }

  init(
    ledger: String, position: Int, head: String, time: Int, key: borrowing LedgerOwnerKey
  ) throws(LedgerError) {
    let unsigned = LedgerCheckpoint(ledger: ledger, position: position, head: head, time: time, signature: "")
    self.init(
      ledger: ledger, position: position, head: head, time: time, signature: try key.sign(unsigned.fields))
  }

  /// Reads the JSON form.
  ///
  /// - Throws: ``LedgerError`` when the text is no checkpoint.
  public init(json: String) throws(LedgerError) {
    guard json.utf8.count <= 65_536,
      let read = try? JSONDecoder().decode(LedgerCheckpoint.self, from: Data(json.utf8))
    else { throw LedgerError(.invalid, "checkpoint: is not a ledger checkpoint") }
    self = read
  }

  /// The JSON form, one line.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Whether the holder of the key signed it.
  public func isSigned(by key: LedgerPublicKey) -> Bool { key.verifies(signature, of: fields) }

  private var fields: [String] { ["tacit ledger checkpoint 1", ledger, "\(position)", head, "\(time)"] }
}

extension BudgetLedger {
  /// A checkpoint of the history as it stands, after a check of all of it.
  ///
  /// - Throws: ``LedgerError`` when the history is damaged or empty.
  public func checkpoint(signedBy key: borrowing LedgerOwnerKey) throws(LedgerError) -> LedgerCheckpoint {
    let now = try verify()
    guard now.intact else { throw LedgerError(.broken, "\(path): the history is damaged; run verify") }
    guard now.entries > 0 else { throw LedgerError(.invalid, "\(path): there is nothing to take a checkpoint of") }
    return try LedgerCheckpoint(
      ledger: identity(), position: now.entries, head: now.head, time: secondsNow(), key: key)
  }

  /// Checks the whole history, and that it still continues the one a checkpoint was taken of.
  ///
  /// - Throws: ``LedgerError`` when the checkpoint is not signed by the key, is of another ledger, or the file cannot be
  ///   read.
  public func verify(
    against checkpoint: LedgerCheckpoint, key: LedgerPublicKey
  ) throws(LedgerError) -> LedgerVerification {
    guard checkpoint.isSigned(by: key) else {
      throw LedgerError(.invalid, "checkpoint: is not signed by the given key")
    }
    let now = try verify(expecting: (checkpoint.position, checkpoint.head))
    guard now.intact else { return now }
    guard try identity() == checkpoint.ledger else {
      throw LedgerError(.invalid, "checkpoint: is of another ledger")
    }
    return now
  }
}
