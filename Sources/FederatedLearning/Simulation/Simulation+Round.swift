import Dispatch
import SecureAggregation
import SecureRandom
import Synchronization

extension Simulation {
  /// Draws a cohort, trains it, sums protected updates and applies the mean.
  mutating func performRound<Sum: SecureSum & ~Copyable>(_ sum: inout Sum, _ noise: NoiseShare?) throws -> RoundRecord {
    if let buffer = plan.algorithm.buffer { return try performBufferedRound(buffer) }
    let cohort = plan.cohort.cohort(clients: plan.clientCount, round: round, seed: plan.configuration.seed)
    let steps = plan.stepsPerEpoch(examples: plan.sizes(of: cohort))
    let attendance = plan.devices.attendance(cohort, steps: steps, round: round)
    var record = try performRound(&sum, noise, cohort, attendance)
    record.dropped = attendance.dropped
    record.late = attendance.late
    record.partial = attendance.epochs.count
    record.virtualSeconds = attendance.seconds
    return record
  }

  private mutating func performRound<Sum: SecureSum & ~Copyable>(
    _ sum: inout Sum, _ noise: NoiseShare?, _ cohort: [Int], _ attendance: Attendance
  ) throws -> RoundRecord {
    if let robust = plan.robust { return try performRobustRound(cohort, attendance, robust) }
    if plan.sumsDirectly, !comparesSums { return try performDirectRound(cohort, attendance, noise) }
    if ranks.size > 1 { return try performGatheredRound(&sum, noise, cohort, attendance) }
    try sum.begin(round: round, cohort: cohort)
    let task = roundTask(attendance, noise: plan.roundPrivacy?.placement == .central ? nil : noise)
    let (server, clear) = try serve(task.queue.count, sum) { $0.serve(task.queue[$1], task) }
    let tally = collectTally()
    let contributors = attendance.present.count - tally.failed
    var record = RoundRecord(round, tally, cohort: cohort.count, contributors: contributors)
    if let total = try open(server, clear, &sum, &record) {
      apply(noised(total, noise), contributors: contributors)
    }
    return record
  }

  /// Opens a round's sum when enough contributed.
  ///
  /// - Returns: nil for a round that is given up.
  func open<Sum: SecureSum & ~Copyable>(
    _ server: Sum.Server, _ clear: PlainSum.Server?, _ sum: inout Sum, _ record: inout RoundRecord
  ) throws -> [Int64]? {
    let contributors = record.contributors
    // With central noise an empty round releases noise like any other: whether it was empty must not show.
    let isEmpty = contributors == 0 && plan.roundPrivacy?.placement == .central
    if contributors < plan.shape.minimumContributors, !isEmpty {
      record.abandoned = true
      return nil
    }
    var total = [Int64](repeating: 0, count: plan.coordinates)
    if !isEmpty {
      do { total = try sum.open(server) } catch let error as AggregationError where error.code == .tooFew {
        // A protocol may need more to stay than the sum's minimum; nothing was opened then.
        record.abandoned = true
        return nil
      }
    }
    if let clear, !isEmpty {
      var plain = PlainSum(insecurelyShaped: plan.shape)
      guard try plain.open(clear) == total else {
        throw FederatedError(.aggregation, "round \(round)", "the opened sum is not the sum of the contributions")
      }
      record.sumMatches = true
    }
    return total
  }

  /// A round whose contributions need no protection one by one: every thread sums its clients in place.
  private mutating func performDirectRound(
    _ cohort: [Int], _ attendance: Attendance, _ noise: NoiseShare?
  ) throws -> RoundRecord {
    let task = roundTask(attendance, noise: nil)
    let next = Atomic<Int>(0)
    parallel(Array(workers.prefix(max(1, task.queue.count)))) { worker in
      while true {
        let position = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard position < task.queue.count else { return }
        worker.accumulate(task.queue[position], task)
      }
    }
    var tally = collectTally()
    var total = directSums()
    // The noise of rank 0 travels inside its sum: no other rank ever holds a sum without it.
    if ranks.leads { total = noised(total, noise) }
    try add(&tally, &total)
    let contributors = attendance.present.count - tally.failed
    var record = RoundRecord(round, tally, cohort: cohort.count, contributors: contributors)
    record.wireBytes = contributors * plan.messageBytes
    record.abandoned =
      plan.roundPrivacy?.placement != .central && contributors < plan.shape.minimumContributors
    if !record.abandoned { apply(total, contributors: contributors) }
    return record
  }

