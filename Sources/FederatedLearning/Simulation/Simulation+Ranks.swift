import SecureAggregation
import Synchronization

// What several ranks do where one process does nothing.
extension Simulation {
  /// The round's one all-reduce: the sums, what the ranks counted, and a proof that all have the same model.
  func add(_ tally: inout ClientWorker.Tally, _ total: inout [Int64]) throws {
    guard ranks.size > 1 else { return }
    let count = total.count
    total += tally.words
    let mark = modelMark
    total.append(mark)
    try ranks.sum(&total)
    guard total[total.count - 1] == mark &* Int64(ranks.size) else { throw FederatedError.ranksDisagree }
    tally = ClientWorker.Tally(total[count..<total.count - 1])
    total.removeLast(total.count - count)
  }

  /// A number that two different models hardly ever share.
  private var modelMark: Int64 {
    var mark: UInt64 = 0xcbf2_9ce4_8422_2325
    let values = parameters.span
    for index in values.indices { mark = (mark ^ UInt64(values[index].bitPattern)) &* 0x100_0000_01b3 }
    return Int64(bitPattern: mark ^ UInt64(round))
  }

  /// Every rank's updates at every rank, for rules that look at them one by one.
  func exchange(
    _ own: [Int: (update: [Int32], weight: Int64)], _ tally: inout ClientWorker.Tally
  ) throws -> [Int: (update: [Int32], weight: Int64)] {
    guard ranks.size > 1 else { return own }
    let mark = modelMark
    let width = plan.sharedCount
    var bytes = Words.bytes(tally.words + [mark])
    let head = bytes.count
    bytes.reserveCapacity(head + own.count * (16 + 4 * width))
    for (client, message) in own {
      bytes += Words.bytes([Int64(client), message.weight])
      bytes += Words.bytes(message.update)
    }
    var all: [Int: (update: [Int32], weight: Int64)] = [:]
    tally = ClientWorker.Tally()
    for part in try ranks.gatherEverywhere(bytes) {
      guard part.count >= head, (part.count - head) % (16 + 4 * width) == 0 else { throw FederatedError.ranksDisagree }
      let words = Words.words(part[..<head], as: Int64.self)
      guard words.last == mark else { throw FederatedError.ranksDisagree }
      tally.add(ClientWorker.Tally(words.dropLast()))
      for at in stride(from: head, to: part.count, by: 16 + 4 * width) {
        let numbers = Words.words(part[at..<at + 16], as: Int64.self)
        all[Int(numbers[0])] = (Words.words(part[(at + 16)..<(at + 16 + 4 * width)]), numbers[1])
      }
    }
    return all
  }

  /// A round whose contributions are protected one by one: every rank trains its clients, and rank 0 plays the protocol
  /// with what they give, for keys and masks belong to one run of it.
  mutating func performGatheredRound<Sum: SecureSum & ~Copyable>(
    _ sum: inout Sum, _ noise: NoiseShare?, _ cohort: [Int], _ attendance: Attendance
  ) throws -> RoundRecord {
    let task = roundTask(attendance, noise: plan.roundPrivacy?.placement == .central ? nil : noise)
    let given = Mutex<[Int64]>([])
    let next = Atomic<Int>(0)
    parallel(Array(workers.prefix(max(1, task.queue.count)))) { worker in
      while true {
        let position = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard position < task.queue.count else { return }
        guard worker.train(task.queue[position], task) else { continue }
        let values = [Int64(task.queue[position])] + worker.values
        given.withLock { $0 += values }
      }
    }
    let mark = modelMark
    let head = collectTally().words + [mark]
    let parts = try ranks.gather(Words.bytes(head + given.withLock { $0 }))
    var answer: [UInt8] = []
    if ranks.leads {
      try sum.begin(round: round, cohort: cohort)
      let width = 8 * (1 + plan.coordinates)
      var tally = ClientWorker.Tally()
      var contributions: [ArraySlice<UInt8>] = []
      for part in parts {
        guard part.count >= 8 * head.count, (part.count - 8 * head.count) % width == 0 else {
          throw FederatedError.ranksDisagree
        }
        let words = Words.words(part[..<(8 * head.count)], as: Int64.self)
        guard words.last == mark else { throw FederatedError.ranksDisagree }
        tally.add(ClientWorker.Tally(words.dropLast()))
        for at in stride(from: 8 * head.count, to: part.count, by: width) {
          contributions.append(part[at..<at + width])
        }
      }
      let (server, clear) = try serve(contributions.count, sum) { lane, position in
        let words = Words.words(contributions[position], as: Int64.self)
        return lane.serve(Int(words[0]), Array(words.dropFirst()), round: task.round)
      }
      tally.add(collectTally())
      var record = RoundRecord(
        round, tally, cohort: cohort.count, contributors: attendance.present.count - tally.failed)
      let total = try open(server, clear, &sum, &record).map { noised($0, noise) }
      answer = Words.bytes(tally.words + [total == nil ? 0 : 1, record.sumMatches == true ? 1 : 0] + (total ?? []))
    }
    try ranks.broadcast(&answer)
    let words = Words.words(answer[...], as: Int64.self)
    let count = ClientWorker.Tally().words.count
    guard words.count >= count + 2 else { throw FederatedError.ranksDisagree }
    let tally = ClientWorker.Tally(words[..<count])
    var record = RoundRecord(
      round, tally, cohort: cohort.count, contributors: attendance.present.count - tally.failed)
    record.abandoned = words[count] == 0
    record.sumMatches = words[count + 1] == 1 ? true : nil
    if !record.abandoned { apply(Array(words[(count + 2)...]), contributors: record.contributors) }
    return record
  }

