import SecureAggregation
import SecureRandom
import Synchronization

extension Simulation {
  /// A server step once the buffer is full: every update is scaled by (1 + τ)^(−1/2), τ being how many steps the server
  /// took since the client started.
  mutating func performBufferedRound(_ buffer: Int) throws -> RoundRecord {
    var schedule = buffered ?? makeSchedule()
    let version = round - 1
    memories[version] = parameters
    let began = schedule.now
    let lost = SimulationGenerator(seed: plan.configuration.seed, stream: "dropout")
    var arrivals: [BufferedSchedule.Flight] = []
    var dropped = 0
    while arrivals.count < buffer {
      let flight = schedule.next(version: version)
      var draws = lost.substream(flight.start)
      if plan.configuration.dropout > 0, draws.uniformUnit() < plan.configuration.dropout {
        dropped += 1
      } else {
        arrivals.append(flight)
      }
    }
    let own = arrivals.enumerated().filter { $0.offset % ranks.size == ranks.rank }.map(\.element)
    let tasks = own.map { flight in
      RoundTask(
        queue: [flight.client], global: memories[flight.version] ?? parameters, round: flight.start, epochs: [:],
        noise: nil, state: state, memories: [:], quantizer: quantizer,
        scale: 1 / Float(1 + version - flight.version).squareRoot())
    }
    let next = Atomic<Int>(0)
    parallel(Array(workers.prefix(max(1, tasks.count)))) { worker in
      while true {
        let position = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard position < tasks.count else { return }
        worker.accumulate(tasks[position].queue[0], tasks[position])
      }
    }
    var tally = collectTally()
    var total = directSums()
    try add(&tally, &total)
    var record = RoundRecord(round, tally, cohort: buffer + dropped, contributors: buffer - tally.failed)
    record.wireBytes = record.contributors * plan.messageBytes
    record.dropped = dropped
    record.virtualSeconds = schedule.now - began
    record.staleness =
      Double(arrivals.reduce(0) { $0 + version - $1.version }) / Double(max(1, arrivals.count))
    if record.contributors >= plan.shape.minimumContributors { apply(total, contributors: record.contributors) }
    // Models that nobody under way started from are not needed any more.
    let needed = Set(schedule.flights.map(\.version))
    memories = memories.filter { needed.contains($0.key) }
    buffered = schedule
    return record
  }

  /// The schedule as it stands after the rounds done before this one.
  private func makeSchedule() -> BufferedSchedule {
    let plan = plan
    let batch = plan.batchSize
    var schedule = BufferedSchedule(
      clients: plan.clientCount, concurrency: plan.cohort.largestSize(clients: plan.clientCount),
      seed: plan.configuration.seed
    ) { client in
      let steps = batch == 0 ? 1 : (plan.size(of: client) + batch - 1) / batch
      return plan.devices.seconds(of: client, steps: plan.epochs * steps)
    }
    let lost = SimulationGenerator(seed: plan.configuration.seed, stream: "dropout")
    for version in 0..<round - 1 {
      var arrived = 0
      while arrived < plan.algorithm.buffer ?? 0 {
        let flight = schedule.next(version: version)
        var draws = lost.substream(flight.start)
        let isLost = plan.configuration.dropout > 0 && draws.uniformUnit() < plan.configuration.dropout
        arrived += isLost ? 0 : 1
      }
    }
    return schedule
  }
}