  /// Adds up what the threads have.
  func directSums() -> [Int64] {
    var total: [Int64] = []
    var owner: ClientWorker?
    for worker in workers where worker.hasSums {
      // The first array moves and the others are added to it; all are emptied and kept for the next round.
      worker.hasSums = false
      if owner == nil {
        owner = worker
        swap(&total, &worker.sums)
      } else {
        ClientWorker.add(worker.sums, to: &total)
        ClientWorker.clear(&worker.sums)
      }
    }
    defer {
      if let owner {
        ClientWorker.clear(&total)
        swap(&total, &owner.sums)
      }
    }
    return total.isEmpty ? [Int64](repeating: 0, count: plan.coordinates) : total
  }

  /// A sum with the server's noise, if it is the server's to add.
  func noised(_ sum: consuming [Int64], _ noise: NoiseShare?) -> [Int64] {
    guard plan.roundPrivacy?.placement == .central, let noise else { return sum }
    var draws = [Int64](repeating: 0, count: sum.count)
    if let treeNoise {
      treeNoise.fill(&draws, round: round, share: noise)
    } else if let bandedNoise {
      bandedNoise.fill(&draws, round: round, share: noise)
    } else {
      noise.fill(&draws, round: round, party: nil)
    }
    ClientWorker.add(draws, to: &sum)
    return sum
  }

  /// Applies the means of a sum that holds its noise.
  mutating func apply(_ total: [Int64], contributors: Int) {
    guard let privacy = plan.roundPrivacy else {
      return apply(total, divisor: Double(total[plan.updateCoordinates]), contributors: contributors)
    }
    // A constant, so that the released mean depends on a client through its clipped update alone.
    let expected = plan.cohort.expectedSize(clients: plan.clientCount)
    apply(total, divisor: expected, contributors: contributors)
    if let adaptive = privacy.adaptiveClip {
      clip = adaptive.next(clip, sum: total[plan.updateCoordinates], expected: expected)
    }
  }

  /// What the threads of a round need, with this rank's clients in the order in which they are trained.
  func roundTask(_ attendance: Attendance, noise: NoiseShare?) -> RoundTask {
    RoundTask(
      queue: queue(attendance.present), global: parameters, round: round, epochs: attendance.epochs, noise: noise,
      state: state, memories: memories, quantizer: quantizer, rotated: plan.rotated(quantizer, round: round),
      stepNoise: stepNoise)
  }

  /// This rank's clients of all that report, largest first, so that no thread is left with a long client at the end.
  ///
  /// Which thread takes which client does not matter to integer sums.
  private func queue(_ clients: [Int]) -> [Int] {
    var order = zip(clients, plan.sizes(of: clients)).map { (client: $0, size: $1) }
    order.sort { ($1.size, $0.client) < ($0.size, $1.client) }
    let sorted = order.map(\.client)
    guard ranks.size > 1 else { return sorted }
    if plan.keepsMemories {
      return sorted.filter { CohortSplit.home(of: $0, ranks: ranks.size) == ranks.rank }
    }
    let work = plan.stepsPerEpoch(examples: order.map(\.size))
    return CohortSplit.balanced(sorted, work: work, ranks: ranks.size, rank: ranks.rank)
  }

  /// Takes what the threads counted and what their clients keep.
  mutating func collectTally() -> ClientWorker.Tally {
    var tally = ClientWorker.Tally()
    for worker in workers {
      tally.add(worker.tally)
      worker.tally = ClientWorker.Tally()
      for (client, memory) in worker.memories { memories[client] = memory }
      worker.memories = [:]
    }
    return tally
  }

  /// Has contributions protected and added up, on all threads.
  func serve<Sum: SecureSum & ~Copyable>(
    _ count: Int, _ sum: borrowing Sum, _ one: (Lane<Sum>, Int) -> Bool
  ) throws -> (Sum.Server, PlainSum.Server?) {
    let next = Atomic<Int>(0)
    var server = try sum.makeServer(round: round)
    let plain = PlainSum(insecurelyShaped: plan.shape)
    var clear = comparesSums ? plain.makeServer(round: round) : nil
    var lanes: [Lane<Sum>] = []
    for worker in workers {
      let lane = Lane<Sum>(worker, client: try sum.makeClient(), server: try sum.makeServer(round: round))
      if comparesSums { lane.clear = (plain.makeClient(), plain.makeServer(round: round)) }
      lanes.append(lane)
    }
    parallel(lanes) { lane in
      while true {
        let position = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard position < count, one(lane, position) else { return }
      }
    }
    for lane in lanes {
      if let error = lane.error { throw error }
      try server.merge(lane.server)
      if let part = lane.clear { try clear?.merge(part.server) }
    }
    return (server, clear)
  }

  /// Loss and accuracy on a data set, the same for any number of threads; no accuracy for a model of numbers.
  public func evaluate(_ data: LabeledData) -> (loss: Double, accuracy: Double?) {
    let (loss, correct) = tested(data, parameters, LocalCollective())
    return measured(loss, correct, data)
  }

