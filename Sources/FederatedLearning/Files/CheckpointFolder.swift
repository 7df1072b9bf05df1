import Foundation

/// A folder with the last checkpoints of a simulation, two unless more are asked for.
///
/// A checkpoint is written beside its final name and renamed into place, so that a reader sees all of it or nothing. The
/// records of the rounds lie in a file that only grows: a run of n rounds writes O(n) bytes however often it stops.
public struct CheckpointFolder: Sendable, Hashable {
  /// The folder.
  public let path: String
  /// A checkpoint is written every so many rounds, and after the last.
  public let every: Int
  /// How many checkpoints are kept: one to roll back to must be older than what went wrong.
  public let keeping: Int
  private let log = RecordLog()

  /// Folders of one path and rhythm are equal.
  public static func == (left: CheckpointFolder, right: CheckpointFolder) -> Bool {
    left.path == right.path && left.every == right.every && left.keeping == right.keeping
  }

  /// Hashes what equality compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(path)
    hasher.combine(every)
    hasher.combine(keeping)
  }

  /// A folder, made when it is not there.
  ///
  /// - Throws: ``FederatedError`` when it cannot be made, `every` is not positive or fewer than two are kept.
  public init(_ path: String, every: Int = 1, keeping: Int = 2) throws(FederatedError) {
    guard every > 0 else { throw FederatedError(.checkpoint, path, "needs a positive number of rounds") }
    guard keeping >= 2 else { throw FederatedError(.checkpoint, path, "keeps two checkpoints at least") }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw FederatedError(.checkpoint, path, "cannot be made a folder")
    }
    self.path = path
    self.every = every
    self.keeping = keeping
  }

  /// Writes a checkpoint and removes those that are older than the ones to keep.
  public func write(_ checkpoint: Checkpoint) throws {
    let final = file(checkpoint.round)
    let draft = final + ".draft"
    let position = try log.append(checkpoint.records, in: path)
    let bytes = try checkpoint.encoded(log: position)
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: draft))
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: draft))
      try handle.synchronize()
      try handle.close()
    } catch {
      throw FederatedError(.checkpoint, draft, "cannot be written")
    }
    guard unsafe rename(draft, final) == 0 else { throw FederatedError(.checkpoint, final, "cannot be put in place") }
    let present = rounds()
    let old = present.filter { $0 <= checkpoint.round }.dropLast(keeping)
    for round in old { try? FileManager.default.removeItem(atPath: file(round)) }
    // What was removed for the third of a run's checkpoints was the last to need another run's records.
    if !old.isEmpty, present.last == checkpoint.round, log.mayForgetOthers() {
      for name in names() where name.hasSuffix(RecordLog.suffix) && name != position.file {
        try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
      }
    }
  }

  /// The newest checkpoint that is whole; nil when the folder has none at all.
  ///
  /// - Parameter last: the last round that may be used; a checkpoint of a later one is passed over.
  /// - Throws: ``FederatedError`` when there are checkpoints and none can be used.
  public func latest(of plan: SimulationPlan, notAfter last: Int = .max) throws -> Checkpoint? {
    var failure: (any Error)?
    for round in rounds().reversed() where round <= last {
      do {
        let data = try Data(contentsOf: URL(fileURLWithPath: file(round)))
        return try Checkpoint([UInt8](data), of: plan) { try RecordLog.records(before: $0, in: path) }
      } catch let error as FederatedError {
        failure = failure ?? FederatedError(.checkpoint, file(round), error.message)
      } catch {
        failure = failure ?? FederatedError(.checkpoint, file(round), "cannot be read")
      }
    }
    if let failure { throw failure }
    return nil
  }

  private func file(_ round: Int) -> String { "\(path)/round-\(round).checkpoint" }

  private func names() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }

  private func rounds() -> [Int] {
    names().compactMap { name in
      guard name.hasPrefix("round-"), name.hasSuffix(".checkpoint") else { return nil }
      return Int(name.dropFirst(6).dropLast(11))
    }.sorted()
  }
}
