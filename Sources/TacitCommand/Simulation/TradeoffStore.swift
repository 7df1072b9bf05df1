import FederatedLearning
import Foundation
import TacitVerbs

/// Finished trainings of a trade-off in a folder, so that a run that was stopped goes on where it was.
///
/// One JSON document a line. A training is found again by its whole configuration, so a changed one is trained anew.
final class TradeoffStore {
  /// One finished training.
  struct Entry: Codable {
    let configuration: String
    let accuracy: Double
    let epsilon: Double?
    let delta: Double?
  }

  private var known: [String: Entry] = [:]
  private let handle: FileHandle

  /// - Throws: ``CommandFailure`` when the folder holds trainings and the run is not to go on from them.
  init(_ folder: String, resumes: Bool) throws {
    try Output.makeFolder(folder)
    let path = "\(folder)/trainings.jsonl"
    if let data = FileManager.default.contents(atPath: path), !data.isEmpty {
      guard resumes else { throw CommandFailure("\(folder): holds trainings already; use --resume or another folder") }
      // A line that was cut short by a kill is trained again.
      for line in data.split(separator: 10) {
        if let entry = try? JSONDecoder().decode(Entry.self, from: Data(line)) { known[entry.configuration] = entry }
      }
    } else {
      guard FileManager.default.createFile(atPath: path, contents: nil) else {
        throw CommandFailure("\(path): cannot be written")
      }
    }
    guard let handle = FileHandle(forWritingAtPath: path) else { throw CommandFailure("\(path): cannot be written") }
    self.handle = handle
    do {
      let end = try handle.seekToEnd()
      // After a line that was cut short a new one begins.
      if end > 0 { try handle.write(contentsOf: Data([10])) }
    } catch { throw CommandFailure("\(path): cannot be written") }
  }

  /// The name under which a training is kept.
  static func name(_ configuration: SimulationConfiguration) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(configuration), as: UTF8.self)
  }

  /// A training that was finished before.
  func find(_ name: String) -> Entry? { known[name] }

  /// Keeps a training, durably.
  func add(_ entry: Entry) throws {
    do {
      try handle.write(contentsOf: JSONEncoder().encode(entry) + Data([10]))
      try handle.synchronize()
    } catch { throw CommandFailure("trainings.jsonl: cannot be written") }
  }
}
