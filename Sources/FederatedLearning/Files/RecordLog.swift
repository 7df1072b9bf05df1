import Crypto
import Foundation
import Synchronization

/// The records of a run's rounds: a file that only grows, one JSON object a line.
///
/// A checkpoint names a position in it and so needs not hold the records again: what a run writes is proportional to
/// its rounds. Every run, resumed ones too, begins a file of its own, so that no checkpoint of an earlier run ever
/// loses its records; what a torn write leaves behind the last checkpoint's position is never read.
final class RecordLog: Sendable {
  /// A place between two lines, and a digest of all lines before it.
  struct Position: Codable, Sendable, Hashable {
    var file: String
    var rounds = 0
    var bytes = 0
    /// SHA-256 over the digest before the last line and that line.
    var chain = Data()

    mutating func pass(_ line: some Collection<UInt8>) {
      rounds += 1
      bytes += line.count
      chain = Data(SHA256.hash(data: chain + line))
    }
  }

  private let end = Mutex<(position: Position, last: Data)?>(nil)
  private let appended = Mutex(0)

  static let suffix = ".records"

  private static func line(_ record: RoundRecord) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(RoundRecord.Stored(record)) + [UInt8(ascii: "\n")]
  }

  /// Adds the records that the file does not have yet, and waits until they are on the disk.
  func append(_ records: [RoundRecord], in folder: String) throws -> Position {
    try end.withLock { end in
      // The file goes on only where these records go on from its last; otherwise they are another run's.
      if let known = end {
        let count = known.position.rounds
        let same = try count > 0 && count <= records.count && Self.line(records[count - 1]) == known.last
        if !same { end = nil }
      }
      if end == nil { appended.withLock { $0 = 0 } }
      appended.withLock { $0 += 1 }
      var (position, last) = try end ?? (Position(file: Self.freeName(in: folder)), Data())
      var text = Data()
      let start = position.bytes
      for record in records[position.rounds...] {
        last = try Self.line(record)
        position.pass(last)
        text += last
      }
      let path = "\(folder)/\(position.file)"
      do {
        if end == nil { try Data().write(to: URL(fileURLWithPath: path)) }
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try handle.seek(toOffset: UInt64(start))
        try handle.write(contentsOf: text)
        try handle.synchronize()
        try handle.close()
      } catch {
        throw FederatedError(.checkpoint, path, "cannot be written")
      }
      end = (position, last)
      return position
    }
  }

  /// True once for every file, when its third checkpoint is in place: both that remain have their records in it.
  func mayForgetOthers() -> Bool { appended.withLock { $0 } == 3 }

  /// The records before a position.
  ///
  /// - Throws: ``FederatedError`` when the file is not what it was.
  static func records(before position: Position, in folder: String) throws -> [RoundRecord] {
    func damaged() -> FederatedError { FederatedError(.checkpoint, position.file, "is missing or damaged") }
    guard position.file.hasSuffix(suffix), !position.file.contains("/"), position.rounds >= 0,
      let all = try? Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(position.file)")),
      position.bytes >= 0, position.bytes <= all.count
    else { throw damaged() }
    var passed = Position(file: position.file)
    var records: [RoundRecord] = []
    let decoder = JSONDecoder()
    for line in all.prefix(position.bytes).split(separator: UInt8(ascii: "\n")) {
      passed.pass(line + [UInt8(ascii: "\n")])
      guard let stored = try? decoder.decode(RoundRecord.Stored.self, from: line) else { throw damaged() }
      records.append(RoundRecord(stored))
    }
    guard passed == position else { throw damaged() }
    return records
  }

  /// The name of a file that is not there.
  private static func freeName(in folder: String) throws -> String {
    let used = Set((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
    var number = 1
    while used.contains("run-\(number)\(suffix)") { number += 1 }
    return "run-\(number)\(suffix)"
  }
}
