import Foundation

/// What a folder of checkpoints knows of the charges for its training.
///
/// A training is charged as a whole before its first round, and the charge is written beside the checkpoints. Whoever
/// goes on from a checkpoint releases the rounds after it and nothing else: rounds that the charge covers and that
/// nobody has seen. It is not charged again.
///
/// A round is drawn anew, with fresh noise, when it was done after the checkpoint. If somebody may have seen it then,
/// the round is released twice and charged twice. So the last round that was shown is written down before it is shown:
/// with a checkpoint for every round the two are never apart, unless the newest checkpoint is damaged.
///
/// The order is charge, record, release. A process that dies between charge and record has charged for rounds that
/// nobody ever sees; the next one charges again. It errs towards the budget.
struct ChargeRecord: Codable, Hashable {
  /// The configuration's digest.
  var fingerprint: String
  /// The name of the training in the ledger's history.
  var release: String
  /// The rounds that were charged when they were drawn first.
  var covered: Int
  /// The last round that anybody may have seen since the checkpoint that the training goes on from.
  var shown: Int
}

extension CheckpointFolder {
  private var chargePath: String { "\(path)/charge.json" }

  /// The charges for the training in this folder, nil when there were none.
  ///
  /// - Throws: ``FederatedError`` when the record is damaged or of another configuration.
  func charge(of plan: SimulationPlan) throws -> ChargeRecord? {
    guard FileManager.default.fileExists(atPath: chargePath) else { return nil }
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: chargePath)),
      let record = try? JSONDecoder().decode(ChargeRecord.self, from: data), record.covered >= 0, record.shown >= 0
    else { throw FederatedError(.checkpoint, chargePath, "is damaged") }
    guard record.fingerprint == (try plan.fingerprint()) else {
      throw FederatedError(.checkpoint, chargePath, "belongs to another configuration")
    }
    return record
  }

  /// Whether a training in this folder was charged for.
  var isCharged: Bool { FileManager.default.fileExists(atPath: chargePath) }

  /// Puts a record in place, durably.
  func write(_ record: ChargeRecord) throws {
    let draft = chargePath + ".draft"
    do {
      try JSONEncoder().encode(record).write(to: URL(fileURLWithPath: draft))
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: draft))
      try handle.synchronize()
      try handle.close()
    } catch {
      throw FederatedError(.checkpoint, draft, "cannot be written")
    }
    guard unsafe rename(draft, chargePath) == 0 else {
      throw FederatedError(.checkpoint, chargePath, "cannot be put in place")
    }
  }
}
