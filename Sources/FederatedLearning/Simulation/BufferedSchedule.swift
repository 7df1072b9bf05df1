import SecureRandom

/// Who is training at a simulated moment, for servers that do not wait for anybody (FedBuff; Nguyen and others 2022).
///
/// A fixed number of clients train at a time. When one reports, another starts from the model of that moment, which is
/// the new one when the report completed a step. Events are ordered by their simulated time, ties by the order of starting, and depend on the seed alone, so that a resumed
/// run finds the same clients under way by playing the schedule again.
struct BufferedSchedule {
  /// One client's work.
  struct Flight {
    let client: Int
    /// The how-manieth start it is.
    let start: Int
    /// The number of server steps before it started.
    let version: Int
    let finish: Double
  }

  /// Simulated seconds so far.
  private(set) var now = 0.0
  /// Those under way, in no order.
  private(set) var flights: [Flight] = []
  private var busy: Set<Int> = []
  private var starts = 0
  /// Places that became free at this moment.
  private var free = 0
  private let clients: Int
  private let generator: SimulationGenerator
  private let seconds: @Sendable (Int) -> Double

  /// All of `concurrency` clients start at once.
  ///
  /// - Parameter seconds: simulated seconds of a client's work.
  init(clients: Int, concurrency: Int, seed: UInt64, seconds: @escaping @Sendable (Int) -> Double) {
    self.clients = clients
    self.seconds = seconds
    generator = SimulationGenerator(seed: seed, stream: "starts")
    for _ in 0..<concurrency { begin(version: 0) }
  }

  /// The next client to report.
  ///
  /// - Parameter version: the number of server steps so far: clients that start in places that became free before do so
  ///   from the model after them.
  mutating func next(version: Int) -> Flight {
    if !flights.contains(where: { $0.finish <= now }) {
      for _ in 0..<free { begin(version: version) }
      free = 0
    }
    var first = 0
    for index in flights.indices.dropFirst()
    where (flights[index].finish, flights[index].start) < (flights[first].finish, flights[first].start) {
      first = index
    }
    let flight = flights.remove(at: first)
    now = flight.finish
    busy.remove(flight.client)
    free += 1
    return flight
  }

  private mutating func begin(version: Int) {
    var draws = generator.substream(starts)
    var client = draws.uniform(below: clients)
    while busy.contains(client) { client = draws.uniform(below: clients) }
    busy.insert(client)
    flights.append(Flight(client: client, start: starts, version: version, finish: now + seconds(client)))
    starts += 1
  }
}
