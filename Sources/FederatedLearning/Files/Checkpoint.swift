import Crypto
import Foundation

/// A simulation between two rounds: everything that the next round depends on and the seed does not give.
///
/// The bytes begin with a name and a SHA-256 of the rest, so that a torn or altered file is refused. A checkpoint
/// belongs to one configuration; only the number of rounds, the evaluation, the personalization and the target may differ when it is used.
public struct Checkpoint: Sendable {
  /// Rounds done.
  public let round: Int
  /// The records of those rounds.
  public let records: [RoundRecord]
  /// The model's parameters after them.
  public let parameters: [Float]
  let header: Header
  let state: FederatedAlgorithm.State<Float>
  let memories: [Int: [Float]]

  /// What is written as JSON; numbers of the model follow as raw bytes.
  struct Header: Codable {
    var fingerprint: String
    /// The records, unless they lie in a file beside the checkpoint.
    var records: [RoundRecord.Stored] = []
    var log: RecordLog.Position?
    var counts: [Int]
    var clients: [Int]
    var previousAggregate: [Double]
    var clip: Double
  }

  private static let name = Array("tacit checkpoint 3\n".utf8)

  init(
    _ plan: SimulationPlan, records: [RoundRecord], parameters: [Float], state: FederatedAlgorithm.State<Float>,
    memories: [Int: [Float]], previousAggregate: [Double], clip: Double
  ) throws {
    round = records.count
    self.records = records
    self.parameters = parameters
    self.state = state
    self.memories = memories
    let clients = memories.keys.sorted()
    var counts = [
      parameters.count, state.optimizer.first.count, state.optimizer.second.count, state.variate.count,
    ]
    counts += clients.map { memories[$0]?.count ?? 0 }
    header = Header(
      fingerprint: try plan.fingerprint(), counts: counts, clients: clients, previousAggregate: previousAggregate,
      clip: clip)
  }

  /// The checkpoint as bytes, the records of all its rounds among them.
  public func encoded() throws -> [UInt8] { try encoded(log: nil) }

  /// The checkpoint as bytes, with a position in a file in place of the records.
  func encoded(log: RecordLog.Position?) throws -> [UInt8] {
    var header = header
    if log == nil { header.records = records.map(RoundRecord.Stored.init) }
    header.log = log
    let json = try [UInt8](JSONEncoder().encode(header))
    var arrays = [parameters, state.optimizer.first, state.optimizer.second, state.variate]
    arrays += header.clients.map { memories[$0] ?? [] }
    var body = ModelFile.little(UInt64(json.count))
    body += json
    for array in arrays { body += ModelFile.bytes(array) }
    var file = Checkpoint.name
    file += Array(SHA256.hash(data: body))
    file += body
    return file
  }

  /// Reads a checkpoint of this plan that holds its records, as ``encoded()`` makes it.
  ///
  /// - Throws: ``FederatedError`` when the bytes are torn, altered, or of another simulation.
  public init(_ bytes: [UInt8], of plan: SimulationPlan) throws {
    try self.init(bytes, of: plan) { _ in
      throw FederatedError(.checkpoint, "checkpoint", "has its records in a file beside it: read it from its folder")
    }
  }

