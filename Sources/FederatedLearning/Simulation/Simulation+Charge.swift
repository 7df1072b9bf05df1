import PrivacyAccounting
import SecureRandom

extension Simulation {
  /// Charges for what this run will release that was not charged before, and writes it down beside the checkpoints.
  ///
  /// - Returns: the record to keep up to date, nil when nothing is charged or there is no folder.
  /// - Throws: `BudgetRefusal` when a charge does not fit; ``FederatedError`` when the budget's adjacency is another or
  ///   the folder belongs to another training that was charged for.
  func charge(_ authority: (any BudgetAuthority)?, _ folder: CheckpointFolder?) throws -> ChargeRecord? {
    guard let authority, let privacy = plan.privacy, !privacy.isSimulated else { return nil }
    guard authority.adjacency == privacy.adjacency else {
      throw FederatedError(.configuration, "privacy.adjacency", "is not the budget's")
    }
    guard let folder else {
      // Without a folder nothing is known of what was charged before: the rounds still to come are.
      let left = lastRound - round
      if left > 0 { try authority.charge(privacy.event(rounds: left), label: "federated training") }
      return nil
    }
    guard isResumed || !folder.isCharged else {
      throw FederatedError(
        .checkpoint, folder.path, "holds a training that was charged for: go on from it, or name another folder")
    }
    var random = SecureGenerator()
    let name = String(random.next(), radix: 16)
    var record =
      try folder.charge(of: plan)
      ?? ChargeRecord(fingerprint: plan.fingerprint(), release: name, covered: 0, shown: round)
    // Each stretch of rounds is charged by itself: a client may return in every one of them.
    let again = min(record.shown, lastRound) - round
    let more = lastRound - record.covered
    for (rounds, label) in [(more, "federated training"), (again, "federated training, rounds drawn again")]
    where rounds > 0 {
      try authority.charge(privacy.event(rounds: rounds), label: "\(label) \(record.release)")
    }
    record.covered = max(record.covered, lastRound)
    record.shown = round
    try folder.write(record)
    // Somewhere to go on from before the first checkpoint is due.
    if round == 0 { try folder.write(checkpoint()) }
    return record
  }
}
