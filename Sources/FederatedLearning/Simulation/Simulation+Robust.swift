import SecureAggregation
import SecureRandom
import Synchronization

extension Simulation {
  /// A round whose updates are looked at one by one: hostile clients replace theirs, and a rule combines all.
  mutating func performRobustRound(
    _ cohort: [Int], _ attendance: Attendance, _ robust: RobustPlan
  ) throws -> RoundRecord {
    let task = roundTask(attendance, noise: nil)
    let next = Atomic<Int>(0)
    let found = Mutex<[Int: (update: [Int32], weight: Int64)]>([:])
    parallel(Array(workers.prefix(max(1, task.queue.count)))) { worker in
      while true {
        let position = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard position < task.queue.count else { return }
        let client = task.queue[position]
        guard let weight = worker.message(client, task) else { continue }
        let update = worker.grid
        found.withLock { $0[client] = (update, weight) }
      }
    }
    var tally = collectTally()
    let messages = try exchange(found.withLock { $0 }, &tally)
    var record = RoundRecord(round, tally, cohort: cohort.count, contributors: attendance.present.count - tally.failed)
    record.wireBytes = record.contributors * plan.messageBytes
    guard record.contributors >= plan.shape.minimumContributors else {
      record.abandoned = true
      return record
    }
    let clients = messages.keys.sorted()
    let updates = forge(clients, clients.compactMap { messages[$0]?.update }, robust)
    guard robust.isWeighted, robust.preparation == nil else {
      var generator = SimulationGenerator(seed: plan.configuration.seed, stream: "buckets").substream(round)
      let prepared =
        try robust.preparation?.prepare(updates, using: &generator, threads: threads, over: ranks) ?? updates
      previousAggregate = try robust.rule.combine(
        prepared, previous: previousAggregate, trusted: trustedUpdate(task, robust), threads: threads, over: ranks)
      applyMean(previousAggregate, weight: 1)
      return record
    }
    var sums = [Int64](repeating: 0, count: plan.sharedCount)
    var total: Int64 = 0
    for (client, update) in zip(clients, updates) {
      let weight = messages[client]?.weight ?? 0
      total += weight
      for index in sums.indices { sums[index] += Int64(update[index]) * weight }
    }
    if total > 0 { applyMean(sums.map(Double.init), weight: Double(total)) }
    return record
  }

  /// What the server's own work on its own examples gives, trained like a client.
  ///
  /// The examples are drawn from the training set by the seed once; clients hold them, too.
  private func trustedUpdate(_ task: RoundTask, _ robust: RobustPlan) throws -> [Int32] {
    guard robust.rootExamples > 0, let worker = workers.first else { return [] }
    guard ranks.leads else {
      var bytes: [UInt8] = []
      try ranks.broadcast(&bytes)
      guard bytes.count == 4 * plan.model.parameterCount else { throw FederatedError.ranksDisagree }
      return Words.words(bytes[...])
    }
    var generator = SimulationGenerator(seed: plan.configuration.seed, stream: "root examples")
    let order = Partition.shuffled(plan.data.training.count, &generator)
    let update = worker.serverUpdate(Array(order.prefix(robust.rootExamples)), task)
    if ranks.size > 1 {
      var bytes = Words.bytes(update)
      try ranks.broadcast(&bytes)
    }
    return update
  }

  /// Replaces the updates of hostile clients; what they send is rounded and saturates like any update.
  private func forge(_ clients: [Int], _ updates: [[Int32]], _ robust: RobustPlan) -> [[Int32]] {
    guard let attack = robust.attack else { return updates }
    let honest = zip(clients, updates).filter { !robust.attackers.contains($0.0) }.map(\.1)
    let attackers = clients.count - honest.count
    let limit = Double(plan.quantizer.radius)
    let generator = SimulationGenerator(seed: plan.configuration.seed, stream: "attack").substream(round)
    return zip(clients, updates).map { client, own in
      guard robust.attackers.contains(client) else { return own }
      var draws = generator.substream(client)
      return attack.forge(own: own, honest: honest, attackers: attackers, using: &draws)
        .map { Int32(max(-limit, min(limit, $0.rounded(.toNearestOrEven)))) }
    }
  }

  /// Applies a mean in grid steps.
  private mutating func applyMean(_ sum: [Double], weight: Double) {
    let scale = plan.quantizer.step / weight
    let means = FederatedAlgorithm.RoundMeans(
      update: sum.map { Float($0 * scale) }, steps: 0, participation: 1, rate: plan.learningRate)
    applyToShared(means)
  }
}