  /// Reads a checkpoint of this plan, whose records may lie elsewhere.
  init(
    _ bytes: [UInt8], of plan: SimulationPlan, recordsAt: (RecordLog.Position) throws -> [RoundRecord]
  ) throws {
    func corrupt(_ message: String) -> FederatedError { FederatedError(.checkpoint, "checkpoint", message) }
    let start = Checkpoint.name.count + 32
    guard bytes.count >= start + 8, bytes.starts(with: Checkpoint.name) else { throw corrupt("is no checkpoint") }
    let body = bytes[start...]
    guard Array(SHA256.hash(data: body)) == Array(bytes[Checkpoint.name.count..<start]) else {
      throw corrupt("is damaged")
    }
    var length: UInt64 = 0
    for place in 0..<8 { length |= UInt64(bytes[start + place]) << UInt64(8 * place) }
    guard length <= UInt64(body.count - 8) else { throw corrupt("is damaged") }
    var header = try JSONDecoder().decode(Header.self, from: Data(body[(start + 8)..<(start + 8 + Int(length))]))
    guard header.fingerprint == (try plan.fingerprint()) else { throw corrupt("belongs to another configuration") }
    var at = start + 8 + Int(length)
    guard header.clip.isFinite, header.clip > 0 else { throw corrupt("is damaged") }
    let kept = plan.personalLayers == nil ? plan.model.parameterCount : plan.model.parameterCount - plan.sharedCount
    guard header.counts.count == 4 + header.clients.count, header.counts.allSatisfy({ $0 >= 0 && $0 < 1 << 40 }),
      header.counts.reduce(0, +) * 4 == bytes.count - at, header.counts[0] == plan.model.parameterCount,
      header.counts[1..<4].allSatisfy({ $0 == 0 || $0 == plan.sharedCount }),
      header.counts[4...].allSatisfy({ $0 == 0 || $0 == kept })
    else { throw corrupt("is damaged") }
    let arrays = header.counts.map { count in
      let values = ModelFile.floats(bytes[at..<at + 4 * count])
      at += 4 * count
      return values
    }
    parameters = arrays[0]
    var state = FederatedAlgorithm.State<Float>()
    (state.optimizer.first, state.optimizer.second, state.variate) = (arrays[1], arrays[2], arrays[3])
    self.state = state
    memories = Dictionary(zip(header.clients, arrays.dropFirst(4)), uniquingKeysWith: { $1 })
    records = try header.log.map(recordsAt) ?? header.records.map(RoundRecord.init)
    round = records.count
    header.records = []
    self.header = header
  }
}

extension SimulationPlan {
  /// A digest of everything in the configuration that a round depends on.
  func fingerprint() throws -> String {
    var same = configuration
    // Layers that stay with their client are part of every round; what is measured after the last is not.
    let layers = personalLayers.map { _ in same.personalization.layers ?? 1 }
    same.personalization = PersonalizationOptions(kind: layers == nil ? "none" : "fedper", layers: layers)
    if privacy == nil || configuration.privacy?.noiseMultiplier != nil { same.rounds = 0 }
    same.evaluation = EvaluationOptions()
    same.targetAccuracy = nil
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var hash = SHA256()
    hash.update(data: try encoder.encode(same))
    hash.update(
      data: Data(
        "\(clientCount) \(data.training.count) \(data.test.count) \(model.layout.map { "\($0.name)\($0.shape)" })".utf8)
    )
    return hash.finalize().map { String($0, radix: 16) }.joined(separator: ".")
  }
}

extension RoundRecord {
  /// A record as a checkpoint keeps it; ε is certified anew.
  struct Stored: Codable {
    var round: Int
    var loss: Double?
    var accuracy: Double?
    var testLoss: Double?
    var seconds: Double
    var evaluationSeconds: Double
    var counts: [Int]
    var abandoned: Bool
    var sumMatches: Bool?
    var clip: Double?
    var virtualSeconds: Double
    var staleness: Double?
    var attackSuccess: Double?

    init(_ record: RoundRecord) {
      round = record.round
      (loss, accuracy, testLoss) = (record.loss, record.accuracy, record.testLoss)
      (seconds, evaluationSeconds) = (record.seconds, record.evaluationSeconds)
      counts = [
        record.cohort, record.contributors, record.clipped, record.saturated, record.rejected, record.wireBytes,
        record.dropped, record.late, record.partial, record.failed,
      ]
      (virtualSeconds, staleness) = (record.virtualSeconds, record.staleness)
      attackSuccess = record.attackSuccess
      (abandoned, sumMatches, clip) = (record.abandoned, record.sumMatches, record.clip)
    }
  }

  init(_ stored: Stored) {
    let counts = stored.counts + [Int](repeating: 0, count: max(0, 10 - stored.counts.count))
    self.init(
      round: stored.round, loss: stored.loss, accuracy: stored.accuracy, testLoss: stored.testLoss,
      seconds: stored.seconds, evaluationSeconds: stored.evaluationSeconds, cohort: counts[0],
      contributors: counts[1], clipped: counts[2], saturated: counts[3], rejected: counts[4],
      abandoned: stored.abandoned, sumMatches: stored.sumMatches, wireBytes: counts[5], dropped: counts[6],
      late: counts[7], partial: counts[8], failed: counts[9], staleness: stored.staleness,
      attackSuccess: stored.attackSuccess,
      virtualSeconds: stored.virtualSeconds,
      clip: stored.clip)
  }
}