  /// The same for other parameters of the model.
  func evaluate(_ data: LabeledData, _ parameters: [Float]) -> (loss: Double, accuracy: Double?) {
    let (loss, correct) = tested(data, parameters, LocalCollective())
    return measured(loss, correct, data)
  }

  /// The same with the work shared by all ranks; every one of them calls it.
  func evaluate(
    _ data: LabeledData, _ parameters: [Float], over ranks: any Collective
  ) throws -> (loss: Double, accuracy: Double?) {
    let (loss, correct) = tested(data, parameters, ranks)
    var words = [loss, Int64(correct)]
    try ranks.sum(&words)
    return measured(words[0], Int(words[1]), data)
  }

  private func measured(_ loss: Int64, _ correct: Int, _ data: LabeledData) -> (loss: Double, accuracy: Double?) {
    (
      Double(loss) * 0x1p-20 / Double(data.count),
      plan.model.classifies ? Double(correct) / Double(data.count) : nil
    )
  }

  /// Summed losses and right answers of this rank's share.
  private func tested(
    _ data: LabeledData, _ parameters: [Float], _ ranks: any Collective
  ) -> (loss: Int64, correct: Int) {
    let chunk = 256
    let chunks = (data.count + chunk - 1) / chunk
    let results = Mutex<(loss: Int64, correct: Int)>((0, 0))
    let next = Atomic<Int>(0)
    let model = plan.model
    DispatchQueue.concurrentPerform(iterations: min(threads, chunks)) { _ in
      let runner = model.makeRunner(batch: chunk)
      var answers: [Float] = []
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < chunks else { return }
        guard index % ranks.size == ranks.rank else { continue }
        let range = index * chunk..<min(data.count, (index + 1) * chunk)
        answers.removeAll(keepingCapacity: true)
        let loss = runner.evaluate(parameters, on: data, range: range, answers: &answers)
        let correct = zip(range, answers).count { Float(data.labels[$0]) == $1 }
        results.withLock {
          if loss.isFinite, loss < 0x1p40 { $0.loss &+= Int64((loss * 0x1p20).rounded()) }
          $0.correct += correct
        }
      }
    }
    return results.withLock { $0 }
  }
}

/// One thread's part of a round: a worker, a client's side and a partial sum.
final class Lane<Sum: SecureSum & ~Copyable> {
  let worker: ClientWorker
  var client: Sum.Client
  var server: Sum.Server
  /// The same contributions in the clear, when sums are compared.
  var clear: (client: PlainSum.Client, server: PlainSum.Server)?
  var error: (any Error)?

  init(_ worker: ClientWorker, client: Sum.Client, server: Sum.Server) {
    self.worker = worker
    self.client = client
    self.server = server
  }

  /// Trains one client and adds its contribution; false after an error.
  func serve(_ number: Int, _ task: RoundTask) -> Bool {
    guard worker.train(number, task) else { return true }
    return serve(number, worker.values, round: task.round)
  }

  /// Adds the contribution of a client that trained; false after an error.
  func serve(_ number: Int, _ values: [Int64], round: Int) -> Bool {
    do {
      let contribution = try client.protect(values, client: number, round: round)
      worker.tally.wireBytes += client.wireBytes(contribution)
      try server.add(contribution)
      if var (client, server) = clear {
        clear = nil
        try server.add(client.protect(values, client: number, round: round))
        clear = (client, server)
      }
      return true
    } catch {
      self.error = error
      return false
    }
  }
}

/// Calls `body` for every element, each on a thread of its own.
func parallel<Element: AnyObject>(_ elements: [Element], _ body: (Element) -> Void) {
  withoutActuallyEscaping(body) { body in
    let work = Unshared(elements: elements, body: body)
    DispatchQueue.concurrentPerform(iterations: elements.count) { work.body(work.elements[$0]) }
  }
}

/// Objects that are handed to one thread each: every index is visited once, so nothing is shared between threads.
private struct Unshared<Element: AnyObject>: @unchecked Sendable {
  let elements: [Element]
  let body: (Element) -> Void
}

/// What the threads of a round read.
struct RoundTask: Sendable {
  let queue: [Int]
  let global: [Float]
  let round: Int
  /// Epochs of clients that do not do all of theirs.
  let epochs: [Int: Int]
  let noise: NoiseShare?
  let state: FederatedAlgorithm.State<Float>
  let memories: [Int: [Float]]
  let quantizer: Quantizer
  /// What quantises instead when updates are rotated.
  var rotated: RotatedQuantizer?
  /// The noise of clients' steps, nil unless the unit of privacy is an example.
  var stepNoise: NoiseShare?
  /// What updates are multiplied by before they are rounded.
  var scale: Float = 1
}