  /// Forgets what clients of other ranks keep.
  mutating func keepOwnMemories() {
    guard plan.keepsMemories, ranks.size > 1 else { return }
    memories = memories.filter { CohortSplit.home(of: $0.key, ranks: ranks.size) == ranks.rank }
  }

  /// Writes a checkpoint with what the clients of all ranks keep; every rank calls it, and rank 0 has the folder.
  func write(to folder: CheckpointFolder?) throws {
    guard ranks.size > 1, plan.keepsMemories else {
      if let folder { try folder.write(checkpoint()) }
      return
    }
    var all = memories
    let width = 8 + 4 * plan.memoryCount
    var bytes: [UInt8] = []
    if !ranks.leads {
      for (client, memory) in memories {
        bytes += Words.bytes(CollectionOfOne(Int64(client)))
        bytes += Words.bytes(memory.map(\.bitPattern))
      }
    }
    for part in try ranks.gather(bytes) {
      guard part.count % width == 0 else { throw FederatedError.ranksDisagree }
      for at in stride(from: 0, to: part.count, by: width) {
        let client = Words.words(part[at..<at + 8], as: Int64.self)[0]
        all[Int(client)] = Words.words(part[(at + 8)..<(at + width)], as: UInt32.self).map(Float.init(bitPattern:))
      }
    }
    if let folder { try folder.write(checkpoint(all)) }
  }

  /// What rank 0 says about going on.
  func agree(goOn: Bool, isStopped: Bool) throws -> (goOn: Bool, isStopped: Bool) {
    var bytes: [UInt8] = [goOn ? 1 : 0, isStopped ? 1 : 0]
    try ranks.broadcast(&bytes)
    guard bytes.count == 2 else { throw FederatedError.ranksDisagree }
    return (bytes[0] == 1, bytes[1] == 1)
  }

  /// How often rank 0 writes checkpoints, once every rank is known to be at the same round of the same simulation.
  func agree(every: Int) throws -> Int {
    guard ranks.size > 1 else { return every }
    let own = Words.bytes([Int64(every), Int64(round)]) + Array(try plan.fingerprint().utf8)
    var first = own
    try ranks.broadcast(&first)
    let same = first.dropFirst(8) == own.dropFirst(8)
    var others: [Int64] = [same ? 0 : 1]
    try ranks.sum(&others)
    guard others[0] == 0 else { throw FederatedError.ranksDisagree }
    return Int(Words.words(first[..<8], as: Int64.self)[0])
  }

  /// Goes on, on every rank, from a checkpoint that rank 0 has.
  ///
  /// - Parameter checkpoint: rank 0's, nil for starting anew; not read elsewhere.
  public mutating func resumeEverywhere(from checkpoint: Checkpoint?) throws {
    var bytes = ranks.leads ? try checkpoint?.encoded() ?? [] : []
    try ranks.broadcast(&bytes)
    if ranks.leads {
      if let checkpoint { resume(from: checkpoint) }
    } else if !bytes.isEmpty {
      resume(from: try Checkpoint(bytes, of: plan))
    }
  }
}

extension SimulationPlan {
  /// Whether clients keep something from one participation to the next.
  var keepsMemories: Bool {
    algorithm.buffer == nil && (algorithm.hasSecondSum || compressor?.keepsResidual == true || personalLayers != nil)
  }

  /// The numbers that one client keeps.
  var memoryCount: Int { personalLayers == nil ? model.parameterCount : model.parameterCount - sharedCount }
}

extension ClientWorker.Tally {
  /// The counts, in a fixed order.
  var words: [Int64] {
    [loss, Int64(examples), Int64(clipped), Int64(saturated), Int64(rejected), Int64(wireBytes), Int64(failed)]
  }

  /// - Precondition: as many words as ``words`` has.
  init(_ words: some Collection<Int64>) {
    let numbers = Array(words)
    self.init(
      loss: numbers[0], examples: Int(numbers[1]), clipped: Int(numbers[2]), saturated: Int(numbers[3]),
      rejected: Int(numbers[4]), wireBytes: Int(numbers[5]), failed: Int(numbers[6]))
  }
}
